package claude

import (
	"bytes"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// event is one event of the stream, decoded in one pass.
//
// https://docs.claude.com/en/docs/build-with-claude/streaming#event-types
type event struct {
	kind    []byte
	index   jsonindex.Value
	message jsonindex.Value // message_start
	block   jsonindex.Value // content_block_start
	delta   jsonindex.Value // content_block_delta, message_delta
	usage   jsonindex.Value // message_delta
	failed  bool            // it has an error
}

// Event converts one event. Events of unknown names are skipped, as Claude's own clients do.
func (x *exchange) Event(ev adapter.Event, out *ops.Emitter) error {
	if x.done {
		return nil
	}
	if !ev.JSON.Exists() {
		if d := bytes.TrimSpace(ev.Data); len(d) == 0 || string(d) == "[DONE]" { // some gateways end every stream so
			return nil
		}
		return adapter.Fail(adapter.Protocol, "", "the upstream sent an event that is not JSON")
	}
	var e event
	for it := ev.JSON.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "type":
			e.kind, _ = it.Val.Inner()
		case "index":
			e.index = it.Val
		case "message":
			e.message = it.Val
		case "content_block":
			e.block = it.Val
		case "delta":
			e.delta = it.Val
		case "usage":
			e.usage = it.Val
		case "error":
			e.failed = !it.Val.IsNull()
		case "context_management":
			x.answer.lose(out, "", it.Key(), it.Val)
		}
	}
	switch {
	case ev.Name == "error", len(e.kind) == 0 && e.failed:
		return x.classify(0, ev.JSON, ev.Data)
	case len(e.kind) == 0:
		e.kind = []byte(ev.Name)
	}
	switch string(e.kind) {
	case "content_block_delta":
		return x.delta(&e, out)
	case "content_block_start":
		return x.start(&e, out)
	case "content_block_stop":
		return x.stop(&e, out)
	case "message_start":
		x.message(e.message, out)
	case "message_delta":
		for it := e.delta.Iter(); it.Next(); {
			if !x.answer.stop(it.Key(), it.Val) {
				x.answer.lose(out, "", it.Key(), it.Val)
			}
		}
		x.answer.usage(e.usage, out)
	case "message_stop":
		return x.end(out)
	case "error":
		return x.classify(0, ev.JSON, ev.Data)
	}
	return nil
}

// End refuses every stream that was not ended by message_stop: without it nobody can know that nothing is missing.
func (x *exchange) End(reason adapter.EndReason, _ *ops.Emitter) error {
	if reason == adapter.Cut {
		return adapter.Fail(adapter.Protocol, "", "the upstream's stream broke off before message_stop")
	}
	return adapter.Fail(adapter.Protocol, "", "the upstream's stream ended before message_stop")
}

// message takes message_start. Its content is empty and its stop reason null, both come later.
func (x *exchange) message(v jsonindex.Value, out *ops.Emitter) {
	var id, model, usage jsonindex.Value
	for it := v.Iter(); it.Next(); {
		switch key := it.Key(); string(key) {
		case "id":
			id = it.Val
		case "model":
			model = it.Val
		case "usage":
			usage = it.Val
		case "content":
			if it.Val.Len() > 0 {
				x.answer.lose(out, "", key, it.Val)
			}
		case "type", "role", "stop_reason", "stop_sequence", "stop_details":
		default:
			x.answer.lose(out, "", key, it.Val)
		}
	}
	out.Message(id, model)
	x.answer.usage(usage, out)
}

// end takes message_stop. Blocks that never stopped end here; a tool call that is not whole is the host's to judge.
func (x *exchange) end(out *ops.Emitter) error {
	for len(x.open) > 0 {
		if err := x.close(0, out); err != nil {
			return err
		}
	}
	x.done = true
	return x.answer.finish(out)
}

// find is the place in x.open of the block that an event means: the one with its index, or the last one when the upstream
// gives no index; -1 when there is none.
func (x *exchange) find(index jsonindex.Value) int {
	if index.IsNull() {
		return len(x.open) - 1
	}
	if n, ok := index.Int(); ok {
		for i := range x.open {
			if x.open[i].index == n {
				return i
			}
		}
	}
	return -1
}

// start takes content_block_start.
func (x *exchange) start(e *event, out *ops.Emitter) error {
	if len(x.open) == maxOpen {
		return adapter.Fail(adapter.Protocol, "", "the upstream has more than %d content blocks open at a time", maxOpen)
	}
	index, ok := e.index.Int()
	if !ok {
		index = int64(x.begun)
	}
	if i := x.find(e.index); i >= 0 && ok { // the index begins anew: its old block is over
		if err := x.close(i, out); err != nil {
			return err
		}
	}
	b := block{index: index, number: x.begun}
	if err := x.newBlock(); err != nil {
		return err
	}
	if err := x.begin(&b, e.block, out); err != nil {
		return err
	}
	x.open = append(x.open, b)
	return nil
}

// delta takes content_block_delta.
// https://docs.claude.com/en/docs/build-with-claude/streaming#content-block-delta-types
func (x *exchange) delta(e *event, out *ops.Emitter) error {
	i := x.find(e.index)
	if i < 0 {
		return adapter.Fail(adapter.Protocol, "", "the upstream sent a delta for a content block that is not open")
	}
	var kind []byte
	var val, other jsonindex.Value // other: encrypted_content
	for it := e.delta.Iter(); it.Next(); {
		switch key := it.Key(); string(key) {
		case "type":
			kind, _ = it.Val.Inner()
		case "text", "partial_json", "thinking", "signature", "citation", "content":
			val = it.Val
		case "encrypted_content":
			other = it.Val
		default:
			x.answer.lose(out, "content.delta.", key, it.Val)
		}
	}
	b := &x.open[i]
	switch string(kind) {
	case "text_delta":
		if b.kind == textBlock {
			b.said = !val.Is("") && out.Text(b.number, val) || b.said
			return nil
		}
	case "input_json_delta":
		if b.kind == toolBlock {
			if !val.Is("") && out.ToolArgs(b.number, val) {
				x.gathered -= len(b.input)
				b.input = nil // the deltas count
			}
			return nil
		}
		if b.kind == opaqueBlock {
			return x.gather(&b.input, val)
		}
	case "thinking_delta":
		if b.kind == thinkingBlock {
			b.said = !val.Is("") && out.Thinking(b.number, val) || b.said
			return nil
		}
	case "signature_delta":
		if b.kind == thinkingBlock {
			return x.gather(&b.signature, val)
		}
	case "citations_delta":
		if b.kind == textBlock {
			b.said = x.citation(b.number, val, out) || b.said
			return nil
		}
	case "compaction_delta":
		if b.kind == opaqueBlock {
			return x.compaction(b, val, other)
		}
	default:
		x.answer.lose(out, "content.delta.", kind, e.delta)
		return nil
	}
	return adapter.Fail(adapter.Protocol, "", "the upstream sent a %s for a content block of another type", kind)
}

// stop takes content_block_stop. A second one for the same block means nothing.
func (x *exchange) stop(e *event, out *ops.Emitter) error {
	if i := x.find(e.index); i >= 0 {
		return x.close(i, out)
	}
	return nil
}
