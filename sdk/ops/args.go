package ops

import (
	"bytes"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// MaxArgsDepth is how many containers of a tool's input may stand inside each other, the input itself included.
const MaxArgsDepth = jsonindex.MaxDepth

// Args validates one JSON object that arrives in pieces: the input of a tool. It allocates nothing. A piece may end
// anywhere, within a word, an escape or a rune. The zero value expects the beginning of an object; only white space may
// follow its end. Whether keys are unique is not looked at.
type Args struct {
	state   argState
	key     bool  // the string at hand is a key
	began   bool  // something other than white space came
	bad     bool  // nothing is right any more
	depth   uint8 // open containers
	word    uint8 // how much of a literal, of \uXXXX, or which part of a number
	need    uint8 // continuation bytes that the rune at hand lacks
	lo, hi  uint8 // bounds of the next one
	literal string
	off     int
	objects [(MaxArgsDepth + 63) / 64]uint64 // one bit an open container: it is an object
}

type argState uint8

const (
	atStart     argState = iota // before the object
	atEnd                       // behind it
	atFirstKey                  // a key or the end of the object
	atKey                       // a key
	atColon                     //
	atFirstItem                 // a value or the end of the array
	atValue                     // a value
	atComma                     // behind a value in a container
	inString                    //
	inEscape                    // behind a backslash
	inHex                       // behind \u
	inNumber                    //
	inLiteral                   // true, false, null
)

// Feed takes a piece of plain text and says whether it can go on like this. After false it stays false.
func (a *Args) Feed(b []byte) bool {
	if a.bad {
		return false
	}
	for i := 0; i < len(b); i++ {
		if a.state == inString && a.need == 0 {
			if i += jsonindex.Special(b[i:]); i == len(b) {
				break
			}
		}
		if !a.step(b[i]) {
			a.off += i
			a.bad = true
			return false
		}
	}
	a.off += len(b)
	return true
}

// FeedEscaped takes a piece that stands as the inside of a JSON string and is unescaped on the way. Escapes are whole:
// jsonindex.EscapedOK says so.
func (a *Args) FeedEscaped(b []byte) bool {
	for i := 0; i < len(b); {
		j := nextEscape(b, i)
		if j > i && !a.Feed(b[i:j]) {
			return false
		}
		if i = j; i == len(b) {
			break
		}
		c, n := unescape(b[i:])
		if a.bad || n == 0 || !a.escaped(c) {
			a.bad = true
			return false
		}
		a.off++
		i += n
	}
	return !a.bad
}

// nextEscape is the offset of the first backslash of b from i on, len(b) if there is none. Most are near.
func nextEscape(b []byte, i int) int {
	for end := min(i+16, len(b)); i < end; i++ {
		if b[i] == '\\' {
			return i
		}
	}
	if n := bytes.IndexByte(b[i:], '\\'); n >= 0 {
		return i + n
	}
	return len(b)
}

// escaped takes one unescaped character. notASCII is legal in strings only, and never inside a rune.
func (a *Args) escaped(c byte) bool {
	if c == notASCII {
		return a.state == inString && a.need == 0
	}
	return a.step(c)
}

const notASCII = 0x80

// unescape decodes the escape at the beginning of b: to an ASCII character or to notASCII. n is 0 if there is none.
func unescape(b []byte) (c byte, n int) {
	n = jsonindex.EscapeLen(b)
	if n == 0 {
		return 0, 0
	}
	switch c = b[1]; c {
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case 'n':
		c = '\n'
	case 'r':
		c = '\r'
	case 't':
		c = '\t'
	case 'u':
		if b[2] != '0' || b[3] != '0' || b[4] > '7' {
			return notASCII, n
		}
		c = b[4]<<4 | b[5]&0xf
		if b[5] > '9' {
			c += 9
		}
	}
	return c, n
}

// AppendPlain appends to dst what a checked escaped piece of a tool's input is as plain JSON text. Escapes of characters
// beyond ASCII, which are legal inside strings only, stay escapes there; so a surrogate pair that two pieces share stays
// a pair.
func AppendPlain(dst, escaped []byte) []byte {
	for i := 0; i < len(escaped); {
		j := nextEscape(escaped, i)
		dst = append(dst, escaped[i:j]...)
		if i = j; i == len(escaped) {
			break
		}
		c, n := unescape(escaped[i:])
		switch {
		case n == 0:
			n = 1
			fallthrough
		case c == notASCII:
			dst = append(dst, escaped[i:i+n]...)
		default:
			dst = append(dst, c)
		}
		i += n
	}
	return dst
}

// Empty says whether nothing but white space came so far.
func (a *Args) Empty() bool { return !a.began }

// Complete says whether the object is whole.
func (a *Args) Complete() bool { return a.state == atEnd && !a.bad }

// Offset is the number of plain bytes that were taken; after a failure the offset of the one at fault.
func (a *Args) Offset() int { return a.off }

func (a *Args) step(c byte) bool {
	switch a.state {
	case inString:
		return a.inString(c)
	case inEscape:
		a.state = inString
		switch c {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			return true
		case 'u':
			a.state, a.word = inHex, 0
			return true
		}
		return false
	case inHex:
		if a.word++; a.word == 4 {
			a.state = inString
		}
		return c-'0' < 10 || c|0x20-'a' < 6
	case inLiteral:
		if c != a.literal[a.word] {
			return false
		}
		if a.word++; int(a.word) == len(a.literal) {
			a.state = atComma
		}
		return true
	case inNumber:
		next := numberNext(a.word, c)
		if next != 0 {
			a.word = next
			return true
		}
		if !numberEnds(a.word) {
			return false
		}
		a.state = atComma
	}
	if c == ' ' || c == '\n' || c == '\t' || c == '\r' {
		return true
	}
	return a.structure(c)
}

func (a *Args) inString(c byte) bool {
	switch {
	case a.need > 0:
		if c < a.lo || c > a.hi {
			return false
		}
		a.need--
		a.lo, a.hi = 0x80, 0xbf
	case c == '"':
		a.state = atComma
		if a.key {
			a.state = atColon
		}
	case c == '\\':
		a.state = inEscape
	case c < 0x20:
		return false
	case c >= 0x80:
		return a.lead(c)
	}
	return true
}

// lead begins a rune of several bytes. https://www.unicode.org/versions/latest/core-spec/chapter-3/#G27506, table 3-7
func (a *Args) lead(c byte) bool {
	a.lo, a.hi = 0x80, 0xbf
	switch {
	case c < 0xc2 || c > 0xf4:
		return false
	case c < 0xe0:
		a.need = 1
	case c < 0xf0:
		a.need = 2
		if c == 0xe0 {
			a.lo = 0xa0
		} else if c == 0xed {
			a.hi = 0x9f
		}
	default:
		a.need = 3
		if c == 0xf0 {
			a.lo = 0x90
		} else if c == 0xf4 {
			a.hi = 0x8f
		}
	}
	return true
}

// structure takes a character outside of strings, numbers and literals that is no white space.
func (a *Args) structure(c byte) bool {
	switch a.state {
	case atStart:
		a.began = true
		return c == '{' && a.open(true)
	case atEnd:
		return false
	case atColon:
		a.state = atValue
		return c == ':'
	case atFirstKey, atKey:
		if c == '}' && a.state == atFirstKey {
			a.close()
			return true
		}
		a.state, a.key = inString, true
		return c == '"'
	case atComma:
		object := a.inObject()
		switch {
		case c == ',' && object:
			a.state = atKey
		case c == ',':
			a.state = atValue
		case c == '}' && object, c == ']' && !object:
			a.close()
		default:
			return false
		}
		return true
	case atFirstItem:
		if c == ']' {
			a.close()
			return true
		}
	}
	return a.value(c)
}

func (a *Args) value(c byte) bool {
	switch c {
	case '{':
		return a.open(true)
	case '[':
		return a.open(false)
	case '"':
		a.state, a.key = inString, false
	case 't':
		a.state, a.word, a.literal = inLiteral, 1, "true"
	case 'f':
		a.state, a.word, a.literal = inLiteral, 1, "false"
	case 'n':
		a.state, a.word, a.literal = inLiteral, 1, "null"
	default:
		a.state, a.word = inNumber, numberNext(0, c)
		return a.word != 0
	}
	return true
}

func (a *Args) open(object bool) bool {
	if a.depth == MaxArgsDepth {
		return false
	}
	word, bit := a.depth/64, uint64(1)<<(a.depth%64)
	if object {
		a.state = atFirstKey
		a.objects[word] |= bit
	} else {
		a.state = atFirstItem
		a.objects[word] &^= bit
	}
	a.depth++
	return true
}

func (a *Args) close() {
	a.state = atComma
	if a.depth--; a.depth == 0 {
		a.state = atEnd
	}
}

func (a *Args) inObject() bool {
	d := a.depth - 1
	return a.objects[d/64]>>(d%64)&1 == 1
}

// The parts of a number; 0 is before it.
const (
	numMinus    = iota + 1 // behind the minus
	numZero                // behind a leading 0
	numInteger             // in the digits
	numPoint               // behind the point
	numFraction            // in the digits behind it
	numE                   // behind the e
	numSign                // behind its sign
	numExponent            // in the digits of the exponent
)

// numberNext is the part of a number that c leads to, 0 if c does not go on with it.
func numberNext(part, c byte) byte {
	if c-'0' < 10 {
		switch part {
		case 0, numMinus:
			if c == '0' {
				return numZero
			}
			return numInteger
		case numInteger, numFraction, numExponent:
			return part
		case numPoint:
			return numFraction
		case numE, numSign:
			return numExponent
		}
		return 0
	}
	switch {
	case c == '-' && part == 0:
		return numMinus
	case c == '.' && (part == numZero || part == numInteger):
		return numPoint
	case c|0x20 == 'e' && (part == numZero || part == numInteger || part == numFraction):
		return numE
	case (c == '+' || c == '-') && part == numE:
		return numSign
	}
	return 0
}

func numberEnds(part byte) bool {
	return part == numZero || part == numInteger || part == numFraction || part == numExponent
}
