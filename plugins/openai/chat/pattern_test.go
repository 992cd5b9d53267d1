package chat

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// A stream gives the same ops, whether chunks like the last one are recognised or read.
func TestPatternsChangeNothing(t *testing.T) {
	tagged := proper()
	tagged.Thinking.Open, tagged.Thinking.Close = "<think>", "</think>"
	tagged.Reasoning = []string{"reasoning_content"}
	pieces := []string{`a`, `b\n`, ``, `<think>`, `x</think>`, `\u0041`, `{\"a\":`, `1`, `}`, `null`, `\"\"`}
	recognised := 0
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 3))
		pick := func(list ...string) string { return list[r.IntN(len(list))] }
		d := proper()
		if seed%2 == 1 {
			d = tagged
		}
		var chunks []string
		member, pad := "", ""
		for range 2 + r.IntN(12) {
			if r.IntN(3) == 0 || member == "" { // else like the one before
				member = pick(`"content":"%s"`, `"content":"%s","role":"assistant","refusal":null`, `"content":"%s","refusal":"no"`, `"reasoning_content":"%s"`,
					`"content":"%s","reasoning_content":""`, `"content":null,"tool_calls":[{"index":0,"function":{"arguments":"%s"}}]`,
					`"tool_calls":[{"index":0,"id":"c1","function":{"name":"f","arguments":"%s"}}]`, `"tool_calls":[{"index":1,"id":"c2","function":{"name":"g","arguments":"%s"}}]`,
					`"tool_calls":[{"id":"c1","function":{"name":"","arguments":"%s"}}]`, `"tool_calls":[{"index":0,"function":{"arguments":"%s"}},{"index":1,"function":{"arguments":"1"}}]`,
					`"content":"%s","tool_calls":[]`, `"content":"%s","annotations":[{}]`)
				pad = pick("", `,"obfuscation":"%s"`, `,"usage":{"prompt_tokens":1}`, `,"usage":null`)
			}
			finish := "null"
			if r.IntN(9) == 0 {
				finish = pick(`"stop"`, `"length"`)
			}
			chunk := `{"id":"x","choices":[{"index":0,"delta":{` + member + `},"finish_reason":` + finish + `}]` + pad + `}`
			for strings.Contains(chunk, "%s") {
				chunk = strings.Replace(chunk, "%s", pick(pieces...), 1)
			}
			chunks = append(chunks, chunk)
		}
		told := func(forget bool) string {
			var up adapter.UpstreamRequest
			begun, err := newAdapter(t, d).Begin(&adapter.Call{ID: "req_1", Model: "gpt-5", Stream: true, Body: parse(t, agentRequest, jsonindex.ClientMode())}, &up)
			if err != nil {
				t.Fatal(err)
			}
			x := begun.(*exchange)
			var all bytes.Buffer
			for _, chunk := range chunks {
				var out ops.Emitter
				doc := parse(t, chunk, jsonindex.UpstreamMode())
				if forget {
					x.pattern = pattern{}
				} else if x.pattern.Match(doc).Exists() {
					recognised++
				}
				err := x.Event(adapter.Event{JSON: doc.Root(), Data: doc.Src}, &out)
				clear(doc.Src)
				fmt.Fprintf(&all, "%q %v\n", out.Buf, err)
				if err != nil {
					break
				}
			}
			var out ops.Emitter
			err = x.End(adapter.EOF, &out)
			fmt.Fprintf(&all, "%q %v\n", out.Buf, err)
			return all.String()
		}
		if got, want := told(false), told(true); got != want {
			t.Fatalf("stream %d:\n%s\ngot\n%s\nwant\n%s", seed, strings.Join(chunks, "\n"), got, want)
		}
	}
	if recognised < 1000 {
		t.Errorf("only %d chunks were recognised", recognised)
	}
}

// After some chunks that nothing is like, no more are kept.
func TestPatternsThatNeverMatch(t *testing.T) {
	x := begun(t).(*exchange)
	var out ops.Emitter
	for i := range 2 * maxMisses {
		chunk := strings.Replace(textChunk, `"created":1754500000`, fmt.Sprintf(`"created":%d`, i), 1)
		if err := x.Event(adapter.Event{JSON: parse(t, chunk, jsonindex.UpstreamMode()).Root()}, &out); err != nil {
			t.Fatal(err)
		}
		if kept := x.pattern.Match(parse(t, chunk, jsonindex.UpstreamMode())).Exists(); kept != (i < maxMisses) {
			t.Fatalf("chunk %d kept: %v", i, kept)
		}
	}
}
