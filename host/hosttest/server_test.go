package hosttest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAutoAnswersAllAPIs(t *testing.T) {
	s := New(t, nil)
	for _, v := range vendors {
		for _, stream := range []bool{false, true} {
			a := v.send(t, s, stream)
			kind := a.header.Get("Content-Type")
			if a.status != 200 || a.err != nil || strings.HasPrefix(kind, "text/event-stream") != stream {
				t.Errorf("%s stream %v: status %d, type %s, %v\n%s", v.api, stream, a.status, kind, a.err, a.body)
				continue
			}
			if got := textIn(t, v, a); got != "You said: Hello there, world" {
				t.Errorf("%s stream %v: %q", v.api, stream, got)
			}
		}
	}
	if n := len(s.Requests()); n != 8 {
		t.Errorf("%d requests are recorded", n)
	}
}

func TestKeys(t *testing.T) {
	s := New(t, &Script{Keys: []string{canary}})
	f := func(api, key string, status int, kind string) {
		t.Helper()
		v := vendorOf(api)
		header := map[string]string{}
		for name, value := range v.header {
			if value = strings.ReplaceAll(value, canary, key); !strings.Contains(v.header[name], canary) || key != "" {
				header[name] = value
			}
		}
		path, body := v.hello(false)
		a := send(t, s, path, body, header)
		e := members(decode(t, a.body)["error"])
		if got := fmt.Sprint(a.status, " ", e["type"], e["status"], " ", e["code"]); got != fmt.Sprint(status, " ", kind) {
			t.Errorf("%s with %q: %s, want %d %s", api, key, got, status, kind)
		}
		if strings.Contains(string(a.body), canary) {
			t.Errorf("%s shows the key: %s", api, a.body)
		}
	}
	f("chat", "", 401, "invalid_request_error<nil> <nil>")
	f("chat", "wrong", 401, "invalid_request_error<nil> invalid_api_key")
	f("responses", "", 401, "invalid_request_error<nil> <nil>")
	f("claude", "", 401, "authentication_error<nil> <nil>")
	f("claude", "wrong", 401, "authentication_error<nil> <nil>")
	f("gemini", "", 403, "<nil>PERMISSION_DENIED 403")
	f("gemini", "wrong", 400, "<nil>INVALID_ARGUMENT 400")

	for _, v := range vendors {
		if a := v.send(t, s, false); a.status != 200 {
			t.Errorf("%s with the right key: %d %s", v.api, a.status, a.body)
		}
	}
	for _, q := range s.Requests() {
		if q.KeyOK != (q.Status == 200) {
			t.Errorf("%s %s: KeyOK %v, status %d", q.API, q.Path, q.KeyOK, q.Status)
		}
	}
}

// What is recorded prints no credential, and gives it out on demand.
func TestRecord(t *testing.T) {
	s := New(t, &Script{Keys: []string{canary}})
	v := vendorOf("claude")
	path, body := v.hello(false)
	send(t, s, path+"?beta=true&key=canary-query-key", body, map[string]string{
		"X-Api-Key": canary, "Authorization": "Bearer canary-other-key", "Cookie": "session=canary-cookie-key",
		"Anthropic-Version": "2023-06-01", "Anthropic-Beta": "a,b"})
	q := s.Requests()[0]
	asJSON, err := json.Marshal(q)
	if err != nil {
		t.Fatal(err)
	}
	for _, printed := range []string{fmt.Sprintf("%v", q), fmt.Sprintf("%+v", q), fmt.Sprintf("%#v", q), string(asJSON)} {
		if strings.Contains(printed, "canary") {
			t.Errorf("a credential shows: %s", printed)
		}
	}
	want := map[string]string{"x-api-key": canary, "authorization": "Bearer canary-other-key", "cookie": "session=canary-cookie-key", "?key": "canary-query-key"}
	for name, secret := range want {
		if q.Credentials[name].Reveal() != secret {
			t.Errorf("credential %s is %q", name, q.Credentials[name].Reveal())
		}
	}
	if len(q.Credentials) != len(want) || !q.HasHeader("authorization") || q.HasHeader("proxy-authorization") {
		t.Errorf("credentials: %v", q.Credentials)
	}
	if q.API != "claude" || q.Op != "generate" || q.Model != v.model || q.Path != path || !strings.Contains(q.Query, "beta=true") ||
		string(q.Body) != body || q.Header.Get("Anthropic-Beta") != "a,b" || q.Step != -1 || q.Done.Before(q.At) || !q.Cancelled.IsZero() {
		t.Errorf("record: %+v", q)
	}
}

