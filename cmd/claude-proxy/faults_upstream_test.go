package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
	"github.com/claude-proxy/claude-proxy/sdk/render/grammar"
)

// transcript is an answer with everything in it that can be cut in half.
func transcript() hosttest.Step {
	return hosttest.Step{Answer: &hosttest.Answer{
		Parts: []hosttest.Part{
			{Text: "Ünï 🌍 words, and a \"quote\"."},
			{Tool: &hosttest.ToolCall{ID: "call_a", Name: "weather", Args: json.RawMessage(`{"city":"Paris","deep":{"list":[1,2,3],"s":"ü\"\\"}}`)}},
			{Tool: &hosttest.ToolCall{ID: "call_b", Name: "weather", Args: json.RawMessage(`{"city":"Rome"}`)}},
		},
		Usage: &hosttest.Usage{Input: 20, Output: 10},
	}}
}

// withTools is a request that may be answered by transcript.
func withTools(model string, stream bool) string {
	return fmt.Sprintf(`{"model":%q,"max_tokens":100,"stream":%v,"messages":[{"role":"user","content":"hi"}],"tools":[{"name":"weather","input_schema":{"type":"object","properties":{"city":{"type":"string"}}}}]}`, model, stream)
}

// ends says how a stream ended: "complete", "error", or what is wrong with it.
func ends(body string) string {
	last := body[strings.LastIndex(strings.TrimRight(body, "\n"), "\n\n")+1:]
	switch {
	case strings.Contains(last, "event: message_stop"):
		if err := grammar.CheckStream([]byte(body)); err != nil {
			return err.Error()
		}
		return "complete"
	case strings.Contains(last, "event: error"):
		if strings.Contains(body, "event: message_stop") {
			return "an error after message_stop"
		}
		if err := grammar.CheckPrefix([]byte(body)); err != nil {
			return err.Error()
		}
		return "error"
	}
	return "neither message_stop nor error at the end: " + last
}

// usage finds the usage of message_start and message_delta.
var usage = regexp.MustCompile(`"usage":\{[^{}]*(\{[^{}]*\}[^{}]*)*\}`)

// madeUp finds the part of a tool's id that openaiold makes from the request, since such servers repeat theirs.
var madeUp = regexp.MustCompile(`toolu_[A-Za-z0-9]+_p`)

// strip takes what differs from request to request out of a stream: the ids that the proxy gives.
func strip(body string) string {
	body = madeUp.ReplaceAllString(body, "")
	i := strings.Index(body, `"id":"msg_`)
	if i < 0 {
		return body
	}
	j := i + len(`"id":"msg_`)
	return body[:i] + body[j+strings.IndexByte(body[j:], '"'):]
}

// U14, U15: a stream cut at any byte ends in an error event, never in a false message_stop. With a second channel and no
// content sent yet, the client never notices.
func TestCutAtAnyByte(t *testing.T) {
	stride := 23
	if raced {
		stride = 7
	}
	for _, a := range adapters {
		for _, how := range []string{"fin", "rst", "clean"} {
			t.Run(a.name+"/"+how, func(t *testing.T) {
				t.Parallel()
				whole := start(t, channel("main", a.name, upstreamOf(t, transcript()).URL)).post("/v1/messages", withTools(a.model, true))
				if ends(whole.body) != "complete" {
					t.Fatalf("the unbroken stream: %s\n%s", ends(whole.body), whole.body)
				}
				var cuts, unseen int
				for at, done := 0, false; !done; at += 1 + at/stride {
					ok := t.Run(fmt.Sprintf("at %d", at), func(t *testing.T) { // what it starts ends with it
						cut := transcript()
						cut.Fault = hosttest.Fault{CutAfter: &at, Cut: how}
						got := start(t, channel("main", a.name, upstreamOf(t, cut).URL), "routing: { attempts: 1 }").post("/v1/messages", withTools(a.model, true))
						switch {
						case got.status == 200 && ends(got.body) == "complete":
							// Between the finish and the usage a cut loses nothing but the counts.
							if strip(usage.ReplaceAllString(got.body, "")) != strip(usage.ReplaceAllString(whole.body, "")) {
								t.Fatalf("complete but different:\n%s", got.body)
							}
							done = true // behind the end
							return
						case got.status == 200 && ends(got.body) != "error":
							t.Fatal(ends(got.body))
						case got.status != 200:
							refused(t, got, 502, "api_error", "main", "")
						}
						cuts++

						pair := start(t, channel("first", a.name, upstreamOf(t, cut).URL)+channel("second", a.name, upstreamOf(t, transcript()).URL))
						both := pair.post("/v1/messages", withTools(a.model, true))
						switch {
						case got.status == 200 && ends(both.body) == "error": // content was out
						case ends(both.body) == "complete" && strip(both.body) == strip(whole.body) && got.status != 200:
							unseen++
						default:
							t.Fatalf("with a second channel: %s\n%s", ends(both.body), both.body)
						}
					})
					if !ok || at > 32_000 {
						t.Fatalf("a cut at %d", at)
					}
				}
				if cuts < 20 || unseen < 3 {
					t.Errorf("only %d cuts, %d of them before content", cuts, unseen)
				}
			})
		}
	}
}

