package chat

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// maxCalls is the most tool calls in one answer.
const maxCalls = 512

// maxHeld is the most bytes of arguments that wait for the name of their function.
const maxHeld = 64 << 10

// toolCall is one tool call of the answer.
type toolCall struct {
	index int64  // the upstream's, -1 where it gives none
	id    string // the upstream's, "" where it gives none
	block int    // 0 until the call has begun
	args  ops.Args
	name  string // as the upstream gives it, "" until the call has begun
	// held is what came before the name, plain.
	held []byte
}

// call is one fragment of a tool call, taken apart.
type call struct {
	v, index, id, function jsonindex.Value
}

// call emits one element of tool_calls.
func (x *exchange) call(v jsonindex.Value, out *ops.Emitter) error {
	c := call{v: v}
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "index":
			c.index = it.Val
		case "id":
			c.id = it.Val
		case "function":
			c.function = it.Val
		}
	}
	return x.fragment(c, out)
}

// fragment emits a piece of a call: its beginning, more arguments, or both.
func (x *exchange) fragment(c call, out *ops.Emitter) error {
	var name, args jsonindex.Value
	for it := c.function.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "name":
			name = it.Val
		case "arguments":
			args = it.Val
		}
	}
	if x.whole {
		return x.wholeCall(&c, name, args, out)
	}
	t, err := x.find(&c, name)
	if err != nil {
		return err
	}
	if t.block == 0 {
		if len(name.Head()) == 0 {
			return x.hold(t, args)
		}
		if err := x.start(t, &c, name, out); err != nil {
			return err
		}
	}
	return x.arguments(t, args, out)
}

// find is the call that a fragment belongs to; a new one where it begins another.
func (x *exchange) find(c *call, name jsonindex.Value) (*toolCall, error) {
	at := -1
	if len(x.calls) > 0 {
		if index, ok := c.index.Int(); ok {
			at = x.numbered(index, c.id, name)
		} else {
			at = x.unnumbered(c.id, name)
		}
	}
	if at < 0 {
		if len(x.calls) >= maxCalls {
			return nil, x.protocol("more than %d tool calls in one answer", maxCalls)
		}
		at = len(x.calls)
		index, ok := c.index.Int()
		if !ok {
			index = -1
		}
		x.calls = append(x.calls, toolCall{index: index})
	}
	x.current = at
	t := &x.calls[at]
	if t.id == "" {
		t.id, _ = c.id.Text()
	}
	return t, nil
}

// numbered finds a call by the upstream's number. Some servers give all calls the same number: then another id with a
// name begins another call.
func (x *exchange) numbered(index int64, id, name jsonindex.Value) int {
	at := x.current
	if x.calls[at].index != index {
		at = x.byIndex(index)
	}
	if at < 0 || len(id.Head()) == 0 || x.calls[at].id == "" || id.Is(x.calls[at].id) {
		return at
	}
	if same := x.byID(id); same >= 0 && x.calls[same].index == index {
		return same
	}
	if len(name.Head()) > 0 {
		return -1
	}
	return at
}

// unnumbered finds a call where the upstream gives no number: by its id, else the last one, unless a name begins another
// while the last one is not in the middle of its arguments.
func (x *exchange) unnumbered(id, name jsonindex.Value) int {
	last := &x.calls[x.current]
	named := len(name.Head()) > 0
	if len(id.Head()) > 0 {
		if last.id == "" && !named {
			return x.current
		}
		if at := x.byID(id); at >= 0 || named {
			return at
		}
		return x.current
	}
	if named && last.block != 0 && (last.args.Complete() || last.args.Empty() && !name.Is(last.name)) {
		return -1
	}
	return x.current
}

// byIndex is the last call with the upstream's number, -1 for none.
func (x *exchange) byIndex(index int64) int {
	for i := len(x.calls) - 1; i >= 0; i-- {
		if x.calls[i].index == index {
			return i
		}
	}
	return -1
}

// byID is the call with the upstream's id, -1 for none.
func (x *exchange) byID(id jsonindex.Value) int {
	if len(id.Head()) == 0 {
		return -1
	}
	for i := range x.calls {
		if id.Is(x.calls[i].id) {
			return i
		}
	}
	return -1
}

// start begins the call's block.
func (x *exchange) start(t *toolCall, c *call, name jsonindex.Value, out *ops.Emitter) error {
	t.name, _ = name.Text()
	text := t.name
	if long, ok := x.names[text]; ok {
		text = long
	}
	x.endText(out)
	x.endThinking(out)
	x.carryState(x.stateOf(c.v), out)
	x.blocks++
	t.block = x.blocks
	out.ToolStart(t.block, x.clientID(t), text)
	if len(t.held) == 0 {
		return nil
	}
	ok := t.args.Feed(t.held)
	if ok {
		out.ToolArgsRaw(t.block, t.held)
	}
	t.held = nil
	return x.checked(t, ok)
}

// clientID is the id by which the client knows the call: the upstream's where it can be used and is the only one of its
// kind, else a made-up one.
func (x *exchange) clientID(t *toolCall) string {
	id := publicID(t.id)
	for i := range x.calls {
		if other := &x.calls[i]; other != t && other.block != 0 && other.id == t.id {
			id = ""
		}
	}
	switch {
	case id == "":
		return adapter.NewID(x.callID, "toolu_", t.block)
	case x.d.RepeatedIDs:
		return uniqueID(t.id, adapter.NewID(x.callID, "", t.block))
	}
	return id
}

// arguments emits a fragment of the input. A string holds JSON text; some servers send the object itself. Nothing, "" and
// null are no arguments.
func (x *exchange) arguments(t *toolCall, v jsonindex.Value, out *ops.Emitter) error {
	switch v.Kind() {
	case jsonindex.String:
		s := v.Head()
		if len(s) == 0 || string(s) == "null" && t.args.Empty() {
			return nil
		}
		ok := t.args.Feed(s)
		if ok {
			out.ToolArgs(t.block, v)
		}
		return x.checked(t, ok)
	case jsonindex.Escaped:
		ok := t.args.FeedEscaped(v.Head())
		if ok {
			out.ToolArgs(t.block, v)
		}
		return x.checked(t, ok)
	case jsonindex.Object:
		raw := foreign.Raw(v)
		ok := t.args.Feed(raw)
		if ok {
			out.ToolArgsRaw(t.block, raw)
		}
		return x.checked(t, ok)
	case jsonindex.Null:
		return nil
	}
	return x.checked(t, false)
}

func (x *exchange) checked(t *toolCall, ok bool) error {
	if ok {
		return nil
	}
	return x.protocol("the arguments of tool call %d are not a JSON object", t.block)
}

// hold keeps arguments that come before the name.
func (x *exchange) hold(t *toolCall, args jsonindex.Value) error {
	if args.Kind() == jsonindex.Object {
		t.held = append(t.held, foreign.Raw(args)...)
	} else {
		t.held = ops.AppendPlain(t.held, args.Head())
	}
	if len(t.held) > maxHeld {
		return x.protocol("a tool call without a name")
	}
	return nil
}

// checkCalls makes sure that every call is complete. Only an answer that ran out of tokens may end in the middle of one.
func (x *exchange) checkCalls(stop ops.StopReason) error {
	for i := range x.calls {
		t := &x.calls[i]
		switch {
		case t.block == 0:
			return x.protocol("a tool call without a name")
		case t.args.Complete(), t.args.Empty(), stop == ops.MaxTokens:
		default:
			return x.protocol("the arguments of tool call %d end in the middle", t.block)
		}
	}
	return nil
}