func TestClientGoneIsRecorded(t *testing.T) {
	s := New(t, &Script{Steps: []Step{{Times: -1, Fault: Fault{End: "stall"}}}})
	ctx, cancel := context.WithCancel(t.Context())
	path, body := vendorOf("chat").hello(true)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+canary)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if !s.Requests()[0].Cancelled.IsZero() {
		t.Error("cancelled too early")
	}
	cancel()
	_ = resp.Body.Close()
	if !s.Wait(5*time.Second, func(all []Request) bool { return !all[0].Cancelled.IsZero() && !all[0].Done.IsZero() }) {
		t.Errorf("the record does not say that the client went away: %+v", s.Requests()[0])
	}
	if s.Wait(10*time.Millisecond, func(all []Request) bool { return len(all) == 2 }) {
		t.Error("Wait found a request nobody sent")
	}
}

func TestSteps(t *testing.T) {
	yes := true
	say := func(m *Match, times int, s string) Step {
		return Step{Match: m, Times: times, Answer: &Answer{Parts: []Part{{Text: s}}}}
	}
	s := New(t, &Script{Steps: []Step{
		say(&Match{Model: "gpt-*", API: "chat", Stream: &yes}, 1, "streamed gpt"),
		say(&Match{Path: "/v1beta/*", Model: "*pro"}, 2, "gemini pro"),
		say(&Match{BodyContains: "world", API: "responses"}, 0, "body"),
		say(&Match{Headers: map[string]string{"anthropic-version": "2023-06-01", "x-api-key": ""}}, 0, "header"),
		say(&Match{Func: func(q *Request) bool { return q.N == 8 }}, 0, "func"),
		say(&Match{Op: "count"}, 0, "never asked"),
		say(&Match{Call: 10, Key: canary}, 0, "tenth"),
		say(nil, 2, "in order"),
	}, Exhausted: "error"})
	f := func(api string, stream bool, want string, step int) {
		t.Helper()
		v := vendorOf(api)
		if got := textIn(t, v, v.send(t, s, stream)); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if all := s.Requests(); all[len(all)-1].Step != step {
			t.Errorf("%q came from step %d", want, all[len(all)-1].Step)
		}
	}
	f("chat", false, "in order", 7)
	f("chat", true, "streamed gpt", 0)
	f("chat", true, "in order", 7)
	f("gemini", true, "gemini pro", 1)
	f("gemini", false, "gemini pro", 1)
	f("responses", true, "body", 2)
	f("claude", true, "header", 3)
	f("chat", true, "func", 4)
	f("gemini", true, "", -1)
	f("chat", true, "tenth", 6)
	if a := vendorOf("chat").send(t, s, false); a.status != 500 || !strings.Contains(string(a.body), "script_exhausted") {
		t.Errorf("exhausted: %d %s", a.status, a.body)
	}
	if s.Remaining() != 1 {
		t.Errorf("%d steps remain, want the one for counts", s.Remaining())
	}
}

