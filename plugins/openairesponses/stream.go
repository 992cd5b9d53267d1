package openairesponses

import (
	"bytes"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// exchange reads the answer to one request.
type exchange struct {
	callID string
	// names leads from shortened names of functions to the client's; nil when none was shortened.
	names map[string]string
	// sent says which parameters the request holds that the upstream may refuse.
	sent params
	// thinks says that the client asked for thinking, so that reasoning may be carried; tells that it is shown too.
	thinks, tells bool

	items   []item
	current int // the item of the last event
	blocks  int // blocks taken
	calls   int // calls begun
	held    held

	full    bool // there were more items than are taken
	said    bool // the message op went out
	refused bool
	noted   notes
	cut     bool // the answer was cut by the output limit, as far as known
	done    bool
}

// notes are the losses of an answer that were reported.
type notes struct{ annotations, reasoning, kinds, phase bool }

var _ adapter.Exchange = (*exchange)(nil)

// event is one event of a stream, taken apart.
// https://platform.openai.com/docs/api-reference/responses-streaming
type event struct {
	kind, delta, item, response, fault jsonindex.Value
	// whole is the whole of what deltas gave in pieces: text, refusal or arguments.
	whole jsonindex.Value
	// index is the item's place in the output, place that of a part or summary in it.
	index, place jsonindex.Value
}

func (e *event) read(v jsonindex.Value) {
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "type":
			e.kind = it.Val
		case "delta":
			e.delta = it.Val
		case "output_index":
			e.index = it.Val
		case "content_index", "summary_index":
			e.place = it.Val
		case "item":
			e.item = it.Val
		case "response":
			e.response = it.Val
		case "text", "refusal", "arguments":
			e.whole = it.Val
		case "error":
			e.fault = it.Val
		}
	}
}

// Event reads one event of a stream.
func (x *exchange) Event(ev adapter.Event, out *ops.Emitter) error {
	if x.done {
		return nil
	}
	if ev.JSON.Kind() != jsonindex.Object {
		return x.stray(&ev)
	}
	var e event
	e.read(ev.JSON)
	kind, _ := e.kind.Inner()
	if len(kind) == 0 {
		kind = []byte(ev.Name)
	}
	switch string(kind) {
	case "response.output_text.delta":
		x.text(x.find(&e, itemMessage), placeOf(e.place), e.delta, out)
	case "response.function_call_arguments.delta":
		return x.arguments(x.find(&e, itemCall), e.delta, out)
	case "response.reasoning_summary_text.delta", "response.reasoning_text.delta":
		x.think(x.find(&e, itemReasoning), placeOf(e.place), e.delta, out)
	case "response.refusal.delta":
		x.refuse(x.find(&e, itemMessage), placeOf(e.place), e.delta, out)
	case "response.output_text.done":
		x.restOfText(x.find(&e, itemMessage), placeOf(e.place), e.whole, out)
	case "response.refusal.done":
		x.refused = true
		x.restOfText(x.find(&e, itemMessage), placeOf(e.place), e.whole, out)
	case "response.function_call_arguments.done":
		if t := x.find(&e, itemCall); t != nil && t.block != 0 && t.args.Empty() {
			x.wholeArguments(t, e.whole, true, out)
		}
	case "response.output_item.added":
		return x.added(&e, out)
	case "response.output_item.done":
		return x.ended(&e, out)
	case "response.output_text.annotation.added":
		x.annotations(out)
	case "response.created", "response.in_progress", "response.queued":
		x.announce(e.response.Get("id"), e.response.Get("model"), out)
	case "response.completed", "response.incomplete", "response.failed", "response.cancelled":
		return x.finish(e.response, statusOf(kind), out)
	case "error":
		if e.fault.Kind() == jsonindex.Object {
			return x.inside(e.fault)
		}
		return x.inside(ev.JSON)
	default:
		if !e.fault.IsNull() {
			return x.inside(ev.JSON)
		}
	}
	return nil
}

// stray takes an event that is no object: an end mark of servers that have one, null, or an error in an array.
func (x *exchange) stray(ev *adapter.Event) error {
	if !ev.JSON.Exists() {
		if data := bytes.TrimSpace(ev.Data); len(data) == 0 || string(data) == "[DONE]" {
			return nil
		}
		return protocol("an event is not JSON")
	}
	if ev.JSON.IsNull() {
		return nil
	}
	if first := ev.JSON.At(0); first.Get("error").Exists() {
		return x.inside(first)
	}
	return protocol("an event is not a JSON object")
}

// announce emits the upstream's own id and model, once.
func (x *exchange) announce(id, model jsonindex.Value, out *ops.Emitter) {
	if !x.said && (id.IsString() || model.IsString()) {
		x.said = true
		out.Message(id, model)
	}
}

