package openairesponses

import "github.com/claude-proxy/claude-proxy/sdk/jsonindex"

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
	if typed && listed {
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
	for it := schema.Iter(); it.Next(); {
		r.w.Byte(c)
		r.w.Byte('"')
		r.w.Bytes(it.RawKey())
		r.w.Lit(`":`)
		r.w.Raw(it.Val)
		c = ','
	}
	r.w.Byte('}')
}
