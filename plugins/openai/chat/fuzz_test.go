package chat

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/render"
	"github.com/claude-proxy/claude-proxy/sdk/render/grammar"
)

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

// seed adds a section of every case in ../testdata that has it.
func seed(f *testing.F, section string, add func(text string)) {
	files, err := filepath.Glob("../testdata/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatalf("no cases: %v", err)
	}
	old, err := filepath.Glob("../../openaiold/testdata/*.txtar")
	if err != nil || len(old) == 0 {
		f.Fatalf("no cases: %v", err)
	}
	files = append(files, old...)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		if _, rest, ok := strings.Cut(string(text), "-- "+section+" --\n"); ok {
			body, _, _ := strings.Cut(rest, "\n-- ")
			add(body)
		}
	}
}

// checkOps renders ops as a stream and as a whole message. done says that they are a complete answer.
func checkOps(t *testing.T, emitted []byte, done bool) {
	t.Helper()
	for _, whole := range []bool{false, true} {
		state := render.NewStream(render.Meta{ID: "msg_1", Model: "m"})
		if whole {
			state = render.NewWhole(render.Meta{ID: "msg_1", Model: "m"})
		}
		b, err := state.Apply(nil, emitted)
		if err != nil {
			t.Fatalf("the ops are refused: %v\n%s", err, ops.Dump(emitted))
		}
		if state.Done() != done {
			t.Fatalf("done is %t, want %t\n%s", state.Done(), done, ops.Dump(emitted))
		}
		if !done {
			continue
		}
		check := grammar.CheckStream
		if whole {
			check = grammar.CheckWhole
		}
		if err := check(b); err != nil {
			t.Fatalf("%v\n%s\n%s", err, ops.Dump(emitted), b)
		}
	}
}

// checkError makes sure that an error is one of the contract's and not the adapter's own fault.
func checkError(t *testing.T, err error) {
	t.Helper()
	var f *adapter.Failure
	if !errors.As(err, &f) || f == nil || f.Class == adapter.Internal || f.Message == "" {
		t.Fatalf("error %#v is no proper Failure", err)
	}
	if f.Details != nil && !json.Valid(f.Details) {
		t.Fatalf("details are not JSON: %s", f.Details)
	}
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
	seed(f, "upstream.sse", func(text string) { f.Add(strings.ReplaceAll(strings.ReplaceAll(text, "\n\n", "\n"), "data: ", "")) })
	f.Fuzz(func(t *testing.T, lines string) {
		for _, d := range dialects() {
			fuzzEvents(t, newExchange(t, d), lines)
		}
	})
}

func fuzzEvents(t *testing.T, x adapter.Exchange, lines string) {
	var out ops.Emitter
	for line := range strings.SplitSeq(lines, "\n") {
		ev := adapter.Event{Data: []byte(line)}
		if doc, err := jsonindex.Parse([]byte(line), jsonindex.UpstreamMode()); err == nil {
			ev.JSON = doc.Root()
		}
		if err := x.Event(ev, &out); err != nil {
			checkError(t, err)
			checkOps(t, out.Buf, false)
			return
		}
	}
	if out.DoneSeen() {
		checkOps(t, out.Buf, true)
		return
	}
	if err := x.End(adapter.EOF, &out); err != nil {
		checkError(t, err)
		checkOps(t, out.Buf, false)
		return
	}
	checkOps(t, out.Buf, true)
}

