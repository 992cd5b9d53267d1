package chat

import (
	"bytes"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// turn is the last assistant message and what answers it.
type turn struct {
	pieces []piece
	calls  []toolUse
	// byID finds calls when there are many; nil otherwise.
	byID map[string]int
	next int // the call that the next result probably answers
	// orphans are the entries of results that answer no call, in order; orphan is the place in it.
	orphans []uint32
	orphan  int
}

// piece is a part of an assistant message's text.
type piece struct {
	// text is the text; absent for a block of Claude's servers, which is then block.
	text, cacheControl jsonindex.Value
	block              jsonindex.Value
}

// toolUse is one call of the assistant's.
type toolUse struct {
	id, name, input jsonindex.Value
	// result is the entry of the block that answers it, 0 as long as there is none.
	result uint32
	// twin counts the calls before it in the turn that have the same id.
	twin int
	// same is the number plus one of the next call with the same id; only with turn.byID.
	same int
}

// system writes the system prompt as the first message.
func (r *request) system() error {
	v := r.in.System
	skip := r.billing(v)
	r.begin(r.f.SystemRole, r.flatText(v))
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
		if skip > 0 {
			r.beginText()
			r.w.InnerFrom(b.Text, skip)
			r.endText()
			skip = 0
		} else {
			r.text(b.Text)
		}
		if err := r.textFields(b, "system"); err != nil {
			return err
		}
	}
	r.end()
	return blocks.Err()
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
	r.loss(adapter.Noop, "", "system", "without the billing line")
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

// flatText says whether a content of texts is written as one string: a string is, a single block without a mark, and
// everything where the dialect knows nothing else.
func (r *request) flatText(content jsonindex.Value) bool {
	if content.Kind() != jsonindex.Array || r.d.StringContent {
		return true
	}
	if content.At(1).Exists() {
		return false
	}
	return !r.marked(content.At(0).Get("cache_control"))
}

// textFields takes care of what a text block holds beside its text.
func (r *request) textFields(b *messages.Block, in string) error {
	if !b.Citations.IsNull() && b.Citations.At(0).Exists() {
		r.loss(adapter.Tuned, in, "citations", "the text is sent without")
	}
	return r.blockFields(b, in)
}

// blockFields takes care of what any block may hold: the mark and fields that nobody knows.
func (r *request) blockFields(b *messages.Block, in string) error {
	r.others(in, b.Others())
	return r.mark(b.CacheControl, in)
}

// conversation writes the turns. Every run of messages between two assistant messages is looked at together, because
// the upstream wants the results of all calls directly behind them.
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
	if r.stale && it.Err() == nil {
		return again{}
	}
	return it.Err()
}

// messageFields takes care of what a message holds beside its content.
func (r *request) messageFields(m *messages.Message) error {
	r.others("messages", m.Others())
	if !m.ClearAt.IsNull() {
		r.loss(adapter.Tuned, "messages", "clear_at", "the text stays")
	}
	if m.OutputConfig.IsNull() {
		return nil
	}
	var out messages.OutputConfig
	if err := messages.DecodeOutputConfig(m.OutputConfig, &out); err != nil {
		return err
	}
	if !out.Effort.IsNull() {
		if !r.effort.IsNull() && r.effort != out.Effort {
			r.loss(adapter.Noop, "messages.output_config", "effort", "the last system message counts")
		}
		r.effort = out.Effort
	}
	for it := m.OutputConfig.Iter(); it.Next(); {
		if string(it.Key()) != "effort" {
			r.loss(adapter.Dropped, "messages.output_config", string(it.Key()), "unknown field")
		}
	}
	return nil
}

// userRun writes the messages up to the next assistant message and says whether there is one.
func (r *request) userRun(it *messages.MessageIter) (more bool, err error) {
	answered := len(r.turn.calls) > 0
	if answered {
		scan := *it
		rest, more, err := r.results(&scan)
		if err != nil {
			return false, err
		}
		if rest == 0 {
			*it = scan
			r.turn.calls = r.turn.calls[:0]
			return more, nil
		}
	}
	for more = true; more && it.Message.Role != messages.Assistant; more = it.Next() {
		m := &it.Message
		if err := r.messageFields(m); err != nil {
			return false, err
		}
		if m.Role == messages.System {
			err = r.systemMessage(m)
		} else {
			err = r.userMessage(m, answered)
		}
		if err != nil {
			return false, err
		}
	}
	r.turn.calls = r.turn.calls[:0]
	return more, it.Err()
}

// systemMessage writes a system message in its place; behind the results, if there are any.
func (r *request) systemMessage(m *messages.Message) error {
	const in = "messages.content"
	role, tag := r.f.SystemRole, false
	if !r.d.SystemInline {
		role, tag = "user", true
	}
	r.begin(role, r.flatText(m.Content))
	blocks := m.Blocks()
	for blocks.Next() {
		b := &blocks.Block
		switch b.Type {
		case messages.BlockText:
		case messages.BlockToolAddition, messages.BlockToolRemoval:
			if r.toolChanges() == nil {
				return r.lookAtTools()
			}
			r.loss(adapter.Approximated, in, "tool", "the tools of the last turn count for all")
			continue
		default:
			return messages.Invalid(b.V, "a system message holds text blocks only")
		}
		if tag && len(b.Text.Head()) > 0 {
			r.loss(adapter.Approximated, "messages", "role", "a system message became user text in a tag")
			r.beginText()
			r.w.Lit(`<system>\n`)
			r.w.Inner(b.Text)
			r.w.Lit(`\n</system>`)
			r.endText()
		} else {
			r.text(b.Text)
		}
		if err := r.textFields(b, in); err != nil {
			return err
		}
	}
	r.end()
	return blocks.Err()
}

// userMessage writes a user message. With answered, the results in it that answer a call are written already.
func (r *request) userMessage(m *messages.Message, answered bool) error {
	const in = "messages.content"
	r.begin("user", r.flatUser(m.Content))
	blocks := m.Blocks()
	for blocks.Next() {
		b := &blocks.Block
		var err error
		if b.Type == messages.BlockToolResult {
			err = r.resultLeftovers(b, answered)
		} else {
			err = r.userBlock(b, in)
		}
		if err != nil {
			return err
		}
	}
	r.end()
	return blocks.Err()
}

// flatUser says whether a user message is written as one string: as flatText, but only texts can be.
func (r *request) flatUser(content jsonindex.Value) bool {
	if content.Kind() != jsonindex.Array {
		return true
	}
	if !r.d.StringContent {
		return !content.At(1).Exists() && content.At(0).Get("type").Is("text") && r.flatText(content)
	}
	for it := content.Iter(); it.Next(); {
		if !r.flatBlock(it.Val) {
			return false
		}
		for in := r.latestContent(it.Val).Iter(); in.Next(); {
			if !r.flatBlock(in.Val) {
				return false
			}
		}
	}
	return true
}

// flatBlock says whether a block becomes text.
func (r *request) flatBlock(b jsonindex.Value) bool {
	switch t := b.Get("type"); {
	case t.Is("image"):
		return false
	case t.Is("document"):
		source := b.Get("source").Get("type")
		return source.Is("text") || source.Is("content") && !hasImage(b.Get("source").Get("content"))
	}
	return true
}

func hasImage(content jsonindex.Value) bool {
	for it := content.Iter(); it.Next(); {
		if it.Val.Get("type").Is("image") {
			return true
		}
	}
	return false
}
