package chat

import (
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// seeds is a section of every case of both adapters that speak this dialect.
func seeds(f *testing.F, section string) []string {
	return append(adaptertest.Sections(f, "../testdata", section), adaptertest.Sections(f, "../../openaiold/testdata", section)...)
}

// dialects are what the fuzz tests try everything with.
func dialects() []Dialect { return []Dialect{proper(), narrow(), wide(), old(), tagged()} }

func newExchange(t *testing.T, d Dialect) adapter.Exchange {
	t.Helper()
	var up adapter.UpstreamRequest
	body := `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"tools":[{"name":"` + strings.Repeat("long", 20) + `","input_schema":{}}]}`
	x, err := newAdapter(t, d).Begin(&adapter.Call{ID: "req_1", Model: "m", Body: parse(t, body, jsonindex.ClientMode())}, &up)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// FuzzEvents reads each line as an event.
func FuzzEvents(f *testing.F) {
	f.Add(textChunk + "\n" + `{"choices":[{"delta":{},"finish_reason":"stop"}]}` + "\n[DONE]")
	f.Add(startChunk + "\n" + openChunk + "\n" + argsChunk + "\n" + `{"choices":[{"finish_reason":"length"}]}`)
	f.Add(`{"choices":[{"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"a","function":{"name":"f","arguments":{"x":1}}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1}}`)
	f.Add(`{"choices":[{"delta":{"reasoning":"a"}}]}` + "\n" + `{"choices":[{"delta":{"content":[{"text":"b"},{"refusal":"c"}],"reasoning_content":"d"}}]}` + "\n" + `{"choices":[{"finish_reason":"content_filter"}]}`)
	f.Add(`{"choices":[{"delta":{"function_call":{"name":"f","arguments":"null"}}}]}` + "\n" + `{"choices":[{"finish_reason":"function_call"}]}` + "\n" + `{"choices":[],"usage":{"prompt_tokens":5,"prompt_tokens_details":{"cached_tokens":9}}}`)
	f.Add(`{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a"}}]}}]}` + "\n" + `{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":"\":1}"}}]}}]}` + "\n[DONE]")
	f.Add(`{"error":{"code":429,"message":"x"}}` + "\n[1]\nnull\n[{\"error\":\"x\"}]")
	f.Add(`{"choices":[{"delta":{"content":"<th"}}]}` + "\n" + `{"choices":[{"delta":{"content":"ink>a\n</think"}}]}` + "\n" + `{"choices":[{"delta":{"content":">b <think> \u003cthink\u003e"},"finish_reason":"stop"}]}`)
	f.Add(`{"choices":[{"delta":{"reasoning_details":[{"type":"reasoning.text","text":"a","index":0},{"type":"reasoning.encrypted","data":"b","id":"c~","index":0}]}}]}` + "\n" +
		`{"choices":[{"delta":{"tool_calls":[{"id":"call_0","extra_content":{"google":{"thought_signature":"s\n"}},"function":{"name":"f","arguments":"{}"}}]},"finish_reason":"stop"}]}`)
	for _, dir := range []string{"../testdata", "../../openaiold/testdata"} {
		for _, lines := range adaptertest.Streams(f, dir) {
			f.Add(lines)
		}
	}
	f.Fuzz(func(t *testing.T, lines string) {
		for _, d := range dialects() {
			x := newExchange(t, d)
			var out ops.Emitter
			err := adaptertest.ReadEvents(x, lines, &out)
			if err == nil && !out.DoneSeen() {
				err = x.End(adapter.EOF, &out)
			}
			adaptertest.CheckAnswer(t, out.Buf, err)
		}
	})
}

func FuzzWhole(f *testing.F) {
	f.Add(`{"id":"a","model":"b","choices":[{"message":{"content":"Hi","reasoning":"x","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},{"function":{"name":"g","arguments":"oops"}}]},"finish_reason":"stop"}],"usage":{"completion_tokens":1}}`)
	f.Add(`{"choices":[{"message":{"tool_calls":[{"function":{"name":"f","arguments":"{\"a"}}]},"finish_reason":"length"}]}`)
	f.Add(`{"choices":[{"message":{"refusal":"no","function_call":{"name":"f","arguments":[1]}},"finish_reason":null}]}`)
	f.Add(`{"error":"x"}`)
	f.Add(`[{"error":{}}]`)
	for _, text := range seeds(f, "upstream.json") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, body string) {
		doc, err := jsonindex.Parse([]byte(body), jsonindex.UpstreamMode())
		if err != nil {
			return
		}
		for _, d := range dialects() {
			var out ops.Emitter
			err := newExchange(t, d).Whole(doc.Root(), &out)
			adaptertest.CheckAnswer(t, out.Buf, err)
		}
	})
}

