package openairesponses

import (
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

func newAdapter(t testing.TB, options string) adapter.Adapter {
	t.Helper()
	a, err := Module{}.New(parse(t, options, jsonindex.ClientMode()).Root())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func parse(t testing.TB, body string, m jsonindex.Mode) *jsonindex.Doc {
	t.Helper()
	doc, err := jsonindex.Parse([]byte(body), m)
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return doc
}

// begun is an exchange of a call with this body that has read these events.
func begun(t testing.TB, body string, events ...string) adapter.Exchange {
	t.Helper()
	var up adapter.UpstreamRequest
	call := &adapter.Call{ID: "req_1", Model: "gpt-5", Stream: true, Body: parse(t, body, jsonindex.ClientMode())}
	x, err := newAdapter(t, `{}`).Begin(call, &up)
	if err != nil {
		t.Fatal(err)
	}
	var out ops.Emitter
	for _, data := range events {
		if err := x.Event(newEvent(t, data), &out); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

// newEvent is an event with this data, whose name stands in it.
func newEvent(t testing.TB, data string) adapter.Event {
	t.Helper()
	return adapter.Event{Data: []byte(data), JSON: parse(t, data, jsonindex.UpstreamMode()).Root()}
}

// agentRequest is a coding agent's request with reasoning that goes back.
var agentRequest = adaptertest.AgentRequest(2, "cp1.openairesponses.rs_0a1b2c3d.m."+strings.Repeat("gA", 60))

// Events as OpenAI sends them.
const (
	textEvent = `{"type":"response.output_text.delta","sequence_number":41,"item_id":"msg_0a1b2c3d4e5f60718293a4b5c6d7e8f90123456789abcdef",` +
		`"output_index":1,"content_index":0,"delta":" the next word","logprobs":[]}`
	callEvent = `{"type":"response.output_item.added","sequence_number":50,"output_index":2,"item":{"id":"fc_0a1b","type":"function_call",` +
		`"status":"in_progress","arguments":"","call_id":"call_0a1b","name":"Read"}}`
	openEvent = `{"type":"response.function_call_arguments.delta","sequence_number":51,"item_id":"fc_0a1b","output_index":2,"delta":"{\"list\":["}`
	argsEvent = `{"type":"response.function_call_arguments.delta","sequence_number":52,"item_id":"fc_0a1b2c3d4e5f60718293a4b5c6d7e8f90123456789abcdef",` +
		`"output_index":2,"delta":"[\"a\",1],"}`
	thinkEvent = `{"type":"response.reasoning_summary_text.delta","sequence_number":9,"item_id":"rs_0a1b2c3d4e5f60718293a4b5c6d7e8f90123456789abcdef",` +
		`"output_index":0,"summary_index":0,"delta":" and so on"}`
	doneEvent = `{"type":"response.completed","sequence_number":60,"response":{"id":"resp_1","model":"gpt-5","status":"completed","output":[],` +
		`"usage":{"input_tokens":9,"input_tokens_details":{"cached_tokens":4},"output_tokens":3}}}`
)
