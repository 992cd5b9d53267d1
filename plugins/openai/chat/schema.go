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

// maxStrictDepth bounds how deep fitsStrict looks; the upstream's own limit for strict schemas is far lower.
const maxStrictDepth = 32

// fitsStrict says whether the upstream takes a schema as strict: every object closed, every property required.
// https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
func fitsStrict(schema jsonindex.Value, depth int) bool {
	if schema.Kind() != jsonindex.Object || depth > maxStrictDepth {
		return false
	}
	var kind, properties, required, additional jsonindex.Value
	for it := schema.Iter(); it.Next(); {
		ok := true
		switch string(it.Key()) {
		case "type":
			kind = it.Val
		case "properties":
			properties = it.Val
			ok = eachFits(it.Val, depth)
		case "required":
			required = it.Val
		case "additionalProperties":
			additional = it.Val
		case "items":
			ok = fitsStrict(it.Val, depth+1)
		case "anyOf", "$defs", "definitions":
			ok = eachFits(it.Val, depth)
		case "allOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas", "patternProperties",
			"prefixItems", "propertyNames", "unevaluatedProperties":
			ok = false
		}
		if !ok {
			return false
		}
	}
	if !kind.Is("object") && !properties.Exists() {
		return true
	}
	closed, isBool := additional.Bool()
	return isBool && !closed && sameNames(properties, required)
}

// eachFits is fitsStrict for all elements or members of v.
func eachFits(v jsonindex.Value, depth int) bool {
	for it := v.Iter(); it.Next(); {
		if !fitsStrict(it.Val, depth+1) {
			return false
		}
	}
	return true
}

// sameNames says whether required lists every key of properties.
func sameNames(properties, required jsonindex.Value) bool {
	const most = 256 // beyond that the upstream refuses the schema anyway
	if properties.Len() > most {
		return false
	}
	for it := properties.Iter(); it.Next(); {
		found := false
		for name := required.Iter(); name.Next() && !found; {
			found = name.Val.Is(string(it.Key()))
		}
		if !found {
			return false
		}
	}
	return true
}
