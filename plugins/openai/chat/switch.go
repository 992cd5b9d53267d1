package chat

import (
	"strconv"

	"github.com/claude-proxy/claude-proxy/plugins/openai/platform"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// switchThinking writes the server's own members for reasoning: whether, how much, how hard. Thinking that the model may
// do as it likes (adaptive, or not mentioned) is left to the server.
func (r *request) switchThinking(t *messages.Thinking, effort string) error {
	th := &r.d.Thinking
	switch t.Kind {
	case messages.ThinkingDisabled, messages.ThinkingBetweenTools:
		r.thinkingOff(t, effort)
		return nil
	case messages.ThinkingUnknown:
		r.Loss(adapter.Dropped, "thinking", "type", "unknown type")
	case messages.ThinkingEnabled:
		budget, err := t.Budget()
		if err != nil {
			return err
		}
		r.member(th.On, "thinking.type")
		switch {
		case effort != "" && r.f.Efforts != nil:
			r.Loss(adapter.Tuned, "thinking", "budget_tokens", "the effort counts")
		case th.Budget != nil:
			r.budget(budget)
		case r.f.Efforts == nil:
			r.Loss(adapter.Tuned, "thinking", "budget_tokens", "no such parameter")
		default:
			effort = platform.BudgetEffort(budget)
			r.Loss(adapter.Tuned, "thinking", "budget_tokens", "expressed as reasoning effort "+effort)
		}
	}
	switch {
	case effort == "":
	case r.f.Efforts == nil:
		r.Loss(adapter.Tuned, "output_config", "effort", "no such parameter")
	default:
		r.writeEffort(effort)
	}
	return nil
}

const cannotStop = "the upstream cannot be told not to think"

// thinkingOff turns reasoning off.
func (r *request) thinkingOff(t *messages.Thinking, effort string) {
	if effort != "" {
		r.Loss(adapter.Tuned, "output_config", "effort", "thinking is off")
	}
	if t.Kind == messages.ThinkingBetweenTools {
		r.Loss(adapter.Tuned, "thinking", "type", "off altogether")
	}
	switch off := r.d.Thinking.Off; {
	case off.Name != "":
		r.member(off, "thinking.type")
	case len(r.f.Efforts) > 0:
		r.writeEffort("none")
	default:
		r.Loss(adapter.Tuned, "thinking", "type", cannotStop)
	}
}

// member writes a member of the body that stands for the client's field.
func (r *request) member(m Member, field string) {
	if m.Name == "" || !r.send(m.Name, field, "") {
		return
	}
	r.w.Byte(',')
	r.w.Quote(m.Name)
	r.w.Byte(':')
	r.w.Lit(m.Value)
}

// budget writes how many tokens reasoning may take: fewer than the whole answer.
func (r *request) budget(tokens int64) {
	path := r.d.Thinking.Budget
	if r.most > 1 && tokens >= r.most {
		tokens = r.most - 1
		r.Loss(adapter.Tuned, "thinking", "budget_tokens", "limited to "+strconv.FormatInt(tokens, 10))
	}
	if !r.send(path[0], "thinking.budget_tokens", "") {
		return
	}
	r.path(path)
	r.w.Int(tokens)
	r.endPath(path)
}