// U21: an upstream that answers in the other framing is understood, both ways.
func TestOtherFraming(t *testing.T) {
	for _, a := range adapters {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/stream=%v", a.name, stream), func(t *testing.T) {
				step := transcript()
				step.Fault.Shape = map[bool]string{false: "sse", true: "json"}[stream]
				got := start(t, channel("main", a.name, upstreamOf(t, step).URL)).post("/v1/messages", withTools(a.model, stream))
				if got.status != 200 {
					t.Fatalf("status %d: %s", got.status, got.body)
				}
				if stream && ends(got.body) != "complete" {
					t.Errorf("%s\n%s", ends(got.body), got.body)
				}
				if !stream {
					if err := grammar.CheckWhole([]byte(got.body)); err != nil {
						t.Errorf("%v\n%s", err, got.body)
					}
				}
				for _, want := range []string{"Ünï 🌍", "call_a", "call_b", "Rome"} {
					if !strings.Contains(got.body, want) {
						t.Errorf("%q is missing:\n%s", want, got.body)
					}
				}
			})
		}
	}
}

// U19: the same answer, however it is framed and cut into packets.
func TestFramings(t *testing.T) {
	for _, a := range adapters {
		whole := start(t, channel("main", a.name, upstreamOf(t, transcript()).URL)).post("/v1/messages", withTools(a.model, true))
		for _, framing := range hosttest.Framings() {
			t.Run(a.name+"/"+framing, func(t *testing.T) {
				step := transcript()
				step.Fault.Framing = framing
				got := start(t, channel("main", a.name, upstreamOf(t, step).URL)).post("/v1/messages", withTools(a.model, true))
				if got.status != 200 {
					t.Fatalf("status %d: %s", got.status, got.body)
				}
				// Data over several lines puts line breaks between the members of a tool's input.
				same := func(body string) string { return strings.ReplaceAll(strip(body), `\n`, "") }
				if a.name != "claude" && same(got.body) != same(whole.body) {
					t.Errorf("got:\n%s\nwant:\n%s", got.body, whole.body)
				}
				text := strings.NewReplacer("\r\n", "\n", "\r", "\n", "\ufeff", "").Replace(got.body)
				if !strings.Contains(text, "message_stop") {
					t.Errorf("no end:\n%s", got.body)
				}
			})
		}
	}
}

