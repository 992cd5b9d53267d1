package openaicompat

import (
	"bytes"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// textBlock is the block of the text; calls have the numbers behind it.
const textBlock = 0

// maxCalls is the most calls in one answer: what an upstream sends is never trusted to end.
const maxCalls = 512

// exchange reads the answer to one request. It keeps copies alone, never a Value.
type exchange struct {
	callID  string
	said    bool    // the upstream's id and model are told
	calls   []int64 // the upstream's numbers of the calls so far; the block of calls[i] is i+1
	stop    ops.StopReason
	stopped bool // a finish_reason came
	done    bool
}

// Event reads one chunk. https://platform.openai.com/docs/api-reference/chat/streaming
func (x *exchange) Event(ev adapter.Event, out *ops.Emitter) error {
	switch {
	case x.done:
		return nil
	case !ev.JSON.Exists() && string(bytes.TrimSpace(ev.Data)) == "[DONE]":
		return x.finish(out)
	case ev.JSON.Kind() != jsonindex.Object:
		return adapter.Fail(adapter.Protocol, "", "an event is neither a JSON object nor [DONE]")
	}
	var id, model, choice, usage jsonindex.Value
	for it := ev.JSON.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "id":
			id = it.Val
		case "model":
			model = it.Val
		case "choices":
			choice = it.Val.At(0)
		case "usage":
			usage = it.Val
		case "error":
			if !it.Val.IsNull() {
				return inside(it.Val)
			}
		}
	}
	x.told(id, model, out)
	if err := x.message(choice.Get("delta"), out); err != nil {
		return err
	}
	x.finishReason(choice.Get("finish_reason"), out)
	x.usage(usage, out)
	return nil
}

func (x *exchange) told(id, model jsonindex.Value, out *ops.Emitter) {
	if !x.said && (id.IsString() || model.IsString()) {
		x.said = true
		out.Message(id, model)
	}
}

// message emits what a delta, or a whole message, says.
func (x *exchange) message(m jsonindex.Value, out *ops.Emitter) error {
	for it := m.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "content", "refusal":
			if len(it.Val.Head()) > 0 {
				out.Text(textBlock, it.Val)
			}
		case "tool_calls":
			for c := it.Val.Iter(); c.Next(); {
				if err := x.toolCall(c.Val, out); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// toolCall emits a piece of a call. The first piece has id and name, all have the number, several calls may take turns.
func (x *exchange) toolCall(v jsonindex.Value, out *ops.Emitter) error {
	var index, id, name, args jsonindex.Value
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "index":
			index = it.Val
		case "id":
			id = it.Val
		case "function":
			name, args = it.Val.Get("name"), it.Val.Get("arguments")
		}
	}
	number, numbered := index.Int()
	if !numbered {
		number = int64(len(x.calls)) // a whole answer has no numbers
	}
	block := x.block(number)
	if block == 0 {
		text, _ := name.Text()
		if text == "" {
			return adapter.Fail(adapter.Protocol, "", "a tool call without a name")
		}
		if len(x.calls) == maxCalls {
			return adapter.Fail(adapter.Protocol, "", "more than %d tool calls in one answer", maxCalls)
		}
		x.calls = append(x.calls, number)
		block = len(x.calls)
		own, _ := id.Text()
		if own == "" {
			own = adapter.NewID(x.callID, "toolu_", block)
		}
		out.ToolStart(block, own, text)
	}
	if len(args.Head()) > 0 {
		out.ToolArgs(block, args)
	}
	return nil
}

// block is the block of a call, 0 for one that has not begun.
func (x *exchange) block(number int64) int {
	for i, n := range x.calls {
		if n == number {
			return i + 1
		}
	}
	return 0
}

// finishReason notes why the model stopped. Usage may still come, so the answer is not done yet.
func (x *exchange) finishReason(v jsonindex.Value, out *ops.Emitter) {
	if !v.IsString() {
		return
	}
	x.stopped = true
	switch {
	case v.Is("stop"), v.Is("tool_calls"), v.Is("function_call"):
		x.stop = ops.EndTurn
	case v.Is("length"):
		x.stop = ops.MaxTokens
	case v.Is("content_filter"):
		x.stop = ops.Refusal
	default:
		x.stop = ops.EndTurn
		out.Loss("stop_reason", ops.Approximated, "unknown finish_reason")
	}
}

// usage emits token counts. The upstream counts what came from its cache as part of the prompt, Claude beside it.
func (x *exchange) usage(v jsonindex.Value, out *ops.Emitter) {
	if v.Kind() != jsonindex.Object {
		return
	}
	t := ops.Unknown()
	t.Input, t.Output = count(v.Get("prompt_tokens")), count(v.Get("completion_tokens"))
	t.CacheRead = count(v.Get("prompt_tokens_details").Get("cached_tokens"))
	if t.Input >= 0 {
		t.Input = max(0, t.Input-max(0, t.CacheRead))
	}
	out.Usage(t)
}

// count reads a number of tokens, -1 when it is none.
func count(v jsonindex.Value) int64 {
	n, ok := v.Int()
	if !ok || n < 0 {
		return -1
	}
	return min(n, ops.MaxTokenCount)
}

// finish ends the answer. Done says that it is complete, so it must not come where the upstream did not say so.
func (x *exchange) finish(out *ops.Emitter) error {
	if !x.stopped {
		return adapter.Fail(adapter.Protocol, "", "the answer ended without a finish_reason")
	}
	if x.stop == ops.EndTurn && len(x.calls) > 0 {
		x.stop = ops.ToolUse
	}
	for i := range x.calls {
		out.BlockEnd(i + 1)
	}
	out.Stop(x.stop, "", nil)
	out.Done()
	x.done = true
	return nil
}

// End is a stream that ended without [DONE]. With a finish_reason it misses usage at most.
func (x *exchange) End(reason adapter.EndReason, out *ops.Emitter) error {
	if !x.stopped && reason == adapter.Cut {
		return adapter.Fail(adapter.Protocol, "", "the connection broke in the middle of the answer")
	}
	return x.finish(out)
}
