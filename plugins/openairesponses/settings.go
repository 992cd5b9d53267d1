package openairesponses

import (
	"github.com/claude-proxy/claude-proxy/plugins/openai/platform"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// settings writes everything behind the input.
func (r *request) settings(limit int64) error {
	out, err := r.in.Output()
	if err != nil {
		return err
	}
	r.limit(limit)
	if err := r.reasoning(&out); err != nil {
		return err
	}
	if err := r.sampling(); err != nil {
		return err
	}
	if err := r.stops(); err != nil {
		return err
	}
	if err := r.format(&out); err != nil {
		return err
	}
	if r.call.Stream {
		r.w.Lit(`,"stream":true`)
		// Obfuscation pads every event against observers who measure them; TLS to an upstream has none that matter.
		if !r.dropped("stream_options") {
			r.x.sent |= sentStreamOptions
			r.w.Lit(`,"stream_options":{"include_obfuscation":false}`)
		}
	}
	r.w.Lit(`,"store":false`)
	if r.x.thinks && !r.dropped("include") {
		r.x.sent |= sentInclude
		r.w.Lit(`,"include":["reasoning.encrypted_content"]`)
	}
	if err := r.identity(); err != nil {
		return err
	}
	r.tier()
	r.Ignored(&r.in)
	return nil
}

// countSettings writes what else counts as input, and names what does not.
// https://platform.openai.com/docs/api-reference/responses/input-tokens
func (r *request) countSettings() error {
	out, err := r.in.Output()
	if err != nil {
		return err
	}
	if err := r.format(&out); err != nil {
		return err
	}
	in := &r.in
	for _, f := range [...]struct {
		v    jsonindex.Value
		name string
	}{
		{in.Thinking, "thinking"}, {out.Effort, "output_config.effort"}, {in.MaxTokens, "max_tokens"},
		{in.Temperature, "temperature"}, {in.TopP, "top_p"}, {in.TopK, "top_k"}, {in.StopSequences, "stop_sequences"},
		{in.Metadata, "metadata"}, {in.ServiceTier, "service_tier"},
	} {
		if !f.v.IsNull() {
			r.Loss(adapter.Noop, "", f.name, "does not count as input")
		}
	}
	r.Ignored(&r.in)
	return nil
}

// format writes text.format. https://platform.openai.com/docs/guides/structured-outputs
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
	r.w.Lit(`,"text":{"format":{"type":"json_schema","name":"response","schema":`)
	r.w.Raw(out.Schema)
	if r.strict(out.Schema) {
		r.x.sent |= sentStrict
		r.w.Lit(`,"strict":true}}`)
	} else {
		r.w.Lit(`,"strict":false}}`)
		r.Loss(adapter.Approximated, "output_config", "format", "the schema is not strict, so the model may stray from it")
	}
	r.OthersOf("output_config.format", out.Format, "type", "schema")
	return nil
}

// identity writes who asks: the user as a hash that names nobody, and the session, which leads to the same prompt cache.
// https://platform.openai.com/docs/guides/safety-best-practices
func (r *request) identity() error {
	user, err := platform.UserID(&r.Ledger, r.in.Metadata)
	if err != nil {
		return err
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

// tier writes service_tier.
// https://platform.openai.com/docs/api-reference/responses/create#responses-create-service_tier
func (r *request) tier() {
	v := r.in.ServiceTier
	if v.IsNull() {
		return
	}
	tier := platform.Tier(v)
	switch {
	case tier == "":
		r.Loss(adapter.Tuned, "", "service_tier", "unknown tier")
	case r.send("service_tier", "service_tier", ""):
		r.w.Lit(`,"service_tier":"`)
		r.w.Lit(tier)
		r.w.Byte('"')
	}
}
