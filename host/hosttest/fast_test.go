package hosttest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestFast(t *testing.T) {
	s := New(t, nil)
	f := func(api, model string, stream bool, want string, events int) {
		t.Helper()
		v := vendorOf(api)
		v.model = model
		a := v.send(t, s, stream)
		if got := textIn(t, v, a); a.status != 200 || got != want {
			t.Errorf("%s %s: %d %q", api, model, a.status, got)
		}
		if !stream {
			return
		}
		if n := len(streamed(t, a.body)); n != events {
			t.Errorf("%s %s: %d events, want %d", api, model, n, events)
		}
	}
	const short = "A short answer in a few plain words."
	tokens := func(n int) string { return strings.Repeat(" token", n) }
	for _, v := range vendors {
		f(v.api, "fast-plain", false, short, 0)
		f(v.api, "fast-stream-3", false, tokens(3), 0)
		f(v.api, "fast-agent", false, strings.Repeat("8 bytes ", 40), 0)
	}
	f("chat", "fast-stream-200", true, tokens(200), 203) // role, finish, [DONE]
	f("chat", "fast-burst-200", true, tokens(200), 203)
	f("claude", "fast-stream-200", true, tokens(200), 206)
	f("gemini", "fast-stream-200", true, tokens(200), 201)
	f("responses", "fast-stream-200", true, tokens(200), 208)
	f("claude", "fast-agent", true, strings.Repeat("8 bytes ", 40), 91)
	start := time.Now()
	if f("chat", "fast-slow-5-10ms", true, tokens(5), 8); time.Since(start) < 70*time.Millisecond {
		t.Error("a slow stream is fast")
	}
	f("chat", "fast-plain", false, short, 0) // rendered before
	if n := len(s.Requests()); n != 0 {
		t.Errorf("%d requests for fast models are recorded", n)
	}
	f("chat", "fast-nonsense", false, "You said: Hello there, world", 0)
	f("chat", "fast-stream-x", false, "You said: Hello there, world", 0)

	path, body := vendorOf("chat").hello(true)
	a := send(t, s, path, strings.Replace(strings.Replace(body, "gpt-4o", "fast-plain", 1), `{"model`, `{"stream_options":{"include_usage":true},"model`, 1), nil)
	if !strings.Contains(string(a.body), `"prompt_tokens":1500`) {
		t.Errorf("usage was asked for: %s", a.body)
	}
}

func TestFastModelIsOnlyTheModel(t *testing.T) {
	f := func(body, want string) {
		t.Helper()
		if got := fastModel("/v1/messages", []byte(body)); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
	f(`{"model":"fast-plain"}`, "fast-plain")
	f(`{"messages":"fast-plain","model" : "fast-agent"}`, "fast-agent")
	f(`{"messages":["fast-plain"],"model":"gpt"}`, "")
	f(`{"model":"fast-`, "")
	f(`"fast-plain"`, "")
	f(``, "")
}

func TestFastAlone(t *testing.T) {
	h := httptest.NewServer(new(Fast))
	defer h.Close()
	for model, want := range map[string]int{"fast-plain": 200, "gpt": 404} {
		resp, err := http.Post(h.URL+"/v1/chat/completions", "application/json", strings.NewReader(fmt.Sprintf(`{"model":%q,"messages":[]}`, model)))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != want {
			t.Errorf("%s: %d %v", model, resp.StatusCode, err)
		}
		_ = resp.Body.Close()
	}
}

// BenchmarkFast is what the upstream itself costs, client included.
func BenchmarkFast(b *testing.B) {
	s := New(b, nil)
	big := strings.Repeat("x", 30_000)
	for _, c := range []struct{ model, body string }{
		{"fast-plain", "x"}, {"fast-plain", big}, {"fast-stream-200", "x"}, {"fast-burst-200", "x"}, {"fast-agent", big},
	} {
		b.Run(fmt.Sprintf("%s/%d", c.model, len(c.body)), func(b *testing.B) {
			body := fmt.Sprintf(`{"model":%q,"stream":%v,"messages":[{"role":"user","content":%q}]}`, c.model, c.model != "fast-plain", c.body)
			b.ReportAllocs()
			for b.Loop() {
				resp, err := http.Post(s.URL+"/v1/chat/completions", "application/json", strings.NewReader(body))
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, resp.Body); err != nil || n < 100 {
					b.Fatal(n, err)
				}
				_ = resp.Body.Close()
			}
		})
	}
}
