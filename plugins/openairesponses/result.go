package openairesponses

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// match finds which results answer which calls in the messages up to the next assistant message. rest counts what those
// messages hold besides; more says that the assistant message exists.
func (r *request) match(it *messages.MessageIter) (rest int, more bool, err error) {
	for more = true; more && it.Message.Role != messages.Assistant; more = it.Next() {
		m := &it.Message
		if err := r.MessageFields(m, &r.effort); err != nil {
			return 0, false, err
		}
		if m.Role == messages.System {
			rest++
			continue
		}
		blocks := m.Blocks()
		for blocks.Next() {
			if b := &blocks.Block; b.Type != messages.BlockToolResult || !r.calls.answer(b) {
				rest++
			}
		}
		if err := blocks.Err(); err != nil {
			return 0, false, err
		}
	}
	return rest, more, it.Err()
}

// results writes an output for every call of the last assistant messages, in the order of the results.
func (r *request) results(it messages.MessageIter) error {
	for more := true; more && it.Message.Role != messages.Assistant; more = it.Next() {
		if it.Message.Role == messages.System {
			continue
		}
		blocks := it.Message.Blocks()
		for blocks.Next() {
			b := &blocks.Block
			if b.Type != messages.BlockToolResult {
				continue
			}
			if call := r.calls.pass(); call >= 0 {
				if err := r.result(b, call); err != nil {
					return err
				}
			}
		}
	}
	r.calls.at = 0
	return r.unanswered()
}

// unanswered supplies a result to calls that have none, as the upstream demands one for each.
func (r *request) unanswered() error {
	for i := range r.calls.list {
		t := &r.calls.list[i]
		if t.answered {
			continue
		}
		r.Loss(adapter.Approximated, "messages", "content", "a tool call without a result got an empty one")
		if err := r.beginOutput(t); err != nil {
			return err
		}
		r.w.Lit(`"(no result)"}`)
	}
	return nil
}

// beginOutput opens an output up to its content.
func (r *request) beginOutput(t *toolUse) error {
	r.item(`{"type":"function_call_output","call_id":"`)
	if err := r.callID(t.id, t.twin); err != nil {
		return err
	}
	r.w.Lit(`","output":`)
	return nil
}

// result writes the output of a call.
// https://platform.openai.com/docs/guides/function-calling#formatting-results
func (r *request) result(b *messages.Block, call int) error {
	if last, ok := r.calls.later[call]; ok {
		r.Loss(adapter.Tuned, inContent, "tool_use_id", "of several results of a call the last counts")
		b = &last
	}
	if err := r.beginOutput(&r.calls.list[call]); err != nil {
		return err
	}
	r.begin("", r.flatResult(b))
	if err := r.resultBlocks(b); err != nil {
		return err
	}
	if !r.end() {
		r.w.Lit(`""`)
	}
	r.w.Byte('}')
	return nil
}

// flatResult says whether an output is written as one string: a single text without a mark is.
func (r *request) flatResult(b *messages.Block) bool {
	if r.markable(b.CacheControl) {
		return false
	}
	if b.Content.Kind() != jsonindex.Array {
		return true
	}
	first := b.Content.At(0)
	if !first.Exists() {
		return true
	}
	return !b.Content.At(1).Exists() && first.Get("type").Is("text") && !r.markable(first.Get("cache_control"))
}

// resultBlocks writes what a result holds. There is no field for is_error: the text says it.
func (r *request) resultBlocks(b *messages.Block) error {
	if b.IsError.True() {
		r.c.lead = "Error: "
		r.Loss(adapter.Approximated, inContent, "is_error", "said in the text")
	}
	blocks := b.Blocks()
	naming := false // a text that names loaded tools is open
	for blocks.Next() {
		in := &blocks.Block
		if in.Type == messages.BlockToolReference {
			r.toolReference(in, naming)
			naming = true
			continue
		}
		if naming {
			r.endText()
			naming = false
		}
		if err := r.userBlock(in, inResult); err != nil {
			return err
		}
	}
	if naming {
		r.endText()
	}
	if r.c.lead != "" {
		r.c.lead = ""
		r.beginText()
		r.w.Lit(`Error`)
		r.endText()
	}
	if !b.ToolsetName.IsNull() {
		r.Loss(adapter.Noop, inContent, "toolset_name", "")
	}
	r.Others(inContent, b.Others())
	if err := blocks.Err(); err != nil {
		return err
	}
	return r.mark(b.CacheControl, inContent)
}

// toolReference writes the name of a tool that a search has loaded; following ones join the same text.
func (r *request) toolReference(b *messages.Block, following bool) {
	if following {
		r.w.Lit(`, `)
	} else {
		r.Loss(adapter.Approximated, inResult, "tool_name", "loaded tools are named in the text")
		r.beginText()
		r.w.Lit(`Loaded tools: `)
	}
	r.w.Inner(b.ToolName)
	r.Others(inResult, b.Others())
	if !b.CacheControl.IsNull() {
		r.Unmarked(inResult)
	}
}

// orphanResult tells a result that answers no call as text: the upstream would refuse it as an output.
func (r *request) orphanResult(b *messages.Block) error {
	r.Loss(adapter.Approximated, inContent, "tool_use_id", "a result without its call became user text")
	r.beginText()
	r.w.Lit(`Result of tool call `)
	if err := r.callID(b.ToolUseID, 0); err != nil {
		return err
	}
	r.w.Byte(':')
	r.endText()
	return r.resultBlocks(b)
}

// callID writes the upstream's form of a call's id, without quotes. Calls of one turn must not share theirs.
func (r *request) callID(id jsonindex.Value, twin int) error {
	raw := id.Head()
	if twin == 0 && id.Kind() == jsonindex.String && len(raw) <= maxCallID && !isCarried(raw) {
		r.w.Bytes(raw)
		return nil
	}
	text, ok := id.Text()
	if !ok {
		return messages.Invalid(id, "is too long for an id")
	}
	if twin > 0 {
		r.w.Lit(adapter.NewID(text, "call_", twin))
		return nil
	}
	r.w.EscapeBytes([]byte(upstreamID(text)))
	return nil
}
