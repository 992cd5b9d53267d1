package httpapi

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/auth"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/limits"
)

// shown stands for the web UI.
type shown struct{}

func (shown) Paths() []string { return []string{"/", "/assets/a.js"} }
func (shown) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Write([]byte("ui " + r.URL.Path))
}

func TestUI(t *testing.T) {
	nobody, err := auth.New(nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	surface := func(on bool, u ui) http.Handler {
		cfg := config.Default()
		cfg.Server.WebUI = on
		snap := &Snapshot{Config: cfg, Principals: nobody}
		return New(Options{Snapshot: func() *Snapshot { return snap }, Limits: limits.New(time.Now), UI: u})
	}
	f := func(h http.Handler, method, path, accept string, status int, want string) {
		t.Helper()
		w := ask(h, method, path, "accept: "+accept)
		if w.Code != status || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s %s for %s: %d %.80q", method, path, accept, w.Code, w.Body)
		}
	}
	const browser, program = "text/html,application/xhtml+xml,*/*;q=0.8", "*/*"
	on := surface(true, shown{})
	f(on, "GET", "/", browser, 200, "ui /")
	f(on, "GET", "/", program, 200, "is running")
	f(on, "HEAD", "/", program, 200, "")
	f(on, "GET", "/assets/a.js", program, 200, "ui /assets/a.js")
	f(on, "GET", "/assets/b.js", program, 404, "not_found_error")
	f(on, "POST", "/assets/a.js", program, 405, "error")
	f(on, "GET", "/v1/assets/a.js", browser, 404, "not_found_error")
	for _, h := range []http.Handler{surface(false, shown{}), surface(true, nil)} {
		f(h, "GET", "/", browser, 200, "is running")
		f(h, "GET", "/assets/a.js", browser, 404, "not_found_error")
	}
}
