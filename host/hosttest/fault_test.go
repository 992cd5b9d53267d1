package hosttest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// broken starts a server whose answers, "one two three", all have the fault.
func broken(t *testing.T, f Fault) *Server {
	t.Helper()
	return New(t, &Script{Steps: []Step{{Times: -1, Answer: &Answer{Parts: []Part{{Text: "one two three"}}}, Fault: f}}})
}

func ptr[T any](v T) *T { return &v }

func TestCuts(t *testing.T) {
	healthy := vendorOf("claude").send(t, broken(t, Fault{}), true).body
	for n := 0; n < len(healthy); n += 97 {
		for _, how := range []string{"", "fin", "clean", "rst"} {
			a := vendorOf("claude").send(t, broken(t, Fault{CutAfter: ptr(n), Cut: how}), true)
			var want error
			switch how {
			case "", "fin":
				want = io.ErrUnexpectedEOF
			case "rst":
				want = syscall.ECONNRESET
			}
			if !errors.Is(a.err, want) {
				t.Errorf("%q at %d: the body ends with %v, want %v", how, n, a.err, want)
			}
			if how != "rst" && !bytes.Equal(a.body, healthy[:n]) { // a reset may overtake the bytes before it
				t.Errorf("%q at %d: got %d bytes", how, n, len(a.body))
			}
		}
	}
	a := vendorOf("chat").send(t, broken(t, Fault{CutBefore: 3, Cut: "clean"}), true)
	if n := len(streamed(t, a.body)); n != 2 || a.err != nil {
		t.Errorf("cut before the third event: %d events, %v", n, a.err)
	}
	a = vendorOf("chat").send(t, broken(t, Fault{CutAfter: ptr(20)}), false)
	if len(a.body) != 20 || !errors.Is(a.err, io.ErrUnexpectedEOF) {
		t.Errorf("a whole answer cut: %d bytes, %v", len(a.body), a.err)
	}
}

func TestFraming(t *testing.T) {
	texts := map[string]string{}
	for _, v := range vendors {
		healthy := textIn(t, v, v.send(t, broken(t, Fault{}), true))
		for _, words := range append(Framings(), "bom,crlf,comments,no-space", "cr,multi-line,no-last-blank") {
			a := v.send(t, broken(t, Fault{Framing: words}), true)
			texts[words] = string(a.body)
			if got := textIn(t, v, a); got != healthy {
				t.Errorf("%s framed %s says %q", v.api, words, got)
			}
		}
	}
	// of the last vendor, Claude
	for words, want := range map[string]string{
		"crlf": "\r\n\r\n", "cr": "}\r\revent: ", "bom": "\xEF\xBB\xBFevent", "no-space": "data:{", "multi-line": ",\ndata: \"",
		"comments": ": note\nevent", "bom,crlf,comments,no-space": "\xEF\xBB\xBF:note\r\nevent:message_start\r\n",
	} {
		if !strings.Contains(texts[words], want) {
			t.Errorf("%s: no %q in %.200q", words, want, texts[words])
		}
	}
	for words, never := range map[string]string{"cr": "\n", "unnamed": "event:", "lf": "\r"} {
		if strings.Contains(texts[words], never) {
			t.Errorf("%s: %q in %q", words, never, texts[words])
		}
	}
	if strings.HasSuffix(texts["no-last-blank"], "\n\n") {
		t.Error("no-last-blank: the blank line is there")
	}
}

func TestDistortions(t *testing.T) {
	v := vendorOf("chat")
	get := func(f Fault, stream bool) answer { t.Helper(); return v.send(t, broken(t, f), stream) }
	check := func(what string, ok bool, a answer) {
		t.Helper()
		if !ok {
			t.Errorf("%s: %d %v %v\n%.300s", what, a.status, a.header, a.err, a.body)
		}
	}
	a := get(Fault{ContentType: "text/plain"}, true)
	check("content type", a.header.Get("Content-Type") == "text/plain" && textIn(t, v, answer{header: map[string][]string{"Content-Type": {"text/event-stream"}}, body: a.body}) == "one two three", a)
	a = get(Fault{Page: true}, true)
	check("page", a.status == 200 && strings.HasPrefix(a.header.Get("Content-Type"), "text/html") && bytes.HasPrefix(a.body, []byte("<!DOCTYPE html>")), a)
	a = get(Fault{Redirect: "http://127.0.0.1:1/elsewhere"}, true)
	check("redirect", a.status == 307 && a.header.Get("Location") == "http://127.0.0.1:1/elsewhere", a)
	a = get(Fault{Empty: true}, true)
	check("empty", a.status == 200 && len(a.body) == 0 && a.err == nil, a)
	a = get(Fault{Shape: "sse"}, false)
	check("sse though unstreamed", strings.HasPrefix(a.header.Get("Content-Type"), "text/event-stream") && textIn(t, v, a) == "one two three", a)
	a = get(Fault{Shape: "json"}, true)
	check("json though streamed", a.header.Get("Content-Type") == "application/json" && textIn(t, v, a) == "one two three", a)
	a = get(Fault{BadChunk: 2}, true)
	events := streamed(t, a.body)
	check("bad chunk", json.Valid(events[0].Data) && !json.Valid(events[1].Data) && json.Valid(events[2].Data), a)
	a = get(Fault{BadChunk: 1}, false)
	check("bad whole", a.status == 200 && !json.Valid(a.body) && len(a.body) > 0, a)
	a = get(Fault{GiantEvent: 3 << 20}, true)
	largest := 0
	for _, ev := range streamed(t, a.body) {
		largest = max(largest, len(ev.Data))
	}
	check("giant event", largest > 3<<20, answer{})
	a = get(Fault{Flood: 500}, true)
	check("flood", strings.Count(string(a.body), ": .\n\n") == 500 && textIn(t, v, a) == "one two three", answer{})
}

