package claude

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// Whole converts a complete answer of the operation that was called.
func (x *exchange) Whole(body jsonindex.Value, out *ops.Emitter) error {
	if body.Kind() != jsonindex.Object {
		return adapter.Fail(adapter.Protocol, "", "the upstream answered %s, not an object", body.Kind())
	}
	if isError(body) {
		return x.classify(0, body, nil)
	}
	switch x.op {
	case adapter.CountTokens:
		return x.tokens(body, out)
	case adapter.Models:
		return x.models(body, out)
	}
	return x.whole(body, out)
}

// whole converts a message. https://docs.claude.com/en/api/messages#response
func (x *exchange) whole(body jsonindex.Value, out *ops.Emitter) error {
	blocks := body.Get("content")
	if blocks.Kind() != jsonindex.Array {
		return adapter.Fail(adapter.Protocol, "", "the upstream's answer is not a message: it has no content")
	}
	var id, model, usage jsonindex.Value
	for it := body.Iter(); it.Next(); {
		switch key := it.Key(); string(key) {
		case "id":
			id = it.Val
		case "model":
			model = it.Val
		case "usage":
			usage = it.Val
		case "type", "role", "content":
		default:
			if !x.answer.stop(key, it.Val) {
				x.answer.lose(out, "", key, it.Val)
			}
		}
	}
	out.Message(id, model)
	for it := blocks.Iter(); it.Next(); {
		if err := x.block(it.Val, out); err != nil {
			return err
		}
		if err := x.newBlock(); err != nil {
			return err
		}
	}
	x.answer.usage(usage, out)
	return x.answer.finish(out)
}

// block converts a complete content block.
func (x *exchange) block(v jsonindex.Value, out *ops.Emitter) error {
	c := readContent(v)
	switch string(c.kind) {
	case "text":
		x.text(x.begun, &c, out)
	case "thinking":
		x.unknown(&c, out)
		said := !c.text.Is("") && out.Thinking(x.begun, c.text)
		signed := !c.signature.Is("") && out.Signature(x.begun, c.signature)
		if said || signed {
			out.BlockEnd(x.begun)
		}
	case "redacted_thinking":
		return x.redacted(x.begun, &c, out)
	case "tool_use":
		if !c.input.IsNull() && c.input.Kind() != jsonindex.Object {
			return adapter.Fail(adapter.Protocol, "", "the upstream made a tool call whose input is %s, not an object", c.input.Kind())
		}
		if c.plain() || c.input.IsNull() {
			if err := x.call(x.begun, &c, out); err != nil {
				return err
			}
			if args := c.args(); args != nil {
				out.ToolArgsRaw(x.begun, args)
			}
			x.unknown(&c, out)
			out.BlockEnd(x.begun)
			return nil
		}
		if _, _, err := x.newCall(&c); err != nil {
			return err
		}
		raw, _ := v.Raw() // nothing is Extern in an answer
		out.Block(x.begun, raw)
	case "":
		return adapter.Fail(adapter.Protocol, "", "the upstream sent a content block without a type")
	default:
		raw, _ := v.Raw() // nothing is Extern in an answer
		out.Block(x.begun, raw)
	}
	return nil
}

// content is a content block of an answer, decoded in one pass.
type content struct {
	v    jsonindex.Value
	kind []byte // type; nil when it is missing
	// text is text or thinking, whichever the block has.
	text, citations, signature, data, id, name, input jsonindex.Value
	// others counts the members that say something and have no field here.
	others int
}

func readContent(v jsonindex.Value) (c content) {
	c.v = v
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "type":
			c.kind, _ = it.Val.Inner()
		case "text", "thinking":
			c.text = it.Val
		case "citations":
			c.citations = it.Val
		case "signature":
			c.signature = it.Val
		case "data":
			c.data = it.Val
		case "id":
			c.id = it.Val
		case "name":
			c.name = it.Val
		case "input":
			c.input = it.Val
		default:
			if meaningful(it.Key(), it.Val) {
				c.others++
			}
		}
	}
	return c
}

// meaningful says whether a member without a field says anything: null does not, nor that the model itself made a call.
func meaningful(key []byte, v jsonindex.Value) bool {
	if v.IsNull() {
		return false
	}
	return string(key) != "caller" || v.Len() != 1 || !v.Get("type").Is("direct")
}

// plain says whether nothing of the block is lost when it is passed on in the op of its type.
func (c *content) plain() bool { return c.others == 0 }

// args is the input of a tool call where it has any, nil where it is empty or no object.
func (c *content) args() []byte {
	if c.input.Kind() != jsonindex.Object || c.input.Len() == 0 {
		return nil
	}
	raw, _ := c.input.Raw() // nothing is Extern in an answer
	return raw
}

// unknown reports the members for which the op of the block's type has no room.
func (x *exchange) unknown(c *content, out *ops.Emitter) {
	if c.plain() {
		return
	}
	for it := c.v.Iter(); it.Next(); {
		switch key := it.Key(); string(key) {
		case "type", "text", "thinking", "citations", "signature", "data", "id", "name", "input":
		default:
			if meaningful(key, it.Val) {
				x.answer.lose(out, "content."+string(c.kind)+".", key, it.Val)
			}
		}
	}
}

// text passes on what there is of a text block and says whether there was anything.
func (x *exchange) text(number int, c *content, out *ops.Emitter) (said bool) {
	x.unknown(c, out)
	said = !c.text.Is("") && out.Text(number, c.text)
	for it := c.citations.Iter(); it.Next(); {
		said = x.citation(number, it.Val, out) || said
	}
	return said
}

// citation passes one citation on, if it is one.
func (x *exchange) citation(number int, v jsonindex.Value, out *ops.Emitter) bool {
	kind := v.Get("type")
	if !kind.IsString() || kind.Is("") {
		x.answer.lose(out, "content.", []byte("citations"), v)
		return false
	}
	raw, _ := v.Raw() // nothing is Extern in an answer
	out.Citation(number, raw)
	return true
}

func (x *exchange) redacted(number int, c *content, out *ops.Emitter) error {
	x.unknown(c, out)
	if !out.Redacted(number, c.data) {
		return adapter.Fail(adapter.Protocol, "", "the upstream sent a redacted_thinking block without data")
	}
	return nil
}

// tokens converts the answer of count_tokens. https://docs.claude.com/en/api/messages-count-tokens
func (x *exchange) tokens(body jsonindex.Value, out *ops.Emitter) error {
	t := ops.Unknown()
	if count(&t.Input, body.Get("input_tokens")); t.Input < 0 {
		return adapter.Fail(adapter.Protocol, "", "the upstream's count of tokens has no input_tokens")
	}
	for it := body.Iter(); it.Next(); {
		if string(it.Key()) != "input_tokens" {
			x.answer.lose(out, "", it.Key(), it.Val)
		}
	}
	out.Usage(t)
	out.Done()
	return nil
}

// models converts a page of the list of models. https://docs.claude.com/en/api/models-list
func (x *exchange) models(body jsonindex.Value, out *ops.Emitter) error {
	list := body.Get("data")
	if list.Kind() != jsonindex.Array {
		return adapter.Fail(adapter.Protocol, "", "the upstream's list of models has no data")
	}
	for it := list.Iter(); it.Next(); {
		if raw, ok := it.Val.Raw(); ok && it.Val.Kind() == jsonindex.Object {
			out.Model(raw)
		}
	}
	if body.Get("has_more").True() {
		out.Loss("data", ops.Dropped, "models beyond the first page")
	}
	out.Done()
	return nil
}
