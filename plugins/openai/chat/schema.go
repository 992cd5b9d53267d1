package chat

import (
	"bytes"

	"github.com/claude-proxy/claude-proxy/plugins/openai/platform"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// parameters writes a tool's schema, without the patterns that the server cannot compile.
func (r *request) parameters(schema jsonindex.Value) {
	if r.d.PlainPatterns && mayHoldOddPattern(schema) {
		r.plainMembers(schema, platform.BeginParameters(r.w, schema))
		return
	}
	platform.WriteParameters(r.w, schema)
}

// plainMembers writes the members of a schema without odd patterns, the first behind c, and its end.
func (r *request) plainMembers(schema jsonindex.Value, c byte) {
	for it := schema.Iter(); it.Next(); {
		key := string(it.Key())
		if key == "pattern" && it.Val.IsString() && isOdd(it.Val.Head()) {
			r.Loss(adapter.Tuned, "tools.input_schema", "pattern", "the upstream cannot compile it")
			continue
		}
		r.w.Byte(c)
		r.w.Byte('"')
		r.w.Bytes(it.RawKey())
		r.w.Lit(`":`)
		c = ','
		switch key {
		case "default", "const", "enum", "examples": // values, not schemas
			r.w.Raw(it.Val)
		default:
			r.plainSchema(it.Val)
		}
	}
	if c == '{' {
		r.w.Byte(c)
	}
	r.w.Byte('}')
}

// oddPatterns are what of a regular expression some servers cannot compile: what looks around, names a group, or is NUL.
var oddPatterns = [...]string{`(?=`, `(?!`, `(?<`, `\u0000`, `\\0`, `\\x00`}

// mayHoldOddPattern says whether plainSchema may have to leave something out.
func mayHoldOddPattern(schema jsonindex.Value) bool {
	raw, ok := schema.Raw()
	return !ok || isOdd(raw)
}

func isOdd(s []byte) bool {
	for _, odd := range oddPatterns {
		if bytes.Contains(s, []byte(odd)) {
			return true
		}
	}
	return false
}

// plainSchema writes a schema without such patterns.
func (r *request) plainSchema(schema jsonindex.Value) {
	switch schema.Kind() {
	case jsonindex.Array:
		c := byte('[')
		for it := schema.Iter(); it.Next(); {
			r.w.Byte(c)
			r.plainSchema(it.Val)
			c = ','
		}
		if c == '[' {
			r.w.Byte(c)
		}
		r.w.Byte(']')
	case jsonindex.Object:
		r.plainMembers(schema, '{')
	default:
		r.w.Raw(schema)
	}
}
