package gemini

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// Gemini takes a part of JSON Schema. What it does not take is said in the description, so that the model knows it all
// the same; the client checks the input itself. The description stands last, behind what it has to explain.
//
// https://ai.google.dev/api/caching#FunctionDeclaration and https://ai.google.dev/gemini-api/docs/structured-output

// schemaWriter writes one schema, keyword by keyword.
type schemaWriter struct {
	r     *request
	self  jsonindex.Value
	in    string // the schema's name for the ledger
	any   bool   // a keyword was written
	desc  jsonindex.Value
	hints []hint
}

// hint is a keyword that the description says.
type hint struct {
	key []byte
	v   jsonindex.Value
}

// jsonSchema writes a JSON Schema with the keywords that the upstream takes. in names it for the ledger.
func (r *request) jsonSchema(v jsonindex.Value, in string) {
	if v.Kind() != jsonindex.Object {
		if yes, ok := v.Bool(); !ok || !yes {
			r.Loss(adapter.Approximated, "", in, "a schema that fits nothing became one that fits everything")
		}
		r.w.Lit(`{}`)
		return
	}
	s := schemaWriter{r: r, self: v, in: in}
	var kind, ref jsonindex.Value
	anyOf, enum := false, false
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "description":
			s.desc = it.Val
		case "type":
			kind = it.Val
		case "$ref":
			ref = it.Val
		case "anyOf":
			anyOf = true
		case "enum":
			enum = true
		}
	}
	switch {
	case ref.IsString():
		s.reference(v)
		return
	case kind.Kind() == jsonindex.Array:
		s.typeList(v, kind, anyOf, enum)
	default:
		for it := v.Iter(); it.Next(); {
			s.keyword(it.Key(), it.Val, anyOf, enum)
		}
	}
	s.describe()
	s.end()
}

// reference writes a schema with $ref, beside which the upstream takes only keywords with "$".
func (s *schemaWriter) reference(v jsonindex.Value) {
	for it := v.Iter(); it.Next(); {
		switch key := it.Key(); string(key) {
		case "$ref", "$defs", "definitions", "$id", "$anchor":
			s.keyword(key, it.Val, false, false)
		default:
			s.r.Loss(adapter.Tuned, "", s.in, "what stands beside $ref is left out")
		}
	}
	s.end()
}

// typeList writes a schema whose type is a list: "null" and each other type become branches of anyOf, with the keywords
// that concern them.
func (s *schemaWriter) typeList(v, kind jsonindex.Value, anyOf, enum bool) {
	n := kind.Len()
	if n == 1 && kind.At(0).IsString() && !anyOf {
		s.raw("type", kind.At(0))
	}
	for it := v.Iter(); it.Next(); {
		key := it.Key()
		isType := string(key) == "type"
		switch {
		case isType && n == 1 && !anyOf:
		case isType && (n == 0 || anyOf):
			s.foreign(key, it.Val)
		case isType || string(key) == "enum" && n > 1 && !anyOf:
		case n > 1 && !anyOf && typed(key) != "":
		default:
			s.keyword(key, it.Val, true, enum)
		}
	}
	if n <= 1 || anyOf {
		return
	}
	s.key("anyOf")
	c := byte('[')
	for i, it := 0, kind.Iter(); it.Next(); i++ {
		if repeated(kind, i, it.Val) {
			continue // each branch may hold schemas, which hold branches
		}
		s.r.w.Byte(c)
		c = ','
		s.branch(v, it.Val)
	}
	s.r.w.Byte(']')
}

// repeated says whether one of the first n elements of a list is the same string.
func repeated(list jsonindex.Value, n int, v jsonindex.Value) bool {
	for it := list.Iter(); n > 0 && it.Next(); n-- {
		if foreign.SameText(it.Val, v) {
			return true
		}
	}
	return false
}

// branch writes the part of a schema that concerns one type.
func (s *schemaWriter) branch(v, kind jsonindex.Value) {
	b := schemaWriter{r: s.r, self: v, in: s.in}
	b.raw("type", kind)
	for it := v.Iter(); it.Next(); {
		key := it.Key()
		if string(key) == "enum" {
			b.enum(it.Val, kind)
			continue
		}
		t := typed(key)
		if t == "" {
			continue
		}
		if t == "number" && kind.Is("integer") || t == "any" && !kind.Is("null") && !kind.Is("boolean") || kind.Is(t) {
			b.keyword(key, it.Val, true, true)
		}
	}
	b.end()
}

