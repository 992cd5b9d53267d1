package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
	"github.com/claude-proxy/claude-proxy/sdk/render/grammar"
)

// refused checks an error answer of the proxy: Claude's shape, the request id twice, x-should-retry where told.
func refused(t *testing.T, a answer, status int, errorType, message, shouldRetry string) {
	t.Helper()
	if a.status != status || !strings.Contains(a.body, `"type":"`+errorType+`"`) || !strings.Contains(a.body, message) {
		t.Errorf("status %d, body %s; want %d, %s, %q", a.status, a.body, status, errorType, message)
	}
	id := a.header.Get("request-id")
	if !strings.HasPrefix(id, "req_") || !strings.Contains(a.body, `"request_id":"`+id+`"`) || !strings.HasPrefix(a.body, `{"type":"error","error":{`) {
		t.Errorf("not Claude's error shape, or without the request id %q: %s", id, a.body)
	}
	if got := a.header.Get("x-should-retry"); got != shouldRetry {
		t.Errorf("x-should-retry %q, want %q", got, shouldRetry)
	}
}

func zipped(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return b.String()
}

func TestClientFaults(t *testing.T) {
	up := upstreamOf(t)
	p := start(t, channel("main", "openai", up.URL, "serves: [ served ]"), "server: { body_limit: 64KiB }")
	good := ask("served", "hi", false)
	check := func(name string, a answer, status int, errorType, message string) {
		t.Helper()
		t.Run(name, func(t *testing.T) { refused(t, a, status, errorType, message, "false") })
	}
	// bodies
	check("C01 declared too large", p.post("/v1/messages", strings.Repeat(" ", 65<<10)), 413, "request_too_large", "64 KiB")
	check("C04 malformed", p.post("/v1/messages", `{"model":"served",,}`), 400, "invalid_request_error", "byte 18")
	check("C04 cut off", p.post("/v1/messages", good[:len(good)-3]), 400, "invalid_request_error", "JSON")
	check("C05 nesting bomb", p.post("/v1/messages", strings.Repeat("[", 3000)), 400, "invalid_request_error", "deep")
	check("C06 duplicate key", p.post("/v1/messages", `{"model":"served","max_tokens":1,"mod\u0065l":"x","messages":[]}`), 400, "invalid_request_error", "duplicate key")
	check("C07 invalid UTF-8", p.post("/v1/messages", strings.Replace(good, "hi", "h\xff", 1)), 400, "invalid_request_error", "UTF-8")
	check("C09 max_tokens 1.5", p.post("/v1/messages", strings.Replace(good, ":100", ":1.5", 1)), 400, "invalid_request_error", "max_tokens")
	check("C09 max_tokens -1", p.post("/v1/messages", strings.Replace(good, ":100", ":-1", 1)), 400, "invalid_request_error", "max_tokens")
	check("C09 max_tokens 1e999", p.post("/v1/messages", strings.Replace(good, ":100", ":1e999", 1)), 400, "invalid_request_error", "max_tokens")
	check("C11 empty body", p.post("/v1/messages", ``), 400, "invalid_request_error", "JSON")
	check("C11 no model", p.post("/v1/messages", `{"max_tokens":1,"messages":[]}`), 400, "invalid_request_error", "model")
	check("C11 form", p.post("/v1/messages", good, "content-type: application/x-www-form-urlencoded"), 400, "invalid_request_error", "application/json")
	check("C12 unknown encoding", p.post("/v1/messages", good, "content-encoding: br"), 400, "invalid_request_error", "gzip")
	check("C12 not gzip", p.post("/v1/messages", good, "content-encoding: gzip"), 400, "invalid_request_error", "gzip")
	check("C12 gzip bomb", p.post("/v1/messages", zipped(strings.Repeat(" ", 1<<20)), "content-encoding: gzip"), 413, "request_too_large", "64 KiB")
	// credentials: one text for all
	const noKey = "invalid or missing client key"
	check("C18 missing key", p.post("/v1/messages", good, "x-api-key: "), 401, "authentication_error", noKey)
	check("C18 wrong key", p.post("/v1/messages", good, "x-api-key: canary-wrong"), 401, "authentication_error", noKey)
	check("C19 key in the query", p.post("/v1/messages?key="+clientKey, good, "x-api-key: "), 401, "authentication_error", noKey)
	// paths, methods, models
	check("unknown path", p.post("/v1/complete", good), 404, "not_found_error", "/v1/complete")
	check("unknown model", p.post("/v1/messages", ask("servd", "hi", false)), 404, "not_found_error", `did you mean \"served\"`)
	check("C11 GET", p.do("GET", "/v1/messages", nil), 405, "invalid_request_error", "POST")
	check("channel without the right to pick", p.post("/v1/messages", good, "x-claude-proxy-channel: main"), 403, "permission_error", "x-claude-proxy-channel")
	if got := p.do("GET", "/v1/messages", nil).header.Get("allow"); got != "POST" {
		t.Errorf("allow %q", got)
	}
	if n := len(up.Requests()); n != 0 {
		t.Errorf("%d refused requests reached the upstream", n)
	}
}

