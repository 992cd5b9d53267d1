package openairesponses

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
}

// Failure classifies a non-2xx answer. https://platform.openai.com/docs/guides/error-codes
func (x *exchange) Failure(resp *adapter.UpstreamResponse) *adapter.Failure {
	f := fault{status: resp.Status}
	if resp.JSON.Exists() {
		f.read(resp.JSON)
	} else if body := bytes.TrimSpace(resp.Data); len(body) > 0 && body[0] != '<' { // a page for people is no message
		f.message = foreign.Shorten(strings.ToValidUTF8(string(body), "\ufffd"), maxMessage)
	}
	out := x.classify(&f)
	if out.Class == adapter.RateLimited || out.Class == adapter.Overloaded {
		n, err := strconv.ParseFloat(resp.Header("retry-after-ms"), 64)
		if err == nil && n > 0 && n < 1e9 {
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
		case "message", "msg", "detail":
			if f.message == "" {
				f.message = clip(it.Val)
			}
		case "type":
			if f.kind == "" || f.kind == "error" {
				f.kind = clip(it.Val)
			}
		case "code", "status":
			f.readCode(clip(it.Val))
		case "param":
			f.param = clip(it.Val)
		}
	}
}

// readCode takes a code, which may be a name or a status as a number.
func (f *fault) readCode(code string) {
	if n, err := strconv.Atoi(code); err == nil && n >= 400 && n < 600 {
		if f.status == 0 {
			f.status = n
		}
	} else if f.code == "" {
		f.code = code
	}
}

// clip is a value as text of bearable length: a string's meaning, anything else as it stands.
func clip(v jsonindex.Value) string { return foreign.Clip(v, maxMessage) }

// classify makes the Failure.
func (x *exchange) classify(f *fault) *adapter.Failure {
	out := &adapter.Failure{Class: f.class(), Message: f.message}
	if out.Message == "" {
		out.Message = title + " answered with an error and no message"
		if f.status != 0 {
			out.Message = title + " answered status " + strconv.Itoa(f.status) + " without a message"
		}
	}
	switch {
	case x.sent&sentReasoning != 0 && f.aboutReasoning():
		out.Class, out.Field = adapter.Invalid, "messages"
		out.Remedy = &adapter.Remedy{Name: remedyReasoning}
	case out.Class == adapter.Invalid && f.tooLong():
		out.Field = "messages"
		out.Message = promptTooLong(f.message)
	case out.Class == adapter.Invalid:
		out.Field = clientField(f.param)
		out.Remedy = x.remedy(f)
	case out.Class == adapter.Protocol && f.status == 404:
		out.Message = "the address is unknown to the server; check the channel's base_url: " + out.Message
	}
	return out
}

// class is the table of errors.
func (f *fault) class() adapter.Class {
	switch f.code {
	case "insufficient_quota", "billing_hard_limit_reached", "billing_not_active":
		return adapter.Quota
	}
	// A key that may not use the model gets 403 with model_not_found; another key may.
	if f.status == 401 || f.status == 403 {
		return adapter.Auth
	}
	// A status that cannot be the client's fault says more than a code that is.
	if class, ok := classOfCode(f.code); ok && f.status != 429 && (f.status < 500 || class != adapter.Invalid) {
		return class
	}
	switch {
	case f.status == 402 || f.kind == "insufficient_quota":
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
	case f.status >= 400:
		return adapter.Invalid
	case f.status != 0:
		return adapter.Protocol
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
	switch f.kind {
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
	if f.code == "context_length_exceeded" {
		return true
	}
	m := strings.ToLower(f.message)
	return strings.Contains(m, contextIs) || strings.Contains(m, "context window of this model") ||
		strings.Contains(m, "prompt is too long")
}

const contextIs = "maximum context length is "

// promptTooLong says it in Claude's words, by which clients know that they have to shorten the conversation.
func promptTooLong(message string) string {
	const claude = "prompt is too long"
	if strings.HasPrefix(message, claude) {
		return message
	}
	most := numberAfter(message, contextIs)
	for _, before := range [...]string{"resulted in ", "you requested ", "request has "} {
		if have := numberAfter(message, before); have > most && most > 0 {
			return claude + ": " + strconv.Itoa(have) + " tokens > " + strconv.Itoa(most) + " maximum"
		}
	}
	if message == "" {
		return claude
	}
	return claude + ": " + message
}

// numberAfter is the number behind the first occurrence of a text, 0 when there is none.
func numberAfter(s, before string) int {
	_, rest, _ := strings.Cut(s, before)
	end := 0
	for end < len(rest) && end < 12 && rest[end]-'0' < 10 {
		end++
	}
	n, err := strconv.Atoi(rest[:end])
	if err != nil {
		return 0
	}
	return n
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
