package claude_test

import (
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

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
