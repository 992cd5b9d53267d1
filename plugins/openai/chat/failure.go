package chat

import (
	"strings"

	"github.com/claude-proxy/claude-proxy/plugins/openai/platform"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
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

// classify is the table of errors.
func (x *exchange) classify(f *fault) *adapter.Failure {
	if f.Raw != "" {
		f.Message = foreign.Shorten(f.Message+": "+f.Raw, foreign.MaxMessage)
	}
	out := &adapter.Failure{Class: f.class(), Message: f.Text(x.d.Name)}
	switch {
	case out.Class == adapter.Invalid && f.tooLong():
		x.tooLong(f, out)
	case out.Class == adapter.Invalid:
		out.Field = clientField(f.Param)
		out.Remedy = x.remedy(f)
	case out.Class == adapter.Protocol && f.Status == 404:
		out.Message = "the address is unknown to the server; check the channel's base_url: " + out.Message
	}
	return out
}

func (f *fault) class() adapter.Class {
	switch f.Code {
	case "insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "Arrearage":
		return adapter.Quota
	}
	// A key that may not use the model gets 403 with model_not_found; another key may.
	if f.Status == 401 || f.Status == 403 {
		return adapter.Auth
	}
	switch f.Code {
	case "context_length_exceeded":
		return adapter.Invalid
	case "rate_limit_exceeded":
		return adapter.RateLimited
	case "invalid_api_key", "account_deactivated":
		return adapter.Auth
	case "model_not_found":
		return adapter.NotFound
	case "server_error", "internal_server_error", "insufficient_system_resource", "overloaded", "engine_overloaded":
		return adapter.Overloaded
	}
	switch {
	case f.Status == 402 || f.Kind == "insufficient_quota" || f.Kind == "exceeded_current_quota_error":
		return adapter.Quota
	case f.Status == 400 && f.unknownModel():
		return adapter.NotFound
	case f.Status != 0:
		return f.ClassOfStatus()
	}
	return f.classOfKind()
}

// unknownModel says whether the error is that there is no such model, which some servers tell with status 400.
func (f *fault) unknownModel() bool {
	m := strings.ToLower(f.Message)
	return strings.Contains(m, "not a valid model") || strings.Contains(m, "model does not exist") || strings.Contains(m, "model not exist")
}

// classOfKind judges an error inside an answer, which has no status.
func (f *fault) classOfKind() adapter.Class {
	switch f.Kind {
	case "invalid_request_error", "BadRequestError":
		return adapter.Invalid
	case "rate_limit_error", "requests", "tokens", "RateLimitError":
		return adapter.RateLimited
	case "authentication_error", "permission_error":
		return adapter.Auth
	}
	return adapter.Overloaded
}

// clientField is the client's name of the parameter that an upstream complains about, "" where there is none.
func clientField(param string) string {
	name, _, _ := strings.Cut(param, ".")
	name, _, _ = strings.Cut(name, "[")
	switch name {
	case "messages", "tools", "tool_choice", "temperature", "top_p", "model", "service_tier":
		return name
	case "max_tokens", "max_completion_tokens":
		return "max_tokens"
	case "stop":
		return "stop_sequences"
	case "reasoning_effort":
		return "output_config.effort"
	case "response_format":
		return "output_config.format"
	case "parallel_tool_calls":
		return "tool_choice.disable_parallel_tool_use"
	case "safety_identifier":
		return "metadata.user_id"
	}
	return ""
}