func FuzzModels(f *testing.F) {
	f.Add(`{"data":[{"id":"a","created":1754500000},{"id":"b\n","created":-1},{"id":""},3]}`)
	f.Add(`[{"id":"a","created":1e30}]`)
	f.Fuzz(func(t *testing.T, body string) {
		doc, err := jsonindex.Parse([]byte(body), jsonindex.UpstreamMode())
		if err != nil {
			return
		}
		var up adapter.UpstreamRequest
		x, err := newAdapter(t, proper()).Begin(&adapter.Call{Op: adapter.Models}, &up)
		if err != nil {
			t.Fatal(err)
		}
		var out ops.Emitter
		err = x.Whole(doc.Root(), &out)
		adaptertest.CheckModels(t, out.Buf, err)
	})
}

func FuzzFailure(f *testing.F) {
	f.Add(400, `{"error":{"message":"Unsupported parameter: 'max_tokens'","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}}`, "1")
	f.Add(429, `{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}`, "1e400")
	f.Add(404, `{"detail":["model"]}`, "-1")
	f.Add(500, `<html>`, "")
	f.Add(400, `{"error":{"error":{"error":"maximum context length is 99999999999999999999 tokens, resulted in 5"}}}`, "")
	for _, text := range seeds(f, "upstream.json") {
		f.Add(400, text, "")
	}
	f.Fuzz(func(t *testing.T, status int, body, retry string) {
		resp := adapter.UpstreamResponse{Status: status, Headers: []adapter.Header{{Name: "retry-after-ms", Value: retry}}, Data: []byte(body)}
		if doc, err := jsonindex.Parse([]byte(body), jsonindex.UpstreamMode()); err == nil {
			resp.JSON = doc.Root()
		}
		for _, d := range dialects() {
			fail := newExchange(t, d).Failure(&resp)
			adaptertest.CheckError(t, fail)
			if len(fail.Message) > 4*foreign.MaxMessage {
				t.Fatalf("a message of %d bytes", len(fail.Message))
			}
		}
	})
}

func FuzzRequest(f *testing.F) {
	f.Add(agentRequest)
	f.Add(`{"model":"m","max_tokens":1,"system":[{"type":"text","text":"x-anthropic-billing-header: a\nb"}],"messages":[{"role":"system","content":[{"type":"tool_removal","tool":{"type":"tool_reference","name":"f"}}]},` +
		`{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}},{"type":"web_search_tool_result","tool_use_id":"x","content":[{"title":"t","url":"u"}]},{"type":"compaction","content":"c"}]},` +
		`{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{"type":"tool_reference","tool_name":"f"},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA"}}],"is_error":true},` +
		`{"type":"tool_result","tool_use_id":"a"},{"type":"tool_result","tool_use_id":"b","content":"z"}]}],"tools":[{"name":"f","input_schema":{},"defer_loading":true},{"type":"bash_20250124","name":"bash"}],` +
		`"tool_choice":{"type":"tool","name":"f","disable_parallel_tool_use":true},"thinking":{"type":"enabled","budget_tokens":5},"output_config":{"effort":"max","format":{"type":"json_schema","schema":{"anyOf":[{}]}}},` +
		`"stop_sequences":["a",""],"temperature":0,"top_k":1,"metadata":{"user_id":"u"},"service_tier":"auto","context_management":{"edits":[1]}}`)
	f.Add(`{"model":"m","max_tokens":0,"messages":[]}`)
	f.Add(`{"model":"m","max_tokens":1,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"content","content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral"}}]},"title":"t","context":"c"},` +
		`{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":""},"title":"a.pdf"},{"type":"search_result","source":"s","title":"t","content":[]}]}]}`)
	f.Add(`{"model":"m","max_tokens":1,"system":"s","messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"a","signature":"cp1.old."},{"type":"thinking","thinking":"b","signature":"cp1.old.d~reasoning.text~0~f~i~s"},` +
		`{"type":"thinking","thinking":"","signature":"cp1.old.s~state"},{"type":"tool_use","id":"toolu_r00000000_pcall_0","name":"f","input":{}},{"type":"thinking","thinking":"","signature":"cp1.old~c35uIg"},` +
		`{"type":"tool_use","id":"toolu_r00000001_bY2FsbF8w","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_r00000000_pcall_0"}]},{"role":"system","content":"x"},{"role":"user","content":"y"}],` +
		`"tools":[{"name":"f","input_schema":{"properties":{"a":{"pattern":"(?=x)"}},"pattern":"(?!"}}],"thinking":{"type":"enabled","budget_tokens":5},"top_k":3,"output_config":{"format":{"type":"json_schema","schema":{}}}}`)
	for _, text := range seeds(f, "client.json") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, body string) {
		doc, err := jsonindex.Parse([]byte(body), jsonindex.ClientMode())
		if err != nil {
			return
		}
		if _, err := messages.ReadHead(doc); err != nil {
			return
		}
		for _, d := range dialects() {
			call := &adapter.Call{ID: "req_1", Model: "gpt-5", Stream: true, Session: "s", Body: doc}
			adaptertest.CheckRequest(t, newAdapter(t, d), call)
		}
	})
}
