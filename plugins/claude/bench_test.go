package claude_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/plugins/claude"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// agentBody is a request with as many turns as make it about the wanted size.
func agentBody(size int) string {
	var b strings.Builder
	b.WriteString(`{"model":"claude-x","max_tokens":32000,"stream":true,"system":[{"type":"text","text":"` + strings.Repeat("You are careful. ", 40) + `"}],"messages":[`)
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_%d","content":"%s"}]},{"role":"assistant","content":[`, i, strings.Repeat("line ", 60))
		fmt.Fprintf(&b, `{"type":"thinking","thinking":"%s","signature":"%s"},`, strings.Repeat("hm ", 30), strings.Repeat("EqQB", 50))
		fmt.Fprintf(&b, `{"type":"tool_use","id":"toolu_%d","name":"Read","input":{"file_path":"/a/b/c","limit":20}}]}`, i+1)
	}
	b.WriteString(`]}`)
	return b.String()
}

func BenchmarkBegin4K(b *testing.B)  { benchBegin(b, agentBody(4<<10)) }
func BenchmarkBegin30K(b *testing.B) { benchBegin(b, agentBody(30<<10)) }

func benchBegin(b *testing.B, body string) {
	a, err := claude.Module{}.New(jsonindex.Value{})
	if err != nil {
		b.Fatal(err)
	}
	doc, err := jsonindex.Parse([]byte(body), jsonindex.ClientMode())
	if err != nil {
		b.Fatal(err)
	}
	call := &adapter.Call{Model: "claude-up", Stream: true, Body: doc}
	var up adapter.UpstreamRequest
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		up.Reset()
		if _, err := a.Begin(call, &up); err != nil {
			b.Fatal(err)
		}
	}
}

var deltaText = []byte(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hello world"}}`)

// started is an exchange with an open text block and the deltas that follow.
func started(t testing.TB) (runner.Run, []runner.RawEvent) {
	t.Helper()
	run, _ := begin(t, adapter.Messages, thinkingBody)
	var events []runner.RawEvent
	for _, data := range [][]byte{
		[]byte(`{"type":"message_start","message":{"id":"m","usage":{"input_tokens":1}}}`),
		[]byte(`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`),
		deltaText,
	} {
		doc, err := jsonindex.Parse(data, jsonindex.UpstreamMode())
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, runner.RawEvent{Data: data, Doc: doc})
	}
	var out ops.Emitter
	if _, err := run.Events(events[:2], &out); err != nil {
		t.Fatal(err)
	}
	return run, events[2:]
}

func TestDeltaAllocatesNothing(t *testing.T) {
	run, events := started(t)
	var out ops.Emitter
	if n := testing.AllocsPerRun(100, func() {
		out.Reset()
		if _, err := run.Events(events, &out); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// BenchmarkEvent converts one delta, its index included; BenchmarkEventStructs decodes the same into structs.
func BenchmarkEvent(b *testing.B) {
	run, events := started(b)
	var builder jsonindex.Builder
	var out ops.Emitter
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		if err := builder.Index(events[0].Doc, deltaText, jsonindex.UpstreamMode()); err != nil {
			b.Fatal(err)
		}
		if _, err := run.Events(events, &out); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEventStructs(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		var e struct {
			Type  string `json:"type"`
			Index int    `json:"index"`
			Delta struct {
				Type string `json:"type"`
				Text string `json:"text"`
			} `json:"delta"`
		}
		if err := json.Unmarshal(deltaText, &e); err != nil {
			b.Fatal(err)
		}
	}
}
