package jsonindex

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// maxModel is the largest text that a Series takes for a model, in bytes.
const maxModel = 4 << 10

// Series indexes texts of which many differ from the one before in a single string, as the events of a stream do. Such a
// text needs no scan: its index is that of the other one, moved by the difference in length, once the string is checked.
// Indexes are the same as a Builder's. The zero value is ready; one goroutine uses it at a time.
type Series struct {
	builder Builder
	// src and ents are the text that was scanned last, and its index.
	src  []byte
	ents []Entry
}

// Index is Builder.Index. Modes that want keys to be unique or long strings to be extern gain nothing.
func (s *Series) Index(d *Doc, src []byte, m Mode) error {
	plain := !m.Unique && !m.Extern && m.MaxEntries == 0 && m.MaxDepth == 0
	if plain && len(s.src) > 0 && s.builder.tooLarge(src, m).msg == "" && s.like(d, src) {
		return nil
	}
	err := s.builder.Index(d, src, m)
	if err == nil && plain && len(src) <= maxModel && !d.Repaired {
		s.src, s.ents = append(s.src[:0], src...), append(s.ents[:0], d.Ents...)
	}
	return err
}

// like fills d from the model where src differs from it in one string at most.
func (s *Series) like(d *Doc, src []byte) bool {
	longer := len(src) - len(s.src)
	p := commonPrefix(s.src, src)
	at, tag := len(s.ents), uint32(0) // the string that differs, and what it is now
	if p < len(s.src) || longer != 0 {
		for at--; at >= 0 && int(s.ents[at].Start) > p; at-- {
		}
		if at < 0 {
			return false
		}
		e := &s.ents[at]
		was, end := e.NK&^nextMask, int(e.End)+longer
		if was != tagString && was != tagEscaped || p > int(e.End) || end < int(e.Start) || !bytes.Equal(src[end:], s.src[e.End:]) {
			return false
		}
		stop, now, f := quoted(src, int(e.Start))
		if f.msg != "" || stop != end {
			return false
		}
		tag = now
	}
	s.move(d, src, at, tag, uint32(longer))
	return true
}

// move copies the model's index, with everything behind the string at moved.
func (s *Series) move(d *Doc, src []byte, at int, tag, by uint32) {
	ents := append(d.Ents[:0], s.ents...)
	if at < len(ents) {
		behind := ents[at].End
		for i := range ents[:at] {
			if ents[i].End > behind { // a container around it
				ents[i].End += by
			}
		}
		ents[at].End += by
		ents[at].NK = ents[at].NK&nextMask | tag
		for i := at + 1; i < len(ents); i++ {
			ents[i].Start += by
			ents[i].End += by
		}
	}
	*d = Doc{Src: src, Ents: ents, Ext: d.Ext[:0], Resident: true}
}

// commonPrefix is how many bytes at the beginning are the same.
func commonPrefix(a, b []byte) int {
	n := min(len(a), len(b))
	i := 0
	for ; i+8 <= n; i += 8 {
		if x := binary.LittleEndian.Uint64(a[i:]) ^ binary.LittleEndian.Uint64(b[i:]); x != 0 {
			return i + bits.TrailingZeros64(x)/8
		}
	}
	for i < n && a[i] == b[i] {
		i++
	}
	return i
}
