package gemini

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

const inResult = "messages.content.content"

// results finds the result of every call of the last turn in the messages up to the next assistant message. rest counts
// what those messages hold besides; more says that the assistant message exists.
func (r *request) results(it *messages.MessageIter) (rest int, more bool, err error) {
	for more = true; more && it.Message.Role != messages.Assistant; more = it.Next() {
		m := &it.Message
		if err := r.MessageFields(m, &r.effort); err != nil {
			return 0, false, err
		}
		if m.Role == messages.System {
			rest++
			continue
		}
		blocks := m.Blocks()
		for blocks.Next() {
			b := &blocks.Block
			if b.Type != messages.BlockToolResult {
				rest++
				continue
			}
			i := r.find(b.ToolUseID)
			if i < 0 {
				rest++
				continue
			}
			c := &r.calls[i]
			if c.answered {
				r.Loss(adapter.Tuned, "messages", "content", "of several results of a call the last counts")
			}
			c.result, c.answered = *b, true
		}
		if err := blocks.Err(); err != nil {
			return 0, false, err
		}
	}
	return rest, more, it.Err()
}

// responses writes the response to every call of the turn, in the order of the calls. The upstream demands one for each.
// https://ai.google.dev/api/caching#FunctionResponse
func (r *request) responses() error {
	beside := false
	for i := range r.calls {
		c := &r.calls[i]
		r.part(user)
		r.w.Lit(`"functionResponse":{`)
		if err := r.callID(c); err != nil {
			return err
		}
		r.w.Lit(`"name":`)
		if err := r.toolName(c.name); err != nil {
			return err
		}
		if !c.answered {
			r.Loss(adapter.Approximated, "messages", "content", "a tool call without a result got an empty one")
			r.w.Lit(`,"response":{"output":"(no result)"}}`)
			continue
		}
		media, err := r.response(&c.result)
		if err != nil {
			return err
		}
		r.w.Byte('}')
		beside = beside || media && !r.f.mediaInside
	}
	if !beside {
		return nil
	}
	for i := range r.calls {
		c := &r.calls[i]
		if !c.answered {
			continue
		}
		r.Loss(adapter.Approximated, "messages.content", "content", "images and documents of results stand beside them")
		if err := r.besides(&c.result, c.name); err != nil {
			return err
		}
	}
	return nil
}

// response writes the members response and parts of a function response. media says that the result holds images or
// documents that are not text.
func (r *request) response(b *messages.Block) (media bool, err error) {
	if b.IsError.True() {
		r.w.Lit(`,"response":{"error":"`)
	} else {
		r.w.Lit(`,"response":{"output":"`)
	}
	if media, err = r.resultTexts(b); err != nil {
		return false, err
	}
	r.w.Lit(`"}`)
	if media && r.f.mediaInside {
		c := `,"parts":[{`
		if err := eachMedium(b, func(in *messages.Block) error {
			r.w.Lit(c)
			c = `},{`
			return r.nestedMedium(in)
		}); err != nil {
			return false, err
		}
		r.w.Lit(`}]`)
	}
	return media, r.resultFields(b)
}

// resultFields takes care of what a result holds beside its content.
func (r *request) resultFields(b *messages.Block) error {
	if !b.ToolsetName.IsNull() {
		r.Loss(adapter.Noop, "messages.content", "toolset_name", "")
	}
	return r.blockFields(b, "messages.content")
}

// resultTexts writes what a result holds as text inside a JSON string and says whether it holds anything else.
func (r *request) resultTexts(b *messages.Block) (media bool, err error) {
	blocks := b.Blocks()
	n, loaded := 0, false
	for blocks.Next() {
		in := &blocks.Block
		media = media || isMedium(in)
		if silent(in) {
			if in.Type == messages.BlockText {
				if err := r.textFields(in, inResult); err != nil {
					return false, err
				}
			}
			continue
		}
		following := loaded && in.Type == messages.BlockToolReference
		if n > 0 && !following {
			r.w.Lit(`\n\n`)
		}
		n++
		images, err := r.resultText(in, following)
		if err != nil {
			return false, err
		}
		media = media || images
		loaded = in.Type == messages.BlockToolReference
	}
	return media, blocks.Err()
}

