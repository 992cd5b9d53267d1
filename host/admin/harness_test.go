package admin

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/auth"
	"github.com/claude-proxy/claude-proxy/host/config"
)

// The keys of the tests. No answer, log line or history file may hold one of them.
const (
	adminSecret  = "canary-admin-0123456789abcdef"
	clientSecret = "canary-client-0123456789abcdef"
)

// rig is an API on a real socket.
type rig struct {
	t   *testing.T
	api *API
	srv *httptest.Server
	log *bytes.Buffer
	cfg atomic.Pointer[config.Config]
	tab atomic.Pointer[auth.Table]
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, log: new(bytes.Buffer)}
	r.use(func(*config.Config) {})
	r.api = New(Options{
		Config: r.cfg.Load, Principals: r.tab.Load,
		Log: slog.New(slog.NewTextHandler(r.log, nil)),
	})
	r.srv = httptest.NewServer(r.api)
	t.Cleanup(func() {
		r.srv.Close()
		for _, secret := range []string{adminSecret, clientSecret} {
			if strings.Contains(r.log.String(), secret) {
				t.Errorf("a secret is in the log: %s", r.log)
			}
		}
	})
	return r
}

// use puts a configuration to work.
func (r *rig) use(change func(*config.Config)) {
	r.t.Helper()
	cfg := config.Default()
	me, other := config.DefaultClientKey(), config.DefaultClientKey()
	me.Name, me.Key, me.Admin = "boss", config.NewSecret(adminSecret), true
	other.Name, other.Key = "worker", config.NewSecret(clientSecret)
	cfg.Auth.Keys = []config.ClientKey{me, other}
	change(cfg)
	tab, err := auth.New(cfg.Auth.Keys, time.Now)
	if err != nil {
		r.t.Fatal(err)
	}
	r.cfg.Store(cfg)
	r.tab.Store(tab)
}

// reply is an answer with its body read.
type reply struct {
	*http.Response
	body []byte
}

func (a reply) code() string {
	var p struct{ Code string }
	json.Unmarshal(a.body, &p) // what is no problem has no code
	return p.Code
}

// send makes a request with header lines.
func (r *rig) send(client *http.Client, method, path, body string, headers ...string) reply {
	r.t.Helper()
	req, err := http.NewRequest(method, r.srv.URL+Path+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("content-type", "application/json")
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		if strings.EqualFold(name, "host") {
			req.Host = value
			continue
		}
		req.Header.Set(name, value)
	}
	resp, err := client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return reply{resp, b}
}

// program asks with the admin key, as the command line does.
func (r *rig) program(method, path, body string, headers ...string) reply {
	r.t.Helper()
	return r.send(http.DefaultClient, method, path, body, append([]string{"authorization: Bearer " + adminSecret}, headers...)...)
}

// browser is a signed-in browser.
func (r *rig) browser() *http.Client {
	r.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	if a := r.send(client, "POST", "session", `{"key":"`+adminSecret+`"}`); a.StatusCode != 200 {
		r.t.Fatalf("sign-in: %d %s", a.StatusCode, a.body)
	}
	return client
}
