package claude

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// maxMessage is the most bytes of an upstream's message that are passed on.
const maxMessage = 4 << 10

// Failure classifies a non-2xx answer. https://docs.claude.com/en/api/errors
func (x *exchange) Failure(resp *adapter.UpstreamResponse) *adapter.Failure {
	f := x.classify(resp.Status, resp.JSON, resp.Data)
	if f.Class == adapter.RateLimited && resp.Header("retry-after") == "" && resp.Header("retry-after-ms") == "" {
		f.RetryAfter = untilReset(resp)
	}
	return f
}

// isError says whether an answer is an error body, whatever its status.
func isError(v jsonindex.Value) bool {
	kind := v.Get("type")
	return kind.Is("error") || !kind.Is("message") && !v.Get("error").IsNull()
}

// classify reads an error body or an error event; status is 0 where there was none. data is used where body is not JSON.
func (x *exchange) classify(status int, body jsonindex.Value, data []byte) *adapter.Failure {
	e := readError(body, data)
	f := &adapter.Failure{Class: e.class(status), Message: e.message, Details: e.details}
	if e.claude {
		f.Type = e.kind
	}
	if status == 404 && !e.claude {
		f.Message = strings.TrimSpace(f.Message + " (not an answer of a Claude API: check base_url)")
	}
	if f.Message == "" {
		f.Message = "the upstream gave an error without a message"
		if status != 0 {
			f.Message = fmt.Sprintf("the upstream answered status %d without a message", status)
		}
	}
	if x.thinking && f.Class == adapter.Invalid && refusesThinking(e.message) {
		f.Remedy = &adapter.Remedy{Name: dropThinking}
	}
	return f
}

// fault is what an error body says.
type fault struct {
	claude  bool   // it has the form of Claude's own
	kind    string // error.type
	code    string // error.details.error_code
	message string
	details []byte
}

// readError reads Claude's error body and, as far as they go, those of gateways and proxies in front of it:
// {"error":{…}} without a type, {"error":"text"}, {"message":…}, {"detail":…}, plain text and web pages.
func readError(body jsonindex.Value, data []byte) (e fault) {
	var inner, message jsonindex.Value
	for it := body.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "error":
			inner = it.Val
		case "type":
			if it.Val.Is("error") {
				e.claude = true
			} else if s, ok := it.Val.Text(); ok && isName(s) && strings.HasSuffix(s, "_error") {
				e.kind = s // a body that is the bare error
			}
		case "message", "detail":
			if it.Val.IsString() {
				message = it.Val
			}
		}
	}
	if inner.IsString() {
		message = inner
	}
	for it := inner.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "type":
			if s, ok := it.Val.Text(); ok && isName(s) {
				e.kind = s
			}
		case "message":
			message = it.Val
		case "details":
			if raw, ok := it.Val.Raw(); ok && it.Val.Kind() == jsonindex.Object {
				e.details = slices.Clone(raw)
				e.code, _ = it.Val.Get("error_code").Text()
			}
		}
	}
	if s, ok := message.Text(); ok {
		e.message = clip(s)
	}
	if e.message == "" && !body.Exists() {
		e.message = plainText(data)
	}
	return e
}

// isName says whether s can be an error type: letters and underscores.
func isName(s string) bool {
	for i := range len(s) {
		if (s[i] < 'a' || s[i] > 'z') && s[i] != '_' {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// plainText is the message of a body that is not JSON: its first line, of a web page the title only.
func plainText(data []byte) string {
	data = bytes.TrimSpace(data)
	if bytes.HasPrefix(data, []byte("<")) {
		low := bytes.ToLower(data)
		_, after, ok := bytes.Cut(low, []byte("<title>"))
		if !ok {
			return "the upstream answered with a web page; check base_url"
		}
		from := len(low) - len(after)
		n := bytes.Index(after, []byte("</title>"))
		if n < 0 || from+n > len(data) {
			return "the upstream answered with a web page; check base_url"
		}
		data = bytes.TrimSpace(data[from : from+n])
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	return clip(strings.ToValidUTF8(strings.TrimSpace(string(line)), "\uFFFD"))
}

// clip cuts a message to maxMessage bytes and takes control characters out of it.
func clip(s string) string {
	if len(s) > maxMessage {
		n := maxMessage
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n] + "…"
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return ' '
		}
		return r
	}, s)
}

// class decides by what the body says and, where that is too general, by the status.
func (e *fault) class(status int) adapter.Class {
	low := strings.ToLower(e.message)
	switch {
	case e.kind == "billing_error" || status == 402 || isQuota(e.code, low):
		return adapter.Quota
	case e.kind == "authentication_error" || e.kind == "permission_error" || status == 401 || status == 403 ||
		strings.Contains(low, "organization has been disabled"):
		return adapter.Auth
	case e.kind == "rate_limit_error" || status == 429:
		return adapter.RateLimited
	case e.kind == "overloaded_error" || e.kind == "timeout_error" || status >= 500 || status == 408:
		return adapter.Overloaded
	case e.kind == "not_found_error" || status == 404:
		if e.missesOther(low) {
			return adapter.Invalid
		}
		return adapter.NotFound
	case status != 0 || e.kind == "invalid_request_error" || e.kind == "request_too_large" || e.kind == "conflict_error":
		return adapter.Invalid
	}
	return adapter.Overloaded // api_error and the unknown, inside a stream
}

// isQuota recognises what Anthropic and look-alikes say, with status 400 or 429, when an account's money or monthly limit
// is used up.
func isQuota(code, low string) bool {
	for _, s := range []string{"credit balance", "api usage limits", "spend limit", "insufficient balance", "insufficient_quota", "exceeded your current quota"} {
		if strings.Contains(low, s) {
			return true
		}
	}
	return strings.HasPrefix(code, "credit_balance")
}

// missesOther says whether a 404 is about something the request names other than the model: a thread, a file, a container.
func (e *fault) missesOther(low string) bool {
	if strings.Contains(low, "model") || strings.Contains(e.code, "model") {
		return false
	}
	if e.code != "" {
		return true
	}
	for _, s := range []string{"thread", "file", "container", "skill"} {
		if strings.Contains(low, s) {
			return true
		}
	}
	return false
}

// refusesThinking recognises that the API does not take a thinking block of the history: its signature is missing, another
// account's, or bound to another conversation, or the block is not as it was.
func refusesThinking(message string) bool {
	low := strings.ToLower(message)
	if !strings.Contains(low, "thinking") {
		return false
	}
	return strings.Contains(low, "signature") || strings.Contains(low, "cannot be modified") ||
		strings.Contains(low, "redacted_thinking") && strings.Contains(low, "data")
}

// untilReset is how long the first limit that is used up stays so, by the answer's own clock; 0 when it does not say.
// https://docs.claude.com/en/api/rate-limits#response-headers
func untilReset(resp *adapter.UpstreamResponse) (wait time.Duration) {
	now, err := time.Parse(time.RFC1123, resp.Header("date"))
	if err != nil {
		return 0
	}
	for _, limit := range []string{"requests", "tokens", "input-tokens", "output-tokens"} {
		if resp.Header("anthropic-ratelimit-"+limit+"-remaining") != "0" {
			continue
		}
		reset, err := time.Parse(time.RFC3339, resp.Header("anthropic-ratelimit-"+limit+"-reset"))
		if err == nil {
			wait = max(wait, reset.Sub(now))
		}
	}
	return wait
}
