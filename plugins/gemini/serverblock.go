package gemini

import (
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// serverBlock tells what a tool of Claude's servers was asked or found as text of the model's: names, titles, addresses
// and texts. What is encrypted or encoded is left out.
func (r *request) serverBlock(b jsonindex.Value) {
	r.beginText(model)
	r.w.Byte('[')
	r.w.Inner(b.Get("type"))
	if name := b.Get("name"); name.IsString() {
		r.w.Byte(' ')
		r.w.Inner(name)
	}
	if input := b.Get("input"); input.Exists() {
		r.w.Lit(`: `)
		r.w.Escape(input)
	}
	r.w.Byte(']')
	r.readable(b.Get("content"), 0)
	r.endText()
}

// maxReadableDepth bounds how deep readable looks into a result.
const maxReadableDepth = 8

// readable writes the texts in v, one in a line.
func (r *request) readable(v jsonindex.Value, depth int) {
	if depth > maxReadableDepth {
		return
	}
	switch v.Kind() {
	case jsonindex.Array:
		for it := v.Iter(); it.Next(); {
			r.readable(it.Val, depth+1)
		}
	case jsonindex.Object:
		for it := v.Iter(); it.Next(); {
			switch key := string(it.Key()); key {
			case "title", "url", "text", "stdout", "stderr", "error_code", "tool_name", "page_age":
				r.line(key, it.Val)
			case "content", "source", "tool_references", "tools":
				if it.Val.IsString() {
					r.line(key, it.Val)
				} else {
					r.readable(it.Val, depth+1)
				}
			case "data":
				if v.Get("type").Is("text") {
					r.line("text", it.Val)
				}
			}
		}
	default:
		r.line("", v)
	}
}

// line writes one text in a line of its own; nothing when v is no text.
func (r *request) line(label string, v jsonindex.Value) {
	if len(v.Head()) == 0 {
		return
	}
	r.w.Lit(`\n`)
	if label != "" {
		r.w.Lit(label)
		r.w.Lit(`: `)
	}
	r.w.Inner(v)
}
