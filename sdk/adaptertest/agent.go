package adaptertest

import (
	"fmt"
	"strings"
)

// AgentRequest is a coding agent's request for benchmarks and as a seed: a system prompt, three tools and so many rounds of
// thinking, call and result. 2 rounds make 4 KB, 30 make 30 KB. signature stands under the thinking, as the adapter has
// signed it, without what JSON would escape; "" leaves the thinking out.
func AgentRequest(rounds int, signature string) string {
	var s strings.Builder
	s.WriteString(`{"model":"claude-sonnet-5","max_tokens":32000,"stream":true,"system":[{"type":"text","text":"You are a coding agent."},` +
		`{"type":"text","text":"` + strings.Repeat("Answer briefly and use the tools. ", 20) + `","cache_control":{"type":"ephemeral"}}],"messages":[` +
		`{"role":"user","content":[{"type":"text","text":"<reminder>Today is a day.</reminder>"},{"type":"text","text":"Find the \"bug\" in main.go\nand fix it."}]}`)
	thinking := ""
	if signature != "" {
		thinking = `{"type":"thinking","thinking":"Let me look at it.","signature":"` + signature + `"},`
	}
	for i := range rounds {
		fmt.Fprintf(&s, `,{"role":"assistant","content":[%s{"type":"text","text":"Step %d: I look at the next file."},`+
			`{"type":"tool_use","id":"toolu_%04d","name":"Read","input":{"file_path":"/src/main%d.go","limit":200}}]},`+
			`{"role":"user","content":[{"tool_use_id":"toolu_%04d","type":"tool_result","content":"%s","is_error":false}]}`,
			thinking, i, i, i, i, strings.Repeat(`1\tpackage main\n`, 40))
	}
	s.WriteString(`],"tools":[`)
	for i, name := range []string{"Read", "Bash", "Edit"} {
		if i > 0 {
			s.WriteByte(',')
		}
		fmt.Fprintf(&s, `{"name":%q,"description":"%s","input_schema":{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object",`+
			`"properties":{"file_path":{"type":"string","description":"The absolute path"},"limit":{"type":"integer","minimum":0},"command":{"type":"string"}},`+
			`"required":["file_path"],"additionalProperties":false}}`, name, strings.Repeat("Does one thing well. ", 8))
	}
	s.WriteString(`],"metadata":{"user_id":"{\"device_id\":\"0a1b\",\"account_uuid\":\"\",\"session_id\":\"5f0c\"}"},"thinking":{"type":"adaptive"},"output_config":{"effort":"medium"}}`)
	return s.String()
}
