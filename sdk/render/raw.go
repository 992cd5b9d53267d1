package render

import (
	"errors"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

var (
	errRawType     = errors.New("the block needs a type")
	errRawText     = errors.New("the text block needs text")
	errRawThinking = errors.New("the thinking block needs thinking, and a signature that is a string")
	errRawData     = errors.New("the redacted_thinking block needs data")
	errRawInput    = errors.New("the tool_use block needs an input that is an object")
)

// isEmptyText says whether a raw block is a text block without text, which no client wants.
func isEmptyText(v jsonindex.Value) bool { return v.Get("type").Is("text") && v.Get("text").Is("") }

// atOnce says a block that came as one op and needs no other.
func (s *State) atOnce(dst []byte, o ops.Op) []byte {
	s.content += len(o.Data)
	dst = s.blockHead(dst)
	var v jsonindex.Value
	if o.Code == ops.Redacted {
		dst = append(dst, `{"type":"redacted_thinking","data":"`...)
		dst = appendString(dst, o)
		dst = append(dst, `"}`...)
	} else {
		// Indexed anew: the op may have waited since it was checked.
		if err := s.raw.Index(&s.doc, o.Data, jsonindex.Mode{MaxEntries: ops.MaxRawEntries}); err != nil {
			panic("BUG: a checked block is not JSON: " + err.Error())
		}
		v = s.doc.Root()
		dst = appendBlock(dst, v, !s.whole)
	}
	if s.whole {
		return dst
	}
	dst = append(dst, "}\n\n"...)
	dst = s.rawDeltas(dst, v)
	return s.blockTail(dst)
}

// appendBlock appends a raw block. In a stream a block begins empty and is filled by deltas, also where it is known whole:
// clients throw away text, thinking and input that come with its start.
func appendBlock(dst []byte, v jsonindex.Value, empty bool) []byte {
	kind := v.Get("type")
	text, thinking := kind.Is("text"), kind.Is("thinking")
	signed := false
	dst = append(dst, '{')
	for it := v.Iter(); it.Next(); {
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = append(dst, '"')
		dst = append(dst, it.RawKey()...)
		dst = append(dst, `":`...)
		key := string(it.Key())
		signed = signed || key == "signature"
		switch {
		case !empty:
		case text && key == "text", thinking && (key == "thinking" || key == "signature"):
			dst = append(dst, `""`...)
			continue
		case key == "input" && it.Val.Kind() == jsonindex.Object:
			dst = append(dst, `{}`...)
			continue
		}
		raw, _ := it.Val.Raw() // nothing is Extern in an answer
		dst = appendLine(dst, raw)
	}
	if thinking && !signed {
		dst = append(dst, `,"signature":""`...)
	}
	return append(dst, '}')
}

// rawDeltas fills a raw block that began empty.
func (s *State) rawDeltas(dst []byte, v jsonindex.Value) []byte {
	switch kind := v.Get("type"); {
	case kind.Is("text"):
		dst = s.rawString(dst, textDelta, v.Get("text"))
	case kind.Is("thinking"):
		dst = s.rawString(dst, thinkingDelta, v.Get("thinking"))
		dst = s.rawString(dst, signatureDelta, v.Get("signature"))
	}
	if input := v.Get("input"); input.Kind() == jsonindex.Object && input.Len() > 0 {
		raw, _ := input.Raw()
		dst = s.deltaHead(dst, inputDelta)
		dst = jsonindex.AppendEscaped(dst, raw)
		dst = append(dst, endOfString...)
	}
	return dst
}

func (s *State) rawString(dst []byte, delta string, v jsonindex.Value) []byte {
	inner, ok := v.Inner()
	if !ok || len(inner) == 0 {
		return dst
	}
	dst = s.deltaHead(dst, delta)
	dst = append(dst, inner...)
	return append(dst, endOfString...)
}
