package plugins_test

import (
	"testing"

	"github.com/claude-proxy/claude-proxy/plugins"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// upstreams are what the benchmarks compare: each adapter with a model and a channel's options.
var upstreams = []struct{ name, adapter, model, options string }{
	{"openai", "openai", "gpt-5", `{}`},
	{"openaiold", "openaiold", "local", `{}`},
	{"openaiold-deepseek", "openaiold", "deepseek-chat", `{"preset":"deepseek"}`},
	{"openairesponses", "openairesponses", "gpt-5", `{}`},
	{"gemini", "gemini", "gemini-3-flash", `{}`},
	{"gemini-openapi", "gemini", "gemini-3-flash", `{"schema":"openapi"}`},
	{"claude", "claude", "claude-opus-5-5", `{}`},
}

func configured(b *testing.B, name, options string) adapter.Adapter {
	b.Helper()
	for _, m := range plugins.Builtin() {
		if m.Manifest().Name == name {
			a, err := m.New(parsed(b, options, jsonindex.ClientMode()).Root())
			if err != nil {
				b.Fatal(err)
			}
			return a
		}
	}
	b.Fatalf("no adapter %s", name)
	return nil
}

func parsed(b *testing.B, text string, m jsonindex.Mode) *jsonindex.Doc {
	b.Helper()
	doc, err := jsonindex.Parse([]byte(text), m)
	if err != nil {
		b.Fatalf("%v\n%s", err, text)
	}
	return doc
}

// BenchmarkRequest converts the same request for each upstream, the index that every request needs included. structs is
// the Chat path with encoding/json.
func BenchmarkRequest(b *testing.B) {
	for _, size := range []struct {
		name   string
		rounds int
	}{{"4KB", 2}, {"30KB", 32}} {
		body := []byte(adaptertest.AgentRequest(size.rounds, ""))
		b.Run(size.name+"/structs", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := structRequest(body); err != nil {
					b.Fatal(err)
				}
			}
		})
		for _, u := range upstreams {
			b.Run(size.name+"/"+u.name, func(b *testing.B) { benchmarkRequest(b, configured(b, u.adapter, u.options), u.model, body) })
		}
	}
}

func benchmarkRequest(b *testing.B, a adapter.Adapter, model string, body []byte) {
	b.ReportAllocs()
	call := &adapter.Call{ID: "req_1", Model: model, Stream: true, Session: "5f0c", Body: new(jsonindex.Doc)}
	var builder jsonindex.Builder
	var up adapter.UpstreamRequest
	for b.Loop() {
		if err := builder.Index(call.Body, body, jsonindex.ClientMode()); err != nil {
			b.Fatal(err)
		}
		up.Reset()
		if _, err := a.Begin(call, &up); err != nil {
			b.Fatal(err)
		}
		up.Body.Finish()
	}
}

const (
	chunkHead = `{"id":"chatcmpl-C1a2b3c4d5e6f7g8h9i0","object":"chat.completion.chunk","created":1754500000,"model":"gpt-5-2025-08-07",` +
		`"service_tier":"default","system_fingerprint":"fp_0123456789","choices":[{"index":0,"delta":`
	chunkTail = `,"logprobs":null,"finish_reason":null}],"usage":null}`
)

