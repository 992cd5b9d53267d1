package chat

import (
	"fmt"
	"strings"
	"testing"

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

// toolRequest is an agent's request of about 4 KB: system prompt, three tools, a call and its result.
func toolRequest() string {
	var b strings.Builder
	b.WriteString(`{"model":"claude-sonnet-5","max_tokens":32000,"stream":true,"system":[{"type":"text","text":"You are a coding agent."},` +
		`{"type":"text","text":"` + strings.Repeat("Answer briefly and use the tools. ", 20) + `","cache_control":{"type":"ephemeral"}}],"messages":[`)
	b.WriteString(`{"role":"user","content":[{"type":"text","text":"<reminder>Today is a day.</reminder>"},{"type":"text","text":"Find the \"bug\" in main.go\nand fix it."}]},`)
	b.WriteString(`{"role":"assistant","content":[{"type":"thinking","thinking":"Let me look.","signature":"` + strings.Repeat("Eq", 60) + `"},` +
		`{"type":"text","text":"I will read the file."},{"type":"tool_use","id":"toolu_01A","name":"Read","input":{"file_path":"/src/main.go","limit":200}}]},`)
	b.WriteString(`{"role":"user","content":[{"tool_use_id":"toolu_01A","type":"tool_result","content":"` + strings.Repeat(`1\tpackage main\n`, 30) + `"}]},`)
	b.WriteString(`{"role":"assistant","content":[{"type":"tool_use","id":"toolu_01B","name":"Bash","input":{"command":"go build ./...","timeout":1000}}]},`)
	b.WriteString(`{"role":"user","content":[{"tool_use_id":"toolu_01B","type":"tool_result","content":[{"type":"text","text":"ok"}],"is_error":false,"cache_control":{"type":"ephemeral"}}]}],"tools":[`)
	for i, name := range []string{"Read", "Bash", "Edit"} {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":%q,"description":"%s","input_schema":{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",`+
			`"properties":{"file_path":{"type":"string","description":"The absolute path"},"limit":{"type":"integer","minimum":0},"command":{"type":"string"}},`+
			`"required":["file_path"],"additionalProperties":false}}`, name, strings.Repeat("Does one thing well. ", 8))
	}
	b.WriteString(`],"metadata":{"user_id":"{\"device_id\":\"0a1b\",\"account_uuid\":\"\",\"session_id\":\"5f0c\"}"},"thinking":{"type":"adaptive"},"output_config":{"effort":"medium"}}`)
	return b.String()
}

// textChunk and argsChunk are chunks as OpenAI sends them.
const (
	textChunk = `{"id":"chatcmpl-C1a2b3c4d5e6f7g8h9i0","object":"chat.completion.chunk","created":1754500000,"model":"gpt-5-2025-08-07",` +
		`"service_tier":"default","system_fingerprint":"fp_0123456789","choices":[{"index":0,"delta":{"content":" the next word"},"logprobs":null,"finish_reason":null}],"usage":null}`
	startChunk = `{"id":"chatcmpl-C1","object":"chat.completion.chunk","model":"gpt-5","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"Read","arguments":""}}]},"finish_reason":null}]}`
	argsChunk  = `{"id":"chatcmpl-C1a2b3c4d5e6f7g8h9i0","object":"chat.completion.chunk","created":1754500000,"model":"gpt-5-2025-08-07",` +
		`"service_tier":"default","system_fingerprint":"fp_0123456789","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"[\"a\",1],"}}]},"logprobs":null,"finish_reason":null}],"usage":null}`
	openChunk = `{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"list\":["}}]}}]}`
)