func TestClientKeys(t *testing.T) {
	p := start(t, channel("main", "openai", upstreamOf(t).URL), `auth: { keys: [ { name: other, key: canary-other-key-5512, models: [ "claude-*", "!*opus*" ] }, { name: old, key: canary-old-key-9917, expires: "2020-01-01T00:00:00Z" }, { name: off, key: canary-off-key-3301, enabled: false } ] }`)
	status := func(want int, headers ...string) {
		t.Helper()
		if a := p.post("/v1/messages", ask("claude-sonnet", "hi", false), headers...); a.status != want {
			t.Errorf("%q: status %d, want %d: %s", headers, a.status, want, a.body)
		}
	}
	status(200)
	status(200, "x-api-key: ", "authorization: Bearer "+clientKey)
	status(200, "authorization: Bearer canary-stale") // C20: either valid one is enough
	status(200, "x-api-key: canary-stale", "authorization: bearer "+clientKey)
	status(401, "authorization: Bearer canary-other-key-5512") // C20: both valid, for different principals
	status(200, "x-api-key: canary-other-key-5512")
	status(401, "x-api-key: canary-old-key-9917")
	status(401, "x-api-key: canary-off-key-3301")
	if a := p.post("/v1/messages", ask("claude-opus", "hi", false), "x-api-key: canary-other-key-5512"); a.status != 403 {
		t.Errorf("a model the key may not use: %d %s", a.status, a.body)
	}
}

// C10, C26 and all that must not hinder: unknown fields, any query, slashes, capitals, missing version.
func TestClientOddities(t *testing.T) {
	up := upstreamOf(t)
	p := start(t, channel("main", "openai", up.URL))
	ok := func(a answer) {
		t.Helper()
		if a.status != 200 || a.header.Get("location") != "" {
			t.Errorf("status %d: %s", a.status, a.body)
		}
	}
	body := ask("gpt-5.6", "hi", false)
	ok(p.post("/v1/messages?beta=true&x=%zz", body))
	ok(p.post("//v1/messages", body))
	ok(p.post("/v1/messages/", body))
	ok(p.post("/v1//messages//", body))
	ok(p.post("/v1/messages", body, "content-type: application/json; charset=utf-8"))
	ok(p.post("/v1/messages", body, "content-type: ", "anthropic-version: "))
	ok(p.post("/v1/messages", zipped(body), "content-encoding: gzip"))
	ok(p.post("/v1/messages", strings.Replace(body, "{", `{"base_url":"http://evil.invalid","x_new":[{}],`, 1)))
	ok(p.post("/v1/messages", strings.Replace(body, "hi", `\ud800 \u0000`, 1)))
	ok(p.do("HEAD", "/", nil, "x-api-key: "))
	ok(p.do("HEAD", "/api/hello", nil, "x-api-key: "))
	ok(p.do("GET", "/health", nil, "x-api-key: "))
	ok(p.do("GET", "/livez", nil, "x-api-key: "))
	ok(p.do("GET", "/readyz", nil, "x-api-key: "))
	ok(p.post("/v1/messages/count_tokens?beta=true", `{"model":"gpt-5.6","messages":[{"role":"user","content":"foo"}],"tools":[]}`))
	for _, r := range up.Requests() {
		if strings.Contains(r.Path, "//") || r.HasHeader("x-claude-proxy-channel") {
			t.Errorf("upstream saw %s", r.Path)
		}
	}
}