// typed is the type that a keyword concerns, "" when all, "any" when several.
func typed(key []byte) string {
	switch string(key) {
	case "items", "prefixItems", "minItems", "maxItems":
		return "array"
	case "properties", "required", "additionalProperties", "propertyOrdering":
		return "object"
	case "minimum", "maximum":
		return "number"
	case "format":
		return "any"
	}
	return ""
}

// keyword writes one keyword, in a form that the upstream takes.
func (s *schemaWriter) keyword(key []byte, v jsonindex.Value, anyOf, enum bool) {
	switch string(key) {
	case "description":
		return // describe writes it
	case "type", "title", "format", "minItems", "maxItems", "minimum", "maximum", "required", "propertyOrdering", "$id", "$anchor":
		s.keep(key, v)
	case "properties":
		s.each("properties", v)
	case "$defs":
		s.each("$defs", v)
	case "definitions": // the name of older drafts
		if s.self.Get("$defs").Exists() {
			s.foreign(key, v)
		} else {
			s.each("$defs", v)
		}
	case "anyOf":
		s.list("anyOf", v)
	case "oneOf":
		s.list("oneOf", v)
	case "prefixItems":
		s.list("prefixItems", v)
	case "items":
		switch {
		case v.Kind() == jsonindex.Array && s.self.Get("prefixItems").Exists():
			s.foreign(key, v)
		case v.Kind() == jsonindex.Array: // the form of older drafts
			s.list("prefixItems", v)
		default:
			s.key("items")
			s.r.jsonSchema(v, s.in)
		}
	case "additionalProperties":
		if v.Kind() == jsonindex.Bool {
			s.keep(key, v)
		} else {
			s.key("additionalProperties")
			s.r.jsonSchema(v, s.in)
		}
	case "allOf":
		if v.Len() == 1 && !anyOf { // the same as anyOf
			s.list("anyOf", v)
		} else {
			s.foreign(key, v)
		}
	case "enum":
		s.enum(v, jsonindex.Value{})
	case "const":
		if enum || !listable(v) {
			s.foreign(key, v)
			return
		}
		s.key("enum")
		s.r.w.Byte('[')
		s.r.w.Raw(v)
		s.r.w.Byte(']')
	case "$ref":
		s.key("$ref")
		s.refTarget(v)
	default:
		s.foreign(key, v)
	}
}

// refTarget writes where a reference leads; definitions have moved to $defs.
func (s *schemaWriter) refTarget(v jsonindex.Value) {
	const old = "#/definitions/"
	if !hasPrefix(v.Head(), old) {
		s.r.w.Raw(v)
		return
	}
	s.r.w.Lit(`"#/$defs/`)
	s.r.w.InnerFrom(v, len(old))
	s.r.w.Byte('"')
}

// each writes an object of schemas.
func (s *schemaWriter) each(key string, v jsonindex.Value) {
	s.key(key)
	s.r.w.Byte('{')
	first := true
	for it := v.Iter(); v.Kind() == jsonindex.Object && it.Next(); {
		if !first {
			s.r.w.Byte(',')
		}
		first = false
		s.r.w.Byte('"')
		s.r.w.Bytes(it.RawKey())
		s.r.w.Lit(`":`)
		s.r.jsonSchema(it.Val, s.in)
	}
	s.r.w.Byte('}')
}

// list writes an array of schemas.
func (s *schemaWriter) list(key string, v jsonindex.Value) {
	s.key(key)
	s.r.w.Byte('[')
	first := true
	for it := v.Iter(); v.Kind() == jsonindex.Array && it.Next(); {
		if !first {
			s.r.w.Byte(',')
		}
		first = false
		s.r.jsonSchema(it.Val, s.in)
	}
	s.r.w.Byte(']')
}

// listable says whether a value may be listed in enum.
func listable(v jsonindex.Value) bool { return v.IsString() || v.Kind() == jsonindex.Number }