// deltas are the events that most of a stream consists of, for each upstream, with what has to come before them.
var deltas = []struct {
	name, upstream, data string
	before               []string
}{
	{"text", "openai", chunkHead + `{"content":" the next word"}` + chunkTail, nil},
	{"text", "openaiold", chunkHead + `{"content":" the next word"}` + chunkTail, []string{chunkHead + `{"content":"Fine."}` + chunkTail}},
	{"text", "openairesponses", `{"type":"response.output_text.delta","sequence_number":41,"item_id":"msg_0a1b2c3d4e5f60718293a4b5c6d7e8f90123456789abcdef",` +
		`"output_index":1,"content_index":0,"delta":" the next word","logprobs":[]}`, nil},
	{"text", "gemini", `{"candidates":[{"content":{"parts":[{"text":" the next word"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":4210,` +
		`"candidatesTokenCount":12,"totalTokenCount":4222,"promptTokensDetails":[{"modality":"TEXT","tokenCount":4210}]},"modelVersion":"gemini-3-flash","responseId":"C1a2b3c4d5e6f7g8h9i0"}`, nil},
	{"text", "claude", `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" the next word"}}`, []string{
		`{"type":"message_start","message":{"id":"m","usage":{"input_tokens":1}}}`, `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`}},
	{"thinking", "openaiold", chunkHead + `{"content":null,"reasoning_content":" the next word"}` + chunkTail, nil},
	{"thinking", "openairesponses", `{"type":"response.reasoning_summary_text.delta","sequence_number":9,"item_id":"rs_0a1b2c3d4e5f60718293a4b5c6d7e8f90123456789abcdef",` +
		`"output_index":0,"summary_index":0,"delta":" and so on"}`, nil},
	{"arguments", "openai", chunkHead + `{"tool_calls":[{"index":0,"function":{"arguments":"[\"a\",1],"}}]}` + chunkTail, []string{
		chunkHead + `{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"Read","arguments":"{\"list\":["}}]}` + chunkTail}},
	{"arguments", "openaiold", chunkHead + `{"tool_calls":[{"index":0,"function":{"arguments":"[\"a\",1],"}}]}` + chunkTail, []string{
		chunkHead + `{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"Read","arguments":"{\"list\":["}}]}` + chunkTail}},
	{"arguments", "openairesponses", `{"type":"response.function_call_arguments.delta","sequence_number":52,"item_id":"fc_0a1b2c3d4e5f60718293a4b5c6d7e8f90123456789abcdef",` +
		`"output_index":2,"delta":"[\"a\",1],"}`, []string{
		`{"type":"response.output_item.added","sequence_number":50,"output_index":2,"item":{"id":"fc_0a1b","type":"function_call","status":"in_progress","arguments":"","call_id":"call_0a1b","name":"Read"}}`,
		`{"type":"response.function_call_arguments.delta","sequence_number":51,"item_id":"fc_0a1b","output_index":2,"delta":"{\"list\":["}`}},
}

// BenchmarkEvent converts one event of a stream, its index included. structs is the Chat path with encoding/json.
func BenchmarkEvent(b *testing.B) {
	for _, d := range deltas {
		if d.upstream == "openai" {
			b.Run(d.name+"/structs", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := structEvent([]byte(d.data)); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		for _, u := range upstreams {
			if u.name == d.upstream {
				b.Run(d.name+"/"+u.name, func(b *testing.B) { benchmarkEvent(b, configured(b, u.adapter, u.options), u.model, d.data, d.before) })
			}
		}
	}
}

func benchmarkEvent(b *testing.B, a adapter.Adapter, model, data string, before []string) {
	var up adapter.UpstreamRequest
	x, err := a.Begin(&adapter.Call{ID: "req_1", Model: model, Stream: true, Body: parsed(b, adaptertest.AgentRequest(1, ""), jsonindex.ClientMode())}, &up)
	if err != nil {
		b.Fatal(err)
	}
	var out ops.Emitter
	for _, text := range append(before, data) {
		if err := x.Event(adapter.Event{JSON: parsed(b, text, jsonindex.UpstreamMode()).Root()}, &out); err != nil {
			b.Fatal(err)
		}
	}
	doc, src := new(jsonindex.Doc), []byte(data)
	var builder jsonindex.Builder
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		if err := builder.Index(doc, src, jsonindex.UpstreamMode()); err != nil {
			b.Fatal(err)
		}
		if err := x.Event(adapter.Event{Data: src, JSON: doc.Root()}, &out); err != nil {
			b.Fatal(err)
		}
	}
}
