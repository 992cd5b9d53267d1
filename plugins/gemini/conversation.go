package gemini

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// conversation writes the contents. Every run of messages between two assistant messages is looked at together, because
// the upstream wants the responses to all calls in the content behind them.
func (r *request) conversation() error {
	it := r.in.Iter()
	more := it.Next()
	if !more && it.Err() == nil {
		return messages.Invalid(r.in.Messages, "must hold at least one message")
	}
	var last jsonindex.Value
	for more {
		var err error
		if it.Message.Role == messages.Assistant {
			last = it.Message.V
			more, err = r.assistantRun(&it)
			if !more && err == nil {
				err = r.prefill(last)
			}
		} else {
			more, err = r.userRun(&it)
		}
		if err != nil {
			return err
		}
	}
	if err := it.Err(); err != nil {
		return err
	}
	if r.content.open == nobody || r.content.open == model && r.f.userLast {
		r.Loss(adapter.Approximated, "", "messages", "a user's turn was added, as the last one is empty")
		r.neutralTurn()
	}
	r.endContents()
	return nil
}

// neutralTurn writes a user's turn that says nothing.
func (r *request) neutralTurn() {
	r.part(user)
	r.w.Lit(`"text":"` + neutral + `"`)
}

// prefill takes care of a conversation that ends with an assistant message. Older models continue it; the calls in it
// need responses in any case.
func (r *request) prefill(last jsonindex.Value) error {
	if len(r.calls) == 0 && !r.f.userLast {
		return nil
	}
	if !r.o.sendPrefill {
		return r.Unsupported(last, "the conversation must end with a user message, as a prefilled assistant message is not continued")
	}
	r.Loss(adapter.Approximated, "", "messages", "the prefilled answer is not continued, a new one follows")
	if len(r.calls) > 0 {
		return r.responses()
	}
	if r.content.open == model {
		r.neutralTurn()
	}
	return nil
}

// userRun writes the messages up to the next assistant message and says whether there is one.
func (r *request) userRun(it *messages.MessageIter) (more bool, err error) {
	looked := len(r.calls) > 0
	if looked {
		scan := *it
		rest, more, err := r.results(&scan)
		if err != nil {
			return false, err
		}
		if err := r.responses(); err != nil {
			return false, err
		}
		if rest == 0 {
			*it = scan
			r.calls = r.calls[:0]
			return more, nil
		}
	}
	for more = true; more && it.Message.Role != messages.Assistant; more = it.Next() {
		m := &it.Message
		if !looked {
			if err := r.MessageFields(m, &r.effort); err != nil {
				return false, err
			}
		}
		switch {
		case m.Role == messages.User:
			err = r.userMessage(m)
		case r.answered:
			err = r.lateSystem(m)
		}
		if err != nil {
			return false, err
		}
	}
	r.calls = r.calls[:0]
	return more, it.Err()
}

// userMessage writes what a user message holds besides results that answer a call.
func (r *request) userMessage(m *messages.Message) error {
	blocks := m.Blocks()
	for blocks.Next() {
		b := &blocks.Block
		var err error
		switch {
		case b.Type != messages.BlockToolResult:
			err = r.userBlock(b, "messages.content")
		case !r.answers(b.ToolUseID):
			err = r.orphanResult(b)
		}
		if err != nil {
			return err
		}
	}
	return blocks.Err()
}
