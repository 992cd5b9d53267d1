package gemini

import (
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// The older notation is a part of OpenAPI's: one type for each schema, no references, values of enum are strings, objects
// have properties and arrays have items. https://ai.google.dev/api/caching#Schema

const (
	// maxInlined is the most schemas that one schema may become when its references are written out.
	maxInlined = 4096
	// mostLookedUp is how many properties an object may have for its required ones to be looked up among them.
	mostLookedUp = 256
	// maxReferences is how many references may lie inside each other, as in a tree that refers to itself.
	maxReferences = 6
)

// openAPIWriter writes a whole schema in the older notation.
type openAPIWriter struct {
	r       *request
	in      string
	root    jsonindex.Value
	schemas int
}

// openAPISchema writes a JSON Schema in the older notation. in names it for the ledger.
func (r *request) openAPISchema(v jsonindex.Value, in string) {
	w := openAPIWriter{r: r, in: in, root: v}
	w.schema(v, 0)
}

// openAPINode is a schema's keywords that decide how the others are written.
type openAPINode struct {
	kind              string // "" for none or several
	nullable          bool
	types             jsonindex.Value // of several types
	properties, items jsonindex.Value
	alternatives      jsonindex.Value // of anyOf, oneOf, or allOf with one schema
	enum              jsonindex.Value
	format            jsonindex.Value
}

// schema writes one schema; depth counts the references that led to it.
func (w *openAPIWriter) schema(v jsonindex.Value, depth int) {
	w.schemas++
	s := schemaWriter{r: w.r, in: w.in}
	if w.schemas > maxInlined {
		w.r.Loss(adapter.Dropped, "", w.in, "the schema is too large when its references are written out")
		s.end()
		return
	}
	if ref := v.Get("$ref"); ref.IsString() {
		w.reference(v, ref, &s, depth)
		return
	}
	n := w.look(v, &s)
	if n.kind == "object" && !hasMembers(n.properties) {
		// An object must list its properties; one of any shape is only described.
		n.kind = ""
		s.hints = append(s.hints, hint{[]byte("type"), v.Get("type")})
		w.r.Loss(adapter.Approximated, "", w.in, "an object of any shape is only described")
	}
	if n.kind != "" {
		s.key("type")
		w.r.w.Quote(n.kind)
	}
	if n.nullable {
		s.key("nullable")
		w.r.w.Lit(`true`)
	}
	w.alternatives(&n, &s, depth)
	w.object(v, &n, &s, depth)
	w.array(&n, &s, depth)
	w.enum(&n, &s)
	for it := v.Iter(); it.Next(); {
		w.keyword(it.Key(), it.Val, &n, &s)
	}
	s.describe()
	s.end()
}

// reference writes out what a reference leads to.
func (w *openAPIWriter) reference(v, ref jsonindex.Value, s *schemaWriter, depth int) {
	target := w.resolve(ref)
	if target.Kind() == jsonindex.Object && depth < maxReferences {
		if v.Len() > 1 {
			w.r.Loss(adapter.Tuned, "", w.in, "what stands beside $ref is left out")
		}
		w.schema(target, depth+1)
		return
	}
	w.r.Loss(adapter.Approximated, "", w.in, "references that cannot be written out are only described")
	s.desc = v.Get("description")
	s.hints = append(s.hints, hint{[]byte("$ref"), ref})
	s.describe()
	s.end()
}

// resolve finds a definition of the schema's own.
func (w *openAPIWriter) resolve(ref jsonindex.Value) jsonindex.Value {
	text, _ := ref.Text()
	for _, place := range [...]string{"$defs", "definitions"} {
		if name, ok := strings.CutPrefix(text, "#/"+place+"/"); ok {
			name = strings.ReplaceAll(strings.ReplaceAll(name, "~1", "/"), "~0", "~")
			return w.root.Get(place).Get(name)
		}
	}
	if text == "#" {
		return w.root
	}
	return jsonindex.Value{}
}

// look reads what decides how a schema is written.
func (w *openAPIWriter) look(v jsonindex.Value, s *schemaWriter) (n openAPINode) {
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "description":
			s.desc = it.Val
		case "type":
			w.types(it.Val, &n)
		case "nullable":
			n.nullable = n.nullable || it.Val.True()
		case "properties":
			n.properties = it.Val
		case "items":
			n.items = it.Val
		case "anyOf":
			n.alternatives = it.Val
		case "oneOf":
			if !n.alternatives.Exists() {
				n.alternatives = it.Val
			}
		case "allOf":
			if !n.alternatives.Exists() && it.Val.Len() == 1 {
				n.alternatives = it.Val
			}
		case "enum":
			n.enum = it.Val
		case "format":
			n.format = it.Val
		}
	}
	return n
}

// types reads type, which may be a list.
func (w *openAPIWriter) types(v jsonindex.Value, n *openAPINode) {
	if v.IsString() {
		if v.Is("null") {
			n.nullable = true
		} else {
			n.kind, _ = v.Text()
		}
		return
	}
	count := 0
	for i, it := 0, v.Iter(); it.Next(); i++ {
		if it.Val.Is("null") {
			n.nullable = true
		} else if text, ok := it.Val.Text(); ok && !repeated(v, i, it.Val) {
			n.kind = text
			count++
		}
	}
	if count > 1 {
		n.kind, n.types = "", v
	}
}

// hasMembers says whether v is an object or an array with anything in it.
func hasMembers(v jsonindex.Value) bool {
	it := v.Iter()
	return it.Next()
}

// unreadable says whether a type, or one of a list, is too long to be one.
func unreadable(v jsonindex.Value) bool {
	for it := v.Iter(); it.Next(); {
		if it.Val.IsExtern() {
			return true
		}
	}
	return v.IsExtern()
}

