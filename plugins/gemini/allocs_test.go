package gemini

import (
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// TestTextDoesNotAllocate is what makes a stream of thousands of chunks cheap.
func TestTextDoesNotAllocate(t *testing.T) {
	x := &exchange{callID: "req_1"}
	ev := adapter.Event{JSON: parse(t, textChunk, jsonindex.UpstreamMode()).Root()}
	var out ops.Emitter
	if n := testing.AllocsPerRun(200, func() {
		out.Reset()
		if err := x.Event(ev, &out); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations an event, want none", n)
	}
	if out.Len() == 0 {
		t.Error("the event emitted nothing")
	}
}
