package abi

// A section of fields (CALL, REQUEST, ERROR, CONFIG) is a row of fields: number u16, 0 u16, length u32, then the value. A
// field may repeat where it is a list. Both sides skip numbers they do not know. A value is a u32, a u64, a text, or a pair
// of texts: length of the first as u32, then both.

const fieldHead = 8

func appendHead(dst []byte, number uint16, length int) []byte {
	dst = le.AppendUint16(dst, number)
	dst = append(dst, 0, 0)
	return le.AppendUint32(dst, uint32(length))
}

func appendU32(dst []byte, number uint16, v uint32) []byte {
	return le.AppendUint32(appendHead(dst, number, 4), v)
}

func appendU64(dst []byte, number uint16, v uint64) []byte {
	return le.AppendUint64(appendHead(dst, number, 8), v)
}

// appendText leaves an empty text out: absent and empty mean the same.
func appendText(dst []byte, number uint16, s string) []byte {
	if s == "" {
		return dst
	}
	return append(appendHead(dst, number, len(s)), s...)
}

func appendPair(dst []byte, number uint16, a, b string) []byte {
	dst = appendHead(dst, number, 4+len(a)+len(b))
	dst = le.AppendUint32(dst, uint32(len(a)))
	return append(append(dst, a...), b...)
}

// fields walks a section of fields. After the first fault, next says false and err is set.
type fields struct {
	rest   []byte
	number uint16
	value  []byte
	err    error
}

func (f *fields) next() bool {
	if len(f.rest) == 0 || f.err != nil {
		return false
	}
	if len(f.rest) < fieldHead {
		return f.fail("%d bytes are too few for a field", len(f.rest))
	}
	n := le.Uint32(f.rest[4:])
	if uint64(n) > uint64(len(f.rest)-fieldHead) {
		return f.fail("field %d has %d bytes, but only %d are left", le.Uint16(f.rest), n, len(f.rest)-fieldHead)
	}
	f.number = le.Uint16(f.rest)
	end := fieldHead + int(n)
	f.value, f.rest = f.rest[fieldHead:end:end], f.rest[end:]
	return true
}

func (f *fields) fail(format string, args ...any) bool {
	if f.err == nil {
		f.err = malformed(format, args...)
	}
	return false
}

func (f *fields) u32() uint32 {
	if len(f.value) != 4 {
		f.fail("field %d has %d bytes, not 4", f.number, len(f.value))
		return 0
	}
	return le.Uint32(f.value)
}

func (f *fields) u64() uint64 {
	if len(f.value) != 8 {
		f.fail("field %d has %d bytes, not 8", f.number, len(f.value))
		return 0
	}
	return le.Uint64(f.value)
}

func (f *fields) text() string { return string(f.value) }

func (f *fields) pair() (a, b string) {
	if len(f.value) < 4 {
		f.fail("field %d has %d bytes, too few for a pair", f.number, len(f.value))
		return "", ""
	}
	n := le.Uint32(f.value)
	if uint64(n) > uint64(len(f.value)-4) {
		f.fail("the first text of field %d has %d bytes, but only %d are left", f.number, n, len(f.value)-4)
		return "", ""
	}
	return string(f.value[4 : 4+n]), string(f.value[4+n:])
}

// items walks a section that is a list of items with fixed numbers first and texts after them.
type items struct {
	what string
	rest []byte
	err  error
}

func (l *items) more() bool { return len(l.rest) > 0 && l.err == nil }

func (l *items) u32() uint32 {
	if l.err != nil {
		return 0
	}
	if len(l.rest) < 4 {
		l.err = malformed("section %s is cut off", l.what)
		return 0
	}
	v := le.Uint32(l.rest)
	l.rest = l.rest[4:]
	return v
}

func (l *items) text(n uint32) string {
	if l.err != nil {
		return ""
	}
	if uint64(n) > uint64(len(l.rest)) {
		l.err = malformed("a text of section %s has %d bytes, but only %d are left", l.what, n, len(l.rest))
		return ""
	}
	s := string(l.rest[:n])
	l.rest = l.rest[n:]
	return s
}
