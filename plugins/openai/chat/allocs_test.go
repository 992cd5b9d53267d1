package chat

import (
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// begun is an exchange that has read these chunks.
func begun(t testing.TB, before ...string) adapter.Exchange {
	t.Helper()
	var up adapter.UpstreamRequest
	call := &adapter.Call{ID: "req_1", Model: "gpt-5", Stream: true, Body: parse(t, agentRequest, jsonindex.ClientMode())}
	x, err := newAdapter(t, proper()).Begin(call, &up)
	if err != nil {
		t.Fatal(err)
	}
	var out ops.Emitter
	for _, chunk := range before {
		if chunk == "" {
			continue
		}
		if err := x.Event(adapter.Event{JSON: parse(t, chunk, jsonindex.UpstreamMode()).Root()}, &out); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

// TestEventsDoNotAllocate is what makes a stream of thousands of deltas cheap.
func TestEventsDoNotAllocate(t *testing.T) {
	for _, c := range []struct {
		name, chunk string
		before      []string
	}{
		{"text", textChunk, nil},
		{"arguments", argsChunk, []string{startChunk, openChunk}},
		{"usage", `{"choices":[],"usage":{"prompt_tokens":9,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":1}}}`, nil},
	} {
		x := begun(t, append(c.before, textChunk)...)
		ev := adapter.Event{JSON: parse(t, c.chunk, jsonindex.UpstreamMode()).Root()}
		var out ops.Emitter
		if n := testing.AllocsPerRun(200, func() {
			out.Reset()
			if err := x.Event(ev, &out); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations an event, want none", c.name, n)
		}
		if out.Len() == 0 {
			t.Errorf("%s: the event emitted nothing", c.name)
		}
	}
}
