package hosttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/sse"
)

const canary = "canary-upstream-key"

// vendor is what a test client has to know of an API.
type vendor struct {
	api    string
	path   string // %s is the model
	stream string // path of streams, where it differs
	model  string
	header map[string]string
}

var vendors = []vendor{
	{"chat", "/v1/chat/completions", "", "gpt-4o", map[string]string{"Authorization": "Bearer " + canary}},
	{"responses", "/v1/responses", "", "gpt-5.6", map[string]string{"Authorization": "Bearer " + canary}},
	{"gemini", "/v1beta/models/%s:generateContent", "/v1beta/models/%s:streamGenerateContent?alt=sse", "gemini-3-pro",
		map[string]string{"X-Goog-Api-Key": canary}},
	{"claude", "/v1/messages", "", "claude-sonnet-4-5", map[string]string{"X-Api-Key": canary, "Anthropic-Version": "2023-06-01"}},
}

func vendorOf(api string) vendor {
	for _, v := range vendors {
		if v.api == api {
			return v
		}
	}
	panic("no such API: " + api)
}

// hello is the smallest request of an API.
func (v vendor) hello(stream bool) (path, body string) {
	return v.ask(stream, "Hello there, world")
}

// ask is a request with one user text.
func (v vendor) ask(stream bool, text string) (path, body string) {
	q := string(encode(text))
	switch v.api {
	case "chat":
		return v.path, fmt.Sprintf(`{"model":%q,"messages":[{"role":"user","content":%s}],"stream":%v}`, v.model, q, stream)
	case "responses":
		return v.path, fmt.Sprintf(`{"model":%q,"input":%s,"stream":%v,"store":false}`, v.model, q, stream)
	case "claude":
		return v.path, fmt.Sprintf(`{"model":%q,"max_tokens":1000,"messages":[{"role":"user","content":%s}],"stream":%v}`, v.model, q, stream)
	}
	return v.at(stream), fmt.Sprintf(`{"contents":[{"role":"user","parts":[{"text":%s}]}]}`, q)
}

func (v vendor) at(stream bool) string {
	if v.api != "gemini" {
		return v.path
	}
	if stream {
		return fmt.Sprintf(v.stream, v.model)
	}
	return fmt.Sprintf(v.path, v.model)
}

// post sends a request without following redirects.
func post(t *testing.T, s *Server, path, body string, header map[string]string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for name, value := range header {
		req.Header.Set(name, value)
	}
	client := http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// answer is a response read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
	err    error // how the body ended
}

func send(t *testing.T, s *Server, path, body string, header map[string]string) answer {
	t.Helper()
	resp := post(t, s, path, body, header)
	b, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, b, err}
}

func (v vendor) send(t *testing.T, s *Server, stream bool) answer {
	t.Helper()
	path, body := v.hello(stream)
	return send(t, s, path, body, v.header)
}

// streamed parses a body as an event stream.
func streamed(t *testing.T, body []byte) []sse.Event {
	t.Helper()
	p := sse.NewParser(sse.Limits{})
	p.Feed(body)
	var events []sse.Event
	for {
		var ev sse.Event
		ok, err := p.Next(&ev)
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			break
		}
		if ev.HasData {
			events = append(events, ev)
		}
	}
	if ev, ok := p.Close(); ok {
		events = append(events, ev)
	}
	return events
}

// textIn collects the answer's text from a whole body or a stream of any API.
func textIn(t *testing.T, v vendor, a answer) string {
	t.Helper()
	docs := [][]byte{a.body}
	if strings.HasPrefix(a.header.Get("Content-Type"), "text/event-stream") {
		docs = nil
		for _, ev := range streamed(t, a.body) {
			if string(ev.Data) != "[DONE]" {
				docs = append(docs, ev.Data)
			}
		}
	}
	var b strings.Builder
	for _, doc := range docs {
		m := decode(t, doc)
		switch v.api {
		case "chat":
			for _, c := range elements(m["choices"]) {
				b.WriteString(text(members(members(c)["message"])["content"]) + text(members(members(c)["delta"])["content"]))
			}
		case "responses":
			if m["type"] == "response.output_text.delta" {
				b.WriteString(text(m["delta"]))
			}
			for _, item := range elements(m["output"]) {
				b.WriteString(textOf(members(item)["content"]))
			}
		case "gemini":
			for _, c := range elements(m["candidates"]) {
				for _, p := range elements(members(members(c)["content"])["parts"]) {
					if members(p)["thought"] == nil {
						b.WriteString(text(members(p)["text"]))
					}
				}
			}
		case "claude":
			b.WriteString(textOf(m["content"]) + text(members(m["delta"])["text"]))
		}
	}
	return b.String()
}

// decode reads one JSON object, numbers as they stand.
func decode(t *testing.T, doc []byte) map[string]any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	var m map[string]any
	if err := dec.Decode(&m); err != nil {
		t.Fatalf("%v in %q", err, doc)
	}
	return m
}

// errorText is the message of an error body of any API.
func errorText(t *testing.T, body []byte) string {
	t.Helper()
	return text(members(decode(t, body)["error"])["message"])
}
