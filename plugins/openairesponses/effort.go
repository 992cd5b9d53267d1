package openairesponses

import (
	"github.com/claude-proxy/claude-proxy/plugins/openai/platform"
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
	effort := platform.EffortOf(&r.Ledger, out)
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
	want, err := platform.Wanted(&r.Ledger, &t, effort)
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
		member("effort", platform.Sent(&r.Ledger, r.f.efforts, want))
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
