package chat

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

const inResult = "messages.content.content"

// results writes a tool message for every call of the last assistant message, from the results in the messages up to the
// next assistant message. rest counts what those messages hold besides; more says that the assistant message exists.
func (r *request) results(it *messages.MessageIter) (rest int, more bool, err error) {
	for more = true; more && it.Message.Role != messages.Assistant; more = it.Next() {
		m := &it.Message
		if m.Role == messages.System {
			rest++
			continue
		}
		if err := r.MessageFields(m, &r.effort); err != nil {
			return 0, false, err
		}
		blocks := m.Blocks()
		for blocks.Next() {
			b := &blocks.Block
			if b.Type != messages.BlockToolResult || r.isRepeated(b) {
				rest++
				continue
			}
			i := r.turn.find(b.ToolUseID)
			switch {
			case i < 0:
				r.turn.orphans = append(r.turn.orphans, b.V.Entry())
				rest++
			case r.turn.calls[i].result != 0:
				r.repeat(r.turn.calls[i].result, b)
				rest++
			default:
				r.turn.calls[i].result = b.V.Entry()
				r.turn.next = i + 1
				moved, err := r.result(b, &r.turn.calls[i])
				if err != nil {
					return 0, false, err
				}
				rest += moved
			}
		}
		if err := blocks.Err(); err != nil {
			return 0, false, err
		}
	}
	if err := r.unanswered(); err != nil {
		return 0, false, err
	}
	return rest, more, it.Err()
}

// repeat notes that a call was answered again: the last result counts, at the place of the first.
func (r *request) repeat(first uint32, b *messages.Block) {
	known := r.learn()
	if known.replaced == nil {
		known.replaced, known.repeated = map[uint32]messages.Block{}, map[uint32]bool{}
	}
	known.replaced[first] = *b
	known.repeated[b.V.Entry()] = true
	r.stale = true
}

// unanswered supplies a result to calls that have none, as the upstream demands one for each.
func (r *request) unanswered() error {
	for i := range r.turn.calls {
		c := &r.turn.calls[i]
		if c.result != 0 {
			continue
		}
		r.Loss(adapter.Approximated, "messages", "content", "a tool call without a result got an empty one")
		r.object(`{"role":"tool","tool_call_id":"`)
		if err := r.idOf(c); err != nil {
			return err
		}
		r.w.Lit(`","content":"(no result)"}`)
	}
	return nil
}

// result writes one tool message. moved counts the images and documents in it, which only a user message can hold.
func (r *request) result(b *messages.Block, c *toolUse) (moved int, err error) {
	if last := r.latest(b); last != b {
		r.Loss(adapter.Tuned, "messages.content", "tool_use_id", "of several results of a call the last counts")
		b = last
	}
	r.object(`{"role":"tool","tool_call_id":"`)
	if err := r.idOf(c); err != nil {
		return 0, err
	}
	r.w.Lit(`","content":`)
	r.begin("", r.flatResult(b))
	r.errorLead(b)
	moved, err = r.resultTexts(b)
	if err != nil {
		return 0, err
	}
	if err := r.resultFields(b, moved > 0 && r.msg.parts == 0); err != nil {
		return 0, err
	}
	switch {
	case r.end():
	case r.msg.lead != "":
		r.w.Lit(`"Error"}`)
	case moved > 0:
		r.w.Lit(`"(see the next message)"}`)
	default:
		r.w.Quote(r.d.EmptyResult)
		r.w.Byte('}')
	}
	return moved, nil
}

// flatResult says whether a tool message is written as one string.
func (r *request) flatResult(b *messages.Block) bool {
	if r.d.StringContent {
		return true
	}
	return !r.marked(b.CacheControl) && r.flatText(b.Content)
}

// errorLead makes the text say what is_error says, for which there is no field.
func (r *request) errorLead(b *messages.Block) {
	if b.IsError.True() {
		r.msg.lead = "Error: "
		r.Loss(adapter.Approximated, "messages.content", "is_error", "said in the text")
	}
}

// resultFields takes care of what a result holds beside its content. The mark waits when all of that follows later.
func (r *request) resultFields(b *messages.Block, later bool) error {
	if !b.ToolsetName.IsNull() {
		r.Loss(adapter.Noop, "messages.content", "toolset_name", "")
	}
	r.Others("messages.content", b.Others())
	if later {
		return nil
	}
	return r.mark(b.CacheControl, "messages.content")
}

