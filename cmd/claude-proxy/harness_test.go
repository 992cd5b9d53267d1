package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/app"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/store"
	"github.com/claude-proxy/claude-proxy/host/hosttest"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/plugins"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// Every key of the tests is a canary: no output of the proxy may hold it. Each proxy checks its own at the end.
const (
	clientKey   = "canary-client-key-8d1f0a5c"
	upstreamKey = "canary-upstream-key-b71e9c"
	secondKey   = "canary-upstream-key-2-40aa17"
)

// proxy is a whole running proxy over a real socket.
type proxy struct {
	t    testing.TB
	url  string
	app  *app.App
	log  *hosttest.Log
	stop context.CancelFunc
	done chan error
	reg  *registry.Registry
	// plugins hears of each plugin whose state changed, as long as there is room.
	plugins chan registry.PluginInfo
	// path is the configuration file.
	path string
	// seen collects every byte that clients got, for the search for canaries.
	seen hosttest.Log
}

// channel is one line of YAML for a channel of the tests.
func channel(name, adapterName, baseURL string, more ...string) string {
	return fmt.Sprintf("  - { name: %s, adapter: %s, base_url: %q, keys: [ %q ]%s }\n", name, adapterName, baseURL, upstreamKey,
		strings.Join(append([]string{""}, more...), ", "))
}

// start runs a proxy with these channels and further top-level settings until the test ends.
func start(t testing.TB, channels string, more ...string) *proxy {
	return startWith(t, nil, channels, more...)
}

// startWith is start with further adapters.
func startWith(t testing.TB, extra []adapter.Module, channels string, more ...string) *proxy {
	t.Helper()
	return startAs(t, func(o *app.Options) { o.Registry = registry.New(append(plugins.Builtin(), extra...)) }, channels, more...)
}

// startAs is start with other options.
func startAs(t testing.TB, change func(*app.Options), channels string, more ...string) *proxy {
	t.Helper()
	p := &proxy{t: t, log: &hosttest.Log{}, done: make(chan error, 1), plugins: make(chan registry.PluginInfo, 1000)}
	options := app.Options{Log: slog.New(slog.NewTextHandler(p.log, &slog.HandlerOptions{Level: slog.LevelDebug})), Registry: registry.New(plugins.Builtin()), Version: "test",
		PluginChanged: func(i registry.PluginInfo) {
			select {
			case p.plugins <- i:
			default:
			}
		}}
	change(&options)
	reg := options.Registry
	p.reg = reg
	t.Cleanup(reg.Close)
	text := "version: 1\n"
	if channels != "" {
		text += "channels:\n" + channels
	}
	text += strings.Join(more, "\n")
	if !strings.Contains(text, "\nlog:") && !strings.HasPrefix(text, "log:") {
		text += "\nlog: { level: debug }\n"
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "plugins.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p.path = path
	load := func(text []byte) (*config.Config, config.Report) {
		return config.Load(config.LoadOptions{Path: path, Source: text, Adapters: reg.Names(), CheckOptions: reg.Check, LookupEnv: func(name string) (string, bool) {
			if name == "PROXY_ACCESS_KEY" {
				return clientKey, true
			}
			return "", false
		}})
	}
	options.Load = func() (*config.Config, config.Report) { return load(nil) }
	options.Files = store.New(store.Options{Path: path, Load: load, Log: options.Log})
	cfg, report := options.Load()
	if cfg == nil {
		t.Fatalf("the configuration is not valid:\n%s", report)
	}
	a, err := app.New(cfg, options)
	if err != nil {
		t.Fatal(err)
	}
	p.app = a
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.url = "http://" + l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	p.stop = cancel
	go func() { p.done <- a.Serve(ctx, l) }()
	t.Cleanup(p.close)
	return p
}

func (p *proxy) close() {
	p.stop()
	select {
	case err := <-p.done:
		if err != nil {
			p.t.Errorf("the proxy stopped with: %v", err)
		}
	case <-time.After(40 * time.Second):
		p.t.Error("the proxy did not stop")
	}
	for _, secret := range []string{clientKey, upstreamKey, secondKey} {
		if strings.Contains(p.log.String(), secret) {
			p.t.Errorf("the log holds the key %s", secret)
		}
		if strings.Contains(p.seen.String(), secret) {
			p.t.Errorf("an answer holds the key %s", secret)
		}
	}
	if p.t.Failed() {
		p.t.Logf("log of the proxy:\n%s", p.log.String())
	}
}

// answer is what a client got.
type answer struct {
	status int
	header http.Header
	body   string
	// closes says that the connection serves nothing further.
	closes bool
	// cut is the error with which the body broke off, nil for a body that ended well.
	cut error
}

// post sends a body to a path with the client key; header lines are "name: value".
func (p *proxy) post(path, body string, headers ...string) answer {
	p.t.Helper()
	return p.do(http.MethodPost, path, strings.NewReader(body), headers...)
}

func (p *proxy) do(method, path string, body io.Reader, headers ...string) answer {
	p.t.Helper()
	req, err := http.NewRequest(method, p.url+path, body)
	if err != nil {
		p.t.Fatal(err)
	}
	req.Header.Set("x-api-key", clientKey)
	req.Header.Set("content-type", "application/json")
	req.Header.Set("anthropic-version", "2023-06-01")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
		if value == "" {
			req.Header.Del(name)
		}
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	p.seen.Write(b)
	resp.Header.Write(&p.seen)
	if strings.HasPrefix(path, "/v1/messages") {
		p.awaitLine(resp.Header.Get("request-id"))
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: string(b), closes: resp.Close, cut: err}
}

// awaitLine waits for the log line of a request, which is written after its answer has left. It gives up soon, for a test may
// have switched these lines off.
func (p *proxy) awaitLine(id string) {
	for range 250 {
		if tail := p.log.Tail(); strings.Contains(tail, "msg=request id="+id) || strings.Contains(tail, `msg="request refused" id=`+id) {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// ask is a small request body.
func ask(model, text string, stream bool) string {
	return fmt.Sprintf(`{"model":%q,"max_tokens":100,"stream":%v,"messages":[{"role":"user","content":%q}]}`, model, stream, text)
}

// upstreamOf starts a scripted upstream that takes the tests' keys.
func upstreamOf(t testing.TB, steps ...hosttest.Step) *hosttest.Server {
	t.Helper()
	return hosttest.New(t, &hosttest.Script{Keys: []string{upstreamKey, secondKey}, Steps: steps})
}