// enum writes the values of a list that the upstream takes and that are of the type, which may be absent. The others are
// lost, except that null has a branch of its own beside a type.
func (s *schemaWriter) enum(v, kind jsonindex.Value) {
	c := byte('[')
	for it := v.Iter(); it.Next(); {
		if !listable(it.Val) {
			if !it.Val.IsNull() || !kind.Exists() {
				s.r.Loss(adapter.Approximated, "", s.in, "enum takes strings and numbers only")
			}
			continue
		}
		if kind.Exists() && !kind.Is("string") && (it.Val.IsString() || !kind.Is("number") && !kind.Is("integer")) ||
			kind.Is("string") && !it.Val.IsString() {
			continue
		}
		if c == '[' {
			s.key("enum")
		}
		s.r.w.Byte(c)
		s.r.w.Raw(it.Val)
		c = ','
	}
	if c == ',' {
		s.r.w.Byte(']')
	}
}

// foreign takes care of a keyword that the upstream does not take.
func (s *schemaWriter) foreign(key []byte, v jsonindex.Value) {
	kind := adapter.Approximated
	switch string(key) {
	case "$schema", "$comment", "$vocabulary", "$dynamicAnchor", "deprecated", "readOnly", "writeOnly":
		s.r.Loss(adapter.Noop, "", s.in, "annotations such as $schema are left out")
		return
	case "default", "examples", "example", "pattern", "minLength", "maxLength", "minProperties", "maxProperties", "exclusiveMinimum",
		"exclusiveMaximum", "multipleOf", "uniqueItems", "propertyNames", "contentEncoding", "contentMediaType", "nullable", "minContains",
		"maxContains", "format":
		kind = adapter.Tuned
	case "const", "type", "enum", "anyOf", "oneOf", "allOf", "not", "if", "then", "else", "patternProperties", "dependentRequired",
		"dependentSchemas", "dependencies", "contains", "unevaluatedProperties", "unevaluatedItems", "additionalItems", "contentSchema",
		"additionalProperties", "prefixItems", "items", "$ref", "$dynamicRef", "definitions":
	default:
		s.r.Loss(adapter.Noop, "", s.in, "keywords that JSON Schema does not know are left out")
		return
	}
	s.hints = append(s.hints, hint{key, v})
	const note = " is said in the description"
	for i := range s.r.Up.Losses {
		if l := &s.r.Up.Losses[i]; l.Path == s.in && l.Kind == kind && len(l.Note) == len(key)+len(note) && l.Note[:len(key)] == string(key) {
			return // before a note is put together in vain
		}
	}
	s.r.Loss(kind, "", s.in, string(key)+note)
}

// describe writes the description and, in brackets, the keywords that the upstream does not take.
func (s *schemaWriter) describe() {
	if len(s.hints) == 0 {
		if s.desc.Exists() {
			s.raw("description", s.desc)
		}
		return
	}
	s.key("description")
	s.r.w.Byte('"')
	lead := `(`
	if len(s.desc.Head()) > 0 {
		s.r.w.Inner(s.desc)
		lead = ` (`
	}
	for _, h := range s.hints {
		s.r.w.Lit(lead)
		s.r.w.EscapeBytes(h.key)
		s.r.w.Lit(`: `)
		s.r.w.Escape(h.v)
		lead = `; `
	}
	s.r.w.Lit(`)"`)
}

// key opens the next keyword.
func (s *schemaWriter) key(name string) {
	c := byte(',')
	if !s.any {
		c = '{'
	}
	s.any = true
	s.r.w.Byte(c)
	s.r.w.Byte('"')
	s.r.w.Lit(name)
	s.r.w.Lit(`":`)
}

func (s *schemaWriter) raw(name string, v jsonindex.Value) {
	s.key(name)
	s.r.w.Raw(v)
}

// keep writes a keyword as the client has it.
func (s *schemaWriter) keep(name []byte, v jsonindex.Value) {
	s.key("")
	s.r.w.Buf = append(s.r.w.Buf[:len(s.r.w.Buf)-len(`":`)], name...)
	s.r.w.Lit(`":`)
	s.r.w.Raw(v)
}

// end closes the schema.
func (s *schemaWriter) end() {
	if !s.any {
		s.r.w.Byte('{')
	}
	s.r.w.Byte('}')
}
