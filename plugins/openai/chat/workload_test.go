package chat

import (
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// proper is a dialect like OpenAI's own, with current models alone.
func proper() Dialect {
	return Dialect{
		Name: "Test", Path: "/v1/chat/completions", ModelsPath: "/v1/models",
		Families: []Family{{
			Reasoning: true, LimitField: "max_completion_tokens", SystemRole: "developer", Breakpoints: 4,
			Efforts: []string{"none", "low", "medium", "high"},
		}},
		StreamOptions: `{"include_usage":true}`,
		SystemInline:  true, Images: true, Files: true, ToolNameLimit: 64, CallIDLimit: 40, ParallelSwitch: true, Strict: true,
		JSONSchema: true, Identity: true, ServiceTier: true,
	}
}

func newAdapter(t testing.TB, d Dialect) *Adapter {
	t.Helper()
	a, err := New(d)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func parse(t testing.TB, body string, m jsonindex.Mode) *jsonindex.Doc {
	t.Helper()
	doc, err := jsonindex.Parse([]byte(body), m)
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return doc
}

// agentRequest is a coding agent's request with thinking of Claude's.
var agentRequest = adaptertest.AgentRequest(2, strings.Repeat("Eq", 60))

// textChunk and argsChunk are chunks as OpenAI sends them.
const (
	textChunk = `{"id":"chatcmpl-C1a2b3c4d5e6f7g8h9i0","object":"chat.completion.chunk","created":1754500000,"model":"gpt-5-2025-08-07",` +
		`"service_tier":"default","system_fingerprint":"fp_0123456789","choices":[{"index":0,"delta":{"content":" the next word"},"logprobs":null,"finish_reason":null}],"usage":null}`
	startChunk = `{"id":"chatcmpl-C1","object":"chat.completion.chunk","model":"gpt-5","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"Read","arguments":""}}]},"finish_reason":null}]}`
	argsChunk  = `{"id":"chatcmpl-C1a2b3c4d5e6f7g8h9i0","object":"chat.completion.chunk","created":1754500000,"model":"gpt-5-2025-08-07",` +
		`"service_tier":"default","system_fingerprint":"fp_0123456789","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"[\"a\",1],"}}]},"logprobs":null,"finish_reason":null}],"usage":null}`
	openChunk = `{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"list\":["}}]}}]}`
)
