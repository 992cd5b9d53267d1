package admin

import (
	"net/http"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/auth"
)

// playground sends a request through the proxy itself, as a client that may do everything. Its answer, and its errors, are
// exactly a client's.
func (a *api) playground(c *call) error {
	var in contract.PlaygroundRequest
	if err := c.read(&in); err != nil {
		return err
	}
	if len(in.Body) == 0 {
		return refuse(codeBadRequest, "there is no request to send").at("/body", "is missing")
	}
	c.target = in.Channel
	// Of the browser's own headers none goes on, least of all its cookie.
	r := c.r.Clone(c.r.Context())
	r.Header = http.Header{"Content-Type": {"application/json"}, "Anthropic-Version": {"2023-06-01"}, "User-Agent": {"claude-proxy-playground"}}
	r.URL.RawQuery = ""
	if in.Beta != "" {
		r.Header.Set("Anthropic-Beta", in.Beta)
	}
	if in.Channel != "" {
		r.Header.Set("X-Claude-Proxy-Channel", in.Channel)
	}
	// The relay writes these itself.
	c.w.Header().Del("request-id")
	c.w.Header().Del("cache-control")
	a.Relay(c.w, r, in.Body, &auth.Principal{Name: "playground", Admin: true, PickChannel: true})
	return nil
}
