package openairesponses

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// reasoning writes how much the model reasons, for which thinking and effort stand together, and how much of it is told.
// https://platform.openai.com/docs/guides/reasoning
func (r *request) reasoning(out *messages.OutputConfig) error {
	t, err := r.in.ThinkingConfig()
	if err != nil {
		return err
	}
	r.Others("thinking", t.Others())
	if !r.effort.IsNull() {
		if !out.Effort.IsNull() {
			r.Loss(adapter.Noop, "output_config", "effort", "the last system message has its own")
		}
		out.Effort = r.effort
	}
	effort := r.effortOf(out)
	if !r.f.reasons {
		r.withoutReasoning(&t, effort)
		return nil
	}
	switch t.Kind {
	case messages.ThinkingEnabled, messages.ThinkingAdaptive, messages.ThinkingUnknown:
		r.x.thinks = true
		r.x.tells = !t.Display.Is("omitted")
	default:
		if t.Display.Exists() {
			r.Loss(adapter.Noop, "thinking", "display", "there is no thinking to show")
		}
	}
	want, err := r.wanted(&t, effort)
	if err != nil {
		return err
	}
	c := byte('{')
	member := func(name, value string) {
		if c == '{' {
			r.w.Lit(`,"reasoning":`)
		}
		r.w.Byte(c)
		r.w.Quote(name)
		r.w.Byte(':')
		r.w.Quote(value)
		c = ','
	}
	if want != "" && r.send("reasoning.effort", "output_config.effort", "") {
		member("effort", r.level(want))
	}
	if r.x.tells && r.o.summary != "" && r.send("reasoning.summary", "thinking.display", "") {
		member("summary", r.o.summary)
	}
	if c == ',' {
		r.w.Byte('}')
	}
	return nil
}

// withoutReasoning records what a model that does not reason has nothing for.
func (r *request) withoutReasoning(t *messages.Thinking, effort string) {
	if effort != "" {
		r.Loss(adapter.Tuned, "output_config", "effort", "not taken by this model")
	}
	switch t.Kind {
	case messages.ThinkingUnset, messages.ThinkingDisabled:
	default:
		r.Loss(adapter.Tuned, "", "thinking", "not taken by this model")
	}
	if t.Display.Exists() {
		r.Loss(adapter.Noop, "thinking", "display", "there is no thinking to show")
	}
}

// level is the effort that is sent for the one that is wanted.
func (r *request) level(want string) string {
	level := r.f.nearest(want)
	switch {
	case level == want:
	case want == "none":
		r.Loss(adapter.Tuned, "thinking", "type", "the model always reasons, "+level+" is sent")
	default:
		r.Loss(adapter.Tuned, "output_config", "effort", "the model has no "+want+", "+level+" is sent")
	}
	return level
}

// effortOf is the effort that the client asks for outright, "" for none.
func (r *request) effortOf(out *messages.OutputConfig) string {
	switch level := out.Level(); level {
	case messages.EffortUnset:
	case messages.EffortUnknown:
		r.Loss(adapter.Dropped, "output_config", "effort", "unknown level")
	default:
		return [...]string{"", "low", "medium", "high", "xhigh", "max"}[level]
	}
	return ""
}

// wanted puts thinking and effort together: thinking that is off wins, then comes the effort, then what the thinking
// budget amounts to.
func (r *request) wanted(t *messages.Thinking, effort string) (string, error) {
	switch t.Kind {
	case messages.ThinkingDisabled, messages.ThinkingBetweenTools:
		if effort != "" {
			r.Loss(adapter.Tuned, "output_config", "effort", "thinking is off")
		}
		if t.Kind == messages.ThinkingBetweenTools {
			r.Loss(adapter.Tuned, "thinking", "type", "off altogether")
		}
		return "none", nil
	case messages.ThinkingUnknown:
		r.Loss(adapter.Dropped, "thinking", "type", "unknown type")
	case messages.ThinkingEnabled:
		budget, err := t.Budget()
		if err != nil {
			return "", err
		}
		if effort == "" {
			effort = budgetEffort(budget)
		}
		r.Loss(adapter.Tuned, "thinking", "budget_tokens", "expressed as reasoning effort "+effort)
	}
	return effort, nil
}

// budgetEffort is the effort that a thinking budget amounts to.
func budgetEffort(tokens int64) string {
	switch {
	case tokens <= 4096:
		return "low"
	case tokens <= 16384:
		return "medium"
	}
	return "high"
}
