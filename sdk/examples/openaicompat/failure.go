package openaicompat

import (
	"strconv"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// maxMessage is the most bytes of an upstream's message that are passed on.
const maxMessage = 2 << 10

// Failure classifies an answer that is not 2xx. The class decides what the proxy does: try again, try elsewhere, or tell
// the client.
func (x *exchange) Failure(resp *adapter.UpstreamResponse) *adapter.Failure {
	f := read(resp.JSON.Get("error"))
	if f.Message == "" {
		f.Message = "the server answered status " + strconv.Itoa(resp.Status)
	}
	code := resp.JSON.Get("error").Get("code")
	switch s := resp.Status; {
	case s == 401 || s == 403:
		f.Class = adapter.Auth
	case s == 402 || code.Is("insufficient_quota"):
		f.Class = adapter.Quota
	case s == 404:
		f.Class = adapter.NotFound
	case s == 429:
		f.Class = adapter.RateLimited
	case s == 408 || s == 409 || s >= 500:
		f.Class = adapter.Overloaded
	case s >= 400:
		f.Class = adapter.Invalid
	default:
		f.Class = adapter.Protocol
	}
	// A class for the whole channel must not come from a body alone.
	if f.Class == adapter.Quota && resp.Status >= 500 {
		f.Class = adapter.Overloaded
	}
	return f
}

// inside is an error in an answer whose status was 200.
func inside(v jsonindex.Value) *adapter.Failure {
	f := read(v)
	if f.Message == "" {
		f.Message = "the server ended the answer with an error"
	}
	f.Class = adapter.Overloaded
	switch kind := v.Get("type"); {
	case kind.Is("invalid_request_error"):
		f.Class = adapter.Invalid
	case kind.Is("rate_limit_error"):
		f.Class = adapter.RateLimited
	}
	return f
}

// read takes the message out of {"message":…} or "…".
func read(v jsonindex.Value) *adapter.Failure {
	text, ok := v.Text()
	if !ok {
		text, _ = v.Get("message").Text()
	}
	if len(text) > maxMessage {
		text = strings.ToValidUTF8(text[:maxMessage], "") + "…"
	}
	return &adapter.Failure{Message: text}
}
