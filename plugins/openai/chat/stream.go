package chat

import (
	"bytes"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// textBlock is the block of all text; thinking and calls take the numbers behind it as they come.
const textBlock = 0

// maxBlocks is the most thinking blocks and calls in one answer.
const maxBlocks = 1500

// exchange reads the answer to one request.
type exchange struct {
	d      *Dialect
	callID string
	// names leads from shortened names of functions to the client's; nil when none was shortened.
	names map[string]string
	// sent says which parameters the request holds that the upstream may refuse.
	sent params
	// replayed says that the request gives earlier reasoning back wherever that can be demanded; standIn that it holds
	// stand-ins for the states of calls.
	replayed, standIn bool

	blocks   int     // blocks taken besides textBlock
	whole    bool    // the answer is in one piece
	thinking int     // the open thinking block, 0 for none
	detail   detail  // what it is made of, where it is an entry of a list
	tags     *tagger // nil where no tags are looked for
	calls    []toolCall
	current  int // the call of the last delta
	pattern  pattern

	said    bool // the message op went out
	refused bool
	noted   bool // annotations were reported as lost
	stop    ops.StopReason
	stopped bool
	done    bool
}

var _ adapter.Exchange = (*exchange)(nil)

// choice is the one answer among a response's choices that is read, taken apart.
type choice struct {
	message, finish, fault, usage jsonindex.Value
}

// Event reads one chunk. https://platform.openai.com/docs/api-reference/chat/streaming
func (x *exchange) Event(ev adapter.Event, out *ops.Emitter) error {
	if x.done {
		return nil
	}
	if !ev.JSON.Exists() {
		data := bytes.TrimSpace(ev.Data)
		switch {
		case string(data) == "[DONE]":
			return x.finish(out)
		case len(data) == 0:
			return nil
		}
		return x.protocol("an event is neither JSON nor [DONE]")
	}
	if ev.Name == "error" {
		return x.inside(ev.JSON)
	}
	if done, err := x.again(ev, out); done {
		return err
	}
	if ev.JSON.Kind() != jsonindex.Object {
		return x.stray(ev.JSON)
	}
	var choices, usage, id, model jsonindex.Value
	for it := ev.JSON.Iter(); it.Next(); {
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
				return x.inside(ev.JSON)
			}
		case "object":
			if it.Val.Is("error") {
				return x.inside(ev.JSON)
			}
		}
	}
	if !x.said && (id.IsString() || model.IsString()) {
		x.said = true
		out.Message(id, model)
	}
	ended := x.stopped
	c, any := pick(choices)
	if any {
		if err := x.delta(&c, out); err != nil {
			return err
		}
		x.remember(ev.JSON, usage, &c)
	}
	if c.usage.Kind() == jsonindex.Object && usage.Kind() != jsonindex.Object {
		x.usage(c.usage, out)
	}
	if usage.Kind() == jsonindex.Object {
		x.usage(usage, out)
		// The count behind the end of the answer is the last thing the upstream says.
		if ended && !any {
			return x.finish(out)
		}
	}
	return nil
}

// stray takes a chunk that is no object: null says nothing, an array may hold an error.
func (x *exchange) stray(v jsonindex.Value) error {
	if v.IsNull() {
		return nil
	}
	if first := v.At(0); first.Get("error").Exists() {
		return x.inside(first)
	}
	return x.protocol("an event is not a JSON object")
}

// pick takes the first choice apart; others were never asked for. any is false when there is none.
func pick(choices jsonindex.Value) (c choice, any bool) {
	for it := choices.Iter(); it.Next(); {
		c = choice{}
		first := true
		for jt := it.Val.Iter(); jt.Next(); {
			switch string(jt.Key()) {
			case "delta", "message":
				if jt.Val.Kind() == jsonindex.Object {
					c.message = jt.Val
				}
			case "finish_reason":
				c.finish = jt.Val
			case "error":
				c.fault = jt.Val
			case "usage":
				c.usage = jt.Val
			case "index":
				n, ok := jt.Val.Int()
				first = !ok || n == 0
			}
		}
		if first {
			return c, true
		}
	}
	return choice{}, false
}

