package openairesponses

import (
	"strings"

	"github.com/claude-proxy/claude-proxy/plugins/openai/platform"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// fault is an upstream's error.
type fault struct{ platform.Fault }

// Failure classifies a non-2xx answer.
func (x *exchange) Failure(resp *adapter.UpstreamResponse) *adapter.Failure {
	f := fault{platform.ReadFault(resp)}
	out := x.classify(&f)
	if out.Class == adapter.RateLimited || out.Class == adapter.Overloaded {
		out.RetryAfter = platform.RetryAfter(resp)
	}
	return out
}

// inside makes the Failure for an error within an answer of status 200. v is the error or what holds it.
func (x *exchange) inside(v jsonindex.Value) *adapter.Failure {
	var f fault
	f.Read(v)
	return x.classify(&f)
}

// classify makes the Failure.
func (x *exchange) classify(f *fault) *adapter.Failure {
	out := &adapter.Failure{Class: f.class(), Message: f.Text(title)}
	switch {
	case x.sent&sentReasoning != 0 && f.aboutReasoning():
		out.Class, out.Field = adapter.Invalid, "messages"
		out.Remedy = &adapter.Remedy{Name: remedyReasoning}
	case out.Class == adapter.Invalid && f.tooLong():
		out.Field = "messages"
		out.Message = platform.PromptTooLong(f.Message)
	case out.Class == adapter.Invalid:
		out.Field = clientField(f.Param)
		out.Remedy = x.remedy(f)
	case out.Class == adapter.Protocol && f.Status == 404:
		out.Message = "the address is unknown to the server; check the channel's base_url: " + out.Message
	}
	return out
}

// class is the table of errors.
func (f *fault) class() adapter.Class {
	switch f.Code {
	case "insufficient_quota", "billing_hard_limit_reached", "billing_not_active":
		return adapter.Quota
	}
	// A key that may not use the model gets 403 with model_not_found; another key may.
	if f.Status == 401 || f.Status == 403 {
		return adapter.Auth
	}
	// A status that cannot be the client's fault says more than a code that is.
	if class, ok := classOfCode(f.Code); ok && f.Status != 429 && (f.Status < 500 || class != adapter.Invalid) {
		return class
	}
	switch {
	case f.Status == 402 || f.Kind == "insufficient_quota":
		return adapter.Quota
	case f.Status != 0:
		return f.ClassOfStatus()
	}
	return f.classOfKind()
}

// classOfCode judges by the upstream's name of an error. The codes of a failed response stand at
// https://platform.openai.com/docs/api-reference/responses/object#responses-object-error.
func classOfCode(code string) (class adapter.Class, ok bool) {
	switch code {
	case "rate_limit_exceeded":
		return adapter.RateLimited, true
	case "invalid_api_key", "account_deactivated":
		return adapter.Auth, true
	case "model_not_found":
		return adapter.NotFound, true
	case "server_error", "internal_server_error", "overloaded", "vector_store_timeout":
		return adapter.Overloaded, true
	case "context_length_exceeded", "invalid_prompt", "bio_policy", "invalid_image", "invalid_image_format",
		"invalid_base64_image", "invalid_image_url", "image_too_large", "image_too_small", "image_parse_error",
		"image_content_policy_violation", "invalid_image_mode", "image_file_too_large", "unsupported_image_media_type",
		"empty_image_file", "failed_to_download_image", "image_file_not_found", "invalid_encrypted_content":
		return adapter.Invalid, true
	}
	return 0, false
}

// classOfKind judges an error inside an answer, which has no status.
func (f *fault) classOfKind() adapter.Class {
	switch f.Kind {
	case "invalid_request_error":
		return adapter.Invalid
	case "rate_limit_error", "requests", "tokens":
		return adapter.RateLimited
	case "authentication_error", "permission_error":
		return adapter.Auth
	}
	return adapter.Overloaded
}

// tooLong says whether the prompt does not fit into the model's context.
func (f *fault) tooLong() bool {
	if f.Code == "context_length_exceeded" {
		return true
	}
	m := strings.ToLower(f.Message)
	return strings.Contains(m, platform.ContextIs) || strings.Contains(m, "context window of this model") ||
		strings.Contains(m, "prompt is too long")
}

// clientField is the client's name of the parameter that an upstream complains about, "" where there is none.
func clientField(param string) string {
	switch {
	case strings.HasPrefix(param, "reasoning.summary"):
		return "thinking.display"
	case strings.HasPrefix(param, "text.format"):
		return "output_config.format"
	}
	name, _, _ := strings.Cut(param, ".")
	name, _, _ = strings.Cut(name, "[")
	switch name {
	case "tools", "tool_choice", "temperature", "top_p", "model", "service_tier":
		return name
	case "input":
		return "messages"
	case "instructions":
		return "system"
	case "max_output_tokens":
		return "max_tokens"
	case "reasoning":
		return "output_config.effort"
	case "parallel_tool_calls":
		return "tool_choice.disable_parallel_tool_use"
	case "safety_identifier":
		return "metadata.user_id"
	}
	return ""
}
