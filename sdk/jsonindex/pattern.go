package jsonindex

import (
	"bytes"
	"runtime"
)

// Pattern is a text with one or two strings left out. Events of a stream are often the same but for the piece of text that they
// bring, and what they mean needs to be found out only once:
//
//	if v := p.Match(doc); v.Exists() {
//		… // as the last time, with v
//	}
//	… // read doc, and if it holds nothing of interest but v:
//	p.Keep(v, ignored)
//
// The zero value matches nothing. It keeps copies. Not for concurrent use.
type Pattern struct {
	text  []byte // without the strings, their quotes included
	holes [2]hole
	n     int
	main  uint32 // the entry that Match gives
}

// hole is a string that was left out.
type hole struct {
	entry uint32
	at    uint32 // in Pattern.text
}

// maxPattern is the largest text that is kept, in bytes.
const maxPattern = 1 << 10

// Forget makes the pattern match nothing.
func (p *Pattern) Forget() { p.n = 0 }

// Keep takes the document of v without the string v, and without another string of it where that is not absent. It keeps nothing of a
// large document, or when v or other is something else.
func (p *Pattern) Keep(v, other Value) {
	p.n = 0
	if k := v.Kind(); k != String && k != Escaped || len(v.d.Src) > maxPattern {
		return
	}
	holes, n := [2]Value{v, other}, 1
	if other.d != nil {
		if k := other.Kind(); k != String && k != Escaped || other.d != v.d || other.i == v.i {
			return
		}
		n = 2
	}
	p.text = p.text[:0]
	from := uint32(0)
	if n == 2 && other.i < v.i {
		holes[0], holes[1] = other, v
	}
	for i := range n {
		e := v.d.Ents[holes[i].i]
		p.text = append(p.text, v.d.Src[from:e.Start]...)
		p.holes[i] = hole{holes[i].i, uint32(len(p.text))}
		from = e.End
	}
	p.text = append(p.text, v.d.Src[from:]...)
	p.n = n
	p.main = v.i
}

// Match is the string of d in the place of the one that was kept, if the documents differ in the strings that were left out at most;
// else it is absent.
func (p *Pattern) Match(d *Doc) Value {
	if p.n == 0 || d == nil {
		return Value{}
	}
	from, at := uint32(0), uint32(0)
	for _, h := range p.holes[:p.n] {
		if uint64(h.entry) >= uint64(len(d.Ents)) {
			return Value{}
		}
		e := &d.Ents[h.entry]
		if k := e.Kind(); k != String && k != Escaped || e.Start-from != h.at-at || !same(d.Src[from:e.Start], p.text[at:h.at]) {
			return Value{}
		}
		from, at = e.End, h.at
	}
	if !same(d.Src[from:], p.text[at:]) {
		return Value{}
	}
	return Value{d, p.main}
}

// same says whether two texts are the same. In the sandbox, bytes.Equal goes byte by byte.
func same(a, b []byte) bool {
	if runtime.GOARCH == "wasm" {
		return sameWords(a, b)
	}
	return bytes.Equal(a, b)
}

func sameWords(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for len(a) >= 32 {
		if (word(a)^word(b))|(word(a[8:])^word(b[8:]))|(word(a[16:])^word(b[16:]))|(word(a[24:])^word(b[24:])) != 0 {
			return false
		}
		a, b = a[32:], b[32:]
	}
	for len(a) >= 8 {
		if word(a) != word(b) {
			return false
		}
		a, b = a[8:], b[8:]
	}
	return string(a) == string(b)
}
