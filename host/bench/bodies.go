package bench

import (
	"fmt"
	"strings"
)

// modelSlot stands in a body where the model's name goes.
const modelSlot = "MODEL"

// fill is the body of a scenario's requests.
func fill(s *Scenario) string { return strings.Replace(s.body(s.stream()), modelSlot, s.model, 1) }

// small is the request of a short question.
func small(stream bool) string {
	return fmt.Sprintf(`{"model":"%s","max_tokens":100,"stream":%v,"messages":[{"role":"user","content":"hi"}]}`, modelSlot, stream)
}

// agent is a coding agent's request of about size bytes, with tools and history.
func agent(size int) func(bool) string {
	return func(stream bool) string {
		var b strings.Builder
		fmt.Fprintf(&b, `{"model":"%s","max_tokens":32000,"stream":%v,"metadata":{"user_id":"u"},"system":[{"type":"text","text":"You are an agent.\nWork \"well\".","cache_control":{"type":"ephemeral"}}],"tools":[`, modelSlot, stream)
		for i := range 12 {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"name":"tool_%d","description":"Does a thing.\nWith lines and \"quotes\".","input_schema":{"type":"object","properties":{"path":{"type":"string","description":"A path"},"n":{"type":"integer"}},"required":["path"],"additionalProperties":false}}`, i)
		}
		b.WriteString(`],"messages":[{"role":"user","content":"Fix the bug in main.go"}`)
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, `,{"role":"assistant","content":[{"type":"text","text":"Looking at file %d.\n"},{"type":"tool_use","id":"toolu_%04d","name":"tool_%d","input":{"path":"/src/f%d.go","n":%d,"old":"a\tb \"q\" \\n"}}]}`, i, i, i%12, i, i)
			fmt.Fprintf(&b, `,{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_%04d","content":"%s"}]}`, i, strings.Repeat(`if err != nil {\n\treturn fmt.Errorf(\"x: %w\", err)\n}\n`, 8))
		}
		b.WriteString(`]}`)
		return b.String()
	}
}

// images is a request of about size bytes, nearly all of it in four pictures.
func images(size int) func(bool) string {
	return func(stream bool) string {
		var b strings.Builder
		fmt.Fprintf(&b, `{"model":"%s","max_tokens":1000,"stream":%v,"messages":[{"role":"user","content":[{"type":"text","text":"What is on these?"}`, modelSlot, stream)
		picture := "iVBORw0KGgo" + strings.Repeat("A", max(size/4-200, 12)/4*4+1) // a multiple of four, as base64 is
		for range 4 {
			fmt.Fprintf(&b, `,{"type":"image","source":{"type":"base64","media_type":"image/png","data":"%s"}}`, picture)
		}
		b.WriteString(`]}]}`)
		return b.String()
	}
}

// barePath is where the vendor of an adapter takes requests, for a proxy that changes nothing.
func barePath(adapter, model string, stream bool) string {
	switch adapter {
	case "openai", "openaiold":
		return "/v1/chat/completions"
	case "openairesponses":
		return "/v1/responses"
	case "gemini":
		if stream {
			return "/v1beta/models/" + model + ":streamGenerateContent?alt=sse"
		}
		return "/v1beta/models/" + model + ":generateContent"
	}
	return "/v1/messages"
}