// annotations notes that what the upstream cites is left out, once.
func (x *exchange) annotations(out *ops.Emitter) {
	if !x.noted.annotations {
		x.noted.annotations = true
		out.Loss("content.citations", ops.Dropped, "the upstream's annotations are left out")
	}
}

// placeOf is the number of a part; the first one where there is none.
func placeOf(v jsonindex.Value) int64 {
	const last = 1 << 31
	n, _ := v.Int()
	return max(0, min(n, last))
}

// The ways in which an answer ends.
const (
	statusCompleted  = "completed"
	statusIncomplete = "incomplete"
)

// statusOf is the status behind the point of an event's name.
func statusOf(kind []byte) string {
	if string(kind) == "response.completed" {
		return statusCompleted
	}
	return string(kind[len("response."):])
}

// finish ends the answer. status is how the upstream says that it ended.
// https://platform.openai.com/docs/api-reference/responses/object
func (x *exchange) finish(v jsonindex.Value, status string, out *ops.Emitter) error {
	var id, model, fault, details, output, usage jsonindex.Value
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "id":
			id = it.Val
		case "model":
			model = it.Val
		case "error":
			fault = it.Val
		case "incomplete_details":
			details = it.Val
		case "output":
			output = it.Val
		case "usage":
			usage = it.Val
		}
	}
	if !fault.IsNull() {
		return x.inside(fault)
	}
	if status != statusCompleted && status != statusIncomplete {
		return adapter.Fail(adapter.Overloaded, "", "%s: the answer is %s", title, foreign.Shorten(status, 40))
	}
	x.announce(id, model, out)
	stop := ops.EndTurn
	if status == statusIncomplete {
		stop = x.incomplete(details.Get("reason"), out)
	}
	x.cut = stop == ops.MaxTokens
	if err := x.output(output, out); err != nil {
		return err
	}
	if x.full {
		return protocol("more than %d items in one answer", maxItems)
	}
	if usage.Kind() == jsonindex.Object {
		x.usage(usage, out)
	}
	if err := x.checkCalls(); err != nil {
		return err
	}
	x.settle("", out)
	x.signOpen(out)
	switch {
	case x.refused && !x.cut:
		stop = ops.Refusal
	case stop == ops.EndTurn && x.calls > 0:
		stop = ops.ToolUse
	}
	var why []byte
	if stop == ops.Refusal {
		why = []byte(`{"type":"refusal","category":null,"explanation":null}`)
	}
	out.Stop(stop, "", why)
	out.Done()
	x.done = true
	return nil
}

// incomplete is the stop reason of an answer that was not ended by the model.
func (x *exchange) incomplete(reason jsonindex.Value, out *ops.Emitter) ops.StopReason {
	switch {
	case reason.Is("max_output_tokens"), reason.Is("max_tokens"):
		return ops.MaxTokens
	case reason.Is("content_filter"):
		return ops.Refusal
	}
	out.Loss("stop_reason", ops.Approximated, "incomplete for an unknown reason")
	return ops.EndTurn
}

// usage emits token counts. The upstream counts cached input as part of all input, Claude beside it.
func (x *exchange) usage(v jsonindex.Value, out *ops.Emitter) {
	t := ops.Unknown()
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "input_tokens":
			t.Input = foreign.TokenCount(it.Val)
		case "output_tokens":
			t.Output = foreign.TokenCount(it.Val)
		case "input_tokens_details":
			for jt := it.Val.Iter(); jt.Next(); {
				switch string(jt.Key()) {
				case "cached_tokens":
					t.CacheRead = foreign.TokenCount(jt.Val)
				case "cache_write_tokens":
					t.CacheWrite = foreign.TokenCount(jt.Val)
				}
			}
		case "output_tokens_details":
			t.Thinking = foreign.TokenCount(it.Val.Get("reasoning_tokens"))
		}
	}
	if t.Input >= 0 {
		t.Input = max(0, t.Input-max(0, t.CacheRead)-max(0, t.CacheWrite))
	}
	out.Usage(t)
}

// End refuses every stream that has no end of its own: the upstream always says how an answer ended.
func (x *exchange) End(reason adapter.EndReason, _ *ops.Emitter) error {
	switch {
	case x.done:
		return nil
	case reason == adapter.Cut:
		return protocol("the connection broke in the middle of the answer")
	}
	return protocol("the answer ended without response.completed")
}

// protocol makes the Failure for an answer that makes no sense.
func protocol(format string, args ...any) *adapter.Failure {
	return adapter.Fail(adapter.Protocol, "", title+": "+format, args...)
}
