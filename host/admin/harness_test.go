package admin

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/auth"
	"github.com/claude-proxy/claude-proxy/host/balance"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/store"
	"github.com/claude-proxy/claude-proxy/host/hosttest"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/host/routing"
	"github.com/claude-proxy/claude-proxy/host/telemetry"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// The secrets of the tests. No answer, log line or history file may show one but plugins.yaml itself.
const (
	adminSecret  = "canary-admin-0123456789abcdef"
	clientSecret = "canary-client-0123456789abcdef"
	mainSecret   = "sk-canary-main-0123456789abcdef"
	headerSecret = "canary-header-0123456789abcdef"
	envSecret    = "sk-canary-env-0123456789abcdef"
)

const sample = `# A comment at the top.
version: 1

auth:
  keys:
    - { name: boss, key: ` + adminSecret + `, admin: true }
    - { name: worker, key: ` + clientSecret + ` }   # the team

plugins: { dir: wasm, env_allow: [ALLOWED_KEY] }

channels:
  - name: main          # the first
    adapter: mini
    base_url: https://api.example/v1
    keys:
      - ` + mainSecret + `
      - { key: "${ALLOWED_KEY}", label: env }
    headers: { x-gateway: ` + headerSecret + ` }
    models: { "claude-*": big }

  - name: spare
    adapter: absent
    base_url: https://spare.example
    enabled: false
`

// mini is an adapter that only exists.
type mini struct{}

func (mini) Manifest() adapter.Manifest {
	return adapter.Manifest{Name: "mini", Version: "1", Auth: "bearer", Options: `{"type":"object"}`, Operations: []adapter.Operation{adapter.Messages}}
}

func (mini) New(jsonindex.Value) (adapter.Adapter, error) { return mini{}, nil }

func (mini) Begin(*adapter.Call, *adapter.UpstreamRequest) (adapter.Exchange, error) {
	return nil, adapter.Fail(adapter.Unsupported, "", "mini converts nothing")
}

// rig is an API on a real socket over a real plugins.yaml.
type rig struct {
	t    *testing.T
	dir  string
	api  *API
	srv  *httptest.Server
	log  *hosttest.Log
	reg  *registry.Registry
	hub  *telemetry.Hub
	mu   sync.Mutex
	cfg  *config.Config
	tab  *auth.Table
	past []contract.Reload
	seen bytes.Buffer // every answer
}

func (r *rig) path() string { return filepath.Join(r.dir, "plugins.yaml") }

func (r *rig) file() string {
	r.t.Helper()
	b, err := os.ReadFile(r.path())
	if err != nil {
		r.t.Fatal(err)
	}
	return string(b)
}