// raw speaks HTTP by hand and returns what comes back within a second.
func (p *proxy) raw(t *testing.T, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	c.SetReadDeadline(time.Now().Add(time.Second))
	b, _ := io.ReadAll(c) // ends by the deadline or by the server
	return string(b)
}

// C13, C14, C15, C17, C36: framing tricks end in an error of the server or do no harm.
func TestClientFraming(t *testing.T) {
	p := start(t, channel("main", "openai", upstreamOf(t).URL))
	head := "POST /v1/messages HTTP/1.1\r\nHost: x\r\nx-api-key: " + clientKey + "\r\n"
	body := ask("gpt-5.6", "hi", false)
	status := func(name, text, want string) {
		t.Helper()
		got := p.raw(t, text)
		line, _, _ := strings.Cut(got, "\r\n")
		if !strings.Contains(line, want) {
			t.Errorf("%s: %q, want %s", name, got, want)
		}
	}
	length := fmt.Sprintf("Content-Length: %d\r\n", len(body))
	status("plain", head+length+"\r\n"+body, "200")
	status("C14 differing lengths", head+length+"Content-Length: 3\r\n\r\n"+body, "400")
	status("C14 signed length", head+"Content-Length: +3\r\n\r\n"+body, "400")
	status("C14 two hosts", head+"Host: y\r\n"+length+"\r\n"+body, "400")
	status("C14 NUL in a header", head+"x: a\x00b\r\n"+length+"\r\n"+body, "400")
	status("C14 unknown transfer encoding", head+"Transfer-Encoding: gzip\r\n\r\n"+body, "501")
	status("C15 folded key", strings.Replace(head, clientKey, clientKey+"\r\n x", 1)+length+"\r\n"+body, "401")
	status("C17 header flood", head+"x: "+strings.Repeat("a", 80<<10)+"\r\n"+length+"\r\n"+body, "431")
	status("C36 broken header", head+"anthropic-beta: a\rb\r\n"+length+"\r\n"+body, "400")
}

// C21: the upstream is let go within a second of the client's leaving.
func TestClientLeaves(t *testing.T) {
	for _, a := range adapters {
		t.Run(a.name, func(t *testing.T) {
			up := upstreamOf(t, hosttest.Step{Answer: &hosttest.Answer{Parts: []hosttest.Part{{Text: strings.Repeat("word ", 500)}}}, Fault: hosttest.Fault{DelayEvent: hosttest.Duration(20 * time.Millisecond)}})
			p := start(t, channel("main", a.name, up.URL))
			req, _ := http.NewRequestWithContext(t.Context(), "POST", p.url+"/v1/messages", strings.NewReader(ask(a.model, "hi", true)))
			req.Header.Set("x-api-key", clientKey)
			resp, err := http.DefaultTransport.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(resp.Body, make([]byte, 200)); err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if !up.Wait(time.Second, func(rs []hosttest.Request) bool { return len(rs) == 1 && !rs[0].Cancelled.IsZero() }) {
				t.Error("the upstream was still being read a second after the client had left")
			}
		})
	}
}

func TestDemo(t *testing.T) {
	p := start(t, "")
	a := p.post("/v1/messages", ask("claude-sonnet-4-5", "tell me \"something\"", true))
	if a.status != 200 || a.header.Get("x-claude-proxy-demo") != "1" {
		t.Errorf("%d %v\n%s", a.status, a.header, a.body)
	}
	if err := grammar.CheckStream([]byte(a.body)); err != nil {
		t.Error(err)
	}
	a = p.post("/v1/messages", ask("claude-sonnet-4-5", "hi", false))
	if err := grammar.CheckWhole([]byte(a.body)); err != nil || a.status != 200 || !strings.Contains(a.body, `You wrote: \"hi\"`) {
		t.Errorf("%d %v\n%s", a.status, err, a.body)
	}
}

// A channel that is defined, even a disabled one, keeps the demo away.
func TestNoDemoWithAChannel(t *testing.T) {
	p := start(t, channel("main", "openai", "http://127.0.0.1:9", "enabled: false"))
	refused(t, p.post("/v1/messages", ask("m", "hi", false)), 404, "not_found_error", "disabled", "false")
}
