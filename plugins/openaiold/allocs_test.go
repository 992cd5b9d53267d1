package openaiold_test

import (
	"testing"

	"github.com/claude-proxy/claude-proxy/plugins/openai/chat"
	"github.com/claude-proxy/claude-proxy/plugins/openaiold"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// servers are what the benchmarks compare: one that takes all that OpenAI takes, which is what plugins/openai costs, and
// presets that do more.
func servers(b testing.TB) (names []string, adapters []adapter.Adapter) {
	b.Helper()
	proper, err := chat.New(chat.Dialect{
		Name: "OpenAI", Path: "/v1/chat/completions", ModelsPath: "/v1/models",
		Families: []chat.Family{{
			Reasoning: true, LimitField: "max_completion_tokens", SystemRole: "developer", Breakpoints: 4,
			Efforts: []string{"none", "low", "medium", "high"},
		}},
		StreamOptions: `{"include_usage":true}`, SystemInline: true, Images: true, Files: true, ToolNameLimit: 64, CallIDLimit: 40,
		ParallelSwitch: true, Strict: true, JSONSchema: true, Identity: true, ServiceTier: true,
	})
	if err != nil {
		b.Fatal(err)
	}
	names, adapters = []string{"openai"}, []adapter.Adapter{proper}
	for _, preset := range []string{"generic", "deepseek", "openrouter"} {
		doc, err := jsonindex.Parse([]byte(`{"preset":"`+preset+`"}`), jsonindex.ClientMode())
		if err != nil {
			b.Fatal(err)
		}
		a, err := openaiold.Module{}.New(doc.Root())
		if err != nil {
			b.Fatal(err)
		}
		names, adapters = append(names, preset), append(adapters, a)
	}
	return names, adapters
}

// agentRequest is a coding agent's request with reasoning that goes back.
var agentRequest = adaptertest.AgentRequest(1, "cp1.openaiold.")

func parse(b testing.TB, text string, m jsonindex.Mode) *jsonindex.Doc {
	b.Helper()
	doc, err := jsonindex.Parse([]byte(text), m)
	if err != nil {
		b.Fatal(err)
	}
	return doc
}

const chunkHead = `{"id":"chatcmpl-C1a2b3c4d5e6f7g8h9i0","object":"chat.completion.chunk","created":1754500000,"model":"m","choices":[{"index":0,"delta":{`

// chunks are the deltas that most of a stream consists of, each with what has to come before it.
var chunks = []struct{ name, before, chunk string }{
	{"text", chunkHead + `"content":"Fine."}}]}`, chunkHead + `"content":" the next word"},"logprobs":null,"finish_reason":null}],"usage":null}`},
	{"arguments", chunkHead + `"tool_calls":[{"index":0,"id":"call_0","type":"function","function":{"name":"Read","arguments":"{\"list\":["}}]}}]}`,
		chunkHead + `"tool_calls":[{"index":0,"function":{"arguments":"[\"a\",1],"}}]},"logprobs":null,"finish_reason":null}],"usage":null}`},
	{"reasoning", "", chunkHead + `"content":null,"reasoning_content":" the next word"},"logprobs":null,"finish_reason":null}],"usage":null}`},
	{"details", "", chunkHead + `"content":"","reasoning":" the","reasoning_details":[{"type":"reasoning.text","text":" the","format":"unknown","index":0}]},"finish_reason":null}]}`},
}

// reading is an exchange that has read what has to come before a chunk.
func reading(b testing.TB, a adapter.Adapter, before string) adapter.Exchange {
	b.Helper()
	var up adapter.UpstreamRequest
	x, err := a.Begin(&adapter.Call{ID: "req_1", Model: "m", Stream: true, Body: parse(b, agentRequest, jsonindex.ClientMode())}, &up)
	if err != nil {
		b.Fatal(err)
	}
	if before != "" {
		var out ops.Emitter
		if err := x.Event(adapter.Event{JSON: parse(b, before, jsonindex.UpstreamMode()).Root()}, &out); err != nil {
			b.Fatal(err)
		}
	}
	return x
}

// TestEventsDoNotAllocate is what makes a stream of thousands of deltas cheap, also where tags are looked for.
func TestEventsDoNotAllocate(t *testing.T) {
	names, adapters := servers(t)
	for _, c := range chunks {
		for i, a := range adapters {
			x := reading(t, a, c.before)
			ev := adapter.Event{JSON: parse(t, c.chunk, jsonindex.UpstreamMode()).Root()}
			var out ops.Emitter
			feed := func() {
				out.Reset()
				if err := x.Event(ev, &out); err != nil {
					t.Fatal(err)
				}
			}
			feed()
			if n := testing.AllocsPerRun(200, feed); n != 0 {
				t.Errorf("%s of %s: %v allocations an event, want none", c.name, names[i], n)
			}
		}
	}
}
