package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
)

const countBody = `{"model":%q,"messages":[{"role":"user","content":"foo"}],"tools":[]}`

// C134: of a burst of counts the first few are the upstream's and all others are estimated at once; every client is told
// which it got, and nothing of it touches health.
func TestCountBurst(t *testing.T) {
	const burst = 40
	for _, a := range adapters {
		t.Run(a.name, func(t *testing.T) {
			up := upstreamOf(t)
			p := start(t, channel("main", a.name, up.URL))
			var wg sync.WaitGroup
			answers := make([]answer, burst)
			for i := range answers {
				wg.Go(func() {
					answers[i] = p.post("/v1/messages/count_tokens?beta=true", fmt.Sprintf(countBody, a.model))
				})
			}
			wg.Wait()
			native := 0
			for _, got := range answers {
				var count struct {
					Input int `json:"input_tokens"`
				}
				if err := json.Unmarshal([]byte(got.body), &count); err != nil || got.status != 200 || count.Input <= 0 {
					t.Fatalf("%d %s", got.status, got.body)
				}
				if got.header.Get("x-claude-proxy-estimate") == "" {
					native++
				}
			}
			// The burst may straddle the turn of a second, so that two seconds' shares are native.
			want := len(up.Requests())
			if native != want || want > 8 || want == 0 && (a.name == "claude" || a.name == "gemini" || a.name == "openairesponses") {
				t.Errorf("%d native counts, %d upstream requests", native, want)
			}
		})
	}
}

// C131: whatever becomes of an upstream's count, there is an answer; only a request that nobody takes is refused.
func TestCountIsAlwaysAnswered(t *testing.T) {
	count := func(step hosttest.Step) answer {
		step.Times, step.Match = -1, &hosttest.Match{Op: "count"}
		up := upstreamOf(t, step)
		return start(t, channel("main", "claude", up.URL)).post("/v1/messages/count_tokens", fmt.Sprintf(countBody, "claude-opus-5-5"))
	}
	for _, status := range []int{401, 403, 404, 429, 500, 529} {
		got := count(hosttest.Step{Error: &hosttest.Error{Status: status}})
		if got.status != 200 || got.header.Get("x-claude-proxy-estimate") != "input_tokens" {
			t.Errorf("upstream %d: %d %s", status, got.status, got.body)
		}
	}
	if got := count(hosttest.Step{Fault: hosttest.Fault{Page: true}}); got.status != 200 {
		t.Errorf("a web page: %d %s", got.status, got.body)
	}
	refused(t, count(hosttest.Step{Error: &hosttest.Error{Status: 400, Message: "no good"}}), 400, "invalid_request_error", "no good", "false")
}

// C132: what an estimate counts.
func TestEstimateCountsEverything(t *testing.T) {
	p := start(t, channel("main", "openai", upstreamOf(t).URL))
	input := func(body string) (n struct {
		Tokens int `json:"input_tokens"`
	}) {
		got := p.post("/v1/messages/count_tokens", body)
		if err := json.Unmarshal([]byte(got.body), &n); err != nil || got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
		return n
	}
	plain := input(`{"model":"gpt-5.6","messages":[{"role":"user","content":"foo"}]}`).Tokens
	long := strings.Repeat("some more text ", 400)
	for _, with := range []string{
		`{"model":"gpt-5.6","system":"` + long + `","messages":[{"role":"user","content":"foo"}]}`,
		`{"model":"gpt-5.6","messages":[{"role":"user","content":"foo"}],"tools":[{"name":"f","description":"` + long + `","input_schema":{"type":"object"}}]}`,
		`{"model":"gpt-5.6","messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"` + long + `"}]}]}]}`,
		`{"model":"gpt-5.6","messages":[{"role":"user","content":"foo"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{"x":"` + long + `"}}]}]}`,
	} {
		if n := input(with).Tokens; n < plain+1200 || n > plain+3000 {
			t.Errorf("%d tokens, %d without: %.60s", n, plain, with)
		}
	}
}

// The list of models has Claude's shape, and pages both ways.
func TestModelsInPages(t *testing.T) {
	p := start(t, channel("main", "openai", upstreamOf(t).URL, "serves: [ one, two, three, four, five ]", "limits: { max_output_tokens: 4096 }"))
	f := func(query, want string) {
		t.Helper()
		got := p.do(http.MethodGet, "/v1/models"+query, nil)
		var page struct {
			Data    []map[string]any `json:"data"`
			More    bool             `json:"has_more"`
			FirstID *string          `json:"first_id"`
			LastID  *string          `json:"last_id"`
		}
		if err := json.Unmarshal([]byte(got.body), &page); err != nil || got.status != 200 {
			t.Fatalf("%s: %d %s", query, got.status, got.body)
		}
		text := ""
		for _, m := range page.Data {
			text += fmt.Sprint(m["id"], " ")
			if m["type"] != "model" || m["display_name"] == "" || m["created_at"] == "" || m["max_tokens"] != 4096.0 || m["lifecycle"] != "active" {
				t.Errorf("%s: %v", query, m)
			}
		}
		text += fmt.Sprint(page.More)
		if page.FirstID != nil {
			text += " " + *page.FirstID + " " + *page.LastID
		}
		if text != want {
			t.Errorf("%s: %s, want %s", query, text, want)
		}
	}
	f("", "one two three four five false one five")
	f("?limit=1000", "one two three four five false one five")
	f("?limit=2", "one two true one two")
	f("?limit=2&after_id=two", "three four true three four")
	f("?limit=2&after_id=three", "four five false four five")
	f("?limit=2&before_id=four", "two three true two three")
	f("?limit=3&before_id=three", "one two false one two")
	f("?after_id=five", "false")
	refused(t, p.do(http.MethodGet, "/v1/models?after_id=nobody", nil), 400, "invalid_request_error", "after_id", "false")
	refused(t, p.do(http.MethodGet, "/v1/models?limit=0", nil), 400, "invalid_request_error", "limit", "false")
}

// An upstream that tells no usage is estimated, and a whole answer says so.
func TestUsageIsEstimated(t *testing.T) {
	for want, body := range map[string]string{
		"usage": `{"id":"x","object":"chat.completion","model":"local","choices":[{"index":0,"message":{"role":"assistant","content":"Fine, and more."},"finish_reason":"stop"}]}`,
		"":      `{"id":"x","object":"chat.completion","model":"local","choices":[{"index":0,"message":{"role":"assistant","content":"Fine."},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}`,
	} {
		p := start(t, channel("main", "openaiold", upstreamOf(t, hosttest.Step{Raw: &hosttest.Raw{Body: body}}).URL))
		got := p.post("/v1/messages", ask("local", "hi", false))
		var m struct{ Usage struct{ Input, Output int64 } }
		if err := json.Unmarshal([]byte(strings.NewReplacer("input_tokens", "Input", "output_tokens", "Output").Replace(got.body)), &m); err != nil {
			t.Fatalf("%d %s", got.status, got.body)
		}
		if got.header.Get("x-claude-proxy-estimate") != want || m.Usage.Input <= 0 || m.Usage.Output <= 0 {
			t.Errorf("header %q, usage %+v; want %q", got.header.Get("x-claude-proxy-estimate"), m.Usage, want)
		}
	}
}
