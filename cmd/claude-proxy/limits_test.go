package main

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
)

// limitedKey is a client key with limits of its own.
const limitedKey = "canary-limited-key-77c2e0"

// limited is the auth section with that key.
func limited(limits string) string {
	return fmt.Sprintf("auth: { keys: [ { name: limited, key: %s, %s } ] }", limitedKey, limits)
}

const asLimited = "x-api-key: " + limitedKey

// limitedUntil checks a 429 of the proxy that tells to come back within least to most seconds, and returns the time told.
func limitedUntil(t *testing.T, a answer, least, most int, message string) time.Duration {
	t.Helper()
	refused(t, a, 429, "rate_limit_error", message, "")
	told, err := strconv.Atoi(a.header.Get("retry-after"))
	if err != nil || told < least || told > most {
		t.Errorf("retry-after %q, want %d to %d", a.header.Get("retry-after"), least, most)
	}
	if strings.Contains(a.body, limitedKey) {
		t.Errorf("the answer holds the key: %s", a.body)
	}
	return time.Duration(told) * time.Second
}

// hold begins a streamed request and returns when the client has its first byte; the stream ends with the test.
func (p *proxy) hold(t *testing.T, headers ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequest("POST", p.url+"/v1/messages", strings.NewReader(ask("any", "hi", true)))
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range append([]string{"x-api-key: " + clientKey}, headers...) {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if _, err := resp.Body.Read(make([]byte, 1)); err != nil || resp.StatusCode != 200 {
		t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	return resp
}

// lingering answers every request for a stream by one that takes far longer than the test.
func lingering() hosttest.Step {
	streams := true
	return hosttest.Step{
		Times: -1, Match: &hosttest.Match{Stream: &streams}, Answer: &hosttest.Answer{Parts: []hosttest.Part{{Text: strings.Repeat("word ", 1000)}}},
		Fault: hosttest.Fault{DelayEvent: hosttest.Duration(50 * time.Millisecond)},
	}
}

// C25: a client in a tight loop gets what its key allows and is told when to come back.
func TestClientRequestsPerMinute(t *testing.T) {
	up := upstreamOf(t)
	p := start(t, channel("main", "openai", up.URL), limited("rpm: 60"))
	body := ask("any", "hi", false)
	served := 0
	began := time.Now()
	var last answer
	for last = p.post("/v1/messages", body, asLimited); last.status == 200 && served < 1000; served++ {
		last = p.post("/v1/messages", body, asLimited)
	}
	if most := 61 + int(time.Since(began).Seconds()); served < 60 || served > most || len(up.Requests()) != served {
		t.Errorf("%d were served, 60 to %d allowed; %d reached the upstream", served, most, len(up.Requests()))
	}
	told := limitedUntil(t, last, 1, 1, "60 requests a minute")
	// Others are not concerned, nor is the counting of tokens.
	if a := p.post("/v1/messages", body); a.status != 200 {
		t.Errorf("another key: %d %s", a.status, a.body)
	}
	if a := p.post("/v1/messages/count_tokens", body, asLimited); a.status != 200 {
		t.Errorf("count_tokens: %d %s", a.status, a.body)
	}
	time.Sleep(told)
	if a := p.post("/v1/messages", body, asLimited); a.status != 200 {
		t.Errorf("after the time that was told: %d %s", a.status, a.body)
	}
	if strings.Contains(p.log.String(), limitedKey) {
		t.Error("the log holds the key")
	}
}

func TestClientTokensPerMinute(t *testing.T) {
	for _, stream := range []bool{false, true} {
		for _, a := range adapters {
			t.Run(fmt.Sprintf("%s/%v", a.name, stream), func(t *testing.T) {
				up := upstreamOf(t, hosttest.Step{Times: -1, Answer: &hosttest.Answer{
					Parts: []hosttest.Part{{Text: "hello"}}, Usage: &hosttest.Usage{Input: 90_000, Cached: 100_000, Output: 150},
				}})
				p := start(t, channel("main", a.name, up.URL), limited("tokens_per_minute: 1000"))
				body := ask(a.model, "hi", stream)
				if got := p.post("/v1/messages", body, asLimited); got.status != 200 {
					t.Fatalf("%d %s", got.status, got.body)
				}
				// That was ninety times what a minute allows: an hour's worth of debt, of which the header tells a minute.
				limitedUntil(t, p.post("/v1/messages", body, asLimited), 60, 60, "1000 tokens a minute")
			})
		}
	}
}

func TestClientConcurrency(t *testing.T) {
	p := start(t, channel("main", "openai", upstreamOf(t, lingering()).URL), limited("max_concurrent: 2"), "server: { drain_timeout: 100ms }")
	first := p.hold(t, asLimited)
	p.hold(t, asLimited)
	limitedUntil(t, p.post("/v1/messages", ask("any", "hi", false), asLimited), 1, 3, "2 requests at a time")
	p.hold(t) // another key
	first.Body.Close()
	// The place is free as soon as the proxy sees that the client left.
	deadline := time.Now().Add(5 * time.Second)
	for {
		a := p.post("/v1/messages", ask("any", "hi", false), asLimited)
		if a.status == 200 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the place was not given back: %s", a.body)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// The switches of old: so many requests in a window, for each client key.
func TestRateLimitSwitch(t *testing.T) {
	p := start(t, channel("main", "openai", upstreamOf(t).URL), limited("rpm: 0"), "server: { rate_limit: { enabled: true, window: 1h, max_requests: 3 } }")
	body := ask("any", "hi", false)
	for _, key := range []string{asLimited, "x-api-key: " + clientKey} {
		for range 3 {
			if a := p.post("/v1/messages", body, key); a.status != 200 {
				t.Fatalf("%d %s", a.status, a.body)
			}
		}
		// Twenty minutes are more than clients sit out: the header says one, the text the truth.
		limitedUntil(t, p.post("/v1/messages", body, key), 60, 60, "3 requests in 1h; try again in ")
		limitedUntil(t, p.post("/v1/messages/count_tokens", body, key), 60, 60, "3 requests in 1h")
	}
}

// Channels and keys at their limits are passed over, are not ill, and are named honestly when nothing else is left.
func TestChannelLimitsMoveOn(t *testing.T) {
	a, b := upstreamOf(t), upstreamOf(t)
	p := start(t, channel("a", "openai", a.URL, "limits: { rpm: 2 }")+channel("b", "openai", b.URL, "limits: { rpm: 3 }"), "routing: { affinity: off }")
	body := ask("any", "hi", false)
	for range 5 {
		if got := p.post("/v1/messages", body); got.status != 200 {
			t.Fatalf("%d %s", got.status, got.body)
		}
	}
	if len(a.Requests()) != 2 || len(b.Requests()) != 3 {
		t.Errorf("%d and %d requests", len(a.Requests()), len(b.Requests()))
	}
	limitedUntil(t, p.post("/v1/messages", body), 45, 60, "at its limit")
	if strings.Contains(p.log.String(), "attempt failed") {
		t.Error("a full channel counts as a failure")
	}
}

func TestKeyConcurrencyMovesOn(t *testing.T) {
	up := upstreamOf(t, lingering())
	p := start(t, fmt.Sprintf("  - { name: main, adapter: openai, base_url: %q, limits: { max_concurrent: 3 }, keys: [ { key: %s, max_concurrent: 1 }, { key: %s } ] }\n",
		up.URL, upstreamKey, secondKey), "server: { drain_timeout: 100ms }")
	for range 3 {
		p.hold(t)
	}
	keys := map[string]int{}
	for _, r := range up.Requests() {
		keys[strings.TrimPrefix(r.Credentials["authorization"].Reveal(), "Bearer ")]++
	}
	if keys[upstreamKey] != 1 || keys[secondKey] != 2 {
		t.Errorf("the keys were used %d and %d times", keys[upstreamKey], keys[secondKey])
	}
	limitedUntil(t, p.post("/v1/messages", ask("any", "hi", false)), 1, 2, "at its limit")
}

// A conversation stays with its upstream for the sake of the prompt cache, until that fails.
func TestAffinity(t *testing.T) {
	var ups []*hosttest.Server
	channels := ""
	for _, name := range []string{"a", "b", "c"} {
		up := upstreamOf(t)
		ups = append(ups, up)
		channels += channel(name, "openai", up.URL)
	}
	// asked counts the requests at each upstream with this in their body.
	asked := func(text string) (counts []int) {
		for _, up := range ups {
			n := 0
			for _, r := range up.Requests() {
				if strings.Contains(string(r.Body), text) {
					n++
				}
			}
			counts = append(counts, n)
		}
		return counts
	}
	places := func(counts []int) (n int) {
		for _, c := range counts {
			if c > 0 {
				n++
			}
		}
		return n
	}
	p := start(t, channels, "routing: { strategy: round-robin }")
	say := func(text string, headers ...string) {
		t.Helper()
		if a := p.post("/v1/messages", ask("any", text, false), headers...); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	for i := range 8 {
		say(fmt.Sprintf("one-%d", i), "x-claude-code-session-id: one")
		say(fmt.Sprintf("other-%d", i), fmt.Sprintf("x-claude-code-session-id: other-%d", i))
		say("prefix")
		say(fmt.Sprintf("loose-%d", i))
	}
	if n := asked("one-"); places(n) != 1 {
		t.Errorf("a session was served by %v", n)
	}
	if n := asked("prefix"); places(n) != 1 {
		t.Errorf("a conversation without a session was served by %v", n)
	}
	if n := asked("other-"); places(n) != 3 {
		t.Errorf("other sessions were served by %v", n)
	}
	if n := asked("loose-"); places(n) != 3 {
		t.Errorf("other conversations were served by %v", n)
	}
	// The upstream of the session goes away: the next request is served at once by another one, and so are those after it.
	for i, n := range asked("one-") {
		if n > 0 {
			ups[i].Close()
		}
	}
	for i := range 4 {
		say(fmt.Sprintf("moved-%d", i), "x-claude-code-session-id: one")
	}
	if n := asked("moved-"); places(n) != 1 {
		t.Errorf("after the move it was served by %v", n)
	}
	if n := strings.Count(p.log.String(), "attempt failed"); n != 1 {
		t.Errorf("%d attempts failed, one was due", n)
	}
}

func TestAffinityOff(t *testing.T) {
	a, b := upstreamOf(t), upstreamOf(t)
	p := start(t, channel("a", "openai", a.URL)+channel("b", "openai", b.URL), "routing: { strategy: round-robin, affinity: off }")
	for range 4 {
		p.post("/v1/messages", ask("any", "hi", false), "x-claude-code-session-id: one")
	}
	if len(a.Requests()) != 2 || len(b.Requests()) != 2 {
		t.Errorf("%d and %d requests", len(a.Requests()), len(b.Requests()))
	}
}

func TestLeastBusyAndFastest(t *testing.T) {
	// Streams that stay spread evenly.
	var ups []*hosttest.Server
	channels := ""
	for _, name := range []string{"a", "b", "c"} {
		up := upstreamOf(t, lingering())
		ups = append(ups, up)
		channels += channel(name, "openai", up.URL)
	}
	p := start(t, channels, "routing: { strategy: least-busy, affinity: off }", "server: { drain_timeout: 100ms }")
	for range 6 {
		p.hold(t)
	}
	for i, up := range ups {
		if n := len(up.Requests()); n != 2 {
			t.Errorf("channel %d has %d streams", i, n)
		}
	}
	slow := upstreamOf(t, hosttest.Step{Times: -1, Fault: hosttest.Fault{DelayHead: hosttest.Duration(150 * time.Millisecond)}})
	fast := upstreamOf(t)
	p = start(t, channel("slow", "openai", slow.URL)+channel("fast", "openai", fast.URL), "routing: { strategy: fastest, affinity: off }")
	for i := range 30 {
		p.post("/v1/messages", ask("any", "hi", i%2 == 0))
	}
	// Each kind of answer is measured once on each channel, and a twentieth explores.
	if n := len(slow.Requests()); n < 2 || n > 12 {
		t.Errorf("the slow channel got %d of 30", n)
	}
}

// A page in a browser may use the API where its origin is listed, and read errors and headers.
func TestCrossOriginPages(t *testing.T) {
	p := start(t, channel("main", "openai", upstreamOf(t).URL), limited("rpm: 1"), `server: { cors: { enabled: true, origins: [ "https://chat.example" ] } }`)
	const page = "origin: https://chat.example"
	a := p.do("OPTIONS", "/v1/messages?beta=true", nil, page, "x-api-key: ", "access-control-request-method: POST",
		"access-control-request-headers: anthropic-version,content-type,x-api-key,x-stainless-lang")
	if a.status != 204 || a.header.Get("access-control-allow-origin") != "https://chat.example" || a.body != "" ||
		!strings.Contains(a.header.Get("access-control-allow-headers"), "x-api-key") || !strings.Contains(a.header.Get("access-control-allow-methods"), "POST") {
		t.Errorf("preflight: %d %v %s", a.status, a.header, a.body)
	}
	readable := func(a answer, status int) {
		t.Helper()
		if a.status != status || a.header.Get("access-control-allow-origin") != "https://chat.example" ||
			!strings.Contains(a.header.Get("access-control-expose-headers"), "retry-after") {
			t.Errorf("%d %v %s", a.status, a.header, a.body)
		}
	}
	readable(p.post("/v1/messages", ask("any", "hi", true), page), 200)
	readable(p.post("/v1/messages", ask("any", "hi", false), page, asLimited), 200)
	readable(p.post("/v1/messages", ask("any", "hi", false), page, asLimited), 429)
	readable(p.do("GET", "/v1/models", nil, page), 200)
	readable(p.post("/v1/messages", "{", page), 400)
	if a := p.post("/v1/messages", ask("any", "hi", false), "origin: https://evil.example"); a.header.Get("access-control-allow-origin") != "" {
		t.Errorf("a page that is not listed: %v", a.header)
	}
}
