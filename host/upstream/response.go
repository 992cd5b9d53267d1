package upstream

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// Response is an upstream's answer, its body decoded and not yet read.
type Response struct {
	Status int
	// Headers are those that adapters may see, in lower case: rate limits, request ids and the like, no cookies.
	Headers []adapter.Header
	// Body is closed by the caller. Its errors are *failure.Fault where the content encoding is at fault.
	Body io.ReadCloser
	// ContentLength is the body's length in bytes, -1 where it is not known.
	ContentLength int64

	header http.Header
}

// RetryAfter reads when the upstream wants to be asked again; see failure.ParseRetryAfter.
func (r *Response) RetryAfter() (d time.Duration, ok bool) {
	return failure.ParseRetryAfter(r.header.Get("Retry-After-Ms"), r.header.Get("Retry-After"), r.header.Get("Date"), time.Now())
}

// HTML says that the answer calls itself a web page: a captive portal, a firewall, or a base_url that leads elsewhere.
func (r *Response) HTML() bool {
	kind, _, _ := strings.Cut(r.header.Get("Content-Type"), ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	return kind == "text/html" || kind == "application/xhtml+xml"
}

// allowed are the response headers that adapters may see; further ones by prefix below.
var allowed = map[string]string{
	"Content-Type": "content-type", "Date": "date", "Retry-After": "retry-after", "Retry-After-Ms": "retry-after-ms",
	"Request-Id": "request-id", "X-Request-Id": "x-request-id", "X-Should-Retry": "x-should-retry",
	"Openai-Processing-Ms": "openai-processing-ms", "Anthropic-Organization-Id": "anthropic-organization-id",
}

func visible(h http.Header) []adapter.Header {
	list := make([]adapter.Header, 0, 8)
	for name, values := range h {
		lower, ok := allowed[name]
		if !ok && (strings.HasPrefix(name, "X-Ratelimit-") || strings.HasPrefix(name, "Anthropic-Ratelimit-")) {
			lower, ok = strings.ToLower(name), true
		}
		if ok && len(values) > 0 {
			list = append(list, adapter.Header{Name: lower, Value: values[0]})
		}
	}
	return list
}

// response takes over an answer. Its body is closed when a fault is returned.
func (c *Client) response(resp *http.Response) (*Response, *failure.Fault) {
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		resp.Body.Close() // nothing of it is read
		return nil, c.redirected(resp)
	}
	r := &Response{
		Status: resp.StatusCode, Headers: visible(resp.Header), Body: resp.Body, ContentLength: resp.ContentLength,
		header: resp.Header,
	}
	switch encoding := strings.ToLower(strings.TrimSpace(resp.Header.Get("Content-Encoding"))); {
	case encoding == "" || encoding == "identity":
	case encoding == "gzip" || encoding == "x-gzip":
		r.Body, r.ContentLength = newInflater(resp.Body), -1
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		// The status alone tells enough.
		resp.Body.Close()
		r.Body, r.ContentLength = http.NoBody, 0
	default:
		resp.Body.Close() // nothing of it is read
		return nil, encodingFault(fmt.Sprintf("answered in the content encoding %.20q, which was not asked for", encoding), nil)
	}
	return r, nil
}

// redirected names where the upstream wanted to send the request, but never goes there: keys would go along.
func (c *Client) redirected(resp *http.Response) *failure.Fault {
	to := "nowhere"
	if u, err := url.Parse(resp.Header.Get("Location")); err == nil && u.Host != "" {
		to = fmt.Sprintf("%.100q", u.Host)
	} else if err == nil && u.Path != "" {
		to = "another path of " + c.host
	}
	return &failure.Fault{
		Source: failure.Channel, Kind: failure.KindRedirect, Class: adapter.Protocol, Status: resp.StatusCode,
		Message: fmt.Sprintf("redirected to %s, which is not followed since keys would go along; set base_url to the right address", to),
	}
}
