package openaicompat

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// request is one conversion. It lives as long as Begin.
type request struct {
	s    *server
	call *adapter.Call
	up   *adapter.UpstreamRequest
	w    *jsonindex.Writer
	in   messages.Request
}

// Begin writes the upstream request.
func (s *server) Begin(call *adapter.Call, up *adapter.UpstreamRequest) (adapter.Exchange, error) {
	if call.Op == adapter.Models {
		up.Method, up.Path = "GET", "/v1/models"
		return &modelList{}, nil
	}
	r := request{s: s, call: call, up: up, w: &up.Body}
	if err := messages.Decode(call.Body.Root(), &r.in); err != nil {
		return nil, err
	}
	if err := r.write(); err != nil {
		return nil, err
	}
	return &exchange{callID: call.ID}, nil
}

// write writes the body. What a conversation has in common with its next turn stands first and in the same bytes, so that
// the upstream's prompt cache finds it again.
func (r *request) write() error {
	limit, err := r.in.Limit()
	if err != nil {
		return err
	}
	r.up.Path, r.up.Stream = "/v1/chat/completions", r.call.Stream
	r.w.Lit(`{"model":`)
	r.w.Quote(r.call.Model)
	for _, part := range []func() error{r.tools, r.messages, r.choice, r.sampling, r.format, r.rest} {
		if err := part(); err != nil {
			return err
		}
	}
	if limit == 0 { // only the prompt cache is to be filled, which this server does by itself
		r.up.Loss("max_tokens", adapter.Tuned, "no cache can be filled ahead")
		r.up.Local = true
		r.up.Answer.Stop(ops.MaxTokens, "", nil)
		r.up.Answer.Done()
		return nil
	}
	if most := r.call.MaxOutputTokens; most > 0 && most < limit {
		r.up.Loss("max_tokens", adapter.Tuned, "limited by the channel")
		limit = most
	}
	r.w.Lit(`,"` + r.s.limitField + `":`)
	r.w.Int(limit)
	if r.call.Stream {
		r.w.Lit(`,"stream":true,"stream_options":{"include_usage":true}`)
	}
	r.w.Byte('}')
	return nil
}

// sampling writes the settings that both sides have.
func (r *request) sampling() error {
	for _, f := range []struct {
		name string
		v    jsonindex.Value
	}{{"temperature", r.in.Temperature}, {"top_p", r.in.TopP}} {
		if f.v.IsNull() {
			continue
		}
		if _, err := messages.Float(f.v, 0, 1); err != nil {
			return err
		}
		r.w.Lit(`,"` + f.name + `":`)
		r.w.Raw(f.v)
	}
	if !r.in.TopK.IsNull() {
		r.up.Loss("top_k", adapter.Tuned, "no such setting")
	}
	return r.stop()
}

// stop writes stop sequences. The server takes four; the proxy watches for more.
func (r *request) stop() error {
	if err := messages.Strings(r.in.StopSequences); err != nil {
		return err
	}
	n := r.in.StopSequences.Len()
	if n > 0 && n <= 4 {
		r.w.Lit(`,"stop":`)
		r.w.Raw(r.in.StopSequences)
		return nil
	}
	for it := r.in.StopSequences.Iter(); it.Next(); {
		text, ok := it.Val.Text()
		if !ok {
			return messages.Invalid(it.Val, "too long for a stop sequence")
		}
		r.up.StopSequences = append(r.up.StopSequences, text)
	}
	return nil
}

// format writes the wish for structured output.
func (r *request) format() error {
	out, err := r.in.Output()
	if err != nil {
		return err
	}
	for _, m := range out.Others() {
		r.up.Loss("output_config."+m.Name, adapter.Dropped, "unknown here")
	}
	if !out.Effort.IsNull() {
		r.up.Loss("output_config.effort", adapter.Tuned, "no such setting")
	}
	if !out.TaskBudget.IsNull() {
		r.up.Loss("output_config.task_budget", adapter.Tuned, "no such setting")
	}
	switch {
	case !out.Format.Exists():
	case !out.Schema.Exists():
		return adapter.Fail(adapter.Unsupported, messages.Path(out.Format), "this server knows only json_schema")
	default:
		r.w.Lit(`,"response_format":{"type":"json_schema","json_schema":{"name":"answer","schema":`)
		r.w.Raw(out.Schema)
		r.w.Lit(`}}`)
	}
	return nil
}

// rest goes through what has no counterpart. What would change the meaning of the answer is refused, so that another
// channel may serve it; everything else is a loss with a name.
func (r *request) rest() error {
	in := &r.in
	for _, f := range []struct {
		name string
		v    jsonindex.Value
		kind adapter.LossKind
		note string
	}{
		{"thinking", in.Thinking, adapter.Tuned, "the server thinks as it likes"},
		{"metadata", in.Metadata, adapter.Noop, "no such field"},
		{"service_tier", in.ServiceTier, adapter.Noop, "no such field"},
		{"cache_control", in.CacheControl, adapter.Noop, "the server caches prompts by itself, or not at all"},
		{"inference_geo", in.InferenceGeo, adapter.Dropped, "no such field"},
		{"speed", in.Speed, adapter.Tuned, "no such field"},
		{"diagnostics", in.Diagnostics, adapter.Noop, "no such field"},
		{"context_management", in.ContextManagement, adapter.Tuned, "the whole conversation is sent"},
		{"compaction", in.Compaction, adapter.Dropped, "no such field"},
		{"fallbacks", in.Fallbacks, adapter.Tuned, "the proxy has its own"},
		{"fallback_credit_token", in.FallbackCreditToken, adapter.Noop, "no such field"},
		{"billing_policy", in.BillingPolicy, adapter.Noop, "no such field"},
	} {
		if !f.v.IsNull() {
			r.up.Loss(f.name, f.kind, f.note)
		}
	}
	for _, v := range []jsonindex.Value{in.MCPServers, in.Container, in.Thread} {
		if !v.IsNull() && (v.Kind() != jsonindex.Array || v.Len() > 0) {
			return adapter.Fail(adapter.Unsupported, messages.Path(v), "only Claude's own servers have this")
		}
	}
	for _, m := range in.Others() {
		r.up.Loss(m.Name, adapter.Dropped, "unknown here")
	}
	return nil
}
