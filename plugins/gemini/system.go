package gemini

import (
	"bytes"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// system writes systemInstruction: the system prompt and the system messages that stand before the first answer. Later
// ones stay in their place, so that what was written before stays as it is.
func (r *request) system() error {
	skip := r.billing(r.in.System)
	opened := false
	blocks := r.in.SystemBlocks()
	for blocks.Next() {
		b := &blocks.Block
		if b.Type != messages.BlockText {
			return messages.Invalid(b.V, "the system prompt holds text blocks only")
		}
		switch {
		case skip == 0 || skip < len(b.Text.Head()):
			opened = r.systemPart(b.Text, skip, opened)
		}
		skip = 0
		if err := r.textFields(b, "system"); err != nil {
			return err
		}
	}
	if err := blocks.Err(); err != nil {
		return err
	}
	it := r.in.Iter()
	for it.Next() && it.Message.Role != messages.Assistant {
		if it.Message.Role != messages.System {
			continue
		}
		var err error
		if opened, err = r.earlySystem(&it.Message, opened); err != nil {
			return err
		}
	}
	if opened {
		r.w.Lit(`}]},`)
	}
	return it.Err()
}

// systemPart writes a text of the system prompt without its first bytes.
func (r *request) systemPart(v jsonindex.Value, skip int, opened bool) bool {
	if len(v.Head()) == 0 {
		return opened
	}
	if opened {
		r.w.Lit(`},{"text":"`)
	} else {
		r.w.Lit(`"systemInstruction":{"parts":[{"text":"`)
	}
	r.w.InnerFrom(v, skip)
	r.w.Byte('"')
	return true
}

// billing is the length of the line that Claude Code puts first into its system prompt. It differs from conversation to
// conversation, so that upstream caches would never hit, and means nothing to anybody but Claude.
func (r *request) billing(system jsonindex.Value) int {
	first := system
	if system.Kind() == jsonindex.Array {
		first = system.At(0).Get("text")
	}
	head := first.Head()
	if !bytes.HasPrefix(head, []byte("x-anthropic-billing-header:")) {
		return 0
	}
	n := bytes.Index(head, []byte(`\n`))
	if n < 0 && first.IsExtern() {
		return 0 // no line of Claude Code's
	}
	r.Loss(adapter.Noop, "", "system", "without the billing line")
	if n < 0 {
		return len(head)
	}
	for bytes.HasPrefix(head[n:], []byte(`\n`)) {
		n += 2
	}
	return n
}

// earlySystem writes a system message from before the first answer.
func (r *request) earlySystem(m *messages.Message, opened bool) (bool, error) {
	blocks := m.Blocks()
	for blocks.Next() {
		b := &blocks.Block
		changes, err := r.systemBlock(b)
		switch {
		case err != nil:
			return false, err
		case changes:
			continue
		}
		r.Loss(adapter.Noop, "messages", "role", "a system message before the first answer joined the system prompt")
		opened = r.systemPart(b.Text, 0, opened)
		if err := r.textFields(b, "messages.content"); err != nil {
			return false, err
		}
	}
	return opened, blocks.Err()
}

// systemBlock checks a block of a system message and says whether it changes the tools instead of saying something.
func (r *request) systemBlock(b *messages.Block) (changes bool, err error) {
	switch b.Type {
	case messages.BlockText:
		return false, nil
	case messages.BlockToolAddition, messages.BlockToolRemoval:
		if r.changes == nil {
			if r.changes, err = r.ReadToolChanges(&r.in); err != nil {
				return false, err
			}
			return false, again{}
		}
		r.Loss(adapter.Approximated, "messages.content", "tool", "the tools of the last turn count for all")
		return true, nil
	}
	return false, messages.Invalid(b.V, "a system message holds text blocks only")
}

// lateSystem writes a system message from behind the first answer as user text in a tag: the upstream has no such role.
func (r *request) lateSystem(m *messages.Message) error {
	blocks := m.Blocks()
	for blocks.Next() {
		b := &blocks.Block
		changes, err := r.systemBlock(b)
		switch {
		case err != nil:
			return err
		case changes:
			continue
		}
		if len(b.Text.Head()) > 0 {
			r.Loss(adapter.Approximated, "messages", "role", "a system message became user text in a tag")
			r.beginText(user)
			r.w.Lit(`<system>\n`)
			r.w.Inner(b.Text)
			r.w.Lit(`\n</system>`)
			r.endText()
		}
		if err := r.textFields(b, "messages.content"); err != nil {
			return err
		}
	}
	return blocks.Err()
}
