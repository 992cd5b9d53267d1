package gemini

import (
	"fmt"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

func newAdapter(t testing.TB, options string) adapter.Adapter {
	t.Helper()
	a, err := Module{}.New(parse(t, options, jsonindex.Mode{}).Root())
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

// toolRequest is an agent's request of about 4 KB: system prompt, three tools, two calls and their results.
func toolRequest() string {
	var b strings.Builder
	b.WriteString(`{"model":"claude-sonnet-5","max_tokens":32000,"stream":true,"system":[{"type":"text","text":"You are a coding agent."},` +
		`{"type":"text","text":"` + strings.Repeat("Answer briefly and use the tools. ", 20) + `","cache_control":{"type":"ephemeral"}}],"messages":[`)
	b.WriteString(`{"role":"user","content":[{"type":"text","text":"<reminder>Today is a day.</reminder>"},{"type":"text","text":"Find the \"bug\" in main.go\nand fix it."}]},`)
	b.WriteString(`{"role":"assistant","content":[{"type":"thinking","thinking":"Let me look.","signature":"cp1.gemini.c` + strings.Repeat("Eq", 60) + `"},` +
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

// Chunks as Gemini sends them.
const (
	textChunk = `{"candidates":[{"content":{"parts":[{"text":" the next word"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":4210,` +
		`"candidatesTokenCount":12,"totalTokenCount":4222,"promptTokensDetails":[{"modality":"TEXT","tokenCount":4210}]},"modelVersion":"gemini-3-flash","responseId":"C1a2b3c4d5e6f7g8h9i0"}`
	callChunk = `{"candidates":[{"content":{"parts":[{"functionCall":{"id":"fc_1","name":"Read","args":{"file_path":"/src/main.go","limit":200}},` +
		`"thoughtSignature":"c2lnbmF0dXJl"}],"role":"model"},"index":0}],"modelVersion":"gemini-3-flash","responseId":"C1"}`
	lastChunk = `{"candidates":[{"content":{"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":9}}`
)