// silent says whether a block of a result has no text.
func silent(b *messages.Block) bool {
	if b.Type == messages.BlockText {
		return len(b.Text.Head()) == 0
	}
	return isMedium(b) && len(b.Title.Head()) == 0 && len(b.Context.Head()) == 0
}

// resultText writes one block of a result as text, of a document that is no text only title and context. following says
// that the block before names a loaded tool too; images that the block holds images besides.
func (r *request) resultText(b *messages.Block, following bool) (images bool, err error) {
	switch b.Type {
	case messages.BlockText:
		r.w.Inner(b.Text)
		return false, r.textFields(b, inResult)
	case messages.BlockToolReference:
		if following {
			r.w.Lit(`, `)
		} else {
			r.w.Lit(`Loaded tools: `)
		}
		r.Loss(adapter.Approximated, inResult, "tool_name", "loaded tools are named in the text")
		r.w.Inner(b.ToolName)
	case messages.BlockDocument:
		if isMedium(b) {
			foreign.WriteDocumentHead(r.w, b.Title, b.Context)
			return false, nil
		}
		var s messages.Source
		if err := messages.DecodeSource(b.Source, &s); err != nil {
			return false, err
		}
		if images, err = r.documentText(b, &s, inResult); err != nil {
			return false, err
		}
	case messages.BlockSearchResult:
		if err := r.searchResult(b, inResult); err != nil {
			return false, err
		}
	default:
		return false, r.Unsupported(b.V, "a tool result with a block of type %s", foreign.BlockType(b))
	}
	return images, r.blockFields(b, inResult)
}

// eachMedium calls f for the images and documents of a result that are no text, those inside of documents included.
func eachMedium(b *messages.Block, f func(*messages.Block) error) error {
	blocks := b.Blocks()
	for blocks.Next() {
		in := &blocks.Block
		switch {
		case isMedium(in):
			if err := f(in); err != nil {
				return err
			}
		case in.Type == messages.BlockDocument:
			var s messages.Source
			if err := messages.DecodeSource(in.Source, &s); err != nil {
				return err
			}
			nested := s.Blocks()
			for nested.Next() {
				if nested.Block.Type == messages.BlockImage {
					if err := f(&nested.Block); err != nil {
						return err
					}
				}
			}
		}
	}
	return blocks.Err()
}

// nestedMedium writes an image or document of a result into the open part, and what else its block holds.
func (r *request) nestedMedium(b *messages.Block) error {
	if err := r.medium(b, inResult); err != nil {
		return err
	}
	return r.blockFields(b, inResult)
}

// besides writes the images and documents of a result as parts of their own.
func (r *request) besides(b *messages.Block, name jsonindex.Value) error {
	return eachMedium(b, func(in *messages.Block) error {
		if name.Exists() {
			r.beginText(user)
			if in.Type == messages.BlockImage {
				r.w.Lit(`Image from the call of `)
			} else {
				r.w.Lit(`Document from the call of `)
			}
			r.w.Inner(name)
			r.w.Byte(':')
			r.endText()
		}
		r.part(user)
		return r.nestedMedium(in)
	})
}

// orphanResult tells a result that answers no call as text: the upstream would refuse it as a function response.
func (r *request) orphanResult(b *messages.Block) error {
	r.Loss(adapter.Approximated, "messages.content", "tool_use_id", "a result without its call became user text")
	r.beginText(user)
	r.w.Lit(`Result of tool call `)
	r.w.Inner(b.ToolUseID)
	if b.IsError.True() {
		r.w.Lit(` (an error)`)
	}
	r.w.Lit(`:\n`)
	media, err := r.resultTexts(b)
	if err != nil {
		return err
	}
	r.endText()
	if media {
		if err := r.besides(b, jsonindex.Value{}); err != nil {
			return err
		}
	}
	return r.resultFields(b)
}
