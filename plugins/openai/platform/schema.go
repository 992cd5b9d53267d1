package platform

import "github.com/claude-proxy/claude-proxy/sdk/jsonindex"

// WriteParameters writes a tool's schema as the parameters of a function, byte for byte but for what [BeginParameters] adds.
func WriteParameters(w *jsonindex.Writer, schema jsonindex.Value) {
	c := BeginParameters(w, schema)
	if c == '{' {
		w.Raw(schema)
		return
	}
	for it := schema.Iter(); it.Next(); {
		w.Byte(c)
		w.Byte('"')
		w.Bytes(it.RawKey())
		w.Lit(`":`)
		w.Raw(it.Val)
		c = ','
	}
	w.Byte('}')
}

// BeginParameters opens the parameters of a function, which must name a type and properties: where the schema lacks one, an
// empty one is put in front. It returns what stands in front of the schema's first member: '{' when nothing was lacking.
func BeginParameters(w *jsonindex.Writer, schema jsonindex.Value) byte {
	typed, listed := false, false
	for it := schema.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "type":
			typed = true
		case "properties":
			listed = true
		}
	}
	c := byte('{')
	if !typed {
		w.Lit(`{"type":"object"`)
		c = ','
	}
	if !listed {
		w.Byte(c)
		w.Lit(`"properties":{}`)
		c = ','
	}
	return c
}
