package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/app"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/watch"
	"github.com/claude-proxy/claude-proxy/host/hosttest"
)

// says is an upstream that answers with one text, for ever.
func says(t testing.TB, text string) *hosttest.Server {
	return upstreamOf(t, hosttest.Step{Times: -1, Answer: &hosttest.Answer{Parts: []hosttest.Part{{Text: text}}}})
}

// rewrite replaces the configuration by these channels and settings, without reloading.
func (p *proxy) rewrite(channels string, more ...string) {
	p.t.Helper()
	text := strings.Join(more, "\n")
	if !strings.Contains(text, "log:") {
		text += "\nlog: { level: debug }"
	}
	p.write("version: 1\nchannels:\n" + channels + text + "\n")
}

func (p *proxy) write(text string) {
	p.t.Helper()
	if err := os.WriteFile(p.path+".new", []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Rename(p.path+".new", p.path); err != nil {
		p.t.Fatal(err)
	}
}

// reload reads the file again, which must work.
func (p *proxy) reload() app.ReloadResult {
	p.t.Helper()
	r, err := p.app.Reload(p.t.Context(), "test")
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

// hears sends a small request and returns the answer's body.
func (p *proxy) hears() string {
	p.t.Helper()
	return p.post("/v1/messages", ask("gpt-4o", "hi", false)).body
}

// F01, F02, F03, F20: a file with mistakes keeps the configuration before in force, and all mistakes are told with their
// places.
func TestF01F02F03F20BadFileKeepsTheOld(t *testing.T) {
	p := start(t, channel("main", "openai", says(t, "before").URL))
	f := func(text string, want ...string) {
		t.Helper()
		p.write(text)
		r, err := p.app.Reload(t.Context(), "test")
		if err == nil || r.OK || r.Error == "" {
			t.Fatalf("taken: %q", text)
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q is not in:\n%s", w, err)
			}
		}
		if body := p.hears(); !strings.Contains(body, "before") {
			t.Errorf("the old configuration is gone: %s", body)
		}
	}
	// F01
	f("version: 1\nchannels: [\n", "plugins.yaml:2:11")
	f("version: 1\n\tserver: {}\n", "plugins.yaml:2:2", "a tab cannot indent")
	// F02
	f("version: 1\nserver: { lisen: \"127.0.0.1:1\" }\n", `"lisen" is not a known key`, `did you mean "listen"?`)
	// F03
	f("version: 1\nserver: {}\nserver: {}\n", `"server" is set twice: on line 2 already`)
	f("version: 1\nchannels:\n"+channel("a", "openai", "https://x")+channel("a", "openai", "https://y"), `"a" is the name of two channels`)
	// F20
	f("version: 1\nserver: { request_timeout: \"5\" }\nrouting:\n  models: { \"claude-*\": [ { channel: none } ] }\nchannels:\n"+channel("a", "openai", "https://x", "weight: -1"),
		"server.request_timeout", "weight", `"none" is not the name of a channel`)
	if r := p.app.Reloads(); len(r) != 6 || r[0].OK {
		t.Errorf("%d reloads are remembered", len(r))
	}
	if log := p.log.String(); !strings.Contains(log, "the configuration is wrong") || !strings.Contains(log, "plugins.yaml:2:11") {
		t.Error("the log does not say where the file is wrong")
	}
}

// F04: what would take all memory or for ever is refused before it does.
func TestF04Bombs(t *testing.T) {
	p := start(t, channel("main", "openai", says(t, "before").URL))
	bomb := "version: 1\nx-a: &a [ x, x, x, x, x, x, x, x, x, x ]\n"
	for c := 'b'; c <= 'k'; c++ {
		bomb += fmt.Sprintf("x-%c: &%c [ %s ]\n", c, c, strings.Repeat(fmt.Sprintf("*%c, ", c-1), 9)+"*"+string(c-1))
	}
	for name, text := range map[string]string{
		"aliases": bomb + "server: *k\n",
		"nesting": "version: 1\nx: " + strings.Repeat("[", 20_000),
		"size":    "version: 1\n" + strings.Repeat("# "+strings.Repeat("x", 1022)+"\n", 5<<10),
	} {
		p.write(text)
		if _, err := p.app.Reload(t.Context(), "test"); err == nil {
			t.Errorf("%s: taken", name)
		}
		if body := p.hears(); !strings.Contains(body, "before") {
			t.Errorf("%s: the old configuration is gone: %s", name, body)
		}
	}
}

// A good file is in force at once, its log line says what changed, and what it does not mention is gone.
func TestReload(t *testing.T) {
	p := start(t, channel("main", "openai", says(t, "before").URL, "models: { gpt-4o: gpt-5.6 }"))
	if body := p.hears(); !strings.Contains(body, "before") {
		t.Fatal(body)
	}
	p.rewrite(channel("other", "openai", says(t, "after").URL, "weight: 3"), "log: { level: debug }", "server: { health_path: /alive }")
	r := p.reload()
	if body := p.hears(); !strings.Contains(body, "after") {
		t.Error(body)
	}
	want := "server: health_path changed; channel main removed; channel other added"
	if got := strings.Join(r.Changes, "; "); got != want || !strings.Contains(p.log.String(), want) {
		t.Errorf("changes: %s", got)
	}
	if got := p.do("GET", "/alive", nil); got.status != 200 {
		t.Errorf("the new health path: %d", got.status)
	}
	if got := p.do("GET", "/health", nil); got.status == 200 {
		t.Error("the old health path answers still")
	}
	// Nothing changed.
	if r := p.reload(); len(r.Changes) > 0 {
		t.Errorf("%v", r.Changes)
	}
	// A channel that is switched off suppresses the demo; none at all brings it.
	p.write("version: 1\n")
	p.reload()
	if got := p.post("/v1/messages", ask("gpt-4o", "hi", false)); got.header.Get("x-claude-proxy-demo") != "1" {
		t.Errorf("no demo: %d %s", got.status, got.body)
	}
}

// F05: an empty file, and one that is not there, is being written; the proxy waits for the rest.
func TestF05HalfWritten(t *testing.T) {
	p := start(t, channel("main", "openai", says(t, "before").URL))
	after := says(t, "after").URL
	for _, c := range []struct{ name, half string }{{"empty", ""}, {"zeros", "\x00\x00\x00"}, {"comment", "# so far\n"}, {"missing", "-"}} {
		t.Run(c.name, func(t *testing.T) {
			if c.half == "-" {
				if err := os.Remove(p.path); err != nil {
					t.Fatal(err)
				}
			} else {
				p.write(c.half)
			}
			done := make(chan error)
			go func() {
				_, err := p.app.Reload(t.Context(), "test")
				done <- err
			}()
			p.rewrite(channel("main", "openai", after))
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			if body := p.hears(); !strings.Contains(body, "after") {
				t.Error(body)
			}
		})
	}
	// What stays empty is an error, never "no channels".
	p.write("")
	if _, err := p.app.Reload(t.Context(), "test"); err == nil || !strings.Contains(err.Error(), "the file is empty") {
		t.Errorf("%v", err)
	}
	if err := os.Remove(p.path); err != nil {
		t.Fatal(err)
	}
	if _, err := p.app.Reload(t.Context(), "test"); err == nil || !strings.Contains(err.Error(), "is not there any more") {
		t.Errorf("%v", err)
	}
	if body := p.hears(); !strings.Contains(body, "after") {
		t.Error(body)
	}
}

// watching reloads by itself when a file changes, and returns what is told of it.
func watching(t *testing.T, channels string, more ...string) (*proxy, <-chan app.ReloadResult) {
	t.Helper()
	results := make(chan app.ReloadResult, 100)
	p := startAs(t, func(o *app.Options) { o.Reloaded = func(r app.ReloadResult) { results <- r } }, channels, more...)
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		p.app.Watch(ctx, ready, watch.Options{Quiet: 5 * time.Millisecond, Apart: time.Millisecond, Poll: time.Hour})
	}()
	t.Cleanup(func() { cancel(); <-done })
	<-ready
	return p, results
}

