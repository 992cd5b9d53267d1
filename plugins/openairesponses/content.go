package openairesponses

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// content is what an item holds, while it is written: parts, or one string. Its first part begins the item, so that an
// item without parts is never sent.
type content struct {
	// head is the item up to its content; "" when that is written already.
	head string
	// text opens a part of text.
	text string
	// flat writes one string; texts are joined by a blank line.
	flat  bool
	parts int
	// lead stands in front of the first text.
	lead string
	// marked says that the last part is the end of a cached prefix.
	marked bool
}

const (
	inputText  = `{"type":"input_text","text":"`
	outputText = `{"type":"output_text","text":"`
)

// begin starts an item that holds input; nothing is written yet.
func (r *request) begin(head string, flat bool) {
	r.c = content{head: head, text: inputText, flat: flat}
}

// item opens the next element of the input.
func (r *request) item(head string) {
	if r.items > 0 {
		r.w.Byte(',')
	}
	r.items++
	r.w.Lit(head)
}

// part opens the next part.
func (r *request) part() {
	c := &r.c
	if c.parts == 0 && c.head != "" {
		r.item(c.head)
	}
	switch {
	case c.parts == 0 && c.flat:
		r.w.Byte('"')
	case c.parts == 0:
		r.w.Byte('[')
	case c.flat:
		r.w.Lit(`\n\n`)
	default:
		r.w.Lit(`},`)
	}
	c.parts++
	c.marked = false
}

// beginText opens a part that holds text; what follows goes inside a JSON string, up to endText.
func (r *request) beginText() {
	r.part()
	if !r.c.flat {
		r.w.Lit(r.c.text)
	}
	r.w.Lit(r.c.lead)
	r.c.lead = ""
}

func (r *request) endText() {
	if !r.c.flat {
		r.w.Byte('"')
	}
}

// text writes one text as a part. Empty ones mean nothing.
func (r *request) text(v jsonindex.Value) {
	if len(v.Head()) == 0 {
		return
	}
	r.beginText()
	r.w.Inner(v)
	r.endText()
}

// end closes the content and says whether it holds anything. The caller closes the item.
func (r *request) end() bool {
	switch {
	case r.c.parts == 0:
		return false
	case r.c.flat:
		r.w.Byte('"')
	default:
		r.w.Lit(`}]`)
	}
	return true
}

// endItem closes the content and the item around it, if there is one.
func (r *request) endItem() {
	if r.end() {
		r.w.Byte('}')
	}
}

// markable says whether a cache_control becomes a mark of the upstream's. Such a content cannot be a plain string.
func (r *request) markable(cacheControl jsonindex.Value) bool {
	return !cacheControl.IsNull() && r.marks < r.f.breakpoints && !r.dropped("prompt_cache_breakpoint")
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
	case r.c.parts == 0 || r.c.flat || r.c.marked || r.c.text != inputText || !r.markable(cacheControl):
		r.Unmarked(in)
		return nil
	case c.TTL.Is("1h"):
		r.Loss(adapter.Tuned, in, "cache_control.ttl", "the upstream keeps its own time")
	}
	r.w.Lit(`,"prompt_cache_breakpoint":{"mode":"explicit"}`)
	r.x.sent |= sentBreakpoint
	r.marks++
	r.c.marked = true
	return nil
}

// textFields takes care of what a text block holds beside its text.
func (r *request) textFields(b *messages.Block, in string) error {
	if b.Citations.At(0).Exists() {
		r.Loss(adapter.Tuned, in, "citations", "the text is sent without")
	}
	return r.blockFields(b, in)
}

// blockFields takes care of what any block may hold: the mark and fields that nobody knows.
func (r *request) blockFields(b *messages.Block, in string) error {
	r.Others(in, b.Others())
	return r.mark(b.CacheControl, in)
}
