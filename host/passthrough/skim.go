package passthrough

import "bytes"

// The functions of this file find one member in a JSON text without validating or indexing it. Deltas are by far the most
// frequent frames, and of them nothing is wanted but, where the sender leaves out the event line, the type. On anything
// that is not JSON they find nothing; they never fail.

// member is the raw value of the first top-level member with this key of the object that b begins with. A key that is
// written with escapes is not found; no JSON encoder escapes the letters of the keys that are looked for.
func member(b []byte, key string) []byte {
	i := space(b, 0)
	if i >= len(b) || b[i] != '{' {
		return nil
	}
	for i = space(b, i+1); i < len(b) && b[i] == '"'; {
		from := i + 1
		i = skipString(b, i)
		if i < 0 {
			return nil
		}
		name := b[from : i-1]
		if i = space(b, i); i >= len(b) || b[i] != ':' {
			return nil
		}
		from = space(b, i+1)
		if i = skipValue(b, from); i < 0 {
			return nil
		}
		if string(name) == key {
			return b[from:i]
		}
		if i = space(b, i); i >= len(b) || b[i] != ',' {
			return nil
		}
		i = space(b, i+1)
	}
	return nil
}

// text is what stands between the quotes of a raw string value, nil when v is none.
func text(v []byte) []byte {
	if len(v) < 2 || v[0] != '"' {
		return nil
	}
	return v[1 : len(v)-1]
}

// number is the value of a raw whole number of at most nine digits, -1 when v is none.
func number(v []byte) int {
	if len(v) == 0 || len(v) > 9 {
		return -1
	}
	n := 0
	for _, c := range v {
		if c < '0' || c > '9' {
			return -1
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// space is the first place from i on that holds no white space.
func space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// skipString is the place behind the string that begins at i, -1 when it does not end.
func skipString(b []byte, i int) int {
	for i++; i < len(b); {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return -1
		}
		slashes := 0
		for slashes < n && b[i+n-1-slashes] == '\\' {
			slashes++
		}
		i += n + 1
		if slashes%2 == 0 {
			return i
		}
	}
	return -1
}

// skipValue is the place behind the value that begins at i, -1 when it does not end.
func skipValue(b []byte, i int) int {
	if i >= len(b) {
		return -1
	}
	if b[i] == '"' {
		return skipString(b, i)
	}
	from := i
	for depth := 0; i < len(b); {
		switch b[i] {
		case '"':
			if i = skipString(b, i); i < 0 {
				return -1
			}
			continue
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return ended(from, i)
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\n', '\r', '\t':
			if depth == 0 {
				return ended(from, i)
			}
		}
		i++
	}
	return -1
}

// ended is i, the end of a bare word that began at from, or -1 when there is no word.
func ended(from, i int) int {
	if i == from {
		return -1
	}
	return i
}
