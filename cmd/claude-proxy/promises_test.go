package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
	"github.com/claude-proxy/claude-proxy/sdk/render/grammar"
)

// U36: request_timeout bounds the wait for a response head, however patient the channel is.
func TestRequestTimeout(t *testing.T) {
	for _, a := range adapters {
		up := upstreamOf(t, hosttest.Step{Times: -1, Fault: hosttest.Fault{Hang: "head"}})
		p := start(t, channel("main", a.name, up.URL), "server: { request_timeout: 300ms }")
		refused(t, p.post("/v1/messages", ask(a.model, "hi", true)), 504, "timeout_error", "300ms", "")
	}
}

// The limit of a whole answer counts from the request: bytes that trickle in do not extend it, and it is not cut by
// request_timeout.
func TestWholeTimeout(t *testing.T) {
	slowly := hosttest.Step{Times: -1, Answer: &hosttest.Answer{Parts: []hosttest.Part{{Text: strings.Repeat("word ", 200)}}}, Fault: hosttest.Fault{BytesPerSecond: 1500}}
	for _, a := range adapters {
		p := start(t, channel("main", a.name, upstreamOf(t, slowly).URL, "timeouts: { whole: 400ms }"))
		began := time.Now()
		refused(t, p.post("/v1/messages", ask(a.model, "hi", false)), 504, "timeout_error", "400ms", "")
		if d := time.Since(began); d > 5*time.Second {
			t.Errorf("%s: given up after %s", a.name, d)
		}
	}
	late := hosttest.Step{Times: -1, Fault: hosttest.Fault{DelayHead: hosttest.Duration(600 * time.Millisecond)}}
	p := start(t, channel("main", "openai", upstreamOf(t, late).URL), "server: { request_timeout: 300ms }")
	if got := p.post("/v1/messages", ask("gpt-5.6", "hi", false)); got.status != 200 {
		t.Errorf("an unstreamed answer was cut: %d %s", got.status, got.body)
	}
}

// C24: what does not fit waits in the queue or is refused with 529 and a time to come back.
func TestOverload(t *testing.T) {
	up := upstreamOf(t, hosttest.Step{Times: -1, Fault: hosttest.Fault{DelayHead: hosttest.Duration(500 * time.Millisecond)}})
	p := start(t, channel("main", "openai", up.URL), "server: { max_concurrent_requests: 1, queue: { length: 1, wait: 10s } }")
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[int]int{}
	for range 6 {
		wg.Go(func() {
			got := p.post("/v1/messages", ask("gpt-5.6", "hi", false))
			mu.Lock()
			defer mu.Unlock()
			seen[got.status]++
			if got.status == 529 && (got.header.Get("retry-after") == "" || !strings.Contains(got.body, "overloaded_error")) {
				t.Errorf("%v %s", got.header, got.body)
			}
		})
	}
	wg.Wait()
	if seen[200] < 2 || seen[529] < 1 || seen[200]+seen[529] != 6 {
		t.Errorf("statuses %v", seen)
	}
}

// The ledger: told in a header, hidden, or refused, as the channel says.
func TestLossPolicies(t *testing.T) {
	body := `{"model":"gpt-5.6","max_tokens":10,"top_k":3,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"x","content":"y","is_error":true}]}]}`
	for policy, check := range map[string]func(a answer) bool{
		"warn": func(a answer) bool {
			return a.status == 200 && strings.Contains(a.header.Get("x-claude-proxy-loss"), "top_k")
		},
		"allow": func(a answer) bool { return a.status == 200 && a.header.Get("x-claude-proxy-loss") == "" },
		"strict": func(a answer) bool {
			return a.status == 400 && strings.Contains(a.body, `channel \"main\"`) && strings.Contains(a.body, "messages") && a.header.Get("x-should-retry") == "false"
		},
	} {
		up := hosttest.New(t, &hosttest.Script{Keys: []string{upstreamKey}, Lenient: true})
		p := start(t, channel("main", "openai", up.URL, "loss: "+policy))
		if got := p.post("/v1/messages", body); !check(got) {
			t.Errorf("%s: %d %v %s", policy, got.status, got.header, got.body)
		}
		if policy == "strict" && len(up.Requests()) != 0 {
			t.Error("strict: the request went out all the same")
		}
	}
}

