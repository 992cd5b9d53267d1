package openairesponses

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"

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
	for it := out.Format.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "type", "schema":
		default:
			r.Loss(adapter.Dropped, "output_config.format", string(it.Key()), "unknown field")
		}
	}
	return nil
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

// tier writes service_tier.
// https://platform.openai.com/docs/api-reference/responses/create#responses-create-service_tier
func (r *request) tier() {
	tier := ""
	switch v := r.in.ServiceTier; {
	case v.IsNull():
		return
	case v.Is("auto"):
		tier = "auto"
	case v.Is("standard_only"):
		tier = "default"
	default:
		r.Loss(adapter.Tuned, "", "service_tier", "unknown tier")
		return
	}
	if r.send("service_tier", "service_tier", "") {
		r.w.Lit(`,"service_tier":"`)
		r.w.Lit(tier)
		r.w.Byte('"')
	}
}
