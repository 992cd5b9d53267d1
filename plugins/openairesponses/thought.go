package openairesponses

import (
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// held is a reasoning item that is over and waits for the item that it leads to, because its signature names that.
type held struct {
	block         int // 0 for none
	id, encrypted string
}

// think emits a piece of reasoning text. Its parts are set apart by a blank line.
func (x *exchange) think(t *item, place int64, v jsonindex.Value, out *ops.Emitter) {
	if t == nil || !x.tells || len(v.Head()) == 0 {
		return
	}
	if t.block == 0 {
		x.blocks++
		t.block, t.place = x.blocks, place
	}
	if t.place != place {
		t.place = place
		out.ThinkingString(t.block, "\n\n")
	}
	t.next = max(t.next, place+1)
	out.Thinking(t.block, v)
}

// closeReasoning ends a reasoning item, with its text where that did not come in pieces. A client that did not ask for
// thinking gets none, not even to carry the reasoning: it may expect text alone.
func (x *exchange) closeReasoning(t *item, o *outputItem, out *ops.Emitter) {
	if !x.thinks {
		if !x.noted.reasoning {
			x.noted.reasoning = true
			out.Loss("content.thinking", ops.Noop, "thinking was not asked for")
		}
		return
	}
	if t.next == 0 {
		x.wholeThought(t, o.summary, out)
	}
	if t.next == 0 {
		x.wholeThought(t, o.content, out)
	}
	encrypted, _ := o.encrypted.Text()
	if t.block == 0 {
		if encrypted == "" {
			return
		}
		x.blocks++
		t.block = x.blocks
	}
	x.held = held{block: t.block, encrypted: encrypted}
	x.held.id, _ = o.id.Text()
}

// wholeThought emits the texts of a summary or of reasoning.
func (x *exchange) wholeThought(t *item, list jsonindex.Value, out *ops.Emitter) {
	n := int64(0)
	for it := list.Iter(); it.Next(); n++ {
		x.think(t, n, it.Val.Get("text"), out)
	}
}

// settle signs the reasoning that waits, now that it is known what it leads to; "" for nothing.
func (x *exchange) settle(next string, out *ops.Emitter) {
	h := &x.held
	if h.block == 0 {
		return
	}
	out.SignatureString(h.block, seal(h.id, next, h.encrypted))
	out.BlockEnd(h.block)
	*h = held{}
}

// nextOf is an item as the signature of the reasoning in front of it names it.
func (x *exchange) nextOf(t *item, o *outputItem) string {
	if x.held.block == 0 {
		return ""
	}
	switch t.kind {
	case itemCall:
		return nextCall + x.clientID(t)
	case itemMessage:
		if phase, _ := o.phase.Text(); foreign.IsName(phase) {
			return nextMessage + phase
		}
		return nextMessage
	case itemReasoning:
		return nextReasoning
	}
	return ""
}

// signOpen signs thinking whose item never ended, so that nobody takes it for their own. It cannot go back.
func (x *exchange) signOpen(out *ops.Emitter) {
	for i := range x.items {
		if t := &x.items[i]; t.kind == itemReasoning && t.block != 0 && !t.ended {
			out.SignatureString(t.block, seal("", "", ""))
			out.BlockEnd(t.block)
		}
	}
}
