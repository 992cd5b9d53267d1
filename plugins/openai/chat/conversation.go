package chat

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// turn is the last assistant message and what answers it.
type turn struct {
	pieces []piece
	calls  []toolUse
	// thoughts is reasoning that may go back; state is that of the next call.
	thoughts []thought
	state    carried
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
	// state is the upstream's own note about the call.
	state carried
	// result is the entry of the block that answers it, 0 as long as there is none.
	result uint32
	// twin counts the calls before it in the turn that have the same id.
	twin int
	// same is the number plus one of the next call with the same id; only with turn.byID.
	same int
}

// beginUser begins a user message that goes on until the next user message is written, or all up to the next assistant
// message where the server wants them as one. it stands at the first message of these or, with ahead, in front of it.
func (r *request) beginUser(it messages.MessageIter, ahead bool) {
	if r.open {
		return
	}
	r.open = true
	n, flat, more := 0, true, true
	if ahead {
		n, more = 1, it.Next()
	}
	for ; more && it.Message.Role != messages.Assistant; more = it.Next() {
		n++
		flat = flat && r.flatUser(it.Message.Content)
		if it.Message.Role == messages.User && !r.d.Alternate {
			break
		}
	}
	r.begin(roleUser, flat && (n <= 1 || r.d.StringContent))
}

// endUser ends the user message that beginUser began.
func (r *request) endUser() {
	if r.open {
		r.end()
		r.open = false
	}
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
		r.Loss(adapter.Tuned, in, "citations", "the text is sent without")
	}
	return r.blockFields(b, in)
}

// blockFields takes care of what any block may hold: the mark and fields that nobody knows.
func (r *request) blockFields(b *messages.Block, in string) error {
	r.Others(in, b.Others())
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
			r.endUser()
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
		if err := r.MessageFields(m, &r.effort); err != nil {
			return false, err
		}
		if m.Role == messages.System {
			err = r.systemMessage(it)
		} else {
			err = r.userMessage(it, answered)
		}
		if err != nil {
			return false, err
		}
	}
	r.endUser()
	r.turn.calls = r.turn.calls[:0]
	return more, it.Err()
}

// userMessage writes the user message at which it stands. With answered, the results in it that answer a call are written
// already.
func (r *request) userMessage(it *messages.MessageIter, answered bool) error {
	const in = "messages.content"
	r.beginUser(*it, false)
	blocks := it.Message.Blocks()
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
	if !r.d.Alternate {
		r.endUser()
	}
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
