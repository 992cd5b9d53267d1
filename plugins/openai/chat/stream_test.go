package chat

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

func chunk(t *testing.T, data string) adapter.Event {
	t.Helper()
	return adapter.Event{Data: []byte(data), JSON: parse(t, data, jsonindex.UpstreamMode()).Root()}
}

// TestNothingBehindDone gives an exchange events after the answer is complete, as a batch may.
func TestNothingBehindDone(t *testing.T) {
	x := newExchange(t, proper())
	var out ops.Emitter
	for _, ev := range []adapter.Event{
		chunk(t, `{"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}`), {Data: []byte(" [DONE]\n")},
		chunk(t, `{"choices":[{"delta":{"content":"more"}}]}`), {Data: []byte("[DONE]")}, {Data: []byte("junk")}, chunk(t, `{"error":"late"}`),
	} {
		if err := x.Event(ev, &out); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.End(adapter.Cut, &out); err != nil {
		t.Fatal(err)
	}
	const want = "text 0 \"Hi\"\nstop end_turn\ndone\n"
	if got := ops.Dump(out.Buf); got != want {
		t.Errorf("ops\n%swant\n%s", got, want)
	}
}

// TestAnswersAreBounded lets an upstream send what never ends.
func TestAnswersAreBounded(t *testing.T) {
	f := func(event func(i int) string, most int) {
		t.Helper()
		x := newExchange(t, proper())
		var out ops.Emitter
		for i := range most + 1 {
			err := x.Event(chunk(t, event(i)), &out)
			var fail *adapter.Failure
			switch {
			case err == nil:
			case errors.As(err, &fail) && fail.Class == adapter.Protocol:
				return
			default:
				t.Fatal(err)
			}
		}
		t.Errorf("%d events were taken without a fault", most+1)
	}
	// tool calls without end
	f(func(i int) string {
		return fmt.Sprintf(`{"choices":[{"delta":{"tool_calls":[{"index":%d,"id":"c%d","function":{"name":"f"}}]}}]}`, i, i)
	}, maxCalls)
	// arguments without a name
	f(func(i int) string {
		return `{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"` + strings.Repeat(" ", 1<<10) + `"}}]}}]}`
	}, maxHeld>>10+1)
}
