package chat

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// manyCalls is how many calls one turn may have before they are found by a map.
const manyCalls = 64

// assistantRun writes assistant messages in a row as one, as Claude reads them, and says whether another message
// follows.
func (r *request) assistantRun(it *messages.MessageIter) (more bool, err error) {
	t := &r.turn
	*t = turn{pieces: t.pieces[:0], calls: t.calls[:0], thoughts: t.thoughts[:0], orphans: t.orphans[:0]}
	last := it.Message.V
	for more = true; more && it.Message.Role == messages.Assistant; more = it.Next() {
		last = it.Message.V
		if err := r.MessageFields(&it.Message, &r.effort); err != nil {
			return false, err
		}
		blocks := it.Message.Blocks()
		for blocks.Next() {
			if err := r.assistantBlock(&blocks.Block); err != nil {
				return false, err
			}
		}
		if err := blocks.Err(); err != nil {
			return false, err
		}
	}
	if err := it.Err(); err != nil {
		return false, err
	}
	t.findTwins()
	if err := r.writeAssistant(!more && r.continued()); err != nil {
		return false, err
	}
	if more || r.continued() {
		return more, nil
	}
	if !r.d.SendPrefill {
		return false, r.Unsupported(last, "the conversation must end with a user message, as a prefilled assistant message is not continued")
	}
	r.Loss(adapter.Approximated, "", "messages", "the prefilled answer is not continued, a new one follows")
	return false, r.unanswered()
}

// assistantBlock collects the texts and calls of an assistant message.
func (r *request) assistantBlock(b *messages.Block) error {
	const in = "messages.content"
	t := &r.turn
	switch b.Type {
	case messages.BlockText:
		if len(t.calls) > 0 && len(b.Text.Head()) > 0 {
			r.Loss(adapter.Tuned, in, "text", "text behind a tool call stands in front of it")
		}
		t.pieces = append(t.pieces, piece{text: b.Text, cacheControl: b.CacheControl})
		if b.Citations.At(0).Exists() {
			r.Loss(adapter.Tuned, in, "citations", "the text is sent without")
		}
		r.Others(in, b.Others())
		return nil
	case messages.BlockToolUse:
		t.calls = append(t.calls, toolUse{id: b.ID, name: b.Name, input: b.Input, state: t.state})
		t.state = carried{}
		r.CallFields(b)
		r.Others(in, b.Others())
		if !b.CacheControl.IsNull() {
			r.Loss(adapter.Tuned, in, "cache_control", "a tool call cannot carry a mark")
		}
		return nil
	case messages.BlockThinking:
		r.think(b)
	case messages.BlockRedactedThinking:
		r.Loss(adapter.Noop, in, "data", "reasoning of an earlier turn is not taken")
	case messages.BlockFallback:
		r.Loss(adapter.Noop, "messages", "content", "the mark of a fallback is left out")
		return nil
	case messages.BlockCompaction:
		return r.compaction(b)
	default:
		if err := r.ServerBlock(b); err != nil {
			return err
		}
		t.pieces = append(t.pieces, piece{block: b.V, cacheControl: b.CacheControl})
		return nil
	}
	r.Others(in, b.Others())
	if !b.CacheControl.IsNull() {
		r.Loss(adapter.Tuned, in, "cache_control", "the block is left out")
	}
	return nil
}

// compaction writes the summary that stands for everything before it as a user message.
func (r *request) compaction(b *messages.Block) error {
	const in = "messages.content"
	r.CompactionFields(b)
	if b.Content.IsNull() {
		r.Loss(adapter.Noop, in, "content", "an empty compaction is left out")
		return nil
	}
	r.Loss(adapter.Approximated, in, "content", "the summary of a compaction became user text")
	r.begin("user", true)
	r.beginText()
	err := foreign.WriteCompaction(r.w, b)
	r.endText()
	r.end()
	if !b.CacheControl.IsNull() {
		r.Unmarked(in)
	}
	return err
}

// writeAssistant writes what assistantBlock collected: the text, then the calls. A message that holds neither is left
// out, as the upstream would refuse it. last says that the model is to continue it.
func (r *request) writeAssistant(last bool) error {
	t := &r.turn
	r.begin("", r.flatAssistant())
	opened := r.replayInTags()
	for i := range t.pieces {
		p := &t.pieces[i]
		if p.text.Exists() && len(p.text.Head()) == 0 {
			continue
		}
		if !opened {
			r.object(`{"role":"assistant","content":`)
			opened = true
		}
		if p.text.Exists() {
			r.text(p.text)
		} else {
			r.serverBlock(p.block)
		}
		if err := r.mark(p.cacheControl, "messages.content"); err != nil {
			return err
		}
	}
	switch {
	case r.msg.parts == 0 && len(t.calls) == 0:
		if len(t.thoughts) > 0 {
			r.forget("reasoning of an earlier turn is not taken")
		}
		if len(t.pieces) > 0 {
			r.Loss(adapter.Noop, "messages", "content", "an empty message is left out")
		}
		return nil
	case r.msg.parts == 0:
		if r.d.EmptyContent {
			r.object(`{"role":"assistant","content":""`)
		} else {
			r.object(`{"role":"assistant","content":null`)
		}
	case r.msg.flat:
		r.w.Byte('"')
	default:
		r.w.Lit(`}]`)
	}
	r.replay()
	for i := range t.calls {
		if i == 0 {
			r.w.Lit(`,"tool_calls":[{"id":"`)
		} else {
			r.w.Lit(`},{"id":"`)
		}
		if err := r.writeCall(&t.calls[i], i == 0); err != nil {
			return err
		}
	}
	if len(t.calls) > 0 {
		r.w.Lit(`}]`)
	}
	if last && r.d.ContinueMark != "" {
		r.path([]string{r.d.ContinueMark})
		r.w.Lit(`true`)
	}
	r.w.Byte('}')
	return nil
}

