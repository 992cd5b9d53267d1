package openairesponses

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

const assistantItem = `{"type":"message","role":"assistant","content":`

// assistantRun writes assistant messages in a row as one turn, as Claude reads them, and says whether another message
// follows. Texts, calls and reasoning are items of their own, in the client's order.
func (r *request) assistantRun(it *messages.MessageIter) (more bool, err error) {
	last := it.Message.V
	before, empty := r.items, false
	r.beginAnswer()
	for more = true; more && it.Message.Role == messages.Assistant; more = it.Next() {
		last = it.Message.V
		if err := r.MessageFields(&it.Message, &r.effort); err != nil {
			return false, err
		}
		blocks := it.Message.Blocks()
		for blocks.Next() {
			empty = true
			if err := r.assistantBlock(&blocks.Block); err != nil {
				return false, err
			}
		}
		if err := blocks.Err(); err != nil {
			return false, err
		}
	}
	r.endItem()
	r.release("", "")
	if err := it.Err(); err != nil {
		return false, err
	}
	if empty && r.items == before {
		r.Loss(adapter.Noop, "messages", "content", "an empty message is left out")
	}
	if more {
		return true, nil
	}
	if r.call.Op == adapter.Messages {
		if !r.o.sendPrefill {
			return false, r.Unsupported(last,
				"the conversation must end with a user message, as a prefilled assistant message is not continued")
		}
		r.Loss(adapter.Approximated, "", "messages", "the prefilled answer is not continued, a new one follows")
	}
	return false, r.unanswered()
}

// beginAnswer starts a message of the assistant's; nothing is written yet.
func (r *request) beginAnswer() { r.c = content{head: assistantItem, text: outputText} }

// assistantBlock writes a block of an assistant message.
func (r *request) assistantBlock(b *messages.Block) error {
	switch b.Type {
	case messages.BlockText:
		if len(b.Text.Head()) > 0 {
			r.releaseBeforeText()
		}
		r.text(b.Text)
		return r.textFields(b, inContent)
	case messages.BlockToolUse:
		return r.toolUse(b)
	case messages.BlockThinking:
		r.thinking(b)
	case messages.BlockRedactedThinking:
		r.Loss(adapter.Noop, inContent, "data", "reasoning of another upstream is not taken")
	case messages.BlockFallback:
		r.Loss(adapter.Noop, "messages", "content", "the mark of a fallback is left out")
		return nil
	case messages.BlockCompaction:
		return r.compaction(b)
	default:
		if err := r.ServerBlock(b); err != nil {
			return err
		}
		r.releaseBeforeText()
		r.serverBlock(b.V)
		return r.mark(b.CacheControl, inContent)
	}
	r.Others(inContent, b.Others())
	if !b.CacheControl.IsNull() {
		r.Loss(adapter.Tuned, inContent, "cache_control", "reasoning cannot carry a mark")
	}
	return nil
}

// toolUse writes a call. https://platform.openai.com/docs/guides/function-calling#handling-function-calls
func (r *request) toolUse(b *messages.Block) error {
	r.endItem()
	r.releaseBeforeCall(b.ID)
	t := r.calls.add(b.ID)
	r.item(`{"type":"function_call","call_id":"`)
	if err := r.callID(t.id, t.twin); err != nil {
		return err
	}
	r.w.Lit(`","name":`)
	if err := r.toolName(b.Name, false); err != nil {
		return err
	}
	r.w.Lit(`,"arguments":"`)
	r.w.Escape(b.Input)
	r.w.Lit(`"}`)
	r.beginAnswer()
	r.CallFields(b)
	if !b.CacheControl.IsNull() {
		r.Loss(adapter.Tuned, inContent, "cache_control", "a tool call cannot carry a mark")
	}
	r.Others(inContent, b.Others())
	return nil
}

// compaction writes the summary that stands for everything before it as a user message.
func (r *request) compaction(b *messages.Block) error {
	r.CompactionFields(b)
	if b.Content.IsNull() {
		r.Loss(adapter.Noop, inContent, "content", "an empty compaction is left out")
		return nil
	}
	r.Loss(adapter.Approximated, inContent, "content", "the summary of a compaction became user text")
	r.endItem()
	r.release("", "")
	r.begin(userItem, false)
	r.beginText()
	err := foreign.WriteCompaction(r.w, b)
	r.endText()
	if err == nil {
		err = r.mark(b.CacheControl, inContent)
	}
	r.endItem()
	r.beginAnswer()
	return err
}

// serverBlock tells what a tool of Claude's servers was asked or found as text.
func (r *request) serverBlock(b jsonindex.Value) {
	r.beginText()
	foreign.WriteServerBlock(r.w, b)
	r.endText()
}
