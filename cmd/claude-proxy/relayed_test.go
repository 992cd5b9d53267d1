package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
)

// relayedRequests are bodies whose every byte has to reach a Claude upstream: invented fields, odd order and white space,
// numbers and escapes that a decoder would write anew, signatures.
var relayedRequests = []string{
	`{"model":"claude-opus-5-5","max_tokens":10,"messages":[{"role":"user","content":"hi"}]}`,
	"{ \"messages\" : [ { \"content\":\"h\\u00e9\\/\\ud83d\\ude00 \\ud800\", \"role\" : \"user\" } ] ,\r\n\t\"max_tokens\" : 1e1, \"model\":\"claude-opus-5-5\" , \"stream\":false }  ",
	`{"x_future":{"deep":[1.00,-0,1E+2,{"":null}]},"model":"claude-opus-5-5","max_tokens":10,"new_beta_field":[],"messages":[{"role":"user","content":[{"type":"hologram","frames":[{"z":9007199254740993}]},{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h","hint":1}}],"weight":0.10}],"thread":{"type":"create"},"fallbacks":[{"model":"x"}]}`,
	`{"model":"claude-opus-5-5","max_tokens":2000,"thinking":{"type":"enabled","budget_tokens":1024,"display":"omitted"},"messages":[{"role":"user","content":"q"},{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"RXF+/w=="},{"signature":"c2ln","thinking":"a \"b\"","type":"thinking"},{"type":"redacted_thinking","data":"ZZ=="},{"type":"tool_use","id":"toolu_1","name":"t","input":{"b":1,"a":[ ]},"caller":{"type":"direct"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":[{"type":"tool_reference","tool_name":"x"}]}]},{"role":"system","content":[],"output_config":{"effort":"low"}}]}`,
}

func TestRequestsAreRelayedByteForByte(t *testing.T) {
	up := hosttest.New(t, &hosttest.Script{Keys: []string{upstreamKey}, Lenient: true})
	p := start(t, channel("main", "claude", up.URL))
	for i, body := range relayedRequests {
		got := p.post("/v1/messages?beta=true&x=1", body, "anthropic-beta: one-2026-01-01,two", "anthropic-version: 2026-10-21", "x-stainless-lang: go", "cookie: a=b")
		if got.status != 200 {
			t.Fatalf("%d: status %d: %s", i, got.status, got.body)
		}
		r := up.Requests()[i]
		if string(r.Body) != body {
			t.Errorf("%d: the upstream got\n%s\nwant\n%s", i, r.Body, body)
		}
		if r.Query != "beta=true&x=1" || r.Header.Get("anthropic-beta") != "one-2026-01-01,two" || r.Header.Get("anthropic-version") != "2026-10-21" {
			t.Errorf("%d: query %q, headers %v", i, r.Query, r.Header)
		}
		if r.HasHeader("cookie") || r.HasHeader("authorization") || r.HasHeader("x-stainless-lang") {
			t.Errorf("%d: headers that should have stayed here: %v", i, r.Header)
		}
	}
	p.post("/v1/messages", relayedRequests[0], "anthropic-version: ")
	if r := up.Requests()[len(relayedRequests)]; r.Header.Get("anthropic-version") != "2023-06-01" {
		t.Errorf("default version %q", r.Header.Get("anthropic-version"))
	}
}

// A renamed model changes the name and nothing else.
func TestRenamedModel(t *testing.T) {
	up := hosttest.New(t, &hosttest.Script{Keys: []string{upstreamKey}, Lenient: true})
	p := start(t, channel("main", "claude", up.URL, "models: { mine: claude-opus-5-5 }"))
	for i, body := range relayedRequests {
		if got := p.post("/v1/messages", strings.Replace(body, `"claude-opus-5-5"`, `"mine"`, 1)); got.status != 200 {
			t.Fatalf("%d: %s", i, got.body)
		}
		if got := string(up.Requests()[i].Body); got != body {
			t.Errorf("%d: the upstream got\n%s\nwant\n%s", i, got, body)
		}
	}
}

