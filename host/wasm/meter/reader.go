package meter

import "fmt"

// reader walks over a module. The first fault is kept; from then on every read returns zero and the reader is at its end,
// so that callers may check once per item.
type reader struct {
	b       []byte
	i, end  int
	section string
	fn      int // function whose body is being read, or -1
	op      int // instruction being read: opcode and, with prefixMisc, the second byte << 8; or -1
	at      int // offset of that instruction
	err     *Error
}

func newReader(b []byte) *reader { return &reader{b: b, end: len(b), fn: -1, op: -1} }

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		e := &Error{Section: r.section, Function: r.fn, Offset: r.i, Reason: fmt.Sprintf(format, args...)}
		if r.op >= 0 {
			e.Offset, e.Op = r.at, opName(byte(r.op), byte(r.op>>8))
		}
		r.err = e
	}
	r.i = r.end
}

// failure returns the first fault as an error, nil when there is none.
func (r *reader) failure() error {
	if r.err == nil {
		return nil
	}
	return r.err
}

func (r *reader) more() bool { return r.i < r.end }

func (r *reader) u8() byte {
	if r.i >= r.end {
		r.fail("the contents end too early; the file is damaged or incomplete")
		return 0
	}
	c := r.b[r.i]
	r.i++
	return c
}

func (r *reader) skip(n int) {
	if n > r.end-r.i {
		r.fail("the contents end too early; the file is damaged or incomplete")
		return
	}
	r.i += n
}

// u32 reads an unsigned LEB128 number. Padded encodings are legal, unused bits must be zero.
func (r *reader) u32() uint32 {
	if r.i < r.end && r.b[r.i] < 0x80 {
		r.i++
		return uint32(r.b[r.i-1])
	}
	var v uint32
	for shift := 0; shift < 35; shift += 7 {
		c := r.u8()
		if shift == 28 && c > 0x0f {
			r.fail("a number exceeds 32 bits")
			return 0
		}
		v |= uint32(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	return v
}

// s33 reads a signed LEB128 number of at most 33 bits.
func (r *reader) s33() int64 {
	var v int64
	for shift := 0; shift < 35; shift += 7 {
		c := r.u8()
		v |= int64(c&0x7f) << shift
		if c < 0x80 {
			return v << (57 - shift) >> (57 - shift)
		}
	}
	r.fail("a number exceeds 33 bits")
	return 0
}

// signed passes over a signed LEB128 number of at most size bytes; its value is of no interest here.
func (r *reader) signed(size int) {
	for range size {
		if r.u8() < 0x80 {
			return
		}
	}
	r.fail("a number has more than %d bytes", size)
}

// number is the lower half of the signed LEB128 number that begins at from and was just read.
func (r *reader) number(from int) (v uint32) {
	if r.err != nil {
		return 0
	}
	for i := from; i < r.i; i++ {
		v |= uint32(r.b[i]&0x7f) << (7 * (i - from))
	}
	if n := 7 * (r.i - from); n < 32 && r.b[r.i-1]&0x40 != 0 {
		v |= ^uint32(0) << n
	}
	return v
}

// bytes reads a length and that many bytes, without copying.
func (r *reader) bytes() []byte {
	n := int(r.u32())
	from := r.i
	r.skip(n)
	if r.err != nil {
		return nil
	}
	return r.b[from:r.i]
}

// count reads the number of items of a list, each of at least one byte, and refuses more than most.
func (r *reader) count(what string, most int) int {
	n := int(r.u32())
	switch {
	case n > most:
		r.fail("%d %s, at most %d are allowed", n, what, most)
		return 0
	case n > r.end-r.i:
		r.fail("%d %s announced, but the contents end too early", n, what)
		return 0
	}
	return n
}

// index reads an index that must be below n.
func (r *reader) index(what string, n int) uint32 {
	x := r.u32()
	if r.err == nil && int64(x) >= int64(n) {
		r.fail("there is no %s %d, the module has %d", what, x, n)
		return 0
	}
	return x
}

// zero reads a byte that the format reserves.
func (r *reader) zero(what string) {
	if c := r.u8(); c != 0 {
		r.fail("%s %#x: only one memory is allowed", what, c)
	}
}

// window narrows the reader to the next n bytes and returns the end to restore.
func (r *reader) window(n int) int {
	old := r.end
	if n > r.end-r.i {
		r.fail("%d bytes announced, but the contents end too early; the file is damaged or incomplete", n)
		return old
	}
	r.end = r.i + n
	return old
}
