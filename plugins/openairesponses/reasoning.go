package openairesponses

import (
	"bytes"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
	"github.com/claude-proxy/claude-proxy/sdk/signature"
)

// A reasoning item travels through the client as one thinking block: its summary as the thinking, and the rest in the
// signature, behind the tag of package signature:
//
//	<id>.<next>.<encrypted_content>
//
// next is the item that the reasoning led to: "c" and the client's id of a call, "m" and the phase of a message, "r" for
// more reasoning, or nothing. The upstream refuses reasoning without the item behind it, so that reasoning is sent back
// only where that item still follows. What is encrypted stands last and as it is: it may be of any length, and is passed
// on without being read. https://platform.openai.com/docs/guides/reasoning#encrypted-reasoning-items
const issuer = "openairesponses"

// The kinds of items that reasoning leads to.
const (
	nextCall      = "c"
	nextMessage   = "m"
	nextReasoning = "r"
)

// maxCarried is the most bytes of id and next together, so that they always stand in the readable head of a signature.
const maxCarried = jsonindex.ExternHead - len(signature.Prefix+issuer) - 8

// seal is the signature for a reasoning item. One that cannot be carried gets our tag all the same, so that nobody takes its
// thinking for their own.
func seal(id, next, encrypted string) string {
	if !foreign.IsName(id) {
		id = ""
	}
	if encrypted == "" || len(id)+len(next) > maxCarried {
		return signature.Tag(issuer, "")
	}
	return signature.Tag(issuer, id+"."+next+"."+encrypted)
}

// carried is a reasoning item as it comes back.
type carried struct {
	id, next []byte
	// skip is where what is encrypted begins in the signature; 0 when it is in encrypted.
	skip      int
	encrypted string
}

// unseal takes a signature of ours apart; false when there is nothing to send back.
func unseal(v jsonindex.Value) (c carried, ok bool) {
	skip, plain := signature.Cut(v, issuer)
	head := v.Head()
	if plain {
		head = head[skip:]
	} else {
		payload, ok := signature.Payload(v, issuer)
		if !ok {
			return c, false
		}
		head = []byte(payload)
	}
	id, rest, ok1 := bytes.Cut(head, []byte("."))
	next, rest, ok2 := bytes.Cut(rest, []byte("."))
	if !ok1 || !ok2 || len(rest) == 0 && !v.IsExtern() || len(id) > 0 && !foreign.IsName(id) {
		return c, false
	}
	c = carried{id: id, next: next}
	if plain {
		c.skip = skip + len(head) - len(rest)
	} else {
		c.encrypted = string(rest)
	}
	return c, true
}

// thinking takes a thinking block: our own reasoning waits for the item that it led to, anything else is left out.
func (r *request) thinking(b *messages.Block) {
	if !signature.From(b.Signature, issuer) {
		r.Loss(adapter.Noop, inContent, "thinking", "reasoning of another upstream is not taken")
		r.Loss(adapter.Noop, inContent, "signature", "")
		return
	}
	if _, ok := unseal(b.Signature); !ok {
		r.leaveReasoning(adapter.Noop, "the upstream gave nothing to send back")
		return
	}
	if _, ok := r.call.Remedy(remedyReasoning); ok {
		r.leaveReasoning(adapter.Tuned, "refused by the upstream")
		return
	}
	if !r.f.reasons {
		r.leaveReasoning(adapter.Noop, "the model does not reason")
		return
	}
	r.endItem()
	r.beginAnswer()
	r.held = append(r.held, *b)
}

// leaveReasoning records that reasoning of ours is not sent back.
func (r *request) leaveReasoning(kind adapter.LossKind, why string) {
	r.Loss(kind, inContent, "thinking", why)
	r.Loss(kind, inContent, "signature", "")
}

// releaseBeforeText sends back the reasoning that led to the text which follows, and gives the message its phase.
func (r *request) releaseBeforeText() {
	if len(r.held) == 0 {
		return
	}
	last, _ := unseal(r.held[len(r.held)-1].Signature)
	phase, ok := bytes.CutPrefix(last.next, []byte(nextMessage))
	if r.release(nextMessage, string(phase)); ok && foreign.IsName(phase) && r.c.parts == 0 {
		r.c.head = `{"type":"message","role":"assistant","phase":"` + string(phase) + `","content":`
	}
}

// releaseBeforeCall sends back the reasoning that led to the call which follows.
func (r *request) releaseBeforeCall(id jsonindex.Value) {
	if len(r.held) > 0 {
		text, _ := id.Text()
		r.release(nextCall, text)
	}
}

// release sends back the reasoning that waits, in front of the item that follows now; kind "" means that none does.
// Reasoning that led elsewhere is left out, because the upstream refuses it.
func (r *request) release(kind, detail string) {
	if len(r.held) == 0 {
		return
	}
	// Of several, each leads to the one behind it, and the last to the item.
	first := len(r.held)
	want := kind + detail
	for first > 0 && kind != "" {
		c, _ := unseal(r.held[first-1].Signature)
		if string(c.next) != want {
			break
		}
		want = nextReasoning
		first--
	}
	if first > 0 {
		r.leaveReasoning(adapter.Noop, "what the reasoning led to is gone")
	}
	for i := first; i < len(r.held); i++ {
		r.reasoningItem(&r.held[i])
	}
	r.held = r.held[:0]
}

// reasoningItem writes reasoning as an item.
func (r *request) reasoningItem(b *messages.Block) {
	c, _ := unseal(b.Signature)
	r.x.sent |= sentReasoning
	r.item(`{"type":"reasoning"`)
	if len(c.id) > 0 {
		r.w.Lit(`,"id":"`)
		r.w.Bytes(c.id)
		r.w.Byte('"')
	}
	r.w.Lit(`,"summary":[`)
	if len(b.Thinking.Head()) > 0 {
		r.w.Lit(`{"type":"summary_text","text":`)
		r.w.Raw(b.Thinking)
		r.w.Byte('}')
	}
	r.w.Lit(`],"encrypted_content":`)
	if c.skip == 0 {
		r.w.Quote(c.encrypted)
	} else {
		r.w.Byte('"')
		r.w.InnerFrom(b.Signature, c.skip)
		r.w.Byte('"')
	}
	r.w.Byte('}')
}