// delta emits what a choice of a chunk says.
func (x *exchange) delta(c *choice, out *ops.Emitter) error {
	if c.fault.Kind() == jsonindex.Object {
		return x.inside(c.fault)
	}
	if x.blocks > maxBlocks {
		return x.protocol("more than %d blocks in one answer", maxBlocks)
	}
	if err := x.reason(c.message, out); err != nil {
		return err
	}
	for it := c.message.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "content":
			x.text(it.Val, out)
		case "role":
		case "tool_calls":
			for jt := it.Val.Iter(); jt.Next(); {
				if err := x.call(jt.Val, out); err != nil {
					return err
				}
			}
		default:
			if err := x.rare(it.Key(), it.Val, out); err != nil {
				return err
			}
		}
	}
	if c.finish.IsString() {
		return x.finishReason(c.finish, out)
	}
	return nil
}

// rare emits what few messages hold.
func (x *exchange) rare(key []byte, v jsonindex.Value, out *ops.Emitter) error {
	switch string(key) {
	case "refusal":
		if v.IsString() && len(v.Head()) > 0 {
			x.refused = true
			x.text(v, out)
		}
	case "function_call":
		if v.Kind() == jsonindex.Object {
			return x.fragment(call{function: v}, out)
		}
	case "annotations":
		if v.At(0).Exists() && !x.noted {
			x.noted = true
			out.Loss("content.citations", ops.Dropped, "the upstream's annotations are left out")
		}
	}
	return nil
}

// text emits text, given as a string or as parts.
func (x *exchange) text(v jsonindex.Value, out *ops.Emitter) {
	if v.IsString() {
		if len(v.Head()) > 0 {
			x.say(v, out)
		}
		return
	}
	if v.Kind() != jsonindex.Array {
		return
	}
	for it := v.Iter(); it.Next(); {
		for _, key := range [...]string{"text", "refusal"} {
			if t := it.Val.Get(key); t.IsString() && len(t.Head()) > 0 {
				x.refused = x.refused || key == "refusal"
				x.say(t, out)
			}
		}
	}
}

// finishReason notes why the model stopped; done waits for what may follow, such as usage.
// https://platform.openai.com/docs/api-reference/chat/object#chat-object-choices
func (x *exchange) finishReason(v jsonindex.Value, out *ops.Emitter) error {
	x.stopped = true
	switch {
	case v.Is("stop"), v.Is("tool_calls"), v.Is("function_call"):
		x.stop = ops.EndTurn
	case v.Is("length"):
		x.stop = ops.MaxTokens
	case v.Is("content_filter"):
		x.stop = ops.Refusal
	case v.Is("error"):
		return adapter.Fail(adapter.Overloaded, "", "%s ended the answer with an error", x.d.Name)
	default:
		x.stop = ops.EndTurn
		out.Loss("stop_reason", ops.Approximated, "unknown finish_reason")
	}
	return nil
}

// finish ends the answer.
func (x *exchange) finish(out *ops.Emitter) error {
	if !x.stopped {
		return x.protocol("the answer ended without a finish_reason")
	}
	stop := x.stop
	if x.refused && stop != ops.MaxTokens {
		stop = ops.Refusal
	}
	if err := x.checkCalls(stop); err != nil {
		return err
	}
	var details []byte
	switch {
	case stop == ops.Refusal:
		details = []byte(`{"type":"refusal","category":null,"explanation":null}`)
	case stop == ops.EndTurn && len(x.calls) > 0:
		stop = ops.ToolUse
	}
	x.endText(out)
	x.endThinking(out)
	out.Stop(stop, "", details)
	out.Done()
	x.done = true
	return nil
}

// End accepts an answer that has a finish_reason: what is missing then is at most the usage.
func (x *exchange) End(reason adapter.EndReason, out *ops.Emitter) error {
	switch {
	case x.done:
		return nil
	case x.stopped:
		return x.finish(out)
	case reason == adapter.Cut:
		return x.protocol("the connection broke in the middle of the answer")
	}
	return x.protocol("the answer ended without a finish_reason")
}

// protocol makes the Failure for an answer that makes no sense.
func (x *exchange) protocol(format string, args ...any) *adapter.Failure {
	f := adapter.Fail(adapter.Protocol, "", format, args...)
	f.Message = x.d.Name + ": " + f.Message
	return f
}