// continued says whether the model continues the message at hand if it is the last: a text without calls.
func (r *request) continued() bool {
	return r.d.Continues && len(r.turn.calls) == 0
}

// replayInTags begins the content with the reasoning of the message, where that is how it goes back.
func (r *request) replayInTags() bool {
	t := &r.turn
	if member, _ := r.replays(); member != BackInTags || len(t.thoughts) == 0 {
		return false
	}
	r.object(`{"role":"assistant","content":`)
	r.beginText()
	r.w.Lit(r.d.Thinking.Open)
	r.w.Lit(`\n`)
	r.thoughts()
	r.w.Lit(`\n`)
	r.w.Lit(r.d.Thinking.Close)
	r.endText()
	return true
}

// flatAssistant says whether the text is written as one string.
func (r *request) flatAssistant() bool {
	t := &r.turn
	n := 0
	if member, _ := r.replays(); member == BackInTags && len(t.thoughts) > 0 {
		n++
	}
	for i := range t.pieces {
		if p := &t.pieces[i]; !p.text.Exists() || len(p.text.Head()) > 0 {
			n++
			if r.marked(p.cacheControl) && !r.d.StringContent {
				return false
			}
		}
	}
	return n <= 1 || r.d.StringContent
}

// writeCall writes a tool call behind its opening brace and the quote of its id. first says that it is the message's first.
func (r *request) writeCall(c *toolUse, first bool) error {
	if err := r.idOf(c); err != nil {
		return err
	}
	r.w.Lit(`","type":"function","function":{"name":`)
	if err := r.toolName(c.name, false); err != nil {
		return err
	}
	r.w.Lit(`,"arguments":"`)
	r.w.Escape(c.input)
	r.w.Lit(`"}`)
	r.callState(c, first)
	return nil
}

// findTwins counts calls that have the same id upstream, and makes byID where there are many, so that even thousands of calls are
// matched in linear time.
func (t *turn) findTwins() {
	if len(t.calls) <= manyCalls {
		for i := range t.calls {
			for j := range i {
				if sameID(t.calls[i].id, t.calls[j].id) {
					t.calls[i].twin++
				}
			}
		}
		return
	}
	t.byID = make(map[string]int, len(t.calls))
	last, twins := make(map[string]int, len(t.calls)), make(map[string]int, len(t.calls))
	for i := range t.calls {
		id, _ := t.calls[i].id.Text()
		if before := last[id]; before > 0 {
			t.calls[before-1].same = i + 1
		} else {
			t.byID[id] = i + 1
		}
		last[id] = i + 1
		mine := string(own([]byte(id)))
		t.calls[i].twin = twins[mine]
		twins[mine]++
	}
}

// find is the call that a result with this id answers: the first with the id that has no result yet, else any with the
// id; -1 when there is none.
func (t *turn) find(id jsonindex.Value) int {
	if t.byID != nil {
		text, _ := id.Text()
		at := t.byID[text] - 1
		if at < 0 {
			return -1
		}
		for at >= 0 && t.calls[at].result != 0 && t.calls[at].same > 0 {
			at = t.calls[at].same - 1
		}
		t.byID[text] = at + 1 // calls before it are answered
		return at
	}
	found := -1
	for n := range t.calls {
		i := (t.next + n) % len(t.calls)
		if foreign.SameText(t.calls[i].id, id) {
			if t.calls[i].result == 0 {
				return i
			}
			found = i
		}
	}
	return found
}

// sameID says whether two calls have the same id upstream.
func sameID(a, b jsonindex.Value) bool {
	if isRepeated(a.Head()) || isRepeated(b.Head()) {
		return string(own(a.Head())) == string(own(b.Head()))
	}
	return foreign.SameText(a, b)
}

// serverBlock tells what a tool of Claude's servers was asked or found as text.
func (r *request) serverBlock(b jsonindex.Value) {
	r.beginText()
	foreign.WriteServerBlock(r.w, b)
	r.endText()
}
