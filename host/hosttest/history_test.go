package hosttest

import (
	"encoding/json"
	"fmt"
	"testing"
)

// history is a conversation in one API's own notation.
type history struct {
	v     vendor
	turns []any
}

func newHistory(v vendor, prompt string) *history {
	h := &history{v: v}
	if v.api == "gemini" {
		h.turns = []any{object{"role", "user", "parts", []any{object{"text", prompt}}}}
	} else {
		h.turns = []any{object{"role", "user", "content", prompt}}
	}
	return h
}

var schema = object{"type", "object", "properties", object{"file_path", object{"type", "string"}, "content", object{"type", "string"}}}

// request asks for the next turn, with thinking shown where that exists.
func (h *history) request() (path, body string) {
	var tools []any
	for _, name := range []string{"Read", "Write"} {
		switch h.v.api {
		case "chat":
			tools = append(tools, object{"type", "function", "function", object{"name", name, "parameters", schema}})
		case "responses":
			tools = append(tools, object{"type", "function", "name", name, "parameters", schema, "strict", false})
		case "gemini":
			tools = append(tools, object{"functionDeclarations", []any{object{"name", name, "parametersJsonSchema", schema}}})
		case "claude":
			tools = append(tools, object{"name", name, "input_schema", schema})
		}
	}
	o := object{"model", h.v.model, "tools", tools}
	switch h.v.api {
	case "chat":
		o = o.with("messages", h.turns)
	case "responses":
		o = o.with("input", h.turns, "store", false, "reasoning", object{"summary", "auto"})
	case "gemini":
		o = object{"contents", h.turns, "tools", tools, "generationConfig", object{"thinkingConfig", object{"includeThoughts", true}}}
	case "claude":
		o = o.with("messages", h.turns, "max_tokens", 4000, "thinking", object{"type", "enabled", "budget_tokens", 2000})
	}
	return h.v.at(false), string(encode(o))
}

// take appends an unstreamed answer as it came, and a result for each call; it returns the calls.
func (h *history) take(t *testing.T, a answer) (calls []string) {
	t.Helper()
	m := decode(t, a.body)
	call := func(name, args any) {
		s, ok := args.(string)
		if !ok {
			s = string(encode(args))
		}
		calls = append(calls, fmt.Sprint(name, s))
	}
	var results []any
	switch h.v.api {
	case "chat":
		message := members(members(elements(m["choices"])[0])["message"])
		h.turns = append(h.turns, message)
		for _, c := range elements(message["tool_calls"]) {
			f := members(members(c)["function"])
			call(f["name"], f["arguments"])
			h.turns = append(h.turns, object{"role", "tool", "tool_call_id", members(c)["id"], "content", "ok"})
		}
	case "responses":
		for _, item := range elements(m["output"]) {
			h.turns = append(h.turns, item)
			if it := members(item); it["type"] == "function_call" {
				call(it["name"], it["arguments"])
				results = append(results, object{"type", "function_call_output", "call_id", it["call_id"], "output", "ok"})
			}
		}
		h.turns = append(h.turns, results...)
	case "gemini":
		content := members(members(elements(m["candidates"])[0])["content"])
		h.turns = append(h.turns, content)
		for _, f := range partsWith(content, "functionCall") {
			call(f["name"], ordered(t, a.body, len(calls)))
			results = append(results, object{"functionResponse", object{"id", f["id"], "name", f["name"], "response", object{"output", "ok"}}})
		}
		if results != nil {
			h.turns = append(h.turns, object{"role", "user", "parts", results})
		}
	case "claude":
		h.turns = append(h.turns, object{"role", "assistant", "content", m["content"]})
		for _, b := range elements(m["content"]) {
			if b := members(b); b["type"] == "tool_use" {
				call(b["name"], ordered(t, a.body, len(calls)))
				results = append(results, object{"type", "tool_result", "tool_use_id", b["id"], "content", "ok"})
			}
		}
		if results != nil {
			h.turns = append(h.turns, object{"role", "user", "content", results})
		}
	}
	return calls
}

// ordered reads the arguments of the n-th call with their members in the order of the bytes.
func ordered(t *testing.T, body []byte, n int) string {
	t.Helper()
	var doc struct {
		Content    []struct{ Input json.RawMessage }
		Candidates []struct {
			Content struct {
				Parts []struct {
					FunctionCall struct{ Args json.RawMessage }
				}
			}
		}
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, b := range doc.Content {
		if b.Input != nil {
			all = append(all, string(b.Input))
		}
	}
	for _, c := range doc.Candidates {
		for _, p := range c.Content.Parts {
			if p.FunctionCall.Args != nil {
				all = append(all, string(p.FunctionCall.Args))
			}
		}
	}
	return all[n]
}
