package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/app"
	"github.com/claude-proxy/claude-proxy/host/balance"
	"github.com/claude-proxy/claude-proxy/host/hosttest"
	"github.com/claude-proxy/claude-proxy/host/overload"
)

// O06: under soft pressure connections are not kept; under hard pressure new requests get 529 while live streams go on; and
// all is well again afterwards.
func TestMemoryPressure(t *testing.T) {
	var used atomic.Uint64
	p := startAs(t, func(o *app.Options) {
		o.Memory = func() overload.Sample { return overload.Sample{Used: used.Load(), Limit: 100} }
	}, channel("main", "openai", upstreamOf(t, slow()).URL))
	reach := func(percent uint64, want overload.Level) {
		t.Helper()
		used.Store(percent)
		for range 1000 {
			if p.app.Pressure() == want {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatalf("the level is %s, want %s", p.app.Pressure(), want)
	}
	reach(10, overload.None)
	first, rest := p.streaming(t, "gpt-5.6")
	reach(90, overload.Soft)
	if got := p.post("/v1/messages/count_tokens", ask("gpt-5.6", "hi", false)); got.status != 200 || !got.closes {
		t.Errorf("soft: %d, closes %v", got.status, got.closes)
	}
	reach(99, overload.Hard)
	shed := p.post("/v1/messages", ask("gpt-5.6", "hi", true))
	refused(t, shed, 529, "overloaded_error", "memory", "")
	if shed.header.Get("retry-after") == "" {
		t.Error("no retry-after")
	}
	if got := p.do("GET", "/readyz?verbose", nil); got.status != 503 || !strings.Contains(got.body, `"name":"memory","ok":false`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	if body := first + rest(); ends(body) != "complete" {
		t.Errorf("the live stream: %s", ends(body))
	}
	reach(10, overload.None)
	if got := p.post("/v1/messages/count_tokens", ask("gpt-5.6", "hi", false)); got.status != 200 || got.closes {
		t.Errorf("afterwards: %d, closes %v", got.status, got.closes)
	}
}

// C18: an address that guesses is slowed down and told so; whoever has a key is served from the same address all the same.
// C16: behind a trusted proxy addresses are those that it names.
func TestGuessingIsSlowedDown(t *testing.T) {
	p := start(t, channel("main", "openai", upstreamOf(t, hosttest.Step{Times: -1}).URL), "server: { trusted_proxies: [127.0.0.0/8] }")
	guess := func(from string) answer {
		return p.post("/v1/messages", ask("gpt-5.6", "hi", false), "x-api-key: canary-guess", "x-forwarded-for: "+from)
	}
	for range 20 {
		refused(t, guess("192.0.2.1"), 401, "authentication_error", "client key", "false")
	}
	slowed := guess("192.0.2.1")
	refused(t, slowed, 429, "rate_limit_error", "from this address", "")
	if slowed.header.Get("retry-after") == "" {
		t.Error("no retry-after")
	}
	refused(t, guess("192.0.2.2"), 401, "authentication_error", "client key", "false")
	if got := p.post("/v1/messages", ask("gpt-5.6", "hi", false), "x-forwarded-for: 192.0.2.1"); got.status != 200 {
		t.Errorf("with a key: %d %s", got.status, got.body)
	}
	if !strings.Contains(p.log.String(), "from=192.0.2.1") {
		t.Error("the log does not tell the address")
	}
}

// Readiness says what is missing: no key that works, no adapter.
func TestReadiness(t *testing.T) {
	up := hosttest.New(t, &hosttest.Script{Keys: []string{secondKey}})
	p := start(t, channel("main", "openai", up.URL)+channel("plugin", "not-there", up.URL))
	f := func(status int, want string) {
		t.Helper()
		if got := p.do("GET", "/readyz?verbose", nil, "x-api-key: "); got.status != status || !strings.Contains(got.body, want) {
			t.Errorf("%d %s, want %d with %s", got.status, got.body, status, want)
		}
		if got := p.do("GET", "/readyz", nil, "x-api-key: "); got.status != status || strings.Contains(got.body, "checks") {
			t.Errorf("without verbose: %d %s", got.status, got.body)
		}
	}
	f(200, `"name":"channels","ok":true,"detail":"1 of 2 usable"`)
	refused(t, p.post("/v1/messages", ask("gpt-5.6", "hi", false), "x-claude-proxy-channel: "), 502, "api_error", "credentials", "false")
	f(503, `"detail":"0 of 2 usable"`)
	if got := p.app.Health(); got[0].State != balance.Invalid || got[1].State != balance.OK {
		t.Errorf("%+v", got)
	}
	if !p.app.ResetHealth("main", "") {
		t.Error("nothing to reset")
	}
	f(200, "1 of 2")
}

// O02: what an upstream did to a key outlives the program.
func TestHealthOutlivesTheProgram(t *testing.T) {
	up := hosttest.New(t, &hosttest.Script{Keys: []string{secondKey}})
	state := "server: { state_dir: " + t.TempDir() + " }"
	two := "  - { name: main, adapter: openai, base_url: " + up.URL + ", keys: [ " + upstreamKey + ", " + secondKey + " ] }\n"
	for run := range 3 {
		p := start(t, two, state)
		if got := p.post("/v1/messages", ask("gpt-5.6", "hi", false)); got.status != 200 {
			t.Errorf("%d %s", got.status, got.body)
		}
		p.stop()
		<-p.done
		p.done <- nil
		if n := len(up.Requests()); n != 2+run {
			t.Errorf("run %d: %d upstream requests so far; the refused key was tried again", run, n)
		}
	}
}

// O04
func TestWarnsOfFewFiles(t *testing.T) {
	f := func(requests int, files uint64, want string) {
		t.Helper()
		var b bytes.Buffer
		warnOfFewFiles(slog.New(slog.NewTextHandler(&b, nil)), requests, files)
		if (want == "") != (b.Len() == 0) || !strings.Contains(b.String(), want) {
			t.Errorf("%d requests, %d files: %q", requests, files, b.String())
		}
	}
	f(1000, 1024, "needed=2064")
	f(1000, 2064, "")
	f(1000, 0, "")
}

// O05: a port that is taken ends the program at once, and the message says what to do.
func TestPortInUse(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := app.Listen(l.Addr().String()); err == nil || !strings.Contains(err.Error(), "in use") || !strings.Contains(err.Error(), "try:") {
		t.Errorf("%v", err)
	}
}

// C37: what lies between must not collect or keep a stream.
func TestStreamHeaders(t *testing.T) {
	p := start(t, channel("main", "openai", upstreamOf(t).URL))
	got := p.post("/v1/messages", ask("gpt-5.6", "hi", true))
	for name, want := range map[string]string{"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache, no-transform", "x-accel-buffering": "no"} {
		if got.header.Get(name) != want {
			t.Errorf("%s is %q", name, got.header.Get(name))
		}
	}
}

// C23: a client that closes its sending side and goes on reading counts as gone, as with any server of Go: the upstream is
// let go and nothing is left over.
func TestClientHalfCloses(t *testing.T) {
	up := upstreamOf(t, slow())
	p := start(t, channel("main", "openai", up.URL))
	c, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	body := ask("gpt-5.6", "hi", true)
	fmt.Fprintf(c, "POST /v1/messages HTTP/1.1\r\nHost: x\r\nx-api-key: %s\r\nContent-Length: %d\r\n\r\n%s", clientKey, len(body), body)
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Error(err)
	}
	if !up.Wait(10*time.Second, func(rs []hosttest.Request) bool {
		return len(rs) == 0 || !rs[0].Cancelled.IsZero() || !rs[0].Done.IsZero()
	}) {
		t.Error("the upstream is still being read")
	}
}

// U37: when every key rests because upstreams named a time, the proxy says so by itself and when to come back; when they rest
// for another reason, the least bad one is tried at once.
func TestAllKeysRest(t *testing.T) {
	named := upstreamOf(t, hosttest.Step{Times: -1, Error: &hosttest.Error{Status: 429}, Headers: map[string]string{"retry-after": "30"}})
	p := start(t, channel("one", "openai", named.URL)+channel("two", "openai", named.URL))
	p.post("/v1/messages", ask("gpt-5.6", "hi", false))
	asked := len(named.Requests())
	got := p.post("/v1/messages", ask("gpt-5.6", "hi", false))
	refused(t, got, 429, "rate_limit_error", "asked to wait", "")
	if after := got.header.Get("retry-after"); after == "" || after == "0" || len(named.Requests()) != asked {
		t.Errorf("retry-after %q, %d upstream requests more", after, len(named.Requests())-asked)
	}
	broken := upstreamOf(t, hosttest.Step{Times: 4, Error: &hosttest.Error{Status: 529}}, hosttest.Step{Times: -1})
	p = start(t, channel("one", "openai", broken.URL)+channel("two", "openai", broken.URL))
	for range 2 {
		refused(t, p.post("/v1/messages", ask("gpt-5.6", "hi", false)), 529, "overloaded_error", "", "")
	}
	if got := p.post("/v1/messages", ask("gpt-5.6", "hi", false)); got.status != 200 {
		t.Errorf("the upstream is well again: %d %s", got.status, got.body)
	}
}
