package abi

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The head of a frame: Magic u16, Version u8, number of sections u8, length of the whole frame u32. Then one table entry
// for each section: tag u16, flags u16 (0), offset u32, length u32. Offsets count from the first byte of the frame, are
// multiples of 8 and lie behind the table.
const (
	Magic     = uint16(0x5043) // "CP"
	HeadSize  = 8
	TableSize = 12
	// MaxSections is the most sections in a frame.
	MaxSections = 16
	// DataAt is where the first section of a frame made here begins: there is always room for MaxSections.
	DataAt = HeadSize + MaxSections*TableSize
	// MaxFrame is the most bytes of a frame.
	MaxFrame = 1<<31 - 1
)

var le = binary.LittleEndian

// place is one entry of a frame's table.
type place struct {
	tag      Tag
	off, len uint32
}

// Layout finds the places of the sections of one frame, for a writer that puts them there itself. The zero value is an
// empty frame.
type Layout struct {
	n     int
	size  uint64
	table [MaxSections]place
}

// Add makes room for a section and returns its offset in the frame. It panics with more than MaxSections.
func (l *Layout) Add(tag Tag, length int) int {
	if l.n == 0 {
		l.size = DataAt
	}
	if l.n == MaxSections {
		panic("BUG: too many sections in a frame")
	}
	off := (l.size + 7) &^ 7
	l.size = off + uint64(length)
	l.table[l.n] = place{tag, uint32(off), uint32(length)}
	l.n++
	return int(off)
}

// Size is the length of the frame. It may be more than MaxFrame: check before use.
func (l *Layout) Size() int { return int(max(l.size, DataAt)) }

// Put writes head and table to the beginning of the frame, which has DataAt bytes at least.
func (l *Layout) Put(frame []byte) {
	le.PutUint16(frame, Magic)
	frame[2], frame[3] = Version, byte(l.n)
	le.PutUint32(frame[4:], uint32(l.Size()))
	for i := range l.n {
		t, p := frame[HeadSize+i*TableSize:], l.table[i]
		le.PutUint16(t, uint16(p.tag))
		le.PutUint16(t[2:], 0)
		le.PutUint32(t[4:], p.off)
		le.PutUint32(t[8:], p.len)
	}
}

// Builder appends the sections of one frame to Buf, one after the other. Call Reset first.
type Builder struct {
	// Buf is the frame so far; what stands between Open and Close is appended to it.
	Buf    []byte
	layout Layout
	open   bool
}

var zeros [DataAt]byte

// Reset begins a frame in the memory of Buf.
func (b *Builder) Reset() {
	*b = Builder{Buf: append(b.Buf[:0], zeros[:]...)}
}

// Open begins a section.
func (b *Builder) Open(tag Tag) {
	if b.open {
		panic("BUG: a section is open")
	}
	b.open = true
	off := b.layout.Add(tag, 0)
	for len(b.Buf) < off {
		b.Buf = append(b.Buf, 0)
	}
}

// Close ends the open section.
func (b *Builder) Close() {
	p := &b.layout.table[b.layout.n-1]
	p.len = uint32(len(b.Buf)) - p.off
	b.layout.size = uint64(len(b.Buf))
	b.open = false
}

// Section appends a whole section.
func (b *Builder) Section(tag Tag, data []byte) {
	b.Open(tag)
	b.Buf = append(b.Buf, data...)
	b.Close()
}

// Text appends a whole section, unless it is empty.
func (b *Builder) Text(tag Tag, s string) {
	if s != "" {
		b.Open(tag)
		b.Buf = append(b.Buf, s...)
		b.Close()
	}
}

// Number appends a section of one u32.
func (b *Builder) Number(tag Tag, n uint32) {
	b.Open(tag)
	b.Buf = le.AppendUint32(b.Buf, n)
	b.Close()
}

// AppendNumber appends the content of a section of one u32.
func AppendNumber(dst []byte, n uint32) []byte { return le.AppendUint32(dst, n) }

// Empty says whether no section was added since Reset.
func (b *Builder) Empty() bool { return b.layout.n == 0 }

// Finish completes the frame and returns it: Buf.
func (b *Builder) Finish() []byte {
	b.layout.Put(b.Buf)
	return b.Buf
}

// ErrFrame is what all errors about ill-formed bytes wrap.
var ErrFrame = errors.New("ill-formed frame")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrFrame, fmt.Sprintf(format, args...))
}

// Frame is a frame whose head and table were checked. It keeps the bytes.
type Frame struct{ b []byte }

// Open checks a frame that fills b. An error wraps ErrFrame.
func Open(b []byte) (Frame, error) {
	if len(b) < HeadSize {
		return Frame{}, malformed("%d bytes are too few for a head", len(b))
	}
	if m := le.Uint16(b); m != Magic {
		return Frame{}, malformed("it begins with %#04x", m)
	}
	if b[2] != Version {
		return Frame{}, malformed("it is of version %d, not %d", b[2], Version)
	}
	n := int(b[3])
	table := HeadSize + n*TableSize
	switch {
	case n > MaxSections:
		return Frame{}, malformed("%d sections are more than %d", n, MaxSections)
	case uint64(le.Uint32(b[4:])) != uint64(len(b)):
		return Frame{}, malformed("it says it has %d bytes, but has %d", le.Uint32(b[4:]), len(b))
	case table > len(b):
		return Frame{}, malformed("%d sections do not fit into %d bytes", n, len(b))
	}
	for i := range n {
		t := b[HeadSize+i*TableSize:]
		off, length := uint64(le.Uint32(t[4:])), uint64(le.Uint32(t[8:]))
		if off%8 != 0 || off < uint64(table) || off+length > uint64(len(b)) {
			return Frame{}, malformed("section %s at %d, %d bytes long, does not lie within %d bytes", Tag(le.Uint16(t)), off, length, len(b))
		}
	}
	return Frame{b}, nil
}

// Get returns the first section with this tag and whether there is one. An empty section is not nil.
func (f Frame) Get(tag Tag) ([]byte, bool) {
	if len(f.b) < HeadSize {
		return nil, false
	}
	for i := range int(f.b[3]) {
		t := f.b[HeadSize+i*TableSize:]
		if Tag(le.Uint16(t)) == tag {
			off, length := le.Uint32(t[4:]), le.Uint32(t[8:])
			return f.b[off : off+length : off+length], true
		}
	}
	return nil, false
}

// Section is Get for a section that may be absent: nil then.
func (f Frame) Section(tag Tag) []byte {
	b, _ := f.Get(tag)
	return b
}

// Number reads a section of one u32.
func (f Frame) Number(tag Tag) (uint32, error) {
	b, ok := f.Get(tag)
	if !ok {
		return 0, malformed("section %s is missing", tag)
	}
	if len(b) != 4 {
		return 0, malformed("section %s has %d bytes, not 4", tag, len(b))
	}
	return le.Uint32(b), nil
}