func TestSideEndpoints(t *testing.T) {
	s := New(t, &Script{Models: []string{"alpha", "beta"}})
	get := func(path string, v vendor) answer {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range v.header {
			req.Header.Set(name, value)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		a := answer{status: resp.StatusCode, header: resp.Header}
		buf := new(strings.Builder)
		if err := resp.Write(buf); err != nil {
			t.Fatal(err)
		}
		_, body, _ := strings.Cut(buf.String(), "\r\n\r\n")
		a.body = []byte(body)
		return a
	}
	f := func(api, path string, status int, want ...string) {
		t.Helper()
		a := get(path, vendorOf(api))
		for _, w := range want {
			if a.status != status || !strings.Contains(string(a.body), w) {
				t.Errorf("GET %s for %s: %d %s, want %d with %s", path, api, a.status, a.body, status, w)
			}
		}
	}
	f("chat", "/v1/models", 200, `"object":"list"`, `"id":"alpha"`, `"id":"beta"`)
	f("chat", "/v1/models/beta", 200, `"object":"model"`)
	f("chat", "/v1/models/gamma", 404, `"code":"model_not_found"`)
	f("claude", "/v1/models?limit=1000", 200, `"has_more":false`, `"first_id":"alpha"`, `"last_id":"beta"`, `"created_at":"`)
	f("claude", "/v1/models/alpha", 200, `"display_name":"Alpha"`)
	f("claude", "/v1/models/gamma", 404, `"type":"not_found_error"`)
	f("gemini", "/v1beta/models", 200, `"name":"models/alpha"`, `"supportedGenerationMethods"`)
	f("gemini", "/v1beta/models/gamma", 404, `"status":"NOT_FOUND"`)
	f("claude", "/v1/nothing", 404, `"not_found_error"`)
	f("chat", "/v1/nothing", 404, `"invalid_request_error"`)
	f("gemini", "/v1beta/nothing", 404, `"NOT_FOUND"`)

	count := func(api, path, body, field string) {
		t.Helper()
		a := send(t, s, path, body, vendorOf(api).header)
		if n, ok := integer(decode(t, a.body)[field]); a.status != 200 || !ok || n < 1 {
			t.Errorf("count of %s: %d %s", api, a.status, a.body)
		}
	}
	count("claude", "/v1/messages/count_tokens?beta=true", `{"model":"alpha","messages":[{"role":"user","content":"foo"}],"tools":[]}`, "input_tokens")
	count("responses", "/v1/responses/input_tokens", `{"model":"alpha","input":"foo","instructions":"be brief"}`, "input_tokens")
	count("gemini", "/v1beta/models/alpha:countTokens", `{"generateContentRequest":{"model":"models/alpha","contents":[{"role":"user","parts":[{"text":"foo"}]}]}}`, "totalTokens")
	count("gemini", "/v1beta/models/alpha:countTokens", `{"contents":[{"parts":[{"text":"foo"}]}]}`, "totalTokens")
	ops := map[string]int{}
	for _, q := range s.Requests() {
		ops[q.Op]++
	}
	if ops["count"] != 4 || ops["models"] != 8 || ops[""] != 3 {
		t.Errorf("operations: %v", ops)
	}
	if a := vendorOf("chat").send(t, s, false); a.status != 404 {
		t.Errorf("an unlisted model answers: %d", a.status)
	}
}

// agent plays a client with tools in one API: it runs every call and goes on until there is none.
func agent(t *testing.T, s *Server, v vendor, prompt string) (calls []string, final string) {
	t.Helper()
	h := newHistory(v, prompt)
	for range 6 {
		path, body := h.request()
		a := send(t, s, path, body, v.header)
		if a.status != 200 || a.err != nil {
			t.Fatalf("%s: %d %s %v\nto %s", v.api, a.status, a.body, a.err, body)
		}
		made := h.take(t, a)
		if len(made) == 0 {
			return calls, textIn(t, v, a)
		}
		calls = append(calls, strings.Join(made, "+"))
	}
	t.Fatalf("%s: no end", v.api)
	return nil, ""
}

// A tool-using task runs through every API, strictly checked, with all that was answered sent back: ids, signatures, items.
func TestAgentLoop(t *testing.T) {
	for _, v := range vendors {
		s := New(t, nil)
		calls, final := agent(t, s, v, `Please call Write {"file_path":"a.txt","content":"x {\"y\"}"} and call Read {"file_path":"b"} then call Read {"file_path":"a.txt"}.`)
		want := []string{`Write{"file_path":"a.txt","content":"x {\"y\"}"}+Read{"file_path":"b"}`, `Read{"file_path":"a.txt"}`}
		if !slices.Equal(calls, want) || !strings.HasPrefix(final, "Done. The last tool returned: ") {
			t.Errorf("%s: %q, then %q", v.api, calls, final)
		}
	}
}
