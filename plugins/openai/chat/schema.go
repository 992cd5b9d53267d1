package chat

import (
	"bytes"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// parameters writes a tool's schema byte for byte. A function's parameters must name a type and properties: where a schema
// lacks one, an empty one is put in front.
func (r *request) parameters(schema jsonindex.Value) {
	typed, listed := false, false
	for it := schema.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "type":
			typed = true
		case "properties":
			listed = true
		}
	}
	plain := r.d.PlainPatterns && mayHoldOddPattern(schema)
	if typed && listed && !plain {
		r.w.Raw(schema)
		return
	}
	c := byte('{')
	if !typed {
		r.w.Lit(`{"type":"object"`)
		c = ','
	}
	if !listed {
		r.w.Byte(c)
		r.w.Lit(`"properties":{}`)
		c = ','
	}
	r.schemaMembers(schema, c, plain)
}

// schemaMembers writes the members of a schema, the first behind c, and its end. plain leaves out odd patterns.
func (r *request) schemaMembers(schema jsonindex.Value, c byte, plain bool) {
	for it := schema.Iter(); it.Next(); {
		key := string(it.Key())
		if plain && key == "pattern" && it.Val.IsString() && isOdd(it.Val.Head()) {
			r.Loss(adapter.Tuned, "tools.input_schema", "pattern", "the upstream cannot compile it")
			continue
		}
		r.w.Byte(c)
		r.w.Byte('"')
		r.w.Bytes(it.RawKey())
		r.w.Lit(`":`)
		c = ','
		switch {
		case !plain, key == "default", key == "const", key == "enum", key == "examples": // values, not schemas
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
		r.schemaMembers(schema, '{', true)
	default:
		r.w.Raw(schema)
	}
}
