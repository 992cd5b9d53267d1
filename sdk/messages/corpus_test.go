package messages_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// toolRequest is some 4 KB: a few tools, one round of calls.
func toolRequest() []byte { return request(5, 1, 40) }

// agentRequest is some 30 KB: what a coding agent sends in the middle of its work.
func agentRequest() []byte { return request(12, 12, 300) }

// request makes a request in the order and manner of Claude Code.
func request(tools, rounds, words int) []byte {
	var b strings.Builder
	text := strings.Repeat(`read the file \"main.go\", then say\nwhat it does `, 1+words/9)[:words*5]
	text = strings.TrimSuffix(text, `\`)
	fmt.Fprintf(&b, `{"model":"claude-opus-5-5","messages":[{"role":"user","content":[{"type":"text","text":"%s"},`+
		`{"type":"text","text":"Fix the bug.","cache_control":{"type":"ephemeral"}}]},{"role":"system","content":"%s"}`, text, text)
	for i := range rounds {
		fmt.Fprintf(&b, `,{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":"RXJhc2U="},{"type":"text","text":"Step %d."},`+
			`{"type":"tool_use","id":"toolu_%d","name":"Read","input":{"file_path":"/src/main.go","limit":%d}}]}`, i, i, i)
		fmt.Fprintf(&b, `,{"role":"user","content":[{"tool_use_id":"toolu_%d","type":"tool_result","content":"%s","is_error":false}]}`, i, text)
	}
	fmt.Fprintf(&b, `],"system":[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1.330.2c7;"},{"type":"text","text":"%s","cache_control":{"type":"ephemeral"}}],"tools":[`, text)
	for i := range tools {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"Tool%d","description":"%s","input_schema":{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",`+
			`"properties":{"file_path":{"type":"string","description":"The path"},"limit":{"type":"integer","exclusiveMinimum":0}},"required":["file_path"],"additionalProperties":false}}`, i, text[:min(len(text), 150)])
	}
	b.WriteString(`],"metadata":{"user_id":"{\"device_id\":\"d0\",\"account_uuid\":\"\",\"session_id\":\"6f0e6e1c-89d4-4f0a-9d3b-0a4c9f7f3d11\"}"},` +
		`"max_tokens":32000,"thinking":{"type":"adaptive","display":"omitted"},"context_management":{"edits":[]},"output_config":{"effort":"medium"},"stream":true}`)
	return []byte(b.String())
}

func index(t testing.TB, body string) *jsonindex.Doc {
	t.Helper()
	d, err := jsonindex.Parse([]byte(body), jsonindex.ClientMode())
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return d
}
