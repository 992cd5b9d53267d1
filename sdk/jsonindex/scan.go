package jsonindex

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// Eight bytes are looked at together. Every test below may mark bytes above a hit by mistake, because subtraction
// borrows upwards, but never below it: the lowest mark is always right.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// stops marks quotes, backslashes, control bytes and bytes that are not ASCII. With the bit 2 flipped, the quote (0x22)
// becomes 0x20 and the control bytes stay among themselves, so one comparison with 0x21 finds both.
func stops(x uint64) uint64 {
	return (((x ^ 0x02*ones) - 0x21*ones) | ((x ^ '\\'*ones) - ones) | x) & highs
}

// breaks is stops without the bytes that are not ASCII.
func breaks(x uint64) uint64 {
	return (((x ^ 0x02*ones) - 0x21*ones) | ((x ^ '\\'*ones) - ones)) &^ x & highs
}

func first(marks uint64) int { return bits.TrailingZeros64(marks) >> 3 }

func word(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// Special is the offset of the first byte of b that is a quote, a backslash, a control byte or not ASCII; len(b) if none is.
func Special(b []byte) int {
	i := 0
	for ; len(b)-i >= 8; i += 8 {
		if m := stops(word(b[i:])); m != 0 {
			return i + first(m)
		}
	}
	for ; i < len(b); i++ {
		if c := b[i]; c < 0x20 || c == '"' || c == '\\' || c >= 0x80 {
			break
		}
	}
	return i
}

// stop says what ended a scan of the inside of a string.
type stop uint8

const (
	atEnd     stop = iota // no byte is left
	atQuote               // a quote
	atControl             // a control byte
	atEscape              // a backslash that begins no legal escape
)

// inside scans the inside of a string from i to the first byte that cannot be part of it. It says whether there were escapes
// and bytes that are not ASCII, which are not checked here.
func inside(b []byte, i int) (end int, why stop, escaped, high bool) {
	var all uint64 // of every byte seen
	for len(b)-i >= 8 {
		x := word(b[i:])
		m := breaks(x)
		if m == 0 {
			all |= x
			if i += 8; len(b)-i >= 32 { // a long clean stretch is taken in larger steps
				var clean uint64
				i, clean = skipClean(b, i)
				all |= clean
			}
			continue
		}
		all |= x & (m&-m - 1)
		i += first(m)
		if b[i] != '\\' {
			why = atQuote
			if b[i] != '"' {
				why = atControl
			}
			return i, why, escaped, all&highs != 0
		}
		if len(b)-i < 2 || !twoByteEscape[b[i+1]] {
			n := EscapeLen(b[i:])
			if n == 0 {
				return i, atEscape, escaped, all&highs != 0
			}
			i += n - 2
		}
		escaped = true
		i += 2
	}
	for i < len(b) {
		switch c := b[i]; {
		case c == '"':
			return i, atQuote, escaped, all&highs != 0
		case c < 0x20:
			return i, atControl, escaped, all&highs != 0
		case c == '\\':
			n := EscapeLen(b[i:])
			if n == 0 {
				return i, atEscape, escaped, all&highs != 0
			}
			escaped = true
			i += n
		default:
			all |= uint64(c)
			i++
		}
	}
	return i, atEnd, escaped, all&highs != 0
}

// skipClean skips blocks of 32 bytes from i that hold no quote, backslash or control byte, and returns all their bits.
func skipClean(b []byte, i int) (end int, all uint64) {
	for len(b)-i >= 32 {
		p := b[i : i+32]
		x0, x1, x2, x3 := word(p), word(p[8:]), word(p[16:]), word(p[24:])
		if breaks(x0)|breaks(x1)|breaks(x2)|breaks(x3) != 0 {
			break
		}
		all |= x0 | x1 | x2 | x3
		i += 32
	}
	return i, all
}

// quoted scans a string from i, inside its quotes, to the closing one and says by a tag whether there was an escape.
func quoted(b []byte, i int) (end int, tag uint32, f fault) {
	end, why, escaped, high := inside(b, i)
	switch why {
	case atEnd:
		return end, 0, fault{msg: "string without an end", off: end}
	case atControl:
		return end, 0, fault{msg: "control character in a string", off: end}
	case atEscape:
		return end, 0, fault{msg: "illegal escape in a string", off: end}
	}
	if high {
		if s := b[i:end]; !utf8.Valid(s) {
			return end, 0, fault{msg: "invalid UTF-8 in a string", off: i + invalidAt(s), kind: UTF8}
		}
	}
	if escaped {
		return end, tagEscaped, fault{}
	}
	return end, tagString, fault{}
}

// invalidAt is the offset of the first byte that is not UTF-8, len(s) if all is well.
func invalidAt(s []byte) int {
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRune(s[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(s)
}

func isDigit(c byte) bool { return c-'0' < 10 }

// number scans a number from i and returns its end, i itself if there is none.
func number(b []byte, i int) int {
	p := i
	if p < len(b) && b[p] == '-' {
		p++
	}
	q := digits(b, p)
	if q == p || b[p] == '0' && q > p+1 {
		return i
	}
	p = q
	if p < len(b) && b[p] == '.' {
		if q = digits(b, p+1); q == p+1 {
			return i
		}
		p = q
	}
	if p < len(b) && b[p]|0x20 == 'e' {
		p++
		if p < len(b) && (b[p] == '+' || b[p] == '-') {
			p++
		}
		if q = digits(b, p); q == p {
			return i
		}
		p = q
	}
	return p
}

func digits(b []byte, i int) int {
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	return i
}
