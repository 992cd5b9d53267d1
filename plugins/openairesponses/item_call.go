package openairesponses

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// start begins a call's block.
func (x *exchange) start(t *item, name jsonindex.Value, out *ops.Emitter) {
	text, _ := name.Text()
	if long, ok := x.names[text]; ok {
		text = long
	}
	x.blocks++
	x.calls++
	t.block = x.blocks
	out.ToolStart(t.block, x.clientID(t), text)
}

// clientID is the id by which the client knows a call: the upstream's where it can be used and is the only one of its
// kind, else a made-up one.
func (x *exchange) clientID(t *item) string {
	id := publicID(t.id)
	at := len(x.items)
	for i := range x.items {
		other := &x.items[i]
		if other == t {
			at = i
			break
		}
		if other.kind == itemCall && other.id == t.id {
			id = ""
		}
	}
	if id == "" {
		return adapter.NewID(x.callID, "toolu_", at)
	}
	return id
}

// arguments emits a piece of a call's input. What comes before the name waits for the whole item.
func (x *exchange) arguments(t *item, v jsonindex.Value, out *ops.Emitter) error {
	if t == nil || t.block == 0 || len(v.Head()) == 0 {
		return nil
	}
	if !t.args.FeedEscaped(v.Head()) {
		return protocol("the arguments of a tool call are not a JSON object")
	}
	out.ToolArgs(t.block, v)
	return nil
}

// unparsed is the member under which a tool's input travels that is no JSON object: the one Claude Code uses itself.
const unparsed = `{"__unparsedToolInput":{"raw":"`

// closeCall ends a call, with its arguments where they did not come in pieces.
func (x *exchange) closeCall(t *item, o *outputItem, out *ops.Emitter) error {
	if t.block == 0 {
		if len(o.name.Head()) == 0 {
			return protocol("a tool call without a name")
		}
		x.start(t, o.name, out)
	}
	if t.args.Empty() {
		x.wholeArguments(t, o.arguments, x.cut || o.status.Is(statusIncomplete), out)
	}
	if t.args.Empty() || t.args.Complete() {
		out.BlockEnd(t.block)
	}
	return nil
}

// wholeArguments emits the input of a call in one piece. Nothing, "" and null are no arguments; half an object is one only
// where the answer was cut; anything else is kept as text.
func (x *exchange) wholeArguments(t *item, v jsonindex.Value, half bool, out *ops.Emitter) {
	if v.IsNull() || v.Is("") || v.Is("null") {
		return
	}
	var raw []byte
	if v.IsString() {
		raw = ops.AppendPlain(nil, v.Head())
	} else {
		raw = foreign.Raw(v)
	}
	var probe ops.Args
	ok := probe.Feed(raw)
	if ok && probe.Empty() {
		return
	}
	if !ok || !probe.Complete() && !half {
		out.Loss("content.input", ops.Approximated, "arguments that are no JSON object are kept as text")
		kept := []byte(unparsed)
		if v.IsString() {
			kept = append(kept, v.Head()...)
		} else {
			kept = jsonindex.AppendEscaped(kept, raw)
		}
		raw = append(kept, `"}}`...)
	}
	t.args.Feed(raw)
	out.ToolArgsRaw(t.block, raw)
}

// checkCalls makes sure that every call is complete. Only an answer that ran out of tokens may end in the middle of one.
func (x *exchange) checkCalls() error {
	for i := range x.items {
		t := &x.items[i]
		switch {
		case t.kind != itemCall:
		case t.block == 0:
			return protocol("a tool call without a name")
		case t.args.Complete(), t.args.Empty(), x.cut:
		default:
			return protocol("the arguments of a tool call end in the middle")
		}
	}
	return nil
}
