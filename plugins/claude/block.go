package claude

import (
	"bytes"
	"slices"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

const (
	// maxOpen bounds the blocks that are open at a time. Claude has one.
	maxOpen = 64
	// maxBlocks bounds the blocks of an answer, as the host does.
	maxBlocks = 4096
	// maxCalls bounds the tool calls of an answer, whose ids are compared one by one.
	maxCalls = 1024
	// maxGathered bounds what is held back of an answer: signatures and blocks that go out whole.
	maxGathered = 32 << 20
)

// blockKind says how a block of a stream is passed on.
type blockKind uint8

const (
	textBlock blockKind = iota
	thinkingBlock
	toolBlock
	saidBlock   // whole at its start, nothing more to say
	opaqueBlock // gathered, and passed on as it is when it stops
)

// block is a content block that has begun and not stopped.
type block struct {
	index     int64 // the upstream's
	number    int   // ours
	kind      blockKind
	said      bool   // the host knows of the block
	signature []byte // of thinking, as pieces come
	// input is of a tool call what its start held, until deltas come; of an opaque block what deltas say.
	input []byte
	// raw is the start of an opaque block; content and encrypted are what deltas say of these members.
	raw, content, encrypted []byte
}

// begin takes a block at its start. What a start already holds counts as a first delta.
// https://docs.claude.com/en/api/messages#response-content
func (x *exchange) begin(b *block, v jsonindex.Value, out *ops.Emitter) error {
	c := readContent(v)
	switch string(c.kind) {
	case "text":
		b.kind = textBlock
		b.said = x.text(b.number, &c, out)
	case "thinking":
		b.kind = thinkingBlock
		x.unknown(&c, out)
		b.said = !c.text.Is("") && out.Thinking(b.number, c.text)
		return x.gather(&b.signature, c.signature)
	case "redacted_thinking":
		b.kind = saidBlock
		return x.redacted(b.number, &c, out)
	case "tool_use":
		if c.plain() {
			b.kind = toolBlock
			b.said = true
			b.input = slices.Clone(c.args())
			if err := x.holding(len(b.input)); err != nil {
				return err
			}
			return x.call(b.number, &c, out)
		}
		b.kind = opaqueBlock
		if _, _, err := x.newCall(&c); err != nil {
			return err
		}
		return x.hold(b, v)
	case "":
		return adapter.Fail(adapter.Protocol, "", "the upstream began a content block without a type")
	default:
		b.kind = opaqueBlock
		return x.hold(b, v)
	}
	return nil
}

// newBlock counts a block.
func (x *exchange) newBlock() error {
	if x.begun++; x.begun > maxBlocks {
		return adapter.Fail(adapter.Protocol, "", "the upstream sent more than %d content blocks", maxBlocks)
	}
	return nil
}

// newCall takes note of a tool call, whose id must be new in the answer, since results are given by it.
func (x *exchange) newCall(c *content) (id, name string, err error) {
	id, _ = c.id.Text()
	name, _ = c.name.Text()
	switch {
	case id == "" || name == "":
		return "", "", adapter.Fail(adapter.Protocol, "", "the upstream made a tool call without an id or a name")
	case slices.Contains(x.answer.calls, id):
		return "", "", adapter.Fail(adapter.Protocol, "", "the upstream made two tool calls with the same id")
	case len(x.answer.calls) == maxCalls:
		return "", "", adapter.Fail(adapter.Protocol, "", "the upstream made more than %d tool calls", maxCalls)
	}
	x.answer.calls = append(x.answer.calls, id)
	return id, name, nil
}

// call begins a tool call. Its arguments come after it.
func (x *exchange) call(number int, c *content, out *ops.Emitter) error {
	id, name, err := x.newCall(c)
	if err == nil {
		out.ToolStart(number, id, name)
	}
	return err
}

// close ends the ith open block.
func (x *exchange) close(i int, out *ops.Emitter) error {
	b := x.open[i]
	x.open = slices.Delete(x.open, i, i+1)
	x.gathered -= len(b.signature) + len(b.raw) + len(b.input) + len(b.content) + len(b.encrypted)
	switch {
	case b.kind == opaqueBlock:
		return x.release(&b, out)
	case b.kind == thinkingBlock && len(b.signature) > 0:
		out.SignatureString(b.number, string(b.signature))
		b.said = true
	case b.kind == toolBlock && len(b.input) > 0:
		out.ToolArgsRaw(b.number, b.input)
	}
	if b.said {
		out.BlockEnd(b.number)
	}
	return nil
}

// gather adds a piece of text to what is held back.
func (x *exchange) gather(dst *[]byte, v jsonindex.Value) error {
	n := len(*dst)
	*dst, _ = v.AppendText(*dst) // no string adds nothing
	return x.holding(len(*dst) - n)
}

func (x *exchange) holding(n int) error {
	if x.gathered += n; x.gathered > maxGathered {
		return adapter.Fail(adapter.Protocol, "", "the upstream sent content blocks of more than %d MiB", maxGathered>>20)
	}
	return nil
}

// hold keeps the start of an opaque block.
func (x *exchange) hold(b *block, v jsonindex.Value) error {
	raw, _ := v.Raw() // nothing is Extern in an answer
	b.raw = slices.Clone(raw)
	return x.holding(len(raw))
}

// compaction adds a summary's text and replaces its encrypted form.
func (x *exchange) compaction(b *block, summary, encrypted jsonindex.Value) error {
	x.gathered -= len(b.encrypted)
	if encrypted.IsString() {
		b.encrypted, _ = encrypted.AppendText(b.encrypted[:0])
	}
	if err := x.holding(len(b.encrypted)); err != nil {
		return err
	}
	return x.gather(&b.content, summary)
}

// release passes an opaque block on, with what its deltas said.
func (x *exchange) release(b *block, out *ops.Emitter) error {
	doc, err := jsonindex.Parse(b.raw, jsonindex.UpstreamMode())
	if err != nil {
		return adapter.Fail(adapter.Internal, "", "a content block that was JSON is none: %v", err)
	}
	v := doc.Root()
	if b.input = bytes.TrimSpace(b.input); len(b.input) > 0 {
		input, err := jsonindex.Parse(b.input, jsonindex.Mode{})
		if err != nil || input.Root().Kind() != jsonindex.Object {
			return x.half(b, v, out)
		}
	} else if v.Get("type").Is("tool_use") && v.Get("input").Kind() != jsonindex.Object {
		b.input = []byte("{}")
	}
	var w jsonindex.Writer
	w.Byte('{')
	member := func(key string) {
		if w.Len() > 1 {
			w.Byte(',')
		}
		w.Byte('"')
		w.Lit(key)
		w.Lit(`":`)
	}
	for it := v.Iter(); it.Next(); {
		switch key := string(it.Key()); {
		case key == "input" && len(b.input) > 0, key == "content" && len(b.content) > 0, key == "encrypted_content" && len(b.encrypted) > 0:
		default:
			member(string(it.RawKey()))
			w.Raw(it.Val)
		}
	}
	if len(b.input) > 0 {
		member("input")
		w.Bytes(b.input)
	}
	if len(b.content) > 0 {
		member("content")
		w.QuoteBytes(b.content)
	}
	if len(b.encrypted) > 0 {
		member("encrypted_content")
		w.QuoteBytes(b.encrypted)
	}
	w.Byte('}')
	out.Block(b.number, w.AppendTo(nil, nil))
	return nil
}

// half passes on a call whose input is not whole: cut by max_tokens, or nonsense. Only a plain tool call can be half.
func (x *exchange) half(b *block, v jsonindex.Value, out *ops.Emitter) error {
	c := readContent(v)
	if string(c.kind) != "tool_use" {
		return adapter.Fail(adapter.Protocol, "", "the upstream sent a %s block whose input is not an object", c.kind)
	}
	x.unknown(&c, out)
	id, _ := c.id.Text()
	name, _ := c.name.Text()
	out.ToolStart(b.number, id, name)
	out.ToolArgsRaw(b.number, b.input)
	out.BlockEnd(b.number)
	return nil
}
