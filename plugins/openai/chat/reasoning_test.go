package chat

import (
	"errors"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// TestReasoningIsBounded lets a server reason in ways that never end.
func TestReasoningIsBounded(t *testing.T) {
	f := func(event string, most int) {
		t.Helper()
		x := newExchange(t, old())
		var out ops.Emitter
		for range most {
			out.Reset()
			err := x.Event(chunk(t, event), &out)
			var fail *adapter.Failure
			switch {
			case err == nil:
			case errors.As(err, &fail) && fail.Class == adapter.Protocol:
				return
			default:
				t.Fatal(err)
			}
		}
		t.Errorf("%d events were taken without a fault", most)
	}
	// blocks that take turns with text
	f(`{"choices":[{"delta":{"reasoning":"a","content":"b"}}]}`, maxBlocks+2)
	f(`{"choices":[{"delta":{"content":"\n<think>a</think>b"}}]}`, maxBlocks+2)
	// entries of their own, many at once
	f(`{"choices":[{"delta":{"reasoning_details":[{"type":"a","text":"x"}`+strings.Repeat(`,{"type":"b","text":"x"},{"type":"a","text":"x"}`, 1000)+`]}}]}`, 2)
	// data without end
	f(`{"choices":[{"delta":{"reasoning_details":[{"type":"reasoning.encrypted","index":0,"data":"`+strings.Repeat("x", 1<<20)+`"}]}}]}`, maxDetail>>20+1)
}

// TestReasoningDoesNotAllocate is TestEventsDoNotAllocate for the deltas of servers that reason.
func TestReasoningDoesNotAllocate(t *testing.T) {
	for name, event := range map[string]string{
		"reasoning": `{"choices":[{"delta":{"role":"assistant","content":null,"reasoning_content":"the next \n word"}}]}`,
		"details":   `{"choices":[{"delta":{"content":"","reasoning":"x","reasoning_details":[{"type":"reasoning.text","text":"the next word","format":"anthropic-claude-v1","index":0}]}}]}`,
		"text":      `{"choices":[{"delta":{"content":" the next word\n"}}]}`,
		"code":      "{\"choices\":[{\"delta\":{\"content\":\"`a<b`\\n\"}}]}",
	} {
		x := newExchange(t, old())
		ev := chunk(t, event)
		var out ops.Emitter
		feed := func() {
			out.Reset()
			if err := x.Event(ev, &out); err != nil {
				t.Fatal(err)
			}
		}
		feed() // begins the block
		if n := testing.AllocsPerRun(200, feed); n != 0 {
			t.Errorf("%s: %v allocations an event, want none", name, n)
		}
		if out.Len() == 0 {
			t.Errorf("%s: the event emitted nothing", name)
		}
	}
}

// TestLongReasoningGoesBack passes reasoning and what its signature carries on when both are too long to be read.
func TestLongReasoningGoesBack(t *testing.T) {
	long := strings.Repeat(`step \"by\" step\n`, 2000)
	data := strings.Repeat("A+b/", 5<<10)
	d := old()
	body := `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[` +
		`{"type":"thinking","thinking":"` + long + `","signature":"cp1.old.d~reasoning.text~0~f~~` + data + `"},` +
		`{"type":"thinking","thinking":"","signature":"cp1.old.s~` + data + `"},{"type":"tool_use","id":"a","name":"f","input":{}}]},` +
		`{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"x"}]}]}`
	doc := parse(t, body, jsonindex.ClientMode())
	var up adapter.UpstreamRequest
	if _, err := newAdapter(t, d).Begin(&adapter.Call{ID: "req_1", Model: "m", Body: doc}, &up); err != nil {
		t.Fatal(err)
	}
	if n := len(up.Body.Literal()); n > 2000 {
		t.Errorf("%d bytes were copied, want a few hundred", n)
	}
	sent := string(up.Body.AppendTo(nil, doc.Src))
	for _, want := range []string{
		`"reasoning_details":[{"type":"reasoning.text","text":"` + long + `","signature":"` + data + `","format":"f","index":0}]`,
		`"extra_content":{"google":{"thought_signature":"` + data + `"}}`,
	} {
		if !strings.Contains(sent, want) {
			t.Errorf("the body lacks %.60s…", want)
		}
	}
}
