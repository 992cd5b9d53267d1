package chat

import (
	"github.com/claude-proxy/claude-proxy/plugins/openai/platform"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// unparsed is the member under which a tool's input travels that is no JSON object: the one Claude Code uses itself.
const unparsed = `{"__unparsedToolInput":{"raw":"`

// Whole reads a complete answer. https://platform.openai.com/docs/api-reference/chat/object
func (x *exchange) Whole(body jsonindex.Value, out *ops.Emitter) error {
	if body.Kind() != jsonindex.Object {
		if first := body.At(0); first.Get("error").Exists() {
			return x.inside(first)
		}
		return x.protocol("the answer is not a JSON object")
	}
	x.whole = true
	var choices, usage, id, model jsonindex.Value
	for it := body.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "choices":
			choices = it.Val
		case "usage":
			usage = it.Val
		case "id":
			id = it.Val
		case "model":
			model = it.Val
		case "error":
			if !it.Val.IsNull() {
				return x.inside(body)
			}
		case "object":
			if it.Val.Is("error") {
				return x.inside(body)
			}
		}
	}
	c, any := pick(choices)
	if !any || !c.message.Exists() && !c.fault.Exists() {
		return x.protocol("the answer holds no message")
	}
	if id.IsString() || model.IsString() {
		out.Message(id, model)
	}
	if !c.finish.IsString() {
		// The body is complete, so the answer is.
		x.stopped = true
		out.Loss("stop_reason", ops.Approximated, "no finish_reason")
	} else if err := x.finishReason(c.finish, out); err != nil {
		return err
	}
	c.finish = jsonindex.Value{}
	if err := x.delta(&c, out); err != nil {
		return err
	}
	if usage.Kind() != jsonindex.Object {
		usage = c.usage
	}
	if usage.Kind() == jsonindex.Object {
		x.usage(usage, out)
	}
	return x.finish(out)
}

// wholeCall emits a complete tool call.
func (x *exchange) wholeCall(c *call, name, args jsonindex.Value, out *ops.Emitter) error {
	if len(x.calls) >= maxCalls {
		return x.protocol("more than %d tool calls in one answer", maxCalls)
	}
	if len(name.Head()) == 0 {
		return x.protocol("a tool call without a name")
	}
	x.calls = append(x.calls, toolCall{index: -1})
	t := &x.calls[len(x.calls)-1]
	t.id, _ = c.id.Text()
	if err := x.start(t, c, name, out); err != nil {
		return err
	}
	if args.IsNull() || args.IsString() && len(args.Head()) == 0 || args.Is("null") {
		return nil
	}
	var probe ops.Args
	ok := false
	switch {
	case args.IsString():
		ok = probe.FeedEscaped(args.Head())
	case args.Kind() == jsonindex.Object:
		ok = probe.Feed(foreign.Raw(args))
	}
	if probe.Empty() && ok {
		return nil
	}
	if ok && (probe.Complete() || x.stop == ops.MaxTokens) {
		return x.arguments(t, args, out)
	}
	out.Loss("content.input", ops.Approximated, "arguments that are no JSON object are kept as text")
	b := []byte(unparsed)
	if args.IsString() {
		b = append(b, args.Head()...)
	} else {
		b = jsonindex.AppendEscaped(b, foreign.Raw(args))
	}
	b = append(b, `"}}`...)
	t.args.Feed(b)
	out.ToolArgsRaw(t.block, b)
	return nil
}

// modelList reads the list of models.
type modelList struct{ exchange }

var _ adapter.Exchange = (*modelList)(nil)

// Event refuses a stream: the list is one document.
func (m *modelList) Event(adapter.Event, *ops.Emitter) error {
	return m.protocol("the list of models is a stream")
}

// End refuses a stream, as Event does.
func (m *modelList) End(adapter.EndReason, *ops.Emitter) error {
	return m.protocol("the list of models is a stream")
}

// Whole reads the list. https://platform.openai.com/docs/api-reference/models/list
func (m *modelList) Whole(body jsonindex.Value, out *ops.Emitter) error {
	data := body
	if body.Kind() == jsonindex.Object {
		if e := body.Get("error"); !e.IsNull() {
			return m.inside(body)
		}
		data = body.Get("data")
	}
	if data.Kind() != jsonindex.Array {
		return m.protocol("the list of models has no data")
	}
	platform.Models(data, out)
	return nil
}
