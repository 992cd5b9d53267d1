package foreign

import (
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// WriteServerBlock tells what a tool of Claude's servers was asked or found as text: names, titles, addresses and texts.
// What is encrypted or encoded is left out. It writes the inside of a JSON string.
func WriteServerBlock(w *jsonindex.Writer, block jsonindex.Value) {
	w.Byte('[')
	w.Inner(block.Get("type"))
	if name := block.Get("name"); name.IsString() {
		w.Byte(' ')
		w.Inner(name)
	}
	if input := block.Get("input"); input.Exists() {
		w.Lit(`: `)
		w.Escape(input)
	}
	w.Byte(']')
	readable(w, block.Get("content"), 0)
}

// maxReadableDepth bounds how deep readable looks into a result.
const maxReadableDepth = 8

// readable writes the texts in v, one in a line.
func readable(w *jsonindex.Writer, v jsonindex.Value, depth int) {
	switch {
	case v.IsString():
		line(w, "", v)
		return
	case depth > maxReadableDepth:
		return
	case v.Kind() == jsonindex.Array:
		for it := v.Iter(); it.Next(); {
			readable(w, it.Val, depth+1)
		}
		return
	}
	for it := v.Iter(); it.Next(); {
		switch key := string(it.Key()); key {
		case "title", "url", "text", "stdout", "stderr", "error_code", "tool_name", "page_age":
			line(w, key, it.Val)
		case "content", "source", "tool_references", "tools":
			if it.Val.IsString() {
				line(w, key, it.Val)
			} else {
				readable(w, it.Val, depth+1)
			}
		case "data":
			if v.Get("type").Is("text") {
				line(w, "text", it.Val)
			}
		}
	}
}

// line writes one text in a line of its own; nothing when v is no text.
func line(w *jsonindex.Writer, label string, v jsonindex.Value) {
	if len(v.Head()) == 0 {
		return
	}
	w.Lit(`\n`)
	if label != "" {
		w.Lit(label)
		w.Lit(`: `)
	}
	w.Inner(v)
}

// WriteDocumentHead writes a document's title and context, one in a line, as the inside of a JSON string, and says whether
// there are any.
func WriteDocumentHead(w *jsonindex.Writer, title, context jsonindex.Value) (any bool) {
	for _, f := range [...]struct {
		label string
		v     jsonindex.Value
	}{{`Document: `, title}, {`Context: `, context}} {
		if len(f.v.Head()) > 0 {
			if any {
				w.Lit(`\n`)
			}
			w.Lit(f.label)
			w.Inner(f.v)
			any = true
		}
	}
	return any
}

// BlockType is a block's type for people, as the client wrote it.
func BlockType(b *messages.Block) string {
	const longest = 64
	name, _ := b.TypeV.Text()
	return `"` + Shorten(name, longest) + `"`
}

// Shorten cuts a text to so many bytes, at a whole character, and says so by an ellipsis.
func Shorten(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// SameText says whether two strings mean the same.
func SameText(a, b jsonindex.Value) bool {
	if a.Kind() == jsonindex.String && b.Kind() == jsonindex.String {
		return string(a.Head()) == string(b.Head())
	}
	s, ok := a.Text()
	return ok && b.Is(s)
}
