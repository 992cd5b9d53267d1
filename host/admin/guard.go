package admin

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// HostAllowed says whether a Host header is a name of this proxy: a loopback name, any IP address, or one of the further
// names. It keeps DNS rebinding out, which needs a name of the attacker's; an address in the Host header is the one that
// the browser really went to.
func HostAllowed(host string, further []string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.TrimSuffix(strings.ToLower(strings.Trim(name, "[]")), ".")
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return name != "" && slices.ContainsFunc(further, func(f string) bool {
		return strings.EqualFold(f, name) || strings.EqualFold(f, host)
	})
}

// SecurityHeaders sets the headers that every answer to a browser should have. policy is the Content-Security-Policy.
func SecurityHeaders(h http.Header, policy string) {
	h.Set("content-security-policy", policy)
	h.Set("x-content-type-options", "nosniff")
	h.Set("x-frame-options", "DENY")
	h.Set("referrer-policy", "no-referrer")
	h.Set("cross-origin-opener-policy", "same-origin")
	h.Set("cross-origin-resource-policy", "same-origin")
}

// apiPolicy is that of answers which are no pages.
const apiPolicy = "default-src 'none'; frame-ancestors 'none'"

// sameOrigin refuses what pages of other origins send, whatever the method: net/http's protection lets GET pass, but an
// answer that should not be read here has no business there. Programs send neither Origin nor Sec-Fetch-Site.
func (a *api) sameOrigin(r *http.Request) *problem {
	if err := a.crossOrigin.Check(r); err != nil {
		return refuse(codeOriginRefused, "the request comes from a page of another origin")
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return refuse(codeOriginRefused, "the request comes from a page of another site")
	}
	origin := r.Header.Get("Origin")
	if origin == "" {
		return nil
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || !strings.EqualFold(u.Host, r.Host) {
		return refuse(codeOriginRefused, "the request comes from a page of another origin")
	}
	return nil
}
