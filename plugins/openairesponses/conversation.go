package openairesponses

import (
	"bytes"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

const (
	userItem      = `{"type":"message","role":"user","content":`
	developerItem = `{"type":"message","role":"developer","content":`
)

// input writes instructions and input.
// https://platform.openai.com/docs/api-reference/responses/create#responses-create-input
func (r *request) input() error {
	if r.marksSystem() {
		r.w.Lit(`,"input":[`)
		r.begin(developerItem, false)
		if err := r.system(); err != nil {
			return err
		}
		r.endItem()
	} else {
		r.begin("", true)
		if err := r.system(); err != nil {
			return err
		}
		r.end()
		r.w.Lit(`,"input":[`)
	}
	if err := r.conversation(); err != nil {
		return err
	}
	r.w.Byte(']')
	return nil
}

// marksSystem says whether the system prompt carries a mark of the upstream's. Instructions cannot, a developer message in
// front of the conversation can, and means the same.
func (r *request) marksSystem() bool {
	if r.in.System.Kind() != jsonindex.Array {
		return false
	}
	for it := r.in.System.Iter(); it.Next(); {
		if r.markable(it.Val.Get("cache_control")) {
			return true
		}
	}
	return false
}

// system writes the system prompt as the content that was begun.
func (r *request) system() error {
	skip := r.billing()
	blocks := r.in.SystemBlocks()
	for blocks.Next() {
		b := &blocks.Block
		if b.Type != messages.BlockText {
			return messages.Invalid(b.V, "the system prompt holds text blocks only")
		}
		if n := len(b.Text.Head()); n > skip {
			if r.c.flat && r.c.parts == 0 {
				r.w.Lit(`,"instructions":`)
			}
			r.beginText()
			r.w.InnerFrom(b.Text, skip)
			r.endText()
			if err := r.textFields(b, "system"); err != nil {
				return err
			}
		} else {
			r.Others("system", b.Others())
		}
		skip = 0
	}
	return blocks.Err()
}

// billing is the length of the line that Claude Code puts first into its system prompt. It differs from conversation to
// conversation, so that upstream caches would never hit, and means nothing to anybody but Claude.
func (r *request) billing() int {
	first := r.in.System
	if first.Kind() == jsonindex.Array {
		first = first.At(0).Get("text")
	}
	head := first.Head()
	if !bytes.HasPrefix(head, []byte("x-anthropic-billing-header:")) {
		return 0
	}
	n := bytes.Index(head, []byte(`\n`))
	if n < 0 {
		if first.IsExtern() {
			return 0 // no line of Claude Code's
		}
		n = len(head)
	}
	for bytes.HasPrefix(head[n:], []byte(`\n`)) {
		n += 2
	}
	r.Loss(adapter.Noop, "", "system", "without the billing line")
	return n
}

// conversation writes the turns. Every run of messages between two assistant messages is looked at together, because
// the results of all calls stand directly behind them.
func (r *request) conversation() error {
	it := r.in.Iter()
	more := it.Next()
	if !more && it.Err() == nil {
		return messages.Invalid(r.in.Messages, "must hold at least one message")
	}
	for more {
		var err error
		if it.Message.Role == messages.Assistant {
			more, err = r.assistantRun(&it)
		} else {
			more, err = r.userRun(&it)
		}
		if err != nil {
			return err
		}
	}
	return it.Err()
}

// userRun writes the messages up to the next assistant message and says whether there is one.
func (r *request) userRun(it *messages.MessageIter) (more bool, err error) {
	if len(r.calls.list) > 0 {
		scan := *it
		rest, more, err := r.match(&scan)
		if err != nil {
			return false, err
		}
		if err := r.results(*it); err != nil {
			return false, err
		}
		if rest == 0 {
			*it = scan
			r.calls.reset()
			return more, nil
		}
	}
	known := len(r.calls.list) > 0
	for more = true; more && it.Message.Role != messages.Assistant; more = it.Next() {
		m := &it.Message
		if !known {
			if err := r.MessageFields(m, &r.effort); err != nil {
				return false, err
			}
		}
		if m.Role == messages.System {
			err = r.systemMessage(m)
		} else {
			err = r.userMessage(m)
		}
		if err != nil {
			return false, err
		}
	}
	r.calls.reset()
	return more, it.Err()
}

// systemMessage writes a system message in its place; behind the results, if there are any.
func (r *request) systemMessage(m *messages.Message) error {
	r.begin(developerItem, false)
	blocks := m.Blocks()
	for blocks.Next() {
		b := &blocks.Block
		switch b.Type {
		case messages.BlockText:
		case messages.BlockToolAddition, messages.BlockToolRemoval:
			if r.changes == nil {
				return r.again()
			}
			r.Loss(adapter.Approximated, inContent, "tool", "the tools of the last turn count for all")
			continue
		default:
			return messages.Invalid(b.V, "a system message holds text blocks only")
		}
		r.text(b.Text)
		if err := r.textFields(b, inContent); err != nil {
			return err
		}
	}
	r.endItem()
	return blocks.Err()
}

// userMessage writes a user message without the results in it that answer a call.
func (r *request) userMessage(m *messages.Message) error {
	r.begin(userItem, false)
	blocks := m.Blocks()
	for blocks.Next() {
		b := &blocks.Block
		var err error
		switch {
		case b.Type != messages.BlockToolResult:
			err = r.userBlock(b, inContent)
		case r.calls.pass() == orphan:
			err = r.orphanResult(b)
		}
		if err != nil {
			return err
		}
	}
	r.endItem()
	return blocks.Err()
}