func (r *rig) write(text string) {
	r.t.Helper()
	if err := os.WriteFile(r.path(), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func newRig(t *testing.T) *rig { return newRigOf(t, sample) }

func newRigOf(t *testing.T, text string) *rig {
	t.Helper()
	r := &rig{t: t, dir: t.TempDir(), log: new(hosttest.Log), reg: registry.New([]adapter.Module{mini{}})}
	r.write(text)
	load := func(src []byte) (*config.Config, config.Report) {
		return config.Load(config.LoadOptions{
			Path: r.path(), Source: src, Adapters: r.reg.Names(), CheckOptions: r.reg.Check,
			LookupEnv: func(name string) (string, bool) { return envSecret, name == "ALLOWED_KEY" || name == "FORBIDDEN_KEY" },
		})
	}
	log := slog.New(slog.NewTextHandler(r.log, nil))
	files := store.New(store.Options{Path: r.path(), Load: load, Log: log})
	cfg, report := load([]byte(text))
	if cfg == nil {
		t.Fatal(report.Err())
	}
	r.hub = telemetry.New(cfg, telemetry.Options{Log: log})
	r.use(cfg)
	r.reg.Use(registry.Settings{Dir: filepath.Join(r.dir, "wasm"), HistoryDir: filepath.Join(r.dir, ".claude-proxy", "plugins")})
	t.Cleanup(r.reg.Close)
	r.api = New(Options{
		Config: r.config, Principals: func() *auth.Table { r.mu.Lock(); defer r.mu.Unlock(); return r.tab },
		Routes: func() *routing.Table { return routing.New(r.config()) }, Demo: func() bool { return false },
		Files: files, Reload: r.reload,
		LastReload: func() *contract.Reload {
			if list := r.reloads(); len(list) > 0 {
				return &list[0]
			}
			return nil
		},
		Reloads: r.reloads, Schema: func() []byte { return []byte(`{"type":"object"}`) },
		Import: func(_ string, text []byte) ([]byte, []string, error) {
			if len(text) == 0 {
				return nil, nil, errors.New("there is nothing in it")
			}
			return text, []string{"a note"}, nil
		},
		Health: balance.New(time.Now, rand.Float64), Adapters: r.reg, Hub: r.hub,
		Prober: func(*config.Channel) (*relay.Channel, func(), error) {
			return nil, nil, errors.New("there is no network here")
		},
		Relay: func(w http.ResponseWriter, req *http.Request, body []byte, p *auth.Principal) {
			w.Header().Set("content-type", "application/json")
			fmt.Fprintf(w, `{"echo":%s,"by":%q,"cookies":%d}`, body, p.Name, len(req.Cookies()))
		},
		Version: "test", Log: log,
	})
	r.srv = httptest.NewServer(r.api)
	t.Cleanup(func() {
		r.api.Stop()
		r.srv.Close()
		r.noSecrets()
	})
	return r
}

// noSecrets looks for secrets where none may be.
func (r *rig) noSecrets() {
	places := map[string]string{"log": r.log.String(), "answers": r.seen.String()}
	for _, secret := range []string{adminSecret, clientSecret, mainSecret, headerSecret, envSecret} {
		for place, text := range places {
			if i := strings.Index(text, secret); i >= 0 {
				r.t.Errorf("a secret is in the %s: …%s", place, text[max(0, i-200):i+10])
			}
		}
	}
}

func (r *rig) config() *config.Config {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cfg
}

// use puts a configuration to work.
func (r *rig) use(cfg *config.Config) {
	r.t.Helper()
	tab, err := auth.New(cfg.Auth.Keys, time.Now)
	if err != nil {
		r.t.Error(err)
		return
	}
	r.mu.Lock()
	r.cfg, r.tab = cfg, tab
	r.mu.Unlock()
}

func (r *rig) reloads() []contract.Reload {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.past)
}

func (r *rig) reload(_ context.Context, reason string) contract.Reload {
	v, err := r.api.Files.Read()
	out := contract.Reload{Time: time.Now(), Reason: reason, ETag: v.Hash, Changed: []string{}, Problems: []contract.ConfigProblem{}, RestartNeeded: []string{}}
	if err == nil {
		cfg, report := r.api.Files.Load(v.Bytes)
		out.Problems = ConfigProblems(report)
		if out.OK = cfg != nil; out.OK {
			out.Changed = config.Changes(r.config(), cfg)
			r.use(cfg)
		}
	}
	r.mu.Lock()
	r.past = slices.Insert(r.past, 0, out)
	r.mu.Unlock()
	r.hub.Publish(telemetry.Reload, out)
	return out
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

// as reads the body into a shape.
func as[T any](t *testing.T, a reply) T {
	t.Helper()
	var v T
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s %s: %v in %s", a.Request.Method, a.Request.URL, err, a.body)
	}
	return v
}

// request makes a request with header lines.
func (r *rig) request(method, path, body string, headers ...string) *http.Request {
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
	return req
}

func (r *rig) send(client *http.Client, method, path, body string, headers ...string) reply {
	r.t.Helper()
	resp, err := client.Do(r.request(method, path, body, headers...))
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	r.mu.Lock()
	r.seen.Write(b)
	r.mu.Unlock()
	return reply{resp, b}
}

// program asks with the admin key, as the command line does.
func (r *rig) program(method, path, body string, headers ...string) reply {
	r.t.Helper()
	return r.send(http.DefaultClient, method, path, body, append([]string{"authorization: Bearer " + adminSecret}, headers...)...)
}

// edit writes as somebody who knows the present state.
func (r *rig) edit(client *http.Client, method, path, body string, headers ...string) reply {
	r.t.Helper()
	return r.send(client, method, path, body, append([]string{"if-match: " + r.etag()}, headers...)...)
}

func (r *rig) etag() string { return `"` + store.Hash([]byte(r.file())) + `"` }

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

// sseOf yields the events of a stream.
func sseOf(t *testing.T, body io.Reader) iter.Seq2[string, string] {
	return func(yield func(name, data string) bool) {
		lines := bufio.NewScanner(body)
		lines.Buffer(nil, 16<<20)
		name := ""
		for lines.Scan() {
			switch line := lines.Text(); {
			case strings.HasPrefix(line, "event: "):
				name = line[len("event: "):]
			case strings.HasPrefix(line, "data: "):
				if !yield(name, line[len("data: "):]) {
					return
				}
			}
		}
		if err := lines.Err(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	}
}

func logLine(message string) telemetry.LogLine {
	return telemetry.LogLine{Time: time.Now(), Level: "WARN", Message: message, Attrs: map[string]string{"a": "b"}}
}
