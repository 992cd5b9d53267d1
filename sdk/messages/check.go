package messages

import (
	"strconv"
	"unicode/utf8"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// kinds is a set of JSON types.
type kinds uint8

const (
	aBool kinds = 1 << iota
	aNumber
	aString
	anArray
	anObject
	anyKind kinds = 0xff
)

func (k kinds) has(v jsonindex.Value) bool {
	switch v.Kind() {
	case jsonindex.Bool:
		return k&aBool != 0
	case jsonindex.Number:
		return k&aNumber != 0
	case jsonindex.Array:
		return k&anArray != 0
	case jsonindex.Object:
		return k&anObject != 0
	case jsonindex.Null:
		return k == anyKind
	}
	return k&aString != 0
}

func (k kinds) String() string {
	s := ""
	for i, name := range [...]string{"true or false", "a number", "a string", "an array", "an object"} {
		if k&(1<<i) == 0 {
			continue
		}
		if s != "" {
			s += " or "
		}
		s += name
	}
	return s
}

// what names the JSON type of v for people.
func what(v jsonindex.Value) string {
	switch v.Kind() {
	case jsonindex.Bool:
		return "true or false"
	case jsonindex.Number:
		return "a number"
	case jsonindex.Array:
		return "an array"
	case jsonindex.Object:
		return "an object"
	case jsonindex.Null:
		if !v.Exists() {
			return "nothing"
		}
		return "null"
	}
	return "a string"
}

// empty says whether a string has no characters, without counting as reading it.
func empty(v jsonindex.Value) bool {
	e := v.Doc().Ents[v.Entry()]
	return e.Start == e.End
}

// word is a short string for a switch, unescaped; nil for anything else.
func word(v jsonindex.Value) []byte {
	if v.Kind() == jsonindex.Escaped {
		b, _ := v.AppendText(nil)
		return b
	}
	b, _ := v.Inner()
	return b
}

// Path is the place of v in its body, such as "messages[3].content[0].source"; "" for the root and for an absent value.
func Path(v jsonindex.Value) string {
	if !v.Exists() {
		return ""
	}
	return v.Doc().PathOf(v.Entry())
}

// Invalid makes the Failure for a value of the client's that is wrong. It is not for hot paths.
func Invalid(v jsonindex.Value, format string, args ...any) *adapter.Failure {
	return adapter.Fail(adapter.Invalid, Path(v), format, args...)
}

// Missing makes the Failure for a required member that the object in does not have.
func Missing(in jsonindex.Value, name string) *adapter.Failure {
	field := Path(in)
	if field != "" {
		field += "."
	}
	return adapter.Fail(adapter.Invalid, field+name, "field required")
}

// invalid and missing are Invalid and Missing as plain errors, so that a nil stays an untyped nil.
func invalid(v jsonindex.Value, format string, args ...any) error { return Invalid(v, format, args...) }
func missing(in jsonindex.Value, name string) error               { return Missing(in, name) }

func wrongKind(v jsonindex.Value, allowed kinds) error {
	return invalid(v, "must be %s, not %s", allowed, what(v))
}

// Int reads a whole number of at least least. 2.0 and 2e3 are whole numbers; 1.5 and 1e999 are errors.
func Int(v jsonindex.Value, least int64) (int64, error) {
	n, ok := v.Int()
	switch {
	case v.Kind() != jsonindex.Number:
		return 0, wrongKind(v, aNumber)
	case !ok:
		return 0, invalid(v, "must be a whole number, not %s", shown(v))
	case n < least:
		return 0, invalid(v, "must be at least %d, not %s", least, shown(v))
	}
	return n, nil
}

// Float reads a number between least and most, both included.
func Float(v jsonindex.Value, least, most float64) (float64, error) {
	f, ok := v.Float()
	switch {
	case v.Kind() != jsonindex.Number:
		return 0, wrongKind(v, aNumber)
	case !ok || f < least || f > most:
		return 0, invalid(v, "must be between %s and %s, not %s", decimal(least), decimal(most), shown(v))
	}
	return f, nil
}

// Bool reads true or false; absent and null are false.
func Bool(v jsonindex.Value) (bool, error) {
	if v.IsNull() {
		return false, nil
	}
	b, ok := v.Bool()
	if !ok {
		return false, wrongKind(v, aBool)
	}
	return b, nil
}

// Strings checks that v is absent, null, or an array of strings.
func Strings(v jsonindex.Value) error {
	if v.IsNull() {
		return nil
	}
	if v.Kind() != jsonindex.Array {
		return wrongKind(v, anArray)
	}
	for it := v.Iter(); it.Next(); {
		if !it.Val.IsString() {
			return wrongKind(it.Val, aString)
		}
	}
	return nil
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// shown is a value for an error message, cut to a readable length.
func shown(v jsonindex.Value) string {
	const most = 40
	raw, ok := v.Raw()
	if !ok {
		raw = v.Head()
	}
	if len(raw) <= most {
		return string(raw)
	}
	n := most
	for n > 0 && !utf8.RuneStart(raw[n]) {
		n--
	}
	return string(raw[:n]) + "…"
}
