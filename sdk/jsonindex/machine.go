package jsonindex

const (
	tagNull    = uint32(Null) << kindShift
	tagBool    = uint32(Bool) << kindShift
	tagNumber  = uint32(Number) << kindShift
	tagString  = uint32(String) << kindShift
	tagEscaped = uint32(Escaped) << kindShift
	tagArray   = uint32(Array) << kindShift
	tagObject  = uint32(Object) << kindShift
)

// scan is the one pass. It is one long function, with labels for states, because the position, the number of entries and
// the open container then stay in registers from one value to the next: that is most of the speed on texts of many small
// values. On return d.Ents holds what was written, also after a fault.
func (b *Builder) scan(d *Doc, src []byte, m *Mode) (f fault) {
	var (
		i, end int
		n      int    // entries written
		depth  int    // containers around the open one
		open   uint32 // its entry
		object bool   // whether it is an object
		keys   int    // its keys so far, counted where they must be unique
		seen   uint64 // one bit for each of their hashes
		tag    uint32
		x, hit uint64
		c      byte
		ok     bool
	)
	ents := d.Ents[:min(cap(d.Ents), m.MaxEntries)]
	d.Ents = ents
	if len(src) >= 3 && string(src[:3]) == byteOrderMark {
		if !m.Tolerant {
			f.msg = "byte order mark before the value"
			goto done
		}
		i = 3
	}

value:
	if i < len(src) && src[i] <= ' ' {
		i = skipSpace(src, i)
	}
	if i >= len(src) {
		f = fault{msg: "text ends where a value is expected", off: i}
		goto done
	}
	if n == len(ents) {
		if ents = d.grow(m.MaxEntries); n == len(ents) {
			f = fault{msg: "too many values", off: i, kind: Entries}
			goto done
		}
	}
	switch c = src[i]; c {
	case '"':
		i++
		if len(src)-i >= 16 {
			if x = word(src[i:]); stops(x) != 0 {
				end = i + first(stops(x))
			} else if x = word(src[i+8:]); stops(x) != 0 {
				end = i + 8 + first(stops(x))
			} else {
				goto longString
			}
			if src[end] == '"' {
				ents[n] = Entry{uint32(i), uint32(end), uint32(n+1) | tagString}
				n++
				i = end + 1
				goto after
			}
		}
	longString:
		end, tag, f = quoted(src, i)
		if f.msg != "" {
			goto done
		}
		ents[n] = Entry{uint32(i), uint32(end), uint32(n+1) | tag}
		if m.Extern && end-i > ExternOver {
			d.extern(&ents[n])
		}
		n++
		i = end + 1
		goto after
	case '{', '[':
		if depth >= m.MaxDepth {
			f = fault{msg: "nested too deeply", off: i, kind: Depth}
			goto done
		}
		if depth == len(b.stack) {
			b.stack = append(b.stack, frame{})
		}
		b.stack[depth] = frame{seen, open, int32(keys), object}
		depth++
		open, keys, seen = uint32(n), 0, 0
		if object = c == '{'; object {
			ents[n] = Entry{Start: uint32(i), NK: tagObject}
		} else {
			ents[n] = Entry{Start: uint32(i), NK: tagArray}
		}
		n++
		i++
		if i < len(src) && src[i] <= ' ' {
			i = skipSpace(src, i)
		}
		if i < len(src) && src[i] == c+2 { // in ASCII the closing bracket stands two behind the opening one
			goto shut
		}
		if object {
			goto key
		}
		goto value
	case 't':
		if len(src)-i < 4 || string(src[i:i+4]) != "true" {
			goto badWord
		}
		end, tag = i+4, tagBool
	case 'f':
		if len(src)-i < 5 || string(src[i:i+5]) != "false" {
			goto badWord
		}
		end, tag = i+5, tagBool
	case 'n':
		if len(src)-i < 4 || string(src[i:i+4]) != "null" {
			goto badWord
		}
		end, tag = i+4, tagNull
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		if end = number(src, i); end == i {
			f = fault{msg: "malformed number", off: i}
			goto done
		}
		tag = tagNumber
	default:
		goto badWord
	}
	ents[n] = Entry{uint32(i), uint32(end), uint32(n+1) | tag}
	n++
	i = end

after:
	if i < len(src) && src[i] <= ' ' {
		i = skipSpace(src, i)
	}
	if depth == 0 {
		if i < len(src) {
			f = fault{msg: "something follows the value", off: i, behind: true}
		}
		goto done
	}
	if i >= len(src) {
		f = fault{msg: "text ends inside " + containerName(object), off: i, behind: true}
		goto done
	}
	c = src[i]
	if c == ',' {
		i++
		if !object {
			goto value
		}
		if i < len(src) && src[i] <= ' ' {
			i = skipSpace(src, i)
		}
		goto key
	}
	if object && c != '}' || !object && c != ']' {
		f = fault{msg: "expected a comma or the end of " + containerName(object), off: i, behind: true}
		goto done
	}

shut:
	i++
	if keys > pairwise {
		if end, ok = b.keys.duplicate(d, int(open)+1, n, keys); ok {
			n = end + 1
			f = fault{msg: "duplicate key", off: int(ents[end].Start) - 1, kind: Duplicate}
			goto done
		}
	}
	ents[open].End = uint32(i)
	ents[open].NK |= uint32(n)
	depth--
	{
		t := &b.stack[depth]
		seen, open, keys, object = t.seen, t.open, int(t.keys), t.object
	}
	goto after

key:
	if i >= len(src) {
		f = fault{msg: "text ends where a key is expected", off: i, behind: true}
		goto done
	}
	if src[i] != '"' {
		f = fault{msg: "expected a key in quotes", off: i, behind: true}
		goto done
	}
	if n == len(ents) {
		if ents = d.grow(m.MaxEntries); n == len(ents) {
			f = fault{msg: "too many values", off: i, kind: Entries}
			goto done
		}
	}
	i++
	if len(src)-i >= 16 {
		if x = word(src[i:]); stops(x) != 0 {
			hit = stops(x)
			end = i + first(hit)
			x &= hit&-hit>>7 - 1 // without the quote
		} else {
			hit = stops(word(src[i+8:]))
			if hit == 0 {
				goto longKey
			}
			end = i + 8 + first(hit)
			x += word(src[end-8:])
		}
		if src[end] == '"' {
			ents[n] = Entry{uint32(i), uint32(end), uint32(n+1) | tagString}
			goto keyDone
		}
	}
longKey:
	end, tag, f = quoted(src, i)
	if f.msg != "" {
		goto done
	}
	ents[n] = Entry{uint32(i), uint32(end), uint32(n+1) | tag}
	x = d.keyHash(n)
keyDone:
	n++
	if m.Unique {
		if keys++; keys <= pairwise {
			hit = 1 << (x * hashFactor >> 58)
			if seen&hit != 0 && d.hasKey(int(open)+1, n-1) {
				f = fault{msg: "duplicate key", off: i - 1, kind: Duplicate}
				goto done
			}
			seen |= hit
		}
	}
	i = end + 1
	if i < len(src) && src[i] <= ' ' {
		i = skipSpace(src, i)
	}
	if i >= len(src) || src[i] != ':' {
		f = fault{msg: "expected a colon behind the key", off: i}
		goto done
	}
	i++
	goto value

badWord:
	f = fault{msg: "expected a value", off: i}
done:
	d.Ents = ents[:n]
	return f
}

const byteOrderMark = "\xef\xbb\xbf"

func skipSpace(src []byte, i int) int {
	for i < len(src) && (src[i] == ' ' || src[i] == '\n' || src[i] == '\r' || src[i] == '\t') {
		i++
	}
	return i
}

func containerName(object bool) string {
	if object {
		return "an object"
	}
	return "an array"
}

// grow makes room for more entries and returns all of it, unchanged when the limit is reached.
func (d *Doc) grow(limit int) []Entry {
	n := min(max(2*len(d.Ents), 16, min(len(d.Src)/12, 1024)), limit)
	if n > len(d.Ents) {
		more := make([]Entry, n)
		copy(more, d.Ents)
		d.Ents = more
	}
	return d.Ents
}