func FuzzWhole(f *testing.F) {
	f.Add(`{"id":"a","model":"b","choices":[{"message":{"content":"Hi","reasoning":"x","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},{"function":{"name":"g","arguments":"oops"}}]},"finish_reason":"stop"}],"usage":{"completion_tokens":1}}`)
	f.Add(`{"choices":[{"message":{"tool_calls":[{"function":{"name":"f","arguments":"{\"a"}}]},"finish_reason":"length"}]}`)
	f.Add(`{"choices":[{"message":{"refusal":"no","function_call":{"name":"f","arguments":[1]}},"finish_reason":null}]}`)
	f.Add(`{"error":"x"}`)
	f.Add(`[{"error":{}}]`)
	seed(f, "upstream.json", func(text string) { f.Add(text) })
	f.Fuzz(func(t *testing.T, body string) {
		doc, err := jsonindex.Parse([]byte(body), jsonindex.UpstreamMode())
		if err != nil {
			return
		}
		for _, d := range dialects() {
			var out ops.Emitter
			if err := newExchange(t, d).Whole(doc.Root(), &out); err != nil {
				checkError(t, err)
				checkOps(t, out.Buf, false)
				continue
			}
			checkOps(t, out.Buf, true)
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
		if err := x.Whole(doc.Root(), &out); err != nil {
			checkError(t, err)
			return
		}
		list, err := render.Models(out.Buf)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			if !json.Valid(m) {
				t.Fatalf("a model is not JSON: %s", m)
			}
		}
	})
}

func FuzzFailure(f *testing.F) {
	f.Add(400, `{"error":{"message":"Unsupported parameter: 'max_tokens'","type":"invalid_request_error","param":"max_tokens","code":"unsupported_parameter"}}`, "1")
	f.Add(429, `{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}`, "1e400")
	f.Add(404, `{"detail":["model"]}`, "-1")
	f.Add(500, `<html>`, "")
	f.Add(400, `{"error":{"error":{"error":"maximum context length is 99999999999999999999 tokens, resulted in 5"}}}`, "")
	seed(f, "upstream.json", func(text string) { f.Add(400, text, "") })
	f.Fuzz(func(t *testing.T, status int, body, retry string) {
		resp := adapter.UpstreamResponse{Status: status, Headers: []adapter.Header{{Name: "retry-after-ms", Value: retry}}, Data: []byte(body)}
		if doc, err := jsonindex.Parse([]byte(body), jsonindex.UpstreamMode()); err == nil {
			resp.JSON = doc.Root()
		}
		for _, d := range dialects() {
			fail := newExchange(t, d).Failure(&resp)
			checkError(t, fail)
			if fail.RetryAfter < 0 || len(fail.Message) > 4*maxMessage {
				t.Fatalf("retry after %v, message of %d bytes", fail.RetryAfter, len(fail.Message))
			}
		}
	})
}

func FuzzRequest(f *testing.F) {
	f.Add(toolRequest())
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
	seed(f, "client.json", func(text string) { f.Add(text) })
	f.Fuzz(func(t *testing.T, body string) {
		doc, err := jsonindex.Parse([]byte(body), jsonindex.ClientMode())
		if err != nil {
			return
		}
		if _, err := messages.ReadHead(doc); err != nil {
			return
		}
		for _, d := range dialects() {
			fuzzRequest(t, d, doc)
		}
	})
}

func fuzzRequest(t *testing.T, d Dialect, doc *jsonindex.Doc) {
	a := newAdapter(t, d)
	call := &adapter.Call{ID: "req_1", Model: "gpt-5", Stream: true, Session: "s", Body: doc}
	var up, twin adapter.UpstreamRequest
	_, err := a.Begin(call, &up)
	if err != nil {
		checkError(t, err)
		return
	}
	if up.Local {
		checkOps(t, up.Answer.Buf, true)
		return
	}
	sent := up.Body.AppendTo(nil, doc.Src)
	// The strict reader also refuses duplicate keys.
	if _, err := jsonindex.Parse(sent, jsonindex.Mode{Unique: true}); err != nil {
		t.Fatalf("the upstream body is wrong: %v\n%s", err, sent)
	}
	if _, err := a.Begin(call, &twin); err != nil || string(twin.Body.AppendTo(nil, doc.Src)) != string(sent) {
		t.Fatalf("the same call gave another body: %v", err)
	}
}