// What goes wrong before any content moves on to the second channel; with one channel it is an error that says who is at
// fault.
func TestUpstreamFaults(t *testing.T) {
	timeouts := func(d string) string {
		return fmt.Sprintf("timeouts: { connect: %s, first_byte: %[1]s, whole: %[1]s, idle: %[1]s }", d)
	}
	for _, c := range []struct {
		name    string
		step    hosttest.Step
		status  int
		typ     string
		message string
		retry   string
		only    string // "stream" or "whole"
	}{
		{"U11 hang before the head", hosttest.Step{Fault: hosttest.Fault{Hang: "head"}}, 504, "timeout_error", "300ms", "", ""},
		{"U12 hang after the head", hosttest.Step{Fault: hosttest.Fault{Hang: "body"}}, 504, "timeout_error", "300ms", "", ""},
		{"U16 bad chunk", hosttest.Step{Fault: hosttest.Fault{BadChunk: 1}}, 502, "api_error", "main", "", "stream"},
		{"U17 giant event", hosttest.Step{Raw: &hosttest.Raw{Frames: []string{"data: " + strings.Repeat("a", 17<<20)}}}, 502, "api_error", "16777216", "", "stream"},
		{"U18 flood of comments", hosttest.Step{Fault: hosttest.Fault{Flood: 10_500}}, 502, "api_error", "10000", "", "stream"},
		{"U20 web page", hosttest.Step{Fault: hosttest.Fault{Page: true}}, 502, "api_error", "web page", "", ""},
		{"U22 empty body", hosttest.Step{Fault: hosttest.Fault{Empty: true}}, 502, "api_error", "empty", "", ""},
		{"U23 claims gzip", hosttest.Step{Fault: hosttest.Fault{Gzip: "claimed"}}, 502, "api_error", "main", "", ""},
		{"U24 redirect", hosttest.Step{Fault: hosttest.Fault{Redirect: "http://127.0.0.1:1/elsewhere"}}, 502, "api_error", "127.0.0.1:1", "", ""},
		{"error inside a 200", hosttest.Step{Fault: hosttest.Fault{ErrorBefore: 1}}, 529, "overloaded_error", "main", "", ""},
		{"plain text error", hosttest.Step{Raw: &hosttest.Raw{Status: 500, Body: "upstream fell over"}}, 502, "api_error", "main", "", ""},
	} {
		for _, a := range adapters {
			for _, stream := range []bool{false, true} {
				if c.only == "stream" && !stream {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/stream=%v", c.name, a.name, stream), func(t *testing.T) {
					t.Parallel()
					step := c.step
					step.Times = -1
					short := timeouts("30s")
					if step.Fault.Hang != "" {
						short = timeouts("300ms")
					}
					bad := upstreamOf(t, step).URL
					alone := start(t, channel("main", a.name, bad, short), "routing: { attempts: 1 }")
					refused(t, alone.post("/v1/messages", withTools(a.model, stream)), c.status, c.typ, c.message, c.retry)

					good := upstreamOf(t, hosttest.Step{Times: -1, Answer: &hosttest.Answer{Parts: []hosttest.Part{{Text: "saved"}}}})
					pair := start(t, channel("main", a.name, bad, short)+channel("second", a.name, good.URL, "priority: 2"))
					got := pair.post("/v1/messages", withTools(a.model, stream))
					if got.status != 200 || !strings.Contains(got.body, "saved") || strings.Contains(got.body, "event: error") {
						t.Errorf("with a second channel: %d %s", got.status, got.body)
					}
				})
			}
		}
	}
}

// U10: nobody listens.
func TestUpstreamRefusesConnections(t *testing.T) {
	good := upstreamOf(t, hosttest.Step{Times: -1, Answer: &hosttest.Answer{Parts: []hosttest.Part{{Text: "saved"}}}})
	p := start(t, channel("dead", "openai", "http://127.0.0.1:1")+channel("second", "openai", good.URL))
	if got := p.post("/v1/messages", ask("gpt-5.6", "hi", true)); got.status != 200 || !strings.Contains(got.body, "saved") {
		t.Errorf("%d %s", got.status, got.body)
	}
	alone := start(t, channel("dead", "openai", "http://127.0.0.1:1"))
	refused(t, alone.post("/v1/messages", ask("gpt-5.6", "hi", true)), 502, "api_error", "dead", "")
}

