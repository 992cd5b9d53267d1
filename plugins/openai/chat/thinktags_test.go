package chat

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// told reads a text in these pieces and returns what was reasoning and what was not.
func told(t *testing.T, pieces []string) (thinking, text string) {
	t.Helper()
	d := old()
	x := newExchange(t, d)
	var out ops.Emitter
	events := []string{}
	for _, p := range pieces {
		s, err := json.Marshal(p) // escapes "<", as many servers do
		if err != nil {
			t.Fatal(err)
		}
		if len(events)%2 == 0 {
			s = []byte(strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(s)))
		}
		if len(events)%3 != 1 {
			s = ascii(s) // as many servers do too
		}
		events = append(events, `{"choices":[{"delta":{"content":`+string(s)+`}}]}`)
	}
	for _, e := range append(events, `{"choices":[{"finish_reason":"stop"}]}`) {
		if err := x.Event(chunk(t, e), &out); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.End(adapter.EOF, &out); err != nil {
		t.Fatal(err)
	}
	adaptertest.CheckAnswer(t, out.Buf, nil)
	for b := out.Buf; len(b) > 0; {
		o, rest, ok := ops.Split(b)
		if !ok {
			t.Fatal("half an op")
		}
		b = rest
		payload := string(o.Data)
		if o.Escaped {
			payload = string(jsonindex.AppendUnescaped(nil, o.Data))
		}
		switch o.Code {
		case ops.Text:
			text += payload
		case ops.Thinking:
			thinking += payload
		}
	}
	return thinking, text
}

// ascii escapes everything beyond ASCII in a JSON text.
func ascii(text []byte) []byte {
	var out []byte
	for _, r := range string(text) {
		if r < 0x80 {
			out = append(out, byte(r))
			continue
		}
		for _, unit := range utf16.AppendRune(nil, r) {
			out = fmt.Appendf(out, `\u%04x`, unit)
		}
	}
	return out
}

// TestThinkTags cuts texts at every place, and at many places at once.
func TestThinkTags(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	f := func(all, thinking, text string) {
		t.Helper()
		check := func(pieces []string) {
			t.Helper()
			gotThinking, gotText := told(t, pieces)
			if gotThinking != thinking || gotText != text {
				t.Fatalf("%q: thinking %q and text %q, want %q and %q", pieces, gotThinking, gotText, thinking, text)
			}
		}
		runes := []rune(all)
		for i := range runes {
			check([]string{string(runes[:i]), string(runes[i:])})
		}
		for range 30 {
			var pieces []string
			for rest := runes; len(rest) > 0; {
				n := 1 + r.IntN(min(4, len(rest)))
				pieces = append(pieces, string(rest[:n]))
				rest = rest[n:]
			}
			check(pieces)
		}
	}
	// the plain case
	f("<think>\nLet me see: 1 < 2.\n</think>\n\nFine.", "Let me see: 1 < 2.\n", "Fine.")
	// characters beyond ASCII, escaped by the server or not
	f("<think>日本 🌍\u2028 <</think>你好 🌍\n<b>ü</b>", "日本 🌍\u2028 <", "你好 🌍\n<b>ü</b>")
	f("你好 <\u2028🌍", "", "你好 <\u2028🌍")
	// nothing of the kind
	f("Fine, <b>bold</b> and `code`.\n\n- 日本語 \"x\"\\\n", "", "Fine, <b>bold</b> and `code`.\n\n- 日本語 \"x\"\\\n")
	// white space in front
	f(" \n\t<think>a</think>b", "a", "b")
	f(" \n\tb", "", " \n\tb")
	// reasoning again, in a line of its own
	f("<think>a</think>b\n \t<think>c</think>\nd", "ac", "b\n \td")
	// nearly tags
	f("<<think>\n</thin>\n<think\n<thinks>", "", "<<think>\n</thin>\n<think\n<thinks>")
	f("<think>a<</think>b</think>", "a<", "b</think>")
	// text about tags: in a line, quoted, in fenced code
	f("Models write <think>…</think>.", "", "Models write <think>…</think>.")
	f("a\n```text\n<think>b</think>\n```\n<think>c</think>d", "c", "a\n```text\n<think>b</think>\n```\nd")
	f("a `` b\n`<think>`\n", "", "a `` b\n`<think>`\n")
	// a closing tag alone, once
	f("a\n</think>\nb\n</think>c", "", "a\nb\n</think>c")
	// no end
	f("<think>a </thi", "a </thi", "")
	// nothing at all
	f("<think>\n\n</think>\n\n", "", "")
}

// TestThinkTagsBetweenParts gives the content as parts.
func TestThinkTagsBetweenParts(t *testing.T) {
	x := newExchange(t, old())
	var out ops.Emitter
	doc := parse(t, `{"choices":[{"message":{"content":[{"text":"<think>a</think>"},{"text":"b"}]},"finish_reason":"stop"}]}`, jsonindex.UpstreamMode())
	if err := x.Whole(doc.Root(), &out); err != nil {
		t.Fatal(err)
	}
	const want = "thinking 1 plain \"a\"\nsignature 1 plain \"cp1.old.\"\nblock_end 1\ntext 0 plain \"b\"\nstop end_turn\ndone\n"
	if got := ops.Dump(out.Buf); got != want {
		t.Errorf("ops\n%swant\n%s", got, want)
	}
}
