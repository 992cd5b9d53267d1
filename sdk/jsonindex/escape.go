package jsonindex

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"unicode/utf8"
)

const hexDigits = "0123456789abcdef"

// EscapeLen is the length of the legal escape at the beginning of b, 2 or 6, and 0 if there is none.
func EscapeLen(b []byte) int {
	switch {
	case len(b) < 2 || b[0] != '\\':
		return 0
	case twoByteEscape[b[1]]:
		return 2
	case len(b) >= 6 && b[1] == 'u' && isHex(b[2]) && isHex(b[3]) && isHex(b[4]) && isHex(b[5]):
		return 6
	}
	return 0
}

// twoByteEscape holds the bytes that make an escape together with the backslash before them.
var twoByteEscape = [256]bool{'"': true, '\\': true, '/': true, 'b': true, 'f': true, 'n': true, 'r': true, 't': true}

func isHex(c byte) bool { return isDigit(c) || c|0x20 >= 'a' && c|0x20 <= 'f' }

// EscapedOK says whether b may stand between the quotes of a JSON string as it is: legal escapes only, no quote, no
// control byte, valid UTF-8.
func EscapedOK(b []byte) bool {
	_, why, _, high := inside(b, 0)
	return why == atEnd && (!high || utf8.Valid(b))
}

// shortEscape is the letter behind the backslash for the bytes that have a two-byte escape.
var shortEscape = [256]byte{'"': '"', '\\': '\\', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't'}

// AppendEscaped appends s as the inside of a JSON string. Only what must be escaped is: quotes, backslashes and control
// bytes. A byte that is not UTF-8 becomes U+FFFD.
func AppendEscaped(dst, s []byte) []byte {
	if !utf8.Valid(s) {
		s = appendRepaired(nil, s)
	}
	dst = slices.Grow(dst, len(s))
	n := len(dst)
	for len(s) >= 8 { // copy a word, keep what stands before the first hit
		if cap(dst)-n < 16 {
			if len(s) < 16 {
				break
			}
			dst = slices.Grow(dst[:n], 2*len(s))
		}
		dst = dst[:cap(dst)]
		x := word(s)
		binary.LittleEndian.PutUint64(dst[n:], x)
		m := breaks(x)
		if m == 0 {
			n += 8
			s = s[8:]
			continue
		}
		k := first(m)
		n += len(appendEscape(dst[n+k:n+k], s[k])) + k
		s = s[k+1:]
	}
	dst = dst[:n]
	for _, c := range s {
		if c < 0x20 || c == '"' || c == '\\' {
			dst = appendEscape(dst, c)
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}

func appendEscape(dst []byte, c byte) []byte {
	if e := shortEscape[c]; e != 0 {
		return append(dst, '\\', e)
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}

// EscapedSize is the number of bytes AppendEscaped appends for s.
func EscapedSize(s []byte) int {
	n := len(s)
	if !utf8.Valid(s) {
		n = repairedSize(s)
	}
	i := 0
	for ; len(s)-i >= 8; i += 8 {
		x := word(s[i:])
		if breaks(x) == 0 {
			continue
		}
		n += bits.OnesCount64(equals(x, '"') | equals(x, '\\'))
		if controls := (x - 0x20*ones) &^ x & highs; controls != 0 { // any hit at all: look at each byte
			n += controlSize(s[i : i+8])
		}
	}
	for _, c := range s[i:] {
		if c == '"' || c == '\\' {
			n++
		}
	}
	return n + controlSize(s[i:])
}

// equals marks exactly the bytes of x that are c.
func equals(x uint64, c byte) uint64 {
	v := x ^ uint64(c)*ones
	return ^((v&^highs + (ones<<7 - ones)) | v) & highs
}

func controlSize(s []byte) (n int) {
	for _, c := range s {
		if c < 0x20 {
			n++
			if shortEscape[c] == 0 {
				n += 4
			}
		}
	}
	return n
}

// AppendUnescaped appends what the inside of a JSON string means. Half a surrogate pair becomes U+FFFD. The function
// never fails: a backslash that begins no legal escape is copied as it stands.
func AppendUnescaped(dst, s []byte) []byte {
	for i := 0; i < len(s); {
		k := bytes.IndexByte(s[i:], '\\')
		if k < 0 {
			return append(dst, s[i:]...)
		}
		dst = append(dst, s[i:i+k]...)
		r, n := escape(s[i+k:])
		dst = utf8.AppendRune(dst, r)
		i += k + n
	}
	return dst
}

// escape decodes the escape, or the pair of escapes, at the beginning of s.
func escape(s []byte) (r rune, n int) {
	n = EscapeLen(s)
	switch n {
	case 0:
		return '\\', 1
	case 2:
		switch c := s[1]; c {
		case 'b':
			return '\b', 2
		case 'f':
			return '\f', 2
		case 'n':
			return '\n', 2
		case 'r':
			return '\r', 2
		case 't':
			return '\t', 2
		default:
			return rune(c), 2
		}
	}
	r = hex4(s[2:])
	if r>>10 == 0xd800>>10 && EscapeLen(s[6:]) == 6 {
		if low := hex4(s[8:]); low>>10 == 0xdc00>>10 {
			return (r&0x3ff)<<10 + low&0x3ff + 0x10000, 12
		}
	}
	if r>>11 == 0xd800>>11 {
		r = utf8.RuneError
	}
	return r, 6
}

func hex4(b []byte) (r rune) {
	for _, c := range b[:4] {
		d := rune(c - '0')
		if d > 9 {
			d = rune(c|0x20-'a') + 10
		}
		r = r<<4 | d
	}
	return r
}

// unescapedIs compares the meaning of the inside of a string with s, without allocating.
func unescapedIs(raw, s []byte) bool {
	if len(raw) < len(s) { // a meaning is never longer than its spelling
		return false
	}
	var buf [utf8.UTFMax]byte
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			if len(s) == 0 || s[0] != raw[i] {
				return false
			}
			s = s[1:]
			i++
			continue
		}
		r, n := escape(raw[i:])
		k := utf8.EncodeRune(buf[:], r)
		if !bytes.HasPrefix(s, buf[:k]) {
			return false
		}
		s = s[k:]
		i += n
	}
	return len(s) == 0
}

// appendRepaired appends s with U+FFFD in place of each byte that is not UTF-8.
func appendRepaired(dst, s []byte) []byte {
	for len(s) > 0 {
		n := invalidAt(s)
		dst = append(dst, s[:n]...)
		if n == len(s) {
			break
		}
		dst = utf8.AppendRune(dst, utf8.RuneError)
		s = s[n+1:]
	}
	return dst
}

func repairedSize(s []byte) (n int) {
	for len(s) > 0 {
		k := invalidAt(s)
		n += k
		if k == len(s) {
			break
		}
		n += len("\ufffd")
		s = s[k+1:]
	}
	return n
}