// U13: silence in the middle of a stream that has begun ends it with an error event.
func TestStall(t *testing.T) {
	for _, a := range adapters {
		t.Run(a.name, func(t *testing.T) {
			whole := start(t, channel("main", a.name, upstreamOf(t, transcript()).URL)).post("/v1/messages", withTools(a.model, true))
			frames := map[string]string{
				"openai":    `data: {"id":"x","choices":[{"index":0,"delta":{"content":"hello"},"finish_reason":null}]}` + "\n\n",
				"openaiold": `data: {"id":"x","choices":[{"index":0,"delta":{"content":"hello"},"finish_reason":null}]}` + "\n\n",
				"gemini":    `data: {"candidates":[{"index":0,"content":{"role":"model","parts":[{"text":"hello"}]}}]}` + "\n\n",
				"openairesponses": `data: {"type":"response.output_item.added","output_index":0,"item":{"type":"message","id":"msg_1","role":"assistant","content":[]}}` + "\n\n" +
					`data: {"type":"response.content_part.added","output_index":0,"content_index":0,"item_id":"msg_1","part":{"type":"output_text","text":""}}` + "\n\n" +
					`data: {"type":"response.output_text.delta","output_index":0,"content_index":0,"item_id":"msg_1","delta":"hello"}` + "\n\n",
				"claude": strings.ReplaceAll(whole.body[:strings.Index(whole.body, "event: content_block_stop")], "\r", ""),
			}
			step := hosttest.Step{Raw: &hosttest.Raw{Frames: []string{frames[a.name]}}, Fault: hosttest.Fault{End: "stall"}}
			p := start(t, channel("main", a.name, upstreamOf(t, step).URL, "timeouts: { idle: 300ms }"))
			got := p.post("/v1/messages", ask(a.model, "hi", true))
			if got.status != 200 || ends(got.body) != "error" || !strings.Contains(got.body, "timeout_error") {
				t.Errorf("%d %s\n%s", got.status, ends(got.body), got.body)
			}
		})
	}
}

// A server that holds its connection open after the end mark does not hold the client.
func TestHeldAfterTheEnd(t *testing.T) {
	for _, a := range adapters {
		if a.endless {
			continue // without an end mark only the end of the body tells
		}
		t.Run(a.name, func(t *testing.T) {
			step := transcript()
			step.Fault.End = "hold"
			p := start(t, channel("main", a.name, upstreamOf(t, step).URL))
			began := time.Now()
			got := p.post("/v1/messages", withTools(a.model, true))
			if got.status != 200 || ends(got.body) != "complete" {
				t.Errorf("%d %s", got.status, ends(got.body))
			}
			if time.Since(began) > 20*time.Second {
				t.Errorf("the client waited %s", time.Since(began))
			}
		})
	}
}

// 400-class answers move nothing and cool nothing, however many come.
func TestClientFaultsBurnNoKeys(t *testing.T) {
	up := upstreamOf(t,
		hosttest.Step{Times: 5, Error: &hosttest.Error{Status: 400, Message: "no good"}},
		hosttest.Step{Times: -1, Answer: &hosttest.Answer{Parts: []hosttest.Part{{Text: "fine"}}}})
	p := start(t, channel("main", "openai", up.URL)+channel("second", "openai", "http://127.0.0.1:1"))
	for range 5 {
		refused(t, p.post("/v1/messages", ask("gpt-5.6", "hi", false)), 400, "invalid_request_error", "no good", "false")
	}
	if got := p.post("/v1/messages", ask("gpt-5.6", "hi", false)); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
	if n := len(up.Requests()); n != 6 {
		t.Errorf("%d upstream requests, want 6", n)
	}
}

// U05: a refused key is left alone and the next one serves.
func TestNextKey(t *testing.T) {
	up := hosttest.New(t, &hosttest.Script{Keys: []string{secondKey}})
	p := start(t, fmt.Sprintf("  - { name: main, adapter: openai, base_url: %q, keys: [ %q, %q ] }\n", up.URL, upstreamKey, secondKey))
	for range 3 {
		if got := p.post("/v1/messages", ask("gpt-5.6", "hi", false)); got.status != 200 {
			t.Errorf("%d %s", got.status, got.body)
		}
	}
	if n := len(up.Requests()); n != 4 {
		t.Errorf("%d upstream requests: the refused key was tried again", n)
	}
}