// alternatives writes anyOf.
func (w *openAPIWriter) alternatives(n *openAPINode, s *schemaWriter, depth int) {
	if !n.alternatives.At(0).Exists() {
		if n.types.Exists() {
			s.key("anyOf")
			w.typeList(n.types)
		}
		return
	}
	c, null := byte('['), false
	for it := n.alternatives.Iter(); it.Next(); {
		if it.Val.Get("type").Is("null") {
			null = true
			continue
		}
		if c == '[' {
			s.key("anyOf")
		}
		w.r.w.Byte(c)
		c = ','
		w.schema(it.Val, depth)
	}
	if c == ',' {
		w.r.w.Byte(']')
	}
	if null && !n.nullable {
		s.key("nullable")
		w.r.w.Lit(`true`)
	}
}

// typeList writes the types of a list as alternatives.
func (w *openAPIWriter) typeList(types jsonindex.Value) {
	c := byte('[')
	for i, it := 0, types.Iter(); it.Next(); i++ {
		text, ok := it.Val.Text()
		if !ok || text == "null" || text == "object" || repeated(types, i, it.Val) {
			continue
		}
		w.r.w.Byte(c)
		c = ','
		w.r.w.Lit(`{"type":`)
		w.r.w.Quote(text)
		if text == "array" {
			w.r.w.Lit(`,"items":{"type":"string"}`)
		}
		w.r.w.Byte('}')
	}
	if c == '[' {
		w.r.w.Byte(c)
	}
	w.r.w.Byte(']')
	w.r.Loss(adapter.Approximated, "", w.in, "several types became alternatives without further keywords")
}

// object writes properties, and those of required that exist.
func (w *openAPIWriter) object(v jsonindex.Value, n *openAPINode, s *schemaWriter, depth int) {
	if !hasMembers(n.properties) {
		return
	}
	s.key("properties")
	c := byte('{')
	for it := n.properties.Iter(); it.Next(); {
		w.r.w.Byte(c)
		c = ','
		w.r.w.Byte('"')
		w.r.w.Bytes(it.RawKey())
		w.r.w.Lit(`":`)
		w.schema(it.Val, depth)
	}
	w.r.w.Byte('}')
	required := v.Get("required")
	if n.properties.Len() > mostLookedUp {
		s.raw("required", required)
		return
	}
	c = '['
	for it := required.Iter(); it.Next(); {
		if name, ok := it.Val.Text(); !ok || !n.properties.Get(name).Exists() {
			continue
		}
		if c == '[' {
			s.key("required")
		}
		w.r.w.Byte(c)
		c = ','
		w.r.w.Raw(it.Val)
	}
	if c == ',' {
		w.r.w.Byte(']')
	}
}

// array writes items, which an array must have.
func (w *openAPIWriter) array(n *openAPINode, s *schemaWriter, depth int) {
	switch {
	case n.items.Kind() == jsonindex.Object:
		s.key("items")
		w.schema(n.items, depth)
	case n.kind == "array":
		s.key("items")
		w.r.w.Lit(`{"type":"string"}`)
		w.r.Loss(adapter.Approximated, "", w.in, "items of any type became strings")
	}
}

// enum writes the values of a list of strings.
func (w *openAPIWriter) enum(n *openAPINode, s *schemaWriter) {
	if !n.enum.Exists() {
		return
	}
	for it := n.enum.Iter(); it.Next(); {
		if !it.Val.IsString() && !it.Val.IsNull() {
			s.foreign([]byte("enum"), n.enum)
			return
		}
	}
	c := byte('[')
	for it := n.enum.Iter(); it.Next(); {
		if len(it.Val.Head()) == 0 {
			w.r.Loss(adapter.Tuned, "", w.in, "empty values are left out of enum")
			continue
		}
		if c == '[' {
			s.key("enum")
		}
		w.r.w.Byte(c)
		c = ','
		w.r.w.Raw(it.Val)
	}
	if c == ',' {
		w.r.w.Byte(']')
	}
}

// keyword writes what the methods above have not written.
func (w *openAPIWriter) keyword(key []byte, v jsonindex.Value, n *openAPINode, s *schemaWriter) {
	switch string(key) {
	case "description", "nullable", "properties", "required", "enum", "anyOf":
	case "type":
		if unreadable(v) {
			s.foreign(key, v)
		}
	case "title", "minItems", "maxItems", "minProperties", "maxProperties", "minimum", "maximum", "minLength", "maxLength", "pattern",
		"example", "default", "propertyOrdering":
		s.keep(key, v)
	case "format":
		switch text, _ := v.Text(); text {
		case "enum", "date-time", "float", "double", "int32", "int64":
			s.keep(key, v)
		default:
			s.foreign(key, v)
		}
	case "const":
		if v.IsString() && !n.enum.Exists() && len(v.Head()) > 0 {
			s.key("enum")
			w.r.w.Byte('[')
			w.r.w.Raw(v)
			w.r.w.Byte(']')
		} else {
			s.foreign(key, v)
		}
	case "items":
		if v.Kind() != jsonindex.Object {
			s.foreign(key, v)
		}
	case "oneOf", "allOf":
		if n.alternatives != v {
			s.foreign(key, v)
		}
	case "$defs", "definitions":
		w.r.Loss(adapter.Noop, "", w.in, "definitions stand where they are referred to")
	case "additionalProperties":
		if closed, isBool := v.Bool(); isBool && !closed {
			w.r.Loss(adapter.Noop, "", w.in, "additionalProperties false is left out")
		} else {
			s.foreign(key, v)
		}
	default:
		s.foreign(key, v)
	}
}
