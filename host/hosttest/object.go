package hosttest

import (
	"bytes"
	"encoding/json"
)

// object is a JSON object whose members keep their order: key, value, key, value…
type object []any

// MarshalJSON writes the members in order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i := 0; i+1 < len(o); i += 2 {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(encode(o[i]))
		b.WriteByte(':')
		b.Write(encode(o[i+1]))
	}
	return append(append([]byte{'{'}, b.Bytes()...), '}'), nil
}

// with returns the object with further members.
func (o object) with(members ...any) object { return append(o[:len(o):len(o)], members...) }

// encode renders v without the escapes that HTML would need.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic("BUG: hosttest: " + err.Error()) // all values are made here
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// The following read a decoded JSON value; what is not of the type reads as its zero value.

func text(v any) string            { s, _ := v.(string); return s }
func members(v any) map[string]any { m, _ := v.(map[string]any); return m }
func elements(v any) []any         { l, _ := v.([]any); return l }

func integer(v any) (int, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return int(i), err == nil
}