// relayedFrames is a stream with everything that must come through as it is.
const relayedFrames = ": hello\n\n" +
	"event: message_start\r\ndata: {\"message\": {\"usage\":{\"output_tokens\":1,\"input_tokens\":3,\"future\":{}},\"id\":\"msg_up\",\"model\":\"claude-opus-5-5-x\",\"role\":\"assistant\",\"type\":\"message\",\"content\":[],\"stop_reason\":null},\"type\":\"message_start\"}\r\n\r\n" +
	"event: ping\ndata: {\"type\": \"ping\"}\n\n" +
	"id: 7\nretry: 10\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"hologram\",\"z\":1}}\n\n" +
	"event:content_block_delta\ndata:{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"hologram_delta\",\"frame\":\"\\u00e9 \\ud800\"}}\n\n" +
	": comment in the middle\n" +
	"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n" +
	"event: thread_forked\ndata: {\"type\":\"thread_forked\"}\n\n" +
	"event: content_block_start\ndata: {\"index\":1,\"type\":\"content_block_start\",\"content_block\":{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}\n\n" +
	"event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":1,\"delta\":{\"type\":\"signature_delta\",\"signature\":\"RXF+/w==\"}}\n\n" +
	"event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":1}\n\n" +
	"event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{\"output_tokens\":9}}\n\n" +
	"event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"

func TestStreamsAreRelayedByteForByte(t *testing.T) {
	for _, pieces := range []int{1, 3, 17, 1000} {
		var frames []string
		for rest := relayedFrames; rest != ""; {
			n := min(len(rest), 1+len(relayedFrames)/pieces)
			frames = append(frames, rest[:n])
			rest = rest[n:]
		}
		p := start(t, channel("main", "claude", upstreamOf(t, hosttest.Step{Raw: &hosttest.Raw{Frames: frames}}).URL))
		got := p.post("/v1/messages", ask("claude-opus-5-5", "hi", true))
		if got.status != 200 || got.body != relayedFrames {
			t.Errorf("in %d pieces: %d\n%q\nwant\n%q", pieces, got.status, got.body, relayedFrames)
		}
		if ct := got.header.Get("content-type"); !strings.HasPrefix(ct, "text/event-stream") {
			t.Errorf("content-type %q", ct)
		}
		for _, want := range []string{"tokens_in=3", "tokens_out=9", "stop=end_turn", "upstream_id=msg_up"} {
			if !strings.Contains(p.log.String(), want) {
				t.Errorf("the log line lacks %s", want)
			}
		}
	}
}

func TestWholeAnswersAreRelayedByteForByte(t *testing.T) {
	const body = "{ \"type\":\"message\", \"role\":\"assistant\",\"id\":\"msg_up\",\"x_future\":[1.0, {}],\"model\":\"claude-x\",\"content\":[{\"type\":\"text\",\"text\":\"\\u00e9\"}],\"stop_reason\":\"end_turn\",\"usage\":{\"input_tokens\":1,\"output_tokens\":2,\"new\":0} }\n"
	p := start(t, channel("main", "claude", upstreamOf(t, hosttest.Step{Raw: &hosttest.Raw{Body: body}}).URL))
	if got := p.post("/v1/messages", ask("claude-opus-5-5", "hi", false)); got.status != 200 || got.body != body {
		t.Errorf("%d\n%q\nwant\n%q", got.status, got.body, body)
	}
}

// Where the upstream speaks Claude, message and details of a 4xx reach the client.
func TestClaudeErrorsKeepTheirDetails(t *testing.T) {
	const body = `{"type":"error","error":{"type":"invalid_request_error","message":"messages.3: thinking is odd","details":{"error_code":"thinking_odd","path":["messages",3]}},"request_id":"req_theirs"}`
	p := start(t, channel("main", "claude", upstreamOf(t, hosttest.Step{Raw: &hosttest.Raw{Status: http.StatusBadRequest, Body: body}}).URL))
	got := p.post("/v1/messages", ask("claude-opus-5-5", "hi", true))
	refused(t, got, 400, "invalid_request_error", "messages.3: thinking is odd", "false")
	if !strings.Contains(got.body, `"details":{"error_code":"thinking_odd","path":["messages",3]}`) || strings.Contains(got.body, "req_theirs") {
		t.Errorf("details: %s", got.body)
	}
}
