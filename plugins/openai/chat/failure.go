package chat

import (
	"bytes"
	"strconv"
	"strings"
	"time"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// maxMessage is the most bytes of an upstream's message that are passed on.
const maxMessage = 2 << 10

// fault is an upstream's error, whatever shape it came in.
type fault struct {
	status                     int // 0 inside an answer
	message, kind, code, param string
	raw                        string // what the server behind a gateway said
}

// Failure classifies a non-2xx answer. https://platform.openai.com/docs/guides/error-codes
func (x *exchange) Failure(resp *adapter.UpstreamResponse) *adapter.Failure {
	f := fault{status: resp.Status}
	if resp.JSON.Exists() {
		f.read(resp.JSON)
	} else {
		f.readText(resp.Data)
	}
	out := x.classify(&f)
	if ms := resp.Header("retry-after-ms"); ms != "" && (out.Class == adapter.RateLimited || out.Class == adapter.Overloaded) {
		if n, err := strconv.ParseFloat(ms, 64); err == nil && n > 0 && n < 1e9 {
			out.RetryAfter = time.Duration(n * float64(time.Millisecond))
		}
	}
	return out
}

// inside makes the Failure for an error within an answer of status 200. v is the error or what holds it.
func (x *exchange) inside(v jsonindex.Value) *adapter.Failure {
	var f fault
	f.read(v)
	return x.classify(&f)
}

// read takes an error apart: {"error":{…}}, {"error":"…"}, {"detail":…}, {"message":…}, or the error alone.
func (f *fault) read(v jsonindex.Value) {
	if v.Kind() == jsonindex.Array {
		v = v.At(0)
	}
	if v.IsString() {
		f.message = clip(v)
		return
	}
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "error", "errors":
			f.read(it.Val)
		case "message", "msg", "detail", "error_description":
			if f.message == "" {
				f.message = clip(it.Val)
			}
		case "type":
			if f.kind == "" || f.kind == "error" {
				f.kind = clip(it.Val)
			}
		case "code", "status":
			f.readCode(it.Val)
		case "param":
			f.param = clip(it.Val)
		case "metadata":
			f.raw = clip(it.Val.Get("raw"))
		}
	}
}

// readCode reads a code, which may be a name or a status as a number.
func (f *fault) readCode(v jsonindex.Value) {
	code := clip(v)
	if n, err := strconv.Atoi(code); err == nil && n >= 400 && n < 600 {
		if f.status == 0 {
			f.status = n
		}
		return
	}
	if f.code == "" {
		f.code = code
	}
}

// clip is a value as text of bearable length: a string's meaning, anything else as it stands.
func clip(v jsonindex.Value) string { return foreign.Clip(v, maxMessage) }

// readText takes the message from a body that is no JSON. A page for people is not one.
func (f *fault) readText(body []byte) {
	body = bytes.TrimSpace(body)
	if len(body) > 0 && body[0] != '<' {
		f.message = foreign.Shorten(strings.ToValidUTF8(string(body), "\ufffd"), maxMessage)
	}
}

// classify is the table of errors.
func (x *exchange) classify(f *fault) *adapter.Failure {
	if f.raw != "" {
		f.message = foreign.Shorten(f.message+": "+f.raw, maxMessage)
	}
	out := &adapter.Failure{Class: f.class(), Message: f.message}
	if out.Message == "" {
		out.Message = x.d.Name + " answered with an error and no message"
		if f.status != 0 {
			out.Message = x.d.Name + " answered status " + strconv.Itoa(f.status) + " without a message"
		}
	}
	switch {
	case out.Class == adapter.Invalid && f.tooLong():
		x.tooLong(f, out)
	case out.Class == adapter.Invalid:
		out.Field = clientField(f.param)
		out.Remedy = x.remedy(f)
	case out.Class == adapter.Protocol && f.status == 404:
		out.Message = "the address is unknown to the server; check the channel's base_url: " + out.Message
	}
	return out
}

func (f *fault) class() adapter.Class {
	switch f.code {
	case "insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "Arrearage":
		return adapter.Quota
	}
	// A key that may not use the model gets 403 with model_not_found; another key may.
	if f.status == 401 || f.status == 403 {
		return adapter.Auth
	}
	switch f.code {
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
	case f.status == 402 || f.kind == "insufficient_quota" || f.kind == "exceeded_current_quota_error":
		return adapter.Quota
	case f.status == 404:
		if f.param == "model" || strings.Contains(strings.ToLower(f.message), "model") {
			return adapter.NotFound
		}
		return adapter.Protocol
	case f.status == 408 || f.status == 409 || f.status == 425 || f.status >= 500:
		return adapter.Overloaded
	case f.status == 429:
		return adapter.RateLimited
	case f.status == 400 && f.unknownModel():
		return adapter.NotFound
	case f.status >= 400:
		return adapter.Invalid
	case f.status != 0:
		return adapter.Protocol
	}
	return f.classOfKind()
}

// unknownModel says whether the error is that there is no such model, which some servers tell with status 400.
func (f *fault) unknownModel() bool {
	m := strings.ToLower(f.message)
	return strings.Contains(m, "not a valid model") || strings.Contains(m, "model does not exist") || strings.Contains(m, "model not exist")
}

// classOfKind judges an error inside an answer, which has no status.
func (f *fault) classOfKind() adapter.Class {
	switch f.kind {
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