func TestGzip(t *testing.T) {
	v := vendorOf("chat")
	for _, stream := range []bool{true, false} {
		a := v.send(t, broken(t, Fault{Gzip: "yes"}), stream)
		plain := unzip(t, a.body)
		if a.header.Get("Content-Encoding") != "gzip" || textIn(t, v, answer{header: a.header, body: plain}) != "one two three" {
			t.Errorf("gzip, stream %v: %v %q", stream, a.header, plain)
		}
		a = v.send(t, broken(t, Fault{Gzip: "unlabelled"}), stream)
		if a.header.Get("Content-Encoding") != "" || len(unzip(t, a.body)) == 0 {
			t.Errorf("unlabelled, stream %v: %v", stream, a.header)
		}
		a = v.send(t, broken(t, Fault{Gzip: "claimed"}), stream)
		if a.header.Get("Content-Encoding") != "gzip" || textIn(t, v, a) != "one two three" {
			t.Errorf("claimed, stream %v: %v %s", stream, a.header, a.body)
		}
	}
}

func unzip(t *testing.T, b []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

// Errors have each vendor's shape, before and inside an answer; the key is echoed only where the script says so.
func TestErrors(t *testing.T) {
	shapes := map[string]string{
		"chat":      `{"error":{"message":"slow down","type":"requests","param":null,"code":"rate_limit_exceeded"}}`,
		"responses": `{"error":{"message":"slow down","type":"requests","param":null,"code":"rate_limit_exceeded"}}`,
		"gemini": `{"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED","details":[` +
			`{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"rate_limit_exceeded","domain":"googleapis.com"},` +
			`{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"17s"}]}}`,
		"claude": `{"type":"error","error":{"type":"rate_limit_error","message":"slow down"},"request_id":"req_mock0001"}`,
	}
	inside := map[string]string{
		"chat":      `{"error":{"message":"overloaded","type":"server_error","param":null,"code":null}}`,
		"responses": `{"type":"error","code":"server_error","message":"overloaded","param":null,"sequence_number":3}`,
		"gemini":    `{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}`,
		"claude":    `{"type":"error","error":{"type":"overloaded_error","message":"overloaded"},"request_id":"req_mock0002"}`,
	}
	for _, v := range vendors {
		s := New(t, &Script{Steps: []Step{
			{Error: &Error{Status: 429, Code: "rate_limit_exceeded", Message: "slow down", RetryDelay: Duration(17 * time.Second)}, Headers: map[string]string{"Retry-After": "17"}},
			{Fault: Fault{ErrorBefore: 4}},
			{Fault: Fault{ErrorBefore: 1, Error: &Error{Status: 500, Message: "sorry"}}},
			{Error: &Error{Status: 401, Message: "wrong key", EchoKey: true}},
			{Error: &Error{Status: 502, Body: "<html>bad gateway</html>"}},
		}})
		a := v.send(t, s, true)
		if a.status != 429 || a.header.Get("Retry-After") != "17" || string(a.body) != shapes[v.api] {
			t.Errorf("%s: %d %s", v.api, a.status, a.body)
		}
		a = v.send(t, s, true)
		events := streamed(t, a.body)
		if a.status != 200 || len(events) != 4 || string(events[3].Data) != inside[v.api] {
			t.Errorf("%s inside: %d %s", v.api, a.status, a.body)
		}
		a = v.send(t, s, false)
		if a.status != 200 || errorText(t, a.body) != "sorry" {
			t.Errorf("%s inside a whole answer: %d %s", v.api, a.status, a.body)
		}
		a = v.send(t, s, false)
		if a.status != 401 || !strings.Contains(errorText(t, a.body), canary) {
			t.Errorf("%s does not echo the key: %s", v.api, a.body)
		}
		a = v.send(t, s, false)
		if a.status != 502 || string(a.body) != "<html>bad gateway</html>" {
			t.Errorf("%s verbatim: %d %s", v.api, a.status, a.body)
		}
	}
}

func TestRaw(t *testing.T) {
	s := New(t, &Script{Steps: []Step{
		{Raw: &Raw{Frames: []string{"data: 1\n", "\n", "data: 2\n\n"}}, Headers: map[string]string{"Set-Cookie": "a=b"}},
		{Raw: &Raw{Status: 418, ContentType: "text/odd", Body: "odd"}},
	}})
	a := vendorOf("chat").send(t, s, true)
	if string(a.body) != "data: 1\n\ndata: 2\n\n" || a.header.Get("Content-Type") != "text/event-stream" || a.header.Get("Set-Cookie") != "a=b" {
		t.Errorf("frames: %v %q", a.header, a.body)
	}
	a = vendorOf("chat").send(t, s, true)
	if a.status != 418 || string(a.body) != "odd" || a.header.Get("Content-Type") != "text/odd" {
		t.Errorf("body: %d %v %q", a.status, a.header, a.body)
	}
}

// Delays are at least as long as the script says, and a slow stream's events really come one by one.
func TestDelays(t *testing.T) {
	v := vendorOf("chat")
	took := func(f Fault, stream bool) time.Duration {
		t.Helper()
		s := broken(t, f)
		start := time.Now()
		if a := v.send(t, s, stream); a.err != nil || textIn(t, v, a) != "one two three" {
			t.Errorf("%+v: %v %s", f, a.err, a.body)
		}
		return time.Since(start)
	}
	for f, least := range map[Fault]time.Duration{
		{DelayHead: Duration(30 * time.Millisecond)}: 30 * time.Millisecond,
		{DelayBody: Duration(30 * time.Millisecond)}: 30 * time.Millisecond,
		{DelayEvent: Duration(5 * time.Millisecond)}: 30 * time.Millisecond, // six events
		{BytesPerSecond: 20_000}:                     50 * time.Millisecond, // more than 1000 bytes
	} {
		if d := took(f, true); d < least {
			t.Errorf("%+v took %v", f, d)
		}
	}
	path, body := v.hello(true)
	resp := post(t, broken(t, Fault{DelayEvent: Duration(20 * time.Millisecond)}), path, body, v.header)
	reads := 0
	for buf := make([]byte, 4096); ; reads++ {
		if _, err := resp.Body.Read(buf); err != nil {
			break
		}
	}
	if reads < 3 { // six on an idle machine
		t.Errorf("six events came in %d reads", reads)
	}
}

// Answers that never end hold their connection until the client goes away, and send what they say.
func TestNeverEnding(t *testing.T) {
	v := vendorOf("claude")
	f := func(fault Fault, stream bool, want string) {
		t.Helper()
		s := broken(t, fault)
		path, body := v.hello(stream)
		resp := post(t, s, path, body, v.header)
		got := &bytes.Buffer{}
		for !strings.Contains(got.String(), want) {
			if _, err := io.CopyN(got, resp.Body, 1); err != nil {
				t.Errorf("%+v: %v before %q: %s", fault, err, want, got)
				return
			}
		}
		time.AfterFunc(50*time.Millisecond, func() { _ = resp.Body.Close() })
		if _, err := io.Copy(got, resp.Body); err == nil {
			t.Errorf("%+v: the body ended", fault)
		}
		if want != "message_stop" && strings.Contains(got.String(), "message_stop") {
			t.Errorf("%+v: an end mark in %s", fault, got)
		}
		if !s.Wait(5*time.Second, func(all []Request) bool { return !all[0].Cancelled.IsZero() }) {
			t.Errorf("%+v: the client's leaving was not noticed", fault)
		}
	}
	f(Fault{Hang: "body"}, true, "")
	f(Fault{End: "stall"}, true, "three")
	f(Fault{End: "hold"}, true, "message_stop")
	f(Fault{End: "comments"}, true, ": still here\n\n: still here\n\n")
	f(Fault{End: "repeat"}, true, strings.Repeat("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" three\"}}\n\n", 2))
	f(Fault{End: "stall"}, false, `{"model"`)
	f(Fault{End: "hold"}, false, "three")
}

func TestHangBeforeTheHead(t *testing.T) {
	s := broken(t, Fault{Hang: "head"})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	path, body := vendorOf("chat").hello(true)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+canary)
	if _, err := http.DefaultClient.Do(req); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an answer came: %v", err)
	}
	if !s.Wait(5*time.Second, func(all []Request) bool { return len(all) == 1 && !all[0].Cancelled.IsZero() && all[0].Status == 0 }) {
		t.Errorf("record: %+v", s.Requests())
	}
}
