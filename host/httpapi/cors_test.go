package httpapi

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/auth"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/limits"
)

// surface is the whole surface of a proxy without a key and without a relay: enough for what is answered before both.
func surface(t *testing.T, cors config.CORS) http.Handler {
	t.Helper()
	cfg := config.Default()
	cfg.Server.CORS = cors
	nobody, err := auth.New(nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	snap := &Snapshot{Config: cfg, Principals: nobody}
	return New(Options{Snapshot: func() *Snapshot { return snap }, Limits: limits.New(time.Now), Strangers: limits.NewStrangers(time.Now)})
}

// ask sends a request with header lines and returns the answer.
func ask(h http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestCrossOrigin(t *testing.T) {
	const (
		page      = "origin: https://chat.example"
		stranger  = "origin: https://evil.example"
		preflight = "access-control-request-method: POST"
	)
	listed := config.CORS{Enabled: true, Origins: []string{"https://chat.example", "http://localhost:5173"}}
	anyone := config.CORS{Enabled: true, Origins: []string{"*"}}
	both := config.CORS{Enabled: true, Origins: []string{"*", "https://chat.example"}}
	f := func(cors config.CORS, method, path string, headers []string, status int, origin, credentials string) http.Header {
		t.Helper()
		w := ask(surface(t, cors), method, path, headers...)
		h := w.Header()
		if w.Code != status || h.Get("access-control-allow-origin") != origin || h.Get("access-control-allow-credentials") != credentials {
			t.Errorf("%s %s %q: status %d, origin %q, credentials %q; want %d, %q, %q", method, path, headers,
				w.Code, h.Get("access-control-allow-origin"), h.Get("access-control-allow-credentials"), status, origin, credentials)
		}
		if h.Get("access-control-allow-origin") == "*" && h.Get("access-control-allow-credentials") != "" {
			t.Error("credentials for everyone")
		}
		if n := len(h.Values("access-control-allow-origin")); n > 1 {
			t.Errorf("allow-origin is there %d times", n)
		}
		if cors.Enabled && strings.HasPrefix(path, "/v1/") && !strings.Contains(strings.Join(h.Values("vary"), ","), "Origin") {
			t.Error("a cache cannot know that the answer depends on the origin")
		}
		return h
	}
	// A preflight needs no key.
	h := f(listed, "OPTIONS", "/v1/messages", []string{page, preflight, "access-control-request-headers: x-api-key, content-type, x-new-header"}, 204, "https://chat.example", "true")
	if h.Get("access-control-allow-headers") != "x-api-key, content-type, x-new-header" || h.Get("access-control-allow-methods") != corsMethods ||
		h.Get("access-control-max-age") == "" || h.Get("request-id") == "" {
		t.Errorf("headers %v", h)
	}
	f(listed, "OPTIONS", "//v1/messages/", []string{"origin: http://localhost:5173", preflight}, 204, "http://localhost:5173", "true")
	f(anyone, "OPTIONS", "/v1/messages", []string{stranger, preflight}, 204, "*", "")
	f(anyone, "OPTIONS", "/v1/messages", []string{"origin: null", preflight}, 204, "*", "")
	f(both, "OPTIONS", "/v1/messages", []string{page, preflight}, 204, "https://chat.example", "true")
	f(both, "OPTIONS", "/v1/messages", []string{stranger, preflight}, 204, "*", "")
	f(listed, "OPTIONS", "/v1/messages", []string{stranger, preflight}, 403, "", "")
	f(listed, "OPTIONS", "/v1/messages", []string{"origin: null", preflight}, 403, "", "")
	f(listed, "OPTIONS", "/v1/messages", []string{"origin: https://chat.example.evil.example", preflight}, 403, "", "")
	// Requests need one all the same, and a page may read the error.
	h = f(listed, "POST", "/v1/messages", []string{page}, 401, "https://chat.example", "true")
	if !strings.Contains(h.Get("access-control-expose-headers"), "request-id") {
		t.Errorf("headers %v", h)
	}
	f(listed, "POST", "/v1/messages", []string{stranger}, 401, "", "")
	f(listed, "POST", "/v1/messages", nil, 401, "", "")
	f(listed, "GET", "/v1/nothing", []string{page}, 404, "https://chat.example", "true")
	// OPTIONS that is no preflight is a method like any other.
	f(listed, "OPTIONS", "/v1/messages", []string{page}, 405, "https://chat.example", "true")
	// Nothing beside /v1, and nothing without the switch.
	f(listed, "GET", "/health", []string{page}, 200, "", "")
	f(listed, "OPTIONS", "/health", []string{page, preflight}, 405, "", "")
	off := listed
	off.Enabled = false
	f(off, "OPTIONS", "/v1/messages", []string{page, preflight}, 405, "", "")
	f(off, "POST", "/v1/messages", []string{page}, 401, "", "")
	f(config.CORS{Enabled: true}, "OPTIONS", "/v1/messages", []string{page, preflight}, 403, "", "")
}

func TestAllowedHeaders(t *testing.T) {
	f := func(asked, want string) {
		t.Helper()
		if got := allowedHeaders(asked); got != want {
			t.Errorf("%q became %q", asked, got)
		}
	}
	f("X-Api-Key,anthropic_beta, x-stainless-os2", "X-Api-Key,anthropic_beta, x-stainless-os2")
	f("", corsHeaders)
	f("x-api-key; evil", corsHeaders)
	f("x\r\nset-cookie: a", corsHeaders)
	f("<script>", corsHeaders)
	f(strings.Repeat("x", maxCORSHeaders+1), corsHeaders)
}
