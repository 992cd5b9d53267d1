package chat

import (
	"strconv"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
	"github.com/claude-proxy/claude-proxy/sdk/signature"
)

// thought is reasoning of this issuer in an assistant message.
type thought struct {
	text jsonindex.Value
	c    carried
}

// carried is what a signature of this issuer carries. The zero value carries nothing.
type carried struct {
	// head is the readable beginning of it.
	head string
	// v is the signature in which it lies as it is, from byte skip on; absent where head is all of it.
	v    jsonindex.Value
	skip int
}

// rest writes what is carried behind the first n bytes, which lie in head, without quotes.
func (c *carried) rest(w *jsonindex.Writer, n int) {
	if c.v.Exists() {
		w.InnerFrom(c.v, c.skip+n)
	} else {
		w.EscapeBytes([]byte(c.head[n:]))
	}
}

// carriedBy reads a signature; false when it is another issuer's or cannot be read.
func (r *request) carriedBy(sig jsonindex.Value) (c carried, ok bool) {
	issuer := r.d.Thinking.Issuer
	if issuer == "" || !signature.From(sig, issuer) {
		return c, false
	}
	if skip, plain := signature.Cut(sig, issuer); plain {
		return carried{head: string(sig.Head()[skip:]), v: sig, skip: skip}, true
	}
	c.head, ok = signature.Payload(sig, issuer)
	return c, ok
}

// think collects a thinking block of an assistant message, or leaves it out.
func (r *request) think(b *messages.Block) {
	t := &r.turn
	c, ok := r.carriedBy(b.Signature)
	switch {
	case ok && strings.HasPrefix(c.head, carriesState) && r.d.Thinking.State != nil:
		t.state = c
		if len(b.Thinking.Head()) > 0 {
			r.forget("beside the state of a call")
		}
	case ok && (len(b.Thinking.Head()) > 0 || c.head != ""):
		t.thoughts = append(t.thoughts, thought{b.Thinking, c})
	default:
		r.forget("reasoning of an earlier turn is not taken")
	}
}

// forget records that reasoning is left out.
func (r *request) forget(note string) {
	r.Loss(adapter.Noop, "", "messages.content.thinking", note)
	r.Loss(adapter.Noop, "", "messages.content.signature", "")
}

// replays says how the message at hand takes its reasoning back: the member, "" for not at all, and whether it must be there.
func (r *request) replays() (member string, needed bool) {
	t := &r.d.Thinking
	always := t.BackAlways
	member, needed = t.Back, t.BackEmpty
	if asked, ok := r.call.Remedy(remedyReplay); ok {
		member, needed, always = asked, true, true
	}
	if member == "" || r.dropped(member) || !always && len(r.turn.calls) == 0 {
		return "", false
	}
	return member, needed
}

// replay writes the reasoning of an assistant message behind its content.
func (r *request) replay() {
	t := &r.turn
	if t.state.head != "" {
		r.forget("its call is gone")
	}
	member, needed := r.replays()
	switch {
	case member == "" || member == BackInTags:
		if len(t.thoughts) > 0 && member == "" {
			r.forget("reasoning of an earlier turn is not taken")
		}
		return
	case r.replayDetails():
		return
	case len(t.thoughts) == 0 && !needed:
		return
	}
	r.x.sent |= sentBit(member)
	r.w.Lit(`,"`)
	r.w.Lit(member)
	r.w.Lit(`":"`)
	r.thoughts()
	r.w.Byte('"')
}

// thoughts writes the texts of all thoughts as the inside of a string. They are pieces of one text, cut where something else
// came in between.
func (r *request) thoughts() {
	for i := range r.turn.thoughts {
		r.w.Inner(r.turn.thoughts[i].text)
	}
}

// replayDetails writes the list of entries, if there are any, and says whether there are. Reasoning that came as plain text
// beside them is the same text again, or is not needed.
func (r *request) replayDetails() bool {
	name := r.d.Thinking.Details
	if name == "" || r.dropped(name) {
		return false
	}
	n := 0
	for i := range r.turn.thoughts {
		t := &r.turn.thoughts[i]
		if !strings.HasPrefix(t.c.head, carriesDetail) {
			continue
		}
		fields := strings.SplitN(t.c.head[len(carriesDetail):], "~", 5)
		if len(fields) < 5 {
			continue
		}
		if n == 0 {
			r.w.Lit(`,"`)
			r.w.Lit(name)
			r.w.Lit(`":[`)
		} else {
			r.w.Byte(',')
		}
		n++
		r.entry(t, fields)
	}
	if n == 0 {
		return false
	}
	r.w.Byte(']')
	r.x.sent |= sentBit(name)
	if n < len(r.turn.thoughts) {
		r.forget("said by the entries beside it")
	}
	return true
}

// entry writes an entry as it came. fields are type, index, format, id and the beginning of the rest.
func (r *request) entry(t *thought, fields []string) {
	w := r.w
	kind := fields[0]
	w.Lit(`{"type":`)
	w.Quote(kind)
	text, rest := `,"text":"`, `,"signature":"`
	switch kind {
	case detailSummary:
		text = `,"summary":"`
	case detailEncrypted:
		text, rest = "", `,"data":"`
	}
	if text != "" {
		w.Lit(text)
		w.Inner(t.text)
		w.Byte('"')
	}
	if fields[4] != "" {
		w.Lit(rest)
		t.c.rest(w, len(t.c.head)-len(fields[4]))
		w.Byte('"')
	}
	if fields[3] != "" {
		w.Lit(`,"id":`)
		w.Quote(fields[3])
	}
	if fields[2] != "" {
		w.Lit(`,"format":`)
		w.Quote(fields[2])
	}
	if n, err := strconv.ParseUint(fields[1], 10, 63); err == nil {
		w.Lit(`,"index":`)
		w.Int(int64(n))
	}
	w.Byte('}')
}

// callState writes the state of a call behind its function.
func (r *request) callState(c *toolUse, first bool) {
	path := r.d.Thinking.State
	dummy := r.d.Thinking.StateDummy
	_, lost := r.call.Remedy(remedyState)
	switch {
	case path == nil:
		return
	case lost && (first || c.state.head != ""):
		r.Loss(adapter.Approximated, "messages.content", "signature", "a stand-in for a state that the upstream refused")
	case c.state.head != "":
		r.openPath(path)
		c.state.rest(r.w, len(carriesState))
		r.closePath(path)
		return
	case first && r.d.Thinking.StateNeeded:
		r.Loss(adapter.Noop, "messages.content", "signature", "a stand-in for a state that is not known")
	default:
		return
	}
	r.openPath(path)
	r.w.EscapeBytes([]byte(dummy))
	r.closePath(path)
}

// openPath opens a member within members up to the quote of its string; closePath ends them.
func (r *request) openPath(path []string) {
	r.path(path)
	r.w.Byte('"')
}

func (r *request) closePath(path []string) {
	r.w.Byte('"')
	r.endPath(path)
}

// path opens a member within members; endPath closes what it opened.
func (r *request) path(path []string) {
	c := byte(',')
	for _, name := range path {
		r.w.Byte(c)
		r.w.Quote(name)
		r.w.Byte(':')
		c = '{'
	}
}

func (r *request) endPath(path []string) {
	for range path[1:] {
		r.w.Byte('}')
	}
}
