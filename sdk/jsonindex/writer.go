package jsonindex

import (
	"fmt"
	"strconv"
	"unsafe"
)

// Seg is one piece of an outgoing body.
type Seg struct {
	Kind uint32 // SegLiteral, SegRange or SegEscape
	Off  uint32 // of a literal in what the Writer wrote, else in the client's body
	Len  uint32 // in bytes, before escaping
}

// The kinds of segments. The numbers are part of the ABI.
const (
	SegLiteral uint32 = iota // literal bytes
	SegRange                 // a range of the client's body as it stands
	SegEscape                // a range of the client's body escaped as the inside of a JSON string
)

// SegOver is the length in bytes beyond which a stretch of the client's body is named instead of copied.
const SegOver = 512

// Writer appends one outgoing body as segments. The zero value is ready. It copies what it is given, except stretches of
// the client's body, which it names. It writes what it is told and does not check that the whole is JSON. Not for
// concurrent use.
type Writer struct {
	Buf  []byte // literal bytes, behind what Reset was given
	Segs []Seg  // in order; complete after Finish

	base  int // where this body begins in Buf
	open  int // where the literal not yet in Segs begins
	named int // what Segs add up to beyond the bytes in Buf
}

// Reset begins a new body. Literal bytes are appended to buf, whose own content is left alone and is no part of the body.
func (w *Writer) Reset(buf []byte) {
	*w = Writer{Buf: buf, Segs: w.Segs[:0], base: len(buf), open: len(buf)}
}

// Lit appends s as it stands.
func (w *Writer) Lit(s string) { w.Buf = append(w.Buf, s...) }

// Bytes appends b as it stands.
func (w *Writer) Bytes(b []byte) { w.Buf = append(w.Buf, b...) }

// Byte appends c.
func (w *Writer) Byte(c byte) { w.Buf = append(w.Buf, c) }

// Int appends n in decimal.
func (w *Writer) Int(n int64) { w.Buf = strconv.AppendInt(w.Buf, n, 10) }

// Quote appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD.
func (w *Writer) Quote(s string) {
	w.Buf = append(w.Buf, '"')
	w.Buf = AppendEscaped(w.Buf, view(s))
	w.Buf = append(w.Buf, '"')
}

// view is the bytes of s uncopied, only to be read.
func view(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// QuoteBytes appends b as a JSON string, in the same way.
func (w *Writer) QuoteBytes(b []byte) {
	w.Buf = append(w.Buf, '"')
	w.Buf = AppendEscaped(w.Buf, b)
	w.Buf = append(w.Buf, '"')
}

// EscapeBytes appends b as the inside of a JSON string, without quotes, in the same way.
func (w *Writer) EscapeBytes(b []byte) { w.Buf = AppendEscaped(w.Buf, b) }

// Raw passes a value on as it stands, byte for byte; an absent one as null.
func (w *Writer) Raw(v Value) {
	if v.d == nil {
		w.Lit("null")
		return
	}
	v.touchAll()
	s, e := v.span()
	w.pass(v, s, e, SegRange)
}

// Inner passes on what stands between a string's quotes, byte for byte, Extern or not; nothing when v is no string.
func (w *Writer) Inner(v Value) { w.InnerFrom(v, 0) }

// InnerFrom is Inner without the first skip bytes. They must lie in what Value.Head shows and end at no place inside an
// escape or rune; skip is cut to the length of the head.
func (w *Writer) InnerFrom(v Value, skip int) {
	if !v.IsString() {
		return
	}
	v.touch()
	head := v.d.Ents[v.i]
	s, e := v.span()
	s = min(s+1+uint32(max(skip, 0)), head.End)
	w.pass(v, s, e-1, SegRange)
}

// Escape writes a value's JSON text as the inside of a JSON string, without quotes, so that a reader of that string gets
// the text: a tool's input becoming a string of arguments. An absent value is written as null.
func (w *Writer) Escape(v Value) {
	if v.d == nil {
		w.Lit("null")
		return
	}
	v.touchAll()
	s, e := v.span()
	w.pass(v, s, e, SegEscape)
}

// pass writes the stretch of v's document from s to e. Offsets into Src are made offsets into the client's body, so that
// the resident and the guest form of a document give the same segments.
func (w *Writer) pass(v Value, s, e uint32, kind uint32) {
	d := v.d
	if d.Client || len(d.Ext) > 0 {
		off := s + d.missing(s)
		end := e + d.missing(e)
		if x := d.Ents[v.i]; x.Kind() == Extern && e == x.End { // the inside of an Extern whose rest was left out
			end += d.Ext[d.extFrom(e)].Len
		}
		if end-off > SegOver {
			w.close()
			w.Segs = append(w.Segs, Seg{kind, off, end - off})
			w.named += int(end - off)
			return
		}
	}
	if kind == SegEscape {
		w.Buf = AppendEscaped(w.Buf, d.Src[s:e])
	} else {
		w.Buf = append(w.Buf, d.Src[s:e]...)
	}
}

// close ends the literal at the end of Buf, if there is one.
func (w *Writer) close() {
	if n := len(w.Buf); n > w.open {
		w.Segs = append(w.Segs, Seg{SegLiteral, uint32(w.open - w.base), uint32(n - w.open)})
		w.open = n
	}
}

// Finish puts the last literal into Segs. It may be called again, and more may be written after it.
func (w *Writer) Finish() { w.close() }

// Len is the length of what was written so far in bytes, with stretches to be escaped counted as they stand. See Size.
func (w *Writer) Len() int { return len(w.Buf) - w.base + w.named }

// Literal is the bytes the offsets of literal segments count in. The slice belongs to the Writer.
func (w *Writer) Literal() []byte { return w.Buf[w.base:] }

// Size is the exact length AppendTo would append. It reads the stretches to be escaped.
func (w *Writer) Size(client []byte) int {
	n := w.Len()
	for _, s := range w.Segs {
		if s.Kind == SegEscape {
			n += EscapedSize(client[s.Off:s.Off+s.Len]) - int(s.Len)
		}
	}
	return n
}

// AppendTo calls Finish and appends the whole body to dst. The segments must fit the client's body they were made from;
// for segments from elsewhere see Check.
func (w *Writer) AppendTo(dst, client []byte) []byte {
	w.Finish()
	lit := w.Literal()
	for _, s := range w.Segs {
		switch s.Kind {
		case SegRange:
			dst = append(dst, client[s.Off:s.Off+s.Len]...)
		case SegEscape:
			dst = AppendEscaped(dst, client[s.Off:s.Off+s.Len])
		default:
			dst = append(dst, lit[s.Off:s.Off+s.Len]...)
		}
	}
	return dst
}

// SetSegs replaces the body by literal bytes and segments made elsewhere, such as in a sandbox, and keeps both. It checks
// that each segment is of a known kind and lies within literal or a client's body of the given length. Segments may name
// the same bytes many times: check Len before putting the body together.
func (w *Writer) SetSegs(literal []byte, segs []Seg, client int) error {
	named := -len(literal)
	for i, s := range segs {
		limit := uint64(client)
		switch s.Kind {
		case SegLiteral:
			limit = uint64(len(literal))
		case SegRange, SegEscape:
		default:
			return fmt.Errorf("segment %d: unknown kind %d", i, s.Kind)
		}
		if uint64(s.Off)+uint64(s.Len) > limit {
			return fmt.Errorf("segment %d: bytes %d to %d lie beyond the end at %d", i, s.Off, uint64(s.Off)+uint64(s.Len), limit)
		}
		named += int(s.Len)
	}
	*w = Writer{Buf: literal, Segs: segs, open: len(literal), named: named}
	return nil
}