// resultTexts writes what a result holds as text and counts what it holds besides.
func (r *request) resultTexts(b *messages.Block) (moved int, err error) {
	blocks := b.Blocks()
	loaded := false
	for blocks.Next() {
		in := &blocks.Block
		if in.Type == messages.BlockToolReference {
			r.toolReference(in, loaded)
			loaded = true
			continue
		}
		if loaded {
			r.endText()
			loaded = false
		}
		if r.attached(in) {
			moved++
			continue
		}
		if err := r.userBlock(in, inResult); err != nil {
			return 0, err
		}
	}
	if loaded {
		r.endText()
	}
	return moved, blocks.Err()
}

// toolReference writes the name of a tool that a search has loaded; following ones join the same text.
func (r *request) toolReference(b *messages.Block, following bool) {
	if following {
		r.w.Lit(`, `)
	} else {
		r.Loss(adapter.Approximated, inResult, "tool_name", "loaded tools are named in the text")
		r.beginText()
		r.w.Lit(`Loaded tools: `)
	}
	r.w.Inner(b.ToolName)
	r.Others(inResult, b.Others())
	if !b.CacheControl.IsNull() {
		r.Unmarked(inResult)
	}
}

// attached says whether a block of a result can only be sent in a user message.
func (r *request) attached(b *messages.Block) bool {
	switch b.Type {
	case messages.BlockImage:
		return true
	case messages.BlockDocument:
		return !r.flatBlock(b.V)
	}
	return false
}

// resultLeftovers writes what a result leaves to the user message behind the tool messages: its images and documents;
// and everything when no call knows the result.
func (r *request) resultLeftovers(b *messages.Block, answered bool) error {
	t := &r.turn
	switch {
	case !answered, t.orphan < len(t.orphans) && t.orphans[t.orphan] == b.V.Entry():
		if answered {
			t.orphan++
		}
		return r.orphanResult(b)
	case r.isRepeated(b):
		return nil
	}
	b = r.latest(b)
	blocks := b.Blocks()
	texts, moved := false, false
	for blocks.Next() {
		in := &blocks.Block
		if !r.attached(in) {
			texts = texts || in.Type != messages.BlockText || len(in.Text.Head()) > 0
			continue
		}
		moved = true
		r.Loss(adapter.Approximated, "messages.content", "content", "images and documents of results moved to a user message")
		r.beginText()
		if in.Type == messages.BlockImage {
			r.w.Lit(`Image from tool call `)
		} else {
			r.w.Lit(`Document from tool call `)
		}
		if err := r.callID(b.ToolUseID); err != nil {
			return err
		}
		r.w.Byte(':')
		r.endText()
		if err := r.userBlock(in, inResult); err != nil {
			return err
		}
	}
	if err := blocks.Err(); err != nil || texts || !moved {
		return err
	}
	return r.mark(b.CacheControl, "messages.content")
}

// orphanResult tells a result that answers no call as text: the upstream would refuse it as a tool message.
func (r *request) orphanResult(b *messages.Block) error {
	r.Loss(adapter.Approximated, "messages.content", "tool_use_id", "a result without its call became user text")
	r.beginText()
	r.w.Lit(`Result of tool call `)
	if err := r.callID(b.ToolUseID); err != nil {
		return err
	}
	r.w.Byte(':')
	r.endText()
	r.errorLead(b)
	blocks := b.Blocks()
	for blocks.Next() {
		in := &blocks.Block
		if in.Type == messages.BlockToolReference {
			r.toolReference(in, false)
			r.endText()
			continue
		}
		if err := r.userBlock(in, inResult); err != nil {
			return err
		}
	}
	if err := blocks.Err(); err != nil {
		return err
	}
	if r.msg.lead != "" {
		r.beginText()
		r.w.Lit(`(no text)`)
		r.endText()
	}
	return r.resultFields(b, false)
}

// idOf writes the id of a call, and of the result that answers it. Calls of one turn must not share theirs.
func (r *request) idOf(c *toolUse) error {
	if c.twin == 0 {
		return r.callID(c.id)
	}
	text, ok := c.id.Text()
	if !ok {
		return messages.Invalid(c.id, "is too long for an id")
	}
	r.w.Lit(adapter.NewID(text, "call_", c.twin))
	return nil
}

// callID writes the upstream's form of a call's id, without quotes.
func (r *request) callID(id jsonindex.Value) error {
	raw := id.Head()
	limit := r.d.CallIDLimit
	mine, same := raw, !isForeign(raw)
	if carriesPlain(raw) {
		mine, same = own(raw), true
	}
	if same && id.Kind() == jsonindex.String && (limit == 0 || len(mine) <= limit) {
		r.w.Bytes(mine)
		return nil
	}
	text, ok := id.Text()
	if !ok {
		return messages.Invalid(id, "is too long for an id")
	}
	r.w.EscapeBytes([]byte(upstreamID(text, limit)))
	return nil
}
