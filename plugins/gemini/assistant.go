package gemini

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// manyCalls is how many calls one turn may have before they are found by a map.
const manyCalls = 64

// toolUse is one call of the model's.
type toolUse struct {
	id, name jsonindex.Value
	// twin says that a call before it in the turn has the same id.
	twin bool
	// result is the block that answers it, if answered.
	result   messages.Block
	answered bool
}

// assistantRun writes assistant messages in a row and says whether another message follows.
func (r *request) assistantRun(it *messages.MessageIter) (more bool, err error) {
	r.calls, r.byID = r.calls[:0], nil
	r.pending = jsonindex.Value{}
	r.answered = true
	for more = true; more && it.Message.Role == messages.Assistant; more = it.Next() {
		if err := r.MessageFields(&it.Message, &r.effort); err != nil {
			return false, err
		}
		blocks, any := it.Message.Blocks(), false
		for blocks.Next() {
			any = any || blocks.Block.Type != messages.BlockText || len(blocks.Block.Text.Head()) > 0
			if err := r.assistantBlock(&blocks.Block); err != nil {
				return false, err
			}
		}
		if err := blocks.Err(); err != nil {
			return false, err
		}
		if !any {
			r.Loss(adapter.Noop, "messages", "content", "an empty message is left out")
		}
	}
	return more, it.Err()
}

// assistantBlock writes a block of an assistant message, in its place.
func (r *request) assistantBlock(b *messages.Block) error {
	const in = "messages.content"
	switch b.Type {
	case messages.BlockText:
		r.text(model, b.Text)
		return r.textFields(b, in)
	case messages.BlockToolUse:
		if err := r.functionCall(b); err != nil {
			return err
		}
	case messages.BlockThinking:
		r.thought(b)
	case messages.BlockRedactedThinking:
		r.Loss(adapter.Noop, in, "data", "thinking of another vendor is left out")
	case messages.BlockFallback:
		r.Loss(adapter.Noop, "messages", "content", "the mark of a fallback is left out")
		return nil
	case messages.BlockCompaction:
		return r.compaction(b)
	default:
		if err := r.ServerBlock(b); err != nil {
			return err
		}
		r.serverBlock(b.V)
		return r.mark(b.CacheControl, in)
	}
	return r.blockFields(b, in)
}

// functionCall writes a call. https://ai.google.dev/gemini-api/docs/function-calling
func (r *request) functionCall(b *messages.Block) error {
	c := toolUse{id: b.ID, name: b.Name}
	r.register(&c)
	r.part(model)
	first := !r.content.called
	r.content.called = true
	r.w.Lit(`"functionCall":{`)
	if err := r.callID(&c); err != nil {
		return err
	}
	r.w.Lit(`"name":`)
	if err := r.toolName(b.Name); err != nil {
		return err
	}
	r.w.Lit(`,"args":`)
	r.w.Raw(b.Input)
	r.w.Byte('}')
	r.sealCall(first)
	r.CallFields(b)
	return nil
}

// callID writes the id member of a call or its response. Ids that this adapter made up for want of one are not the
// upstream's business, and calls must not share theirs; calls without an id are matched by their order.
func (r *request) callID(c *toolUse) error {
	if c.twin {
		r.Loss(adapter.Tuned, "messages.content", "id", "of calls with the same id only the first keeps it")
		return nil
	}
	raw := c.id.Head()
	if c.id.Kind() == jsonindex.String && !hasPrefix(raw, foreignID) {
		if !hasPrefix(raw, madeID) {
			r.w.Lit(`"id":`)
			r.w.Raw(c.id)
			r.w.Byte(',')
		}
		return nil
	}
	text, ok := c.id.Text()
	if !ok {
		return messages.Invalid(c.id, "is too long for an id")
	}
	if !hasPrefix([]byte(text), madeID) {
		r.w.Lit(`"id":`)
		r.w.Quote(upstreamID(text))
		r.w.Byte(',')
	}
	return nil
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}

// register adds a call to the turn.
func (r *request) register(c *toolUse) {
	n := len(r.calls)
	if n == manyCalls {
		r.byID = make(map[string][]int, 2*manyCalls)
		for i := range r.calls {
			id, _ := r.calls[i].id.Text()
			r.byID[id] = append(r.byID[id], i)
		}
	}
	if r.byID != nil {
		id, _ := c.id.Text()
		c.twin = len(r.byID[id]) > 0
		r.byID[id] = append(r.byID[id], n)
	} else {
		for i := range r.calls {
			c.twin = c.twin || foreign.SameText(r.calls[i].id, c.id)
		}
	}
	r.calls = append(r.calls, *c)
}

// find is the call that a result with this id answers: the first with the id that has no result yet, else the last with
// the id; -1 when there is none.
func (r *request) find(id jsonindex.Value) int {
	found := -1
	if r.byID != nil {
		text, _ := id.Text()
		for _, i := range r.byID[text] {
			if found = i; !r.calls[i].answered {
				return i
			}
		}
		return found
	}
	for i := range r.calls {
		if foreign.SameText(r.calls[i].id, id) {
			if found = i; !r.calls[i].answered {
				return i
			}
		}
	}
	return found
}

// answers says whether a result with this id answers a call of the turn.
func (r *request) answers(id jsonindex.Value) bool { return r.find(id) >= 0 }

// compaction writes the summary that stands for everything before it as user text.
func (r *request) compaction(b *messages.Block) error {
	const in = "messages.content"
	r.CompactionFields(b)
	if err := r.mark(b.CacheControl, in); err != nil {
		return err
	}
	if b.Content.IsNull() {
		r.Loss(adapter.Noop, in, "content", "an empty compaction is left out")
		return nil
	}
	r.Loss(adapter.Approximated, in, "content", "the summary of a compaction became user text")
	by := user
	if len(r.calls) > 0 {
		by = model // the responses must follow the calls
	}
	r.beginText(by)
	err := foreign.WriteCompaction(r.w, b)
	r.endText()
	return err
}

// serverBlock tells what a tool of Claude's servers was asked or found as text of the model's.
func (r *request) serverBlock(b jsonindex.Value) {
	r.beginText(model)
	foreign.WriteServerBlock(r.w, b)
	r.endText()
}
