package render

import (
	"bytes"
	"strconv"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// What follows writes the parts of an answer in either of the two ways. A stream has them as events, a whole message as
// members of one object.

const (
	blockStart = "event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":"
	blockDelta = "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"
	blockStop  = "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":"

	textDelta      = `,"delta":{"type":"text_delta","text":"`
	thinkingDelta  = `,"delta":{"type":"thinking_delta","thinking":"`
	signatureDelta = `,"delta":{"type":"signature_delta","signature":"`
	inputDelta     = `,"delta":{"type":"input_json_delta","partial_json":"`
	citationDelta  = `,"delta":{"type":"citations_delta","citation":`

	endOfString = "\"}}\n\n"
	endOfObject = "}}\n\n"
)

// head begins the block that was just opened.
func (s *State) head(dst []byte, b *block, o ops.Op) []byte {
	dst = s.blockHead(dst)
	delta := textDelta
	switch b.kind {
	case ops.Text:
		dst = append(dst, `{"type":"text","text":"`...)
	case ops.Thinking:
		dst = append(dst, `{"type":"thinking","thinking":"`...)
		delta = thinkingDelta
	case ops.ToolStart:
		id, name, _ := o.Two()
		dst = append(dst, `{"type":"tool_use","id":"`...)
		dst = jsonindex.AppendEscaped(dst, id)
		dst = append(dst, `","name":"`...)
		dst = jsonindex.AppendEscaped(dst, name)
		dst = append(dst, `","input":`...)
		delta = inputDelta
	}
	if s.whole {
		return dst
	}
	switch b.kind {
	case ops.Text:
		dst = append(dst, `"}`...)
	case ops.Thinking:
		dst = append(dst, `","signature":""}`...)
	case ops.ToolStart:
		dst = append(dst, `{}}`...)
	}
	s.prefix = append(s.prefix[:0], blockDelta...)
	s.prefix = strconv.AppendInt(s.prefix, int64(s.next-1), 10)
	s.prefix = append(s.prefix, delta...)
	return append(dst, "}\n\n"...)
}

// blockHead is what stands before the object of the block that was just opened.
func (s *State) blockHead(dst []byte) []byte {
	if s.whole {
		if s.next > 1 {
			dst = append(dst, ',')
		}
		return dst
	}
	dst = append(dst, blockStart...)
	dst = strconv.AppendInt(dst, int64(s.next-1), 10)
	return append(dst, `,"content_block":`...)
}

// delta says more of the open block.
func (s *State) delta(dst []byte, o ops.Op) []byte {
	switch {
	case !s.whole:
		dst = append(dst, s.prefix...)
		dst = appendString(dst, o)
		return append(dst, endOfString...)
	case o.Code != ops.ToolArgs:
		return appendString(dst, o)
	case o.Escaped:
		s.input = ops.AppendPlain(s.input, o.Data)
	default:
		s.input = append(s.input, o.Data...)
	}
	return dst
}

func (s *State) citation(dst []byte, o ops.Op) []byte {
	if s.whole {
		if len(s.citations) > 0 {
			s.citations = append(s.citations, ',')
		}
		s.citations = append(s.citations, o.Data...)
		return dst
	}
	dst = s.deltaHead(dst, citationDelta)
	dst = appendLine(dst, o.Data)
	return append(dst, endOfObject...)
}

// deltaHead begins a delta that is not of the open block's usual kind.
func (s *State) deltaHead(dst []byte, delta string) []byte {
	dst = append(dst, blockDelta...)
	dst = strconv.AppendInt(dst, int64(s.next-1), 10)
	return append(dst, delta...)
}

// tail ends the open block.
func (s *State) tail(dst []byte, b *block) []byte {
	if !s.whole {
		if len(s.signature) > 0 {
			dst = s.deltaHead(dst, signatureDelta)
			dst = append(dst, s.signature...)
			dst = append(dst, endOfString...)
		}
		return s.blockTail(dst)
	}
	switch b.kind {
	case ops.Text:
		dst = append(dst, '"')
		if len(s.citations) > 0 {
			dst = append(dst, `,"citations":[`...)
			dst = append(dst, s.citations...)
			dst = append(dst, ']')
		}
	case ops.Thinking:
		dst = append(dst, `","signature":"`...)
		dst = append(dst, s.signature...)
		dst = append(dst, '"')
	case ops.ToolStart:
		if b.args.Complete() {
			dst = append(dst, s.input...)
			break
		}
		dst = append(dst, `{}`...)
		if isHalf(b) { // half an object cannot be written
			s.losses.add(ops.Dropped, []byte("content.input"), []byte("the arguments were cut by max_tokens"))
		}
	}
	return append(dst, '}')
}

// blockTail is the event that ends the open block.
func (s *State) blockTail(dst []byte) []byte {
	dst = append(dst, blockStop...)
	dst = strconv.AppendInt(dst, int64(s.next-1), 10)
	return append(dst, "}\n\n"...)
}

// appendString appends a string payload as the inside of a JSON string.
func appendString(dst []byte, o ops.Op) []byte {
	if o.Escaped {
		return append(dst, o.Data...)
	}
	return jsonindex.AppendEscaped(dst, o.Data)
}

// appendLine appends a JSON text without its line breaks, which are only white space in it but would end the event's line.
func appendLine(dst, raw []byte) []byte {
	for {
		i := bytes.IndexAny(raw, "\r\n")
		if i < 0 {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:i]...)
		raw = raw[i+1:]
	}
}
