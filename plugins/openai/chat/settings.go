package chat

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
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
	effort := r.effortOf(out)
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
	want, err := r.wanted(&t, effort)
	if err != nil || want == "" {
		return err
	}
	r.writeEffort(want)
	return nil
}

// writeEffort writes the effort of the family that comes closest to want.
func (r *request) writeEffort(want string) {
	level := r.f.nearest(want)
	switch {
	case level == want:
	case want == "none":
		r.Loss(adapter.Tuned, "thinking", "type", "the model always reasons, "+level+" is sent")
	default:
		r.Loss(adapter.Tuned, "output_config", "effort", "the model has no "+want+", "+level+" is sent")
	}
	if path := r.d.Thinking.effortPath(); r.send(path[0], "output_config.effort", "") {
		r.openPath(path)
		r.w.Lit(level)
		r.closePath(path)
	}
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

func budgetEffort(tokens int64) string {
	switch {
	case tokens <= 4096:
		return "low"
	case tokens <= 16384:
		return "medium"
	}
	return "high"
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
	for it := out.Format.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "type", "schema":
		default:
			r.Loss(adapter.Dropped, "output_config.format", string(it.Key()), "unknown field")
		}
	}
	return nil
}

// schemaFormat writes the format that binds the answer to a schema.
func (r *request) schemaFormat(out *messages.OutputConfig) {
	r.w.Lit(`,"response_format":{"type":"json_schema","json_schema":{"name":"response","schema":`)
	r.w.Raw(out.Schema)
	if r.d.Strict && fitsStrict(out.Schema, 0) && !r.dropped("strict") {
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
	var user jsonindex.Value
	for it := r.in.Metadata.Iter(); it.Next(); {
		if string(it.Key()) == "user_id" {
			user = it.Val
		} else {
			r.Loss(adapter.Noop, "metadata", string(it.Key()), "unknown field")
		}
	}
	if !user.IsNull() && !user.IsString() {
		return messages.Invalid(user, "must be a string")
	}
	if !r.d.Identity {
		if !user.IsNull() {
			r.Loss(adapter.Noop, "metadata", "user_id", "no such parameter")
		}
		return nil
	}
	if !user.IsNull() && r.send("safety_identifier", "metadata.user_id", "") {
		r.w.Lit(`,"safety_identifier":"`)
		var space [512]byte // Claude Code's are about 150 bytes long
		sum := sha256.Sum256(stablePart(space[:0], user))
		r.w.Buf = hex.AppendEncode(r.w.Buf, sum[:])
		r.w.Byte('"')
	}
	if s := r.call.Session; s != "" && r.send("prompt_cache_key", "metadata.user_id", "no prompt_cache_key: refused by the upstream") {
		if len(s) > 64 {
			s = adapter.NewID(s, "session_", 0)
		}
		r.w.Lit(`,"prompt_cache_key":`)
		r.w.Quote(s)
	}
	return nil
}

// stablePart is a user id without the session that Claude Code writes into it, so that a user stays the same one. The
// text is appended to space.
func stablePart(space []byte, v jsonindex.Value) []byte {
	text, ok := v.AppendText(space)
	if !ok {
		return v.Head()
	}
	if i := bytes.LastIndex(text, []byte("_session_")); i > 0 {
		return text[:i]
	}
	const key = `"session_id":"`
	i := bytes.Index(text, []byte(key))
	if i < 0 {
		return text
	}
	if n := bytes.IndexByte(text[i+len(key):], '"'); n >= 0 {
		text = append(text[:i], text[i+len(key)+n+1:]...)
	}
	return text
}

// tier writes service_tier. https://platform.openai.com/docs/api-reference/chat/create#chat-create-service_tier
func (r *request) tier() {
	v := r.in.ServiceTier
	if v.IsNull() {
		return
	}
	tier := ""
	switch {
	case v.Is("auto"):
		tier = "auto"
	case v.Is("standard_only"):
		tier = "default"
	}
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
