package admin

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/config"
)

// C28–C30, C33, C35: who asks from elsewhere is refused, whatever the method and however well it is signed in.
func TestGuard(t *testing.T) {
	r := newRigOf(t, sample+"server: { allowed_hosts: [proxy.example] }\n")
	client := r.browser()
	f := func(status int, code, method, path, body string, headers ...string) {
		t.Helper()
		a := r.send(client, method, path, body, headers...)
		if a.StatusCode != status || a.code() != code {
			t.Errorf("%s %s %q: %d %s, want %d %s", method, path, headers, a.StatusCode, a.body, status, code)
		}
		h := a.Header
		if h.Get("x-content-type-options") != "nosniff" || !strings.Contains(h.Get("content-security-policy"), "frame-ancestors 'none'") ||
			h.Get("cache-control") != "no-store" || h.Get("request-id") == "" || h.Get("access-control-allow-origin") != "" {
			t.Errorf("%s %s: headers %v", method, path, h)
		}
	}
	own := "origin: " + r.srv.URL
	f(200, "", "GET", "session", "")
	f(200, "", "GET", "session", "", own, "sec-fetch-site: same-origin")
	f(200, "", "GET", "session", "", "sec-fetch-site: none")
	// Pages of other origins, among them one on another port of this machine.
	f(403, "origin_refused", "GET", "session", "", "origin: https://evil.example")
	f(403, "origin_refused", "GET", "session", "", "origin: null")
	f(403, "origin_refused", "GET", "session", "", "sec-fetch-site: cross-site")
	f(403, "origin_refused", "GET", "session", "", "sec-fetch-site: same-site", "origin: http://127.0.0.1:9")
	f(403, "origin_refused", "GET", "events", "", "sec-fetch-site: cross-site")
	f(403, "origin_refused", "DELETE", "session", "", "origin: https://evil.example")
	f(403, "origin_refused", "DELETE", "session", "", "sec-fetch-site: same-site")
	f(403, "origin_refused", "POST", "session", `{}`, "origin: null")
	f(403, "origin_refused", "POST", "session", `{}`, "origin: :")
	// Rebinding: the name in Host is the attacker's.
	f(421, "host_refused", "GET", "session", "", "host: evil.example")
	f(421, "host_refused", "GET", "session", "", "host: evil.example:3000")
	f(421, "host_refused", "GET", "openapi.json", "", "host: localhost.evil.example")
	f(421, "host_refused", "POST", "session", `{}`, "host: 127.0.0.1.evil.example")
	f(200, "", "GET", "openapi.json", "", "host: proxy.example")
	f(200, "", "GET", "openapi.json", "", "host: PROXY.example:8443")
	f(200, "", "GET", "openapi.json", "", "host: localhost:3000")
	f(200, "", "GET", "openapi.json", "", "host: [::1]:3000")
	// A form of another site can send these kinds without asking.
	for _, media := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json-patch+json", ""} {
		f(415, "media_type", "POST", "session", `{"key":"x"}`, "content-type: "+media)
	}
	f(415, "media_type", "POST", "session", `{"key":"x"}`, "content-encoding: gzip")
	// Nothing answers a preflight, so no page of another origin may send anything of its own.
	f(405, "method_not_allowed", "OPTIONS", "session", "", own, "access-control-request-method: POST")
	f(404, "not_found", "GET", "nothing", "")
}

// C32: nobody, a client key without the right, a wrong cookie, a session that is over.
func TestIdentity(t *testing.T) {
	r := newRig(t)
	f := func(status int, headers ...string) {
		t.Helper()
		a := r.send(http.DefaultClient, "GET", "session", "", headers...)
		if a.StatusCode != status {
			t.Errorf("%q: %d %s", headers, a.StatusCode, a.body)
		}
		if status == 401 && a.code() != "unauthorized" {
			t.Errorf("%q: %s", headers, a.body)
		}
	}
	f(401)
	f(401, "cookie: "+cookieName+"=x")
	f(401, "cookie: "+cookieName+"="+strings.Repeat("A", 52))
	f(200, "authorization: Bearer "+adminSecret)
	f(200, "x-api-key: "+adminSecret)
	f(401, "x-api-key: "+clientSecret)
	f(401, "authorization: Bearer wrong")

	client := r.browser()
	if a := r.send(client, "GET", "session", ""); a.StatusCode != 200 {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	// A key in the header counts, not the cookie beside it.
	if a := r.send(client, "GET", "session", "", "x-api-key: "+clientSecret); a.StatusCode != 401 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	// The session ends with its key: changed, disabled, no admin any more.
	before := r.config()
	changed := *before
	changed.Auth.Keys = slices.Clone(before.Auth.Keys)
	changed.Auth.Keys[0].Key = config.NewSecret("canary-another-0123456789")
	r.use(&changed)
	if a := r.send(client, "GET", "session", ""); a.StatusCode != 401 {
		t.Errorf("with another key: %d %s", a.StatusCode, a.body)
	}
	r.use(before)
	if a := r.send(client, "GET", "session", ""); a.StatusCode != 401 {
		t.Errorf("the session came back: %d %s", a.StatusCode, a.body)
	}
}

func TestHostAllowed(t *testing.T) {
	further := []string{"proxy.example", "with.port:8080"}
	for host, want := range map[string]bool{
		"127.0.0.1:3000": true, "localhost": true, "LOCALHOST:1": true, "app.localhost:3000": true, "[::1]:3000": true, "[::1]": true, "192.168.1.5:3000": true,
		"localhost.": true, "proxy.example": true, "proxy.example.": true, "with.port:8080": true,
		"": false, ":3000": false, "evil.example": false, "127.0.0.1.evil.example": false, "notlocalhost": false, "xproxy.example": false,
		"proxy.example@evil.example": false, "[evil.example]": false,
	} {
		if HostAllowed(host, further) != want {
			t.Errorf("%q: %v", host, !want)
		}
	}
}