// F06, F18: saving the file, .env or a secret's file is enough; the change of a key counts without a word of it anywhere.
func TestF06SavingIsEnough(t *testing.T) {
	up := says(t, "hello")
	p, results := watching(t, channel("main", "openai", up.URL))
	secret := filepath.Join(filepath.Dir(p.path), "secret")
	if err := os.WriteFile(secret, []byte("canary-wrong-key"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.rewrite("  - { name: main, adapter: openai, base_url: " + up.URL + ", keys: [ \"file:secret\" ] }\n")
	if r := <-results; !r.OK || strings.Join(r.Changes, "") != "channel main: 1 key added, 1 key removed" {
		t.Fatalf("%+v", r)
	}
	if got := p.post("/v1/messages", ask("gpt-4o", "hi", false)); got.status == 200 {
		t.Error("the wrong key works")
	}
	if err := os.WriteFile(secret, []byte(upstreamKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := <-results; !r.OK || len(r.Changes) != 1 {
		t.Fatalf("%+v", r)
	}
	if body := p.hears(); !strings.Contains(body, "hello") {
		t.Error(body)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(p.path), ".env"), []byte("\uFEFFexport LOG_LEVEL='warn'\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := <-results; !r.OK || strings.Join(r.Changes, "") != "log: level debug → warn" {
		t.Fatalf("%+v", r)
	}
}

// F17: a variable that is not set switches its key off, with a warning that names it; the others serve.
func TestF17MissingVariable(t *testing.T) {
	up := says(t, "hello")
	p := start(t, channel("main", "openai", up.URL))
	p.write("version: 1\nchannels:\n  - { name: main, adapter: openai, base_url: " + up.URL + ", keys: [ \"${NOT_SET_ANYWHERE}\", " + upstreamKey + " ] }\n")
	r := p.reload()
	if len(r.Report.Warnings()) != 1 || !strings.Contains(p.log.String(), "NOT_SET_ANYWHERE is not set") {
		t.Errorf("warnings: %v", r.Report)
	}
	if body := p.hears(); !strings.Contains(body, "hello") {
		t.Error(body)
	}
}

// F21: an upstream that cannot be reached keeps no configuration from being used.
func TestF21UnreachableChannel(t *testing.T) {
	p := start(t, channel("main", "openai", says(t, "hello").URL))
	p.rewrite(channel("dead", "openai", "http://127.0.0.1:1") + channel("main", "openai", says(t, "after").URL))
	p.reload()
	if body := p.hears(); !strings.Contains(body, "after") {
		t.Error(body)
	}
}

// free is an address on which nothing listens.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// F22: a new address is open before the old one goes; streams on the old one end well; one that is taken changes nothing.
func TestF22Listener(t *testing.T) {
	up := upstreamOf(t, slow())
	p := start(t, channel("main", "openai", up.URL))
	old := p.url
	first, rest := p.streaming(t, "gpt-4o")

	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	p.rewrite(channel("main", "openai", up.URL), "server: { listen: \""+taken.Addr().String()+"\" }")
	if _, err := p.app.Reload(t.Context(), "test"); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Fatalf("%v", err)
	}
	if got := p.do("GET", "/health", nil); got.status != 200 {
		t.Fatalf("the old address: %d", got.status)
	}

	addr := free(t)
	p.rewrite(channel("main", "openai", up.URL), "server: { listen: \""+addr+"\" }")
	if r := p.reload(); strings.Join(r.Changes, "") != "server: listen 127.0.0.1:3000 → "+addr {
		t.Errorf("%v", r.Changes)
	}
	p.url = "http://" + addr
	if got := p.do("GET", "/health", nil); got.status != 200 {
		t.Errorf("the new address: %d", got.status)
	}
	if body := first + rest(); ends(body) != "complete" {
		t.Errorf("the stream on the old address: %s", ends(body))
	}
	if _, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(httpGet(t, old+"/health")); err == nil {
		t.Error("the old address is open still")
	}
	// The same port on another address of this machine: the old one makes way.
	_, port, _ := net.SplitHostPort(addr)
	p.rewrite(channel("main", "openai", up.URL), "server: { listen: \"0.0.0.0:"+port+"\" }")
	p.reload()
	if got := p.do("GET", "/health", nil); got.status != 200 {
		t.Errorf("all addresses: %d", got.status)
	}
}

func httpGet(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// F23: reloads come thick and fast while streams run: every stream ends well, with the channel it began with. A proxy that
// stops takes no new configuration.
func TestF23ReloadStorm(t *testing.T) {
	ups := []*hosttest.Server{upstreamOf(t, slow()), upstreamOf(t, slow())}
	p := start(t, channel("c0", "openai", ups[0].URL))
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			first, rest := p.streaming(t, "gpt-4o")
			if body := first + rest(); ends(body) != "complete" {
				t.Errorf("%s", ends(body))
			}
		})
	}
	streams := make(chan struct{})
	go func() { group.Wait(); close(streams) }()
	n := 0
	for running := true; running; n++ {
		p.rewrite(channel(fmt.Sprintf("c%d", n%3), "openai", ups[n%2].URL))
		p.reload()
		select {
		case <-streams:
			running = false
		default:
		}
	}
	t.Logf("%d reloads", n)
	first, rest := p.streaming(t, "gpt-4o")
	p.stop()
	var err error
	for err == nil { // until the proxy has noticed
		_, err = p.app.Reload(t.Context(), "test")
	}
	if !strings.Contains(err.Error(), "stopping") {
		t.Errorf("%v", err)
	}
	if body := first + rest(); ends(body) != "complete" {
		t.Errorf("%s", ends(body))
	}
}

// Channels that did not change, and those whose connections are made the same way, keep them; what is removed lets go.
func TestReloadKeepsConnections(t *testing.T) {
	var mu sync.Mutex
	opened := map[string]int{}
	closed := make(chan string, 10)
	counting := func(name string) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		srv := &http.Server{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("content-type", "application/json")
				fmt.Fprint(w, `{"id":"x","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}`)
			}),
			ConnState: func(_ net.Conn, s http.ConnState) {
				mu.Lock()
				defer mu.Unlock()
				switch s {
				case http.StateNew:
					opened[name]++
				case http.StateClosed:
					closed <- name
				}
			},
		}
		go func() { _ = srv.Serve(l) }()
		t.Cleanup(func() { _ = srv.Close() })
		return "http://" + l.Addr().String()
	}
	a, b := counting("a"), counting("b")
	both := func(more string) string {
		return channel("a", "openai", a, "serves: [ a ]", more) + channel("b", "openai", b, "serves: [ b ]")
	}
	p := start(t, both("weight: 1"))
	say := func(model string) {
		t.Helper()
		if got := p.post("/v1/messages", ask(model, "hi", false)); got.status != 200 {
			t.Fatalf("%s", got.body)
		}
	}
	say("a")
	say("b")
	p.rewrite(both("weight: 2"))
	p.reload()
	say("a")
	mu.Lock()
	if opened["a"] != 1 || opened["b"] != 1 {
		t.Errorf("connections: %v", opened)
	}
	mu.Unlock()
	p.rewrite(channel("a", "openai", a, "serves: [ a ]"))
	p.reload()
	if name := <-closed; name != "b" {
		t.Errorf("the connection to %s was closed", name)
	}
	say("a")
	mu.Lock()
	defer mu.Unlock()
	if opened["a"] != 1 {
		t.Errorf("connections: %v", opened)
	}
}

