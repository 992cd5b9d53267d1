package chat

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// message is the upstream message being written. It is begun by its first part, so that one without parts is never sent.
type message struct {
	role string // "" when the caller wrote everything up to the content
	// flat writes the content as one string; else it is an array of parts.
	flat  bool
	parts int
	// lead stands in front of the first text.
	lead string
	// ready says that the last part is marked as the end of a cached prefix.
	ready bool
}

// begin starts a message; nothing is written yet.
func (r *request) begin(role string, flat bool) { r.msg = message{role: role, flat: flat} }

// object opens the next element of messages.
func (r *request) object(head string) {
	if r.written {
		r.w.Byte(',')
	}
	r.written = true
	r.w.Lit(head)
}

// part opens the next part of the content.
func (r *request) part() {
	m := &r.msg
	if m.parts == 0 && m.role != "" {
		r.object(`{"role":"`)
		r.w.Lit(m.role)
		r.w.Lit(`","content":`)
	}
	switch {
	case m.parts == 0 && m.flat:
		r.w.Byte('"')
	case m.parts == 0:
		r.w.Byte('[')
	case m.flat:
		r.w.Lit(`\n\n`)
	default:
		r.w.Lit(`},`)
	}
	m.parts++
	m.ready = false
}

// beginText opens a part that holds text; what follows goes inside a JSON string, up to endText.
func (r *request) beginText() {
	r.part()
	if !r.msg.flat {
		r.w.Lit(`{"type":"text","text":"`)
	}
	r.w.Lit(r.msg.lead)
	r.msg.lead = ""
}

func (r *request) endText() {
	if !r.msg.flat {
		r.w.Byte('"')
	}
}

// text writes one text as a part. Empty ones mean nothing, and some servers refuse them.
func (r *request) text(v jsonindex.Value) {
	if len(v.Head()) == 0 {
		return
	}
	r.beginText()
	r.w.Inner(v)
	r.endText()
}

// end closes the content and says whether there was a message at all.
func (r *request) end() bool {
	m := &r.msg
	switch {
	case m.parts == 0:
		return false
	case m.flat:
		r.w.Lit(`"}`)
	default:
		r.w.Lit(`}]}`)
	}
	return true
}

// marked says whether a cache_control becomes a mark of the upstream's. Such a content cannot be a plain string.
func (r *request) marked(cacheControl jsonindex.Value) bool {
	return !cacheControl.IsNull() && r.marks < r.f.Breakpoints && !r.dropped("prompt_cache_breakpoint")
}

// mark ends a cached prefix behind the part that was just written.
// https://platform.openai.com/docs/guides/prompt-caching
func (r *request) mark(cacheControl jsonindex.Value, in string) error {
	if cacheControl.IsNull() {
		return nil
	}
	c, err := messages.DecodeCacheControl(cacheControl)
	if err != nil {
		return err
	}
	switch {
	case r.msg.parts == 0 || r.msg.flat || r.msg.ready || !r.marked(cacheControl):
		r.Unmarked(in)
		return nil
	case c.TTL.Is("1h"):
		r.Loss(adapter.Tuned, in, "cache_control.ttl", "the upstream keeps its own time")
	}
	r.w.Lit(`,"prompt_cache_breakpoint":{"mode":"explicit"}`)
	r.x.sent |= sentBreakpoint
	r.marks++
	r.msg.ready = true
	return nil
}
