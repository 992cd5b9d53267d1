package openairesponses

import (
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// TestEventsDoNotAllocate is what makes a stream of thousands of deltas cheap.
func TestEventsDoNotAllocate(t *testing.T) {
	for _, c := range []struct {
		name, data string
		before     []string
	}{
		{"text", textEvent, nil},
		{"thinking", thinkEvent, nil},
		{"arguments", argsEvent, []string{callEvent, openEvent}},
	} {
		x := begun(t, agentRequest, append(c.before, textEvent)...)
		ev := newEvent(t, c.data)
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
