package chat

import (
	"github.com/claude-proxy/claude-proxy/plugins/openai/platform"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// reasoning writes reasoning_effort, which stands for thinking and effort together.
// https://platform.openai.com/docs/guides/reasoning
func (r *request) reasoning(out *messages.OutputConfig) error {
	t, err := r.in.ThinkingConfig()
	if err != nil {
		return err
	}
	r.Others("thinking", t.Others())
	switch {
	case !t.Display.Exists():
	case !r.d.tells():
		r.Loss(adapter.Noop, "thinking", "display", "no reasoning text is returned")
	case t.Display.Is("omitted"):
		r.Loss(adapter.Tuned, "thinking", "display", "reasoning text is returned all the same, as it has to come back")
	default:
		r.Loss(adapter.Noop, "thinking", "display", "reasoning text is returned as it is")
	}
	if !r.effort.IsNull() {
		if !out.Effort.IsNull() {
			r.Loss(adapter.Noop, "output_config", "effort", "the last system message has its own")
		}
		out.Effort = r.effort
	}
	effort := platform.EffortOf(&r.Ledger, out)
	if r.d.Thinking.switches() {
		return r.switchThinking(&t, effort)
	}
	if r.f.Efforts == nil {
		if effort != "" {
			r.Loss(adapter.Tuned, "output_config", "effort", "not taken by this model")
		}
		switch off := t.Kind == messages.ThinkingDisabled || t.Kind == messages.ThinkingBetweenTools; {
		case t.Kind == messages.ThinkingEnabled:
			r.Loss(adapter.Tuned, "", "thinking", "not taken by this model")
		case off && r.d.tells():
			r.Loss(adapter.Tuned, "thinking", "type", cannotStop)
		}
		return nil
	}
	want, err := platform.Wanted(&r.Ledger, &t, effort)
	if err != nil || want == "" {
		return err
	}
	r.writeEffort(want)
	return nil
}

// writeEffort writes the effort of the family that comes closest to want.
func (r *request) writeEffort(want string) {
	level := platform.Sent(&r.Ledger, r.f.Efforts, want)
	if path := r.d.Thinking.effortPath(); r.send(path[0], "output_config.effort", "") {
		r.openPath(path)
		r.w.Lit(level)
		r.closePath(path)
	}
}

// format writes response_format. https://platform.openai.com/docs/guides/structured-outputs
func (r *request) format(out *messages.OutputConfig) error {
	r.Others("output_config", out.Others())
	if !out.TaskBudget.IsNull() {
		r.Loss(adapter.Tuned, "output_config", "task_budget", "no such parameter")
	}
	if !out.Format.Exists() {
		return nil
	}
	if !out.Schema.Exists() {
		return messages.Invalid(out.Format, "only type json_schema is known")
	}
	switch {
	case r.d.JSONSchema:
		r.schemaFormat(out)
	case r.d.JSONObject:
		r.w.Lit(`,"response_format":{"type":"json_object"}`)
		r.Loss(adapter.Approximated, "output_config", "format", "the schema is told in the prompt, so the model may stray from it")
	default:
		return r.Unsupported(out.Format, "the answer cannot be bound to a JSON schema")
	}
	r.OthersOf("output_config.format", out.Format, "type", "schema")
	return nil
}

// schemaFormat writes the format that binds the answer to a schema.
func (r *request) schemaFormat(out *messages.OutputConfig) {
	r.w.Lit(`,"response_format":{"type":"json_schema","json_schema":{"name":"response","schema":`)
	r.w.Raw(out.Schema)
	if r.d.Strict && platform.FitsStrict(out.Schema) && !r.dropped("strict") {
		r.x.sent |= sentStrict
		r.w.Lit(`,"strict":true`)
	} else {
		r.Loss(adapter.Approximated, "output_config", "format", "the schema is not strict, so the model may stray from it")
	}
	r.w.Lit(`}}`)
}

// identity writes who asks: the user as a hash that names nobody, and the session, which leads to the same prompt cache.
// https://platform.openai.com/docs/guides/safety-best-practices
func (r *request) identity() error {
	user, err := platform.UserID(&r.Ledger, r.in.Metadata)
	if err != nil {
		return err
	}
	if !r.d.Identity {
		if !user.IsNull() {
			r.Loss(adapter.Noop, "metadata", "user_id", "no such parameter")
		}
		return nil
	}
	if !user.IsNull() && r.send("safety_identifier", "metadata.user_id", "") {
		r.w.Lit(`,"safety_identifier":`)
		platform.WriteUser(r.w, user)
	}
	if s := r.call.Session; s != "" && r.send("prompt_cache_key", "metadata.user_id", "no prompt_cache_key: refused by the upstream") {
		r.w.Lit(`,"prompt_cache_key":`)
		r.w.Quote(platform.CacheKey(s))
	}
	return nil
}

// tier writes service_tier. https://platform.openai.com/docs/api-reference/chat/create#chat-create-service_tier
func (r *request) tier() {
	v := r.in.ServiceTier
	if v.IsNull() {
		return
	}
	tier := platform.Tier(v)
	switch {
	case tier == "":
		r.Loss(adapter.Tuned, "", "service_tier", "unknown tier")
	case !r.d.ServiceTier:
		r.Loss(adapter.Noop, "", "service_tier", "no such parameter")
	case r.send("service_tier", "service_tier", ""):
		r.w.Lit(`,"service_tier":"`)
		r.w.Lit(tier)
		r.w.Byte('"')
	}
}