// What is known of the health of a channel survives a reload.
func TestReloadKeepsHealth(t *testing.T) {
	up := upstreamOf(t, hosttest.Step{Times: -1, Error: &hosttest.Error{Status: 401}})
	p := start(t, channel("main", "openai", up.URL))
	p.hears()
	before := p.app.Health()[0].Keys[0].State
	p.rewrite(channel("main", "openai", up.URL, "weight: 7"))
	p.reload()
	if after := p.app.Health()[0].Keys[0].State; after != before || string(after) != "invalid" {
		t.Errorf("%s, then %s", before, after)
	}
}

// The level and the format of the log change with the file, and so do its switches.
func TestReloadLog(t *testing.T) {
	var used []config.LogLevel
	p := startAs(t, func(o *app.Options) {
		o.UseLog = func(l config.Log, _ config.Environment) { used = append(used, l.Level) }
	}, channel("main", "openai", says(t, "hello").URL))
	p.hears()
	if n := strings.Count(p.log.String(), "msg=request"); n != 1 {
		t.Fatalf("%d request lines", n)
	}
	p.rewrite(channel("main", "openai", says(t, "hello").URL), "log: { level: error, requests: false, responses: false }")
	p.reload()
	p.hears()
	if n := strings.Count(p.log.String(), "msg=request"); n != 1 {
		t.Errorf("%d request lines after they were switched off", n)
	}
	if len(used) != 1 || used[0] != config.LevelError {
		t.Errorf("%v", used)
	}
}
