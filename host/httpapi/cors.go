package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
)

const (
	corsMethods = "GET, HEAD, POST"
	// corsExposed are the headers of answers that pages may read beyond the few that they always may.
	corsExposed = "request-id, retry-after, x-should-retry, x-claude-proxy-loss, x-claude-proxy-demo, x-claude-proxy-estimate"
	// corsHeaders are what the official SDK sends from a page, for a preflight that names none that can be repeated.
	corsHeaders = "authorization, content-type, x-api-key, anthropic-version, anthropic-beta, anthropic-dangerous-direct-browser-access"
	// corsMaxAge is how long, in seconds, a browser may rely on an answer to a preflight.
	corsMaxAge = "600"
	// maxCORSHeaders is the longest list of headers that is repeated, in bytes.
	maxCORSHeaders = 1 << 10
)

// crossOrigin lets pages of the origins in server.cors use what lies under /v1, as https://fetch.spec.whatwg.org has it,
// and answers preflights; true means that it answered. The client key is asked for all the same: preflights carry none,
// requests do. Without server.cors.enabled it does nothing, and browsers keep other origins out.
func (a *api) crossOrigin(w http.ResponseWriter, r *http.Request) bool {
	cors := &a.Snapshot().Config.Server.CORS
	if !cors.Enabled {
		return false
	}
	h := w.Header()
	h.Add("vary", "Origin")
	origin := r.Header.Get("Origin")
	if origin == "" {
		return false
	}
	preflight := r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
	if !allowOrigin(h, cors, origin) {
		if preflight {
			a.refuse(w, r, failure.Forbidden(fmt.Sprintf("pages of the origin %s may not use this proxy; whoever runs it can list them in server.cors.origins", printable(origin))))
		}
		return preflight
	}
	if !preflight {
		h.Set("access-control-expose-headers", corsExposed)
		return false
	}
	h.Add("vary", "Access-Control-Request-Headers")
	h.Set("access-control-allow-methods", corsMethods)
	h.Set("access-control-allow-headers", allowedHeaders(r.Header.Get("Access-Control-Request-Headers")))
	h.Set("access-control-max-age", corsMaxAge)
	h.Set("request-id", requestID(r))
	w.WriteHeader(http.StatusNoContent)
	return true
}

// allowOrigin writes who may read the answer. Only an origin that is listed by name is allowed credentials: "*" with
// credentials would hand every page what a browser keeps for this one.
func allowOrigin(h http.Header, cors *config.CORS, origin string) bool {
	if slices.ContainsFunc(cors.Origins, func(o string) bool { return o != "*" && strings.EqualFold(o, origin) }) {
		h.Set("access-control-allow-origin", origin)
		h.Set("access-control-allow-credentials", "true")
		return true
	}
	if slices.Contains(cors.Origins, "*") {
		h.Set("access-control-allow-origin", "*")
		return true
	}
	return false
}

// allowedHeaders repeats what a preflight asks for: SDKs send headers of their own, and new ones with each release. What is
// no list of header names is not repeated.
func allowedHeaders(asked string) string {
	if asked == "" || len(asked) > maxCORSHeaders {
		return corsHeaders
	}
	for i := range len(asked) {
		c := asked[i]
		if c|0x20-'a' >= 26 && c-'0' >= 10 && c != '-' && c != '_' && c != ',' && c != ' ' {
			return corsHeaders
		}
	}
	return asked
}
