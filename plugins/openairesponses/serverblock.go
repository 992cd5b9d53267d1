package openairesponses

import "github.com/claude-proxy/claude-proxy/sdk/jsonindex"

// serverBlock tells what a tool of Claude's servers was asked or found as text: names, titles, addresses and texts. What
// is encrypted or encoded is left out.
func (r *request) serverBlock(b jsonindex.Value) {
	r.beginText()
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
	switch {
	case v.IsString():
		r.line("", v)
		return
	case depth > maxReadableDepth:
		return
	case v.Kind() == jsonindex.Array:
		for it := v.Iter(); it.Next(); {
			r.readable(it.Val, depth+1)
		}
		return
	}
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
}

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
