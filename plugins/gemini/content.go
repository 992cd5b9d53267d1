package gemini

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// role is who speaks in a content. https://ai.google.dev/api/caching#Content
type role uint8

const (
	nobody role = iota
	user
	model
)

// neutral stands where the upstream demands a user's turn and the client has none.
const neutral = "(continue)"

// content is the list of contents being written. A content begins with its first part, so that none is ever empty, and
// what the same role says next joins it.
type content struct {
	open role
	// text says that the last part is a text that carries no signature yet.
	text bool
	// called says that the content holds a function call already.
	called bool
}

// part opens the next part of a role's content; its members follow, without the closing brace.
func (r *request) part(by role) {
	c := &r.content
	switch {
	case c.open == by:
		r.w.Lit(`},{`)
	case c.open == nobody:
		if by == model {
			r.Loss(adapter.Approximated, "", "messages", "a user's turn was put in front, as the model cannot begin")
			r.w.Lit(`{"role":"user","parts":[{"text":"` + neutral + `"}]},`)
		}
		r.head(by)
	default:
		r.w.Lit(`}]},`)
		r.head(by)
	}
	c.text = false
}

func (r *request) head(by role) {
	if by == model {
		r.w.Lit(`{"role":"model","parts":[{`)
	} else {
		r.w.Lit(`{"role":"user","parts":[{`)
	}
	r.content = content{open: by}
}

// endContents closes the last content and says whether there was any.
func (r *request) endContents() bool {
	if r.content.open == nobody {
		return false
	}
	r.w.Lit(`}]}`)
	r.content.open = nobody
	return true
}

// beginText opens a text part; what follows goes inside a JSON string, up to endText.
func (r *request) beginText(by role) {
	r.part(by)
	r.w.Lit(`"text":"`)
}

func (r *request) endText() {
	r.w.Byte('"')
	r.content.text = true
}

// text writes a text part. The upstream refuses empty ones, and they mean nothing.
func (r *request) text(by role, v jsonindex.Value) {
	if len(v.Head()) == 0 {
		return
	}
	r.part(by)
	r.w.Lit(`"text":`)
	r.w.Raw(v)
	r.content.text = true
}

// textFields takes care of what a text block holds beside its text.
func (r *request) textFields(b *messages.Block, in string) error {
	if b.Citations.At(0).Exists() {
		r.Loss(adapter.Tuned, in, "citations", "the text is sent without")
	}
	return r.blockFields(b, in)
}

// blockFields takes care of what any block may hold: the cache mark and fields that nobody knows.
func (r *request) blockFields(b *messages.Block, in string) error {
	r.Others(in, b.Others())
	return r.mark(b.CacheControl, in)
}

// mark notes a cache mark. The upstream caches prefixes by itself. https://ai.google.dev/gemini-api/docs/caching
func (r *request) mark(v jsonindex.Value, in string) error {
	if v.IsNull() {
		return nil
	}
	if _, err := messages.DecodeCacheControl(v); err != nil {
		return err
	}
	r.Unmarked(in)
	return nil
}
