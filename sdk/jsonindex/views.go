package jsonindex

import (
	"encoding/binary"
	"unsafe"
)

// Sizes of one Entry and one Ext in the ABI's sections.
const (
	EntrySize = 12
	ExtSize   = 16
)

// littleEndian is false on the few machines where the sections must be converted instead of viewed.
func littleEndian() bool { return binary.NativeEndian.Uint16([]byte{1, 0}) == 1 }

// IndexBytes is the INDEX section: the entries as little-endian words. On a little-endian machine it is a view of d.Ents,
// to be treated as read-only and valid as long as they are.
func (d *Doc) IndexBytes() []byte {
	if len(d.Ents) == 0 {
		return nil
	}
	return bytesOf(unsafe.Pointer(unsafe.SliceData(d.Ents)), len(d.Ents)*EntrySize)
}

// ExtBytes is the EXTERN section, in the same way.
func (d *Doc) ExtBytes() []byte {
	if len(d.Ext) == 0 {
		return nil
	}
	return bytesOf(unsafe.Pointer(unsafe.SliceData(d.Ext)), len(d.Ext)*ExtSize)
}

// EntriesOf is the inverse of IndexBytes: a view of b where the machine allows it (little-endian, b 4-aligned), else a
// copy. It is nil when b is no whole number of entries. The entries are not checked against any text: b must come from
// a Builder, as the ABI's INDEX section does.
func EntriesOf(b []byte) []Entry {
	if p := wordsOf(b, EntrySize); p != nil {
		return unsafe.Slice((*Entry)(p), len(b)/EntrySize)
	}
	return nil
}

// ExtsOf is the inverse of ExtBytes, in the same way as EntriesOf.
func ExtsOf(b []byte) []Ext {
	if p := wordsOf(b, ExtSize); p != nil {
		return unsafe.Slice((*Ext)(p), len(b)/ExtSize)
	}
	return nil
}

func bytesOf(p unsafe.Pointer, n int) []byte {
	if littleEndian() {
		return unsafe.Slice((*byte)(p), n)
	}
	b := make([]byte, 0, n)
	for _, w := range unsafe.Slice((*uint32)(p), n/4) {
		b = binary.LittleEndian.AppendUint32(b, w)
	}
	return b
}

func wordsOf(b []byte, size int) unsafe.Pointer {
	if len(b) == 0 || len(b)%size != 0 {
		return nil
	}
	p := unsafe.Pointer(unsafe.SliceData(b))
	if littleEndian() && uintptr(p)%4 == 0 {
		return p
	}
	words := make([]uint32, len(b)/4)
	for i := range words {
		words[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return unsafe.Pointer(unsafe.SliceData(words))
}
