package jsonindex

import (
	"bytes"
	"unicode/utf8"
)

// CutLen is the length of the text AppendCut would append: Src without the rests of extern strings.
func (d *Doc) CutLen() int {
	n := len(d.Src)
	if d.Resident {
		for _, x := range d.Ext {
			n -= int(x.Len)
		}
	}
	return n
}

// AppendCut appends the guest form of the document: the text without the rests of extern strings (the ABI's BODY), the
// entries shifted to match (INDEX), and the list of what is missing (EXTERN). The offsets count from the beginning of
// what is appended, and entry numbers stay as they are. A guest reads them as
//
//	Doc{Src: body, Ents: index, Ext: extern, Client: true}
//
// A document without extern strings needs no cut: its Src and IndexBytes are the guest form already.
func (d *Doc) AppendCut(src []byte, ents []Entry, ext []Ext) ([]byte, []Entry, []Ext) {
	if !d.Resident || len(d.Ext) == 0 {
		return append(src, d.Src...), append(ents, d.Ents...), append(ext, d.Ext...)
	}
	from, gone, first := uint32(0), uint32(0), len(ext)
	for _, x := range d.Ext {
		src = append(src, d.Src[from:x.At]...)
		from = x.At + x.Len
		ext = append(ext, Ext{x.At - gone, x.Off, x.Len, x.Flags})
		gone += x.Len
	}
	src = append(src, d.Src[from:]...)

	cuts := ext[first:]
	k, gone := 0, uint32(0) // cuts before the entry at hand, and their length
	for _, e := range d.Ents {
		for k < len(cuts) && d.Ext[k].At < e.Start {
			gone += cuts[k].Len
			k++
		}
		end := gone
		if j := d.extFrom(e.End); j > k { // a container: its end lies behind cuts inside it
			last := cuts[j-1]
			end = last.Off + last.Len - last.At
		}
		ents = append(ents, Entry{e.Start - gone, e.End - end, e.NK})
	}
	return src, ents, ext
}

// extFrom is the number of the first Ext whose At is not before the offset.
func (d *Doc) extFrom(at uint32) int {
	lo, hi := 0, len(d.Ext)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); d.Ext[mid].At < at {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// missing is how many bytes were left out of Src before the offset.
func (d *Doc) missing(at uint32) uint32 {
	if d.Resident || len(d.Ext) == 0 {
		return 0
	}
	if k := d.extFrom(at); k > 0 {
		x := d.Ext[k-1]
		return x.Off + x.Len - x.At
	}
	return 0
}

// extern makes the entry of a long string Extern and lists its rest.
func (d *Doc) extern(e *Entry) {
	s := d.Src[e.Start:e.End]
	n := headLen(s)
	x := Ext{At: e.Start + uint32(n), Off: e.Start + uint32(n), Len: uint32(len(s) - n)}
	if e.Kind() == Escaped && bytes.IndexByte(s[n:], '\\') >= 0 {
		x.Flags = FlagEscaped
	}
	d.Ext = append(d.Ext, x)
	e.End = x.At
	e.NK = e.NK&nextMask | uint32(Extern)<<kindShift
}

// headLen is how much of the inside of a string stays readable: at most ExternHead bytes, cut behind a whole rune or escape.
func headLen(s []byte) (n int) {
	for {
		k := 1
		if c := s[n]; c == '\\' {
			_, k = escape(s[n:])
		} else if c >= utf8.RuneSelf {
			_, k = utf8.DecodeRune(s[n:])
		}
		if n+k > ExternHead {
			return n
		}
		n += k
	}
}