// A remedy: thinking signatures that the upstream refuses are left out in one more try, which the client does not notice.
func TestRemedy(t *testing.T) {
	body := `{"model":"claude-opus-5-5","max_tokens":2000,"thinking":{"type":"enabled","budget_tokens":1024},"messages":[{"role":"user","content":"q"},` +
		`{"role":"assistant","content":[{"type":"thinking","thinking":"t","signature":"bm90IHRoZWlycw=="},{"type":"text","text":"a"}]},{"role":"user","content":"more"}]}`
	up := upstreamOf(t)
	p := start(t, channel("main", "claude", up.URL))
	got := p.post("/v1/messages", body)
	requests := up.Requests()
	if got.status != 200 || len(requests) != 2 || strings.Contains(string(requests[1].Body), "bm90") {
		t.Fatalf("%d %s; %d upstream requests", got.status, got.body, len(requests))
	}
	if !strings.Contains(p.log.String(), "remedy.drop_thinking") || strings.Contains(p.log.String(), "attempts=2") {
		t.Error("the log should tell of the remedy, and of one attempt")
	}
}

// Stop sequences that the model's API refuses are honoured by the host, which lets the upstream go.
func TestLocalStopSequences(t *testing.T) {
	step := hosttest.Step{Times: -1, Answer: &hosttest.Answer{Parts: []hosttest.Part{{Text: "one two STOP three four"}}, Stream: hosttest.Stream{Chunk: 2}}}
	for _, name := range []string{"openai", "openairesponses"} {
		for _, stream := range []bool{false, true} {
			up := upstreamOf(t, step)
			p := start(t, channel("main", name, up.URL))
			got := p.post("/v1/messages", fmt.Sprintf(`{"model":"gpt-5.6","max_tokens":50,"stream":%v,"stop_sequences":["STOP"],"messages":[{"role":"user","content":"hi"}]}`, stream))
			check := grammar.CheckWhole
			if stream {
				check = grammar.CheckStream
			}
			if err := check([]byte(got.body)); err != nil {
				t.Errorf("%s, stream %v: %v", name, stream, err)
			}
			if strings.Contains(got.body, "three") || !strings.Contains(got.body, `"stop_reason":"stop_sequence"`) || !strings.Contains(got.body, `"stop_sequence":"STOP"`) {
				t.Errorf("%s, stream %v:\n%s", name, stream, got.body)
			}
			if strings.Contains(string(up.Requests()[0].Body), "STOP") {
				t.Errorf("%s: the upstream was asked to stop by itself", name)
			}
		}
	}
}

// Failures of count_tokens say nothing about a channel's health.
func TestSideEndpointsPoisonNothing(t *testing.T) {
	up := upstreamOf(t, hosttest.Step{Times: -1, Match: &hosttest.Match{Op: "count"}, Error: &hosttest.Error{Status: http.StatusNotFound}})
	p := start(t, channel("main", "claude", up.URL))
	for range 5 {
		p.post("/v1/messages/count_tokens", `{"model":"claude-opus-5-5","messages":[{"role":"user","content":"foo"}]}`)
	}
	if got := p.post("/v1/messages", ask("claude-opus-5-5", "hi", false)); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// A key that may pick channels picks; the name must be that of an enabled channel.
func TestPickedChannel(t *testing.T) {
	first, second := upstreamOf(t), upstreamOf(t)
	p := start(t, channel("first", "openai", first.URL)+channel("second", "openai", second.URL),
		"auth: { keys: [ { name: picker, key: canary-picker-key-7731, pick_channel: true } ] }")
	got := p.post("/v1/messages", ask("gpt-5.6", "hi", false), "x-api-key: canary-picker-key-7731", "x-claude-proxy-channel: second")
	if got.status != 200 || len(first.Requests()) != 0 || len(second.Requests()) != 1 {
		t.Errorf("%d %s; %d and %d requests", got.status, got.body, len(first.Requests()), len(second.Requests()))
	}
	refused(t, p.post("/v1/messages", ask("gpt-5.6", "hi", false), "x-api-key: canary-picker-key-7731", "x-claude-proxy-channel: third"), 404, "not_found_error", "third", "false")
}

// A channel may present its keys in another way than the adapter does.
func TestChannelAuth(t *testing.T) {
	for auth, want := range map[string]http.Header{
		"": {"X-Api-Key": {upstreamKey}}, "bearer": {"Authorization": {"Bearer " + upstreamKey}}, "header:api-key": {"Api-Key": {upstreamKey}}, "none": {},
	} {
		var seen http.Header
		up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen = r.Header.Clone()
			w.WriteHeader(http.StatusBadRequest)
		}))
		p := start(t, channel("main", "claude", up.URL, fmt.Sprintf("auth: %q", auth)))
		p.post("/v1/messages", ask("claude-opus-5-5", "hi", false))
		up.Close()
		for _, name := range []string{"X-Api-Key", "Authorization", "Api-Key"} {
			if got := seen[name]; !slices.Equal(got, want[name]) {
				t.Errorf("auth %q: header %s is %q", auth, name, got)
			}
		}
	}
}
