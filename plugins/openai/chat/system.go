package chat

import (
	"bytes"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// system writes the system prompt as the first message.
func (r *request) system() error {
	v := r.in.System
	skip := r.billing(v)
	asUser := r.f.SystemRole == roleUser
	if asUser {
		r.beginUser(r.in.Iter(), true)
	} else {
		r.begin(r.f.SystemRole, r.flatText(v))
	}
	blocks := r.in.SystemBlocks()
	for blocks.Next() {
		b := &blocks.Block
		if b.Type != messages.BlockText {
			return messages.Invalid(b.V, "the system prompt holds text blocks only")
		}
		if skip == len(b.Text.Head()) && skip > 0 {
			skip = 0
			continue
		}
		if asUser {
			r.tagged(b.Text, skip, "system", "")
		} else if skip > 0 {
			r.beginText()
			r.w.InnerFrom(b.Text, skip)
			r.endText()
		} else {
			r.text(b.Text)
		}
		skip = 0
		if err := r.textFields(b, "system"); err != nil {
			return err
		}
	}
	if err := blocks.Err(); err != nil {
		return err
	}
	if err := r.tellSchema(); err != nil {
		return err
	}
	if !asUser {
		r.end()
	}
	return nil
}

// tellSchema asks for structured output in words, where the upstream takes no schema.
func (r *request) tellSchema() error {
	if !r.d.JSONObject || r.d.JSONSchema {
		return nil
	}
	out, err := r.in.Output()
	if err != nil || !out.Schema.Exists() {
		return err
	}
	r.beginText()
	r.w.Lit(`Answer with a single JSON object that fits this JSON Schema, and with nothing else:\n`)
	r.w.Escape(out.Schema)
	r.endText()
	return nil
}

// roleUser is the role that system text has where a server knows no other.
const roleUser = "user"

// tagged writes system text, but for its first skip bytes, as user text in a tag. in and field name its place for the ledger.
func (r *request) tagged(text jsonindex.Value, skip int, in, field string) {
	if len(text.Head()) <= skip {
		return
	}
	if field == "" {
		in, field = "", in
	}
	r.Loss(adapter.Approximated, in, field, "a system message became user text in a tag")
	r.beginText()
	r.w.Lit(`<system>\n`)
	r.w.InnerFrom(text, skip)
	r.w.Lit(`\n</system>`)
	r.endText()
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
	r.Loss(adapter.Noop, "", "system", "without the billing line")
	n := bytes.Index(head, []byte(`\n`))
	if n < 0 {
		if first.IsExtern() {
			return 0 // no line of Claude Code's
		}
		return len(head)
	}
	for bytes.HasPrefix(head[n:], []byte(`\n`)) {
		n += 2
	}
	return n
}

// systemMessage writes the system message at which it stands in its place; behind the results, if there are any.
func (r *request) systemMessage(it *messages.MessageIter) error {
	const in = "messages.content"
	m := &it.Message
	if r.d.SystemInline {
		r.endUser()
		r.begin(r.f.SystemRole, r.flatText(m.Content))
	} else {
		r.beginUser(*it, false)
	}
	blocks := m.Blocks()
	for blocks.Next() {
		b := &blocks.Block
		switch b.Type {
		case messages.BlockText:
		case messages.BlockToolAddition, messages.BlockToolRemoval:
			if r.toolChanges() == nil {
				return r.lookAtTools()
			}
			r.Loss(adapter.Approximated, in, "tool", "the tools of the last turn count for all")
			continue
		default:
			return messages.Invalid(b.V, "a system message holds text blocks only")
		}
		if r.d.SystemInline {
			r.text(b.Text)
		} else {
			r.tagged(b.Text, 0, "messages", "role")
		}
		if err := r.textFields(b, in); err != nil {
			return err
		}
	}
	if r.d.SystemInline {
		r.end()
	}
	return blocks.Err()
}
