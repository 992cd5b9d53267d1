package hosttest

import (
	"strconv"
	"strings"
)

// responses speaks OpenAI Responses (https://platform.openai.com/docs/api-reference/responses).
type responses struct{ openAI }

func (responses) ids(string) (answer, tool string) { return "resp_", "call_" }

// conversation reads input, where a turn may be several items.
func (responses) conversation(c *call) conversation {
	conv := conversation{tools: functionNames(c.tree["tools"])}
	if s, ok := c.tree["input"].(string); ok {
		conv.turns = []turn{{role: "user", text: s}}
	}
	for _, v := range elements(c.tree["input"]) {
		m := members(v)
		switch text(m["type"]) {
		case "", "message":
			conv.turns = append(conv.turns, turn{role: text(m["role"]), text: textOf(m["content"])})
		case "function_call":
			if n := len(conv.turns); n > 0 && conv.turns[n-1].calls > 0 {
				conv.turns[n-1].calls++ // one turn with several calls
				continue
			}
			conv.turns = append(conv.turns, turn{role: "assistant", calls: 1})
		case "function_call_output":
			conv.turns = append(conv.turns, turn{role: "tool", results: []string{textOf(m["output"])}})
		}
	}
	conv.maxTokens, _ = integer(c.tree["max_output_tokens"])
	reasoning := members(c.tree["reasoning"])
	conv.wantThinking = reasoning["summary"] != nil
	return conv
}

// item is one element of output: a part of the answer, or several that share a message.
type item struct {
	id    string
	kind  string // message, reasoning, function_call
	parts []int
}

// items groups the parts: neighbouring texts and refusals make one message.
func (responses) items(c *call, a *Answer) []item {
	var all []item
	for i := range a.Parts {
		kind, prefix := "message", "msg_"
		switch a.Parts[i].kind() {
		case "tool":
			kind, prefix = "function_call", "fc_"
		case "thinking":
			kind, prefix = "reasoning", "rs_"
		case "redacted":
			continue
		}
		if n := len(all); kind == "message" && n > 0 && all[n-1].kind == kind {
			all[n-1].parts = append(all[n-1].parts, i)
			continue
		}
		all = append(all, item{id: prefix + c.id + "_" + strconv.Itoa(i), kind: kind, parts: []int{i}})
	}
	return all
}

// render renders an item as it is when it is done, or as it begins.
func (s responses) render(a *Answer, it item, status string) object {
	done := status != "in_progress"
	part := &a.Parts[it.parts[0]]
	switch it.kind {
	case "function_call":
		args := ""
		if done {
			args = part.Tool.argsText()
		}
		return object{"id", it.id, "type", "function_call", "status", status, "arguments", args, "call_id", part.Tool.ID, "name", part.Tool.Name}
	case "reasoning":
		summary := []object{}
		if done && part.Thinking != "" {
			summary = append(summary, object{"type", "summary_text", "text", part.Thinking})
		}
		o := object{"id", it.id, "type", "reasoning", "summary", summary}
		if sig := part.signature("responses", it.id); sig != "" {
			o = o.with("encrypted_content", sig)
		}
		return o
	}
	content := []object{}
	for _, i := range it.parts {
		if done {
			content = append(content, s.content(&a.Parts[i], a.Parts[i].body()))
		}
	}
	return object{"id", it.id, "type", "message", "status", status, "content", content, "role", "assistant"}
}

// content renders a part of a message.
func (responses) content(p *Part, s string) object {
	if p.kind() == "refusal" {
		return object{"type", "refusal", "refusal", s}
	}
	return object{"type", "output_text", "annotations", []any{}, "logprobs", []any{}, "text", s}
}

// response renders the response object; output nil for one that has just begun.
func (s responses) response(c *call, a *Answer, status string, output []object) object {
	var failure, incomplete, usage any
	switch {
	case status == "incomplete":
		reason := map[string]string{"max_tokens": "max_output_tokens", "refusal": "content_filter"}[a.Stop]
		if reason == "" {
			reason = a.Stop
		}
		incomplete = object{"reason", reason}
	case status == "failed":
		failure = object{"code", "server_error", "message", "the model failed"}
	}
	if status != "in_progress" && a.Stream.Usage != "never" {
		usage = s.usage(a.Usage)
	}
	if output == nil {
		output = []object{}
	}
	return object{"id", a.ID, "object", "response", "created_at", created, "status", status, "background", false, "error", failure,
		"incomplete_details", incomplete, "instructions", c.tree["instructions"], "max_output_tokens", c.tree["max_output_tokens"],
		"max_tool_calls", nil, "model", a.Model, "output", output, "parallel_tool_calls", c.tree["parallel_tool_calls"] != false,
		"previous_response_id", nil, "prompt_cache_key", c.tree["prompt_cache_key"], "reasoning", or(c.tree["reasoning"], object{"effort", nil, "summary", nil}),
		"safety_identifier", c.tree["safety_identifier"], "service_tier", "default", "store", c.tree["store"] != false,
		"temperature", or(c.tree["temperature"], 1.0), "text", or(c.tree["text"], object{"format", object{"type", "text"}}),
		"tool_choice", or(c.tree["tool_choice"], "auto"), "tools", or(c.tree["tools"], []any{}), "top_p", or(c.tree["top_p"], 1.0),
		"truncation", "disabled", "usage", usage, "user", nil, "metadata", object{}}
}

// or returns v, or its default where it is null.
func or(v, def any) any {
	if v == nil {
		return def
	}
	return v
}

// status is how the response ends.
func (responses) status(a *Answer) string {
	switch a.Stop {
	case "max_tokens":
		return "incomplete"
	case "refusal":
		if a.has("refusal") {
			return "completed"
		}
		return "incomplete"
	case "failed", "incomplete", "cancelled":
		return a.Stop
	}
	return "completed"
}

// usage adds up as OpenAI does: cached tokens are part of input_tokens, reasoning of output_tokens.
func (responses) usage(u *Usage) object {
	in, out := u.Input+u.Cached+u.CacheWrite, u.Output+u.Thinking
	return object{"input_tokens", in, "input_tokens_details", object{"cached_tokens", u.Cached, "cache_write_tokens", u.CacheWrite},
		"output_tokens", out, "output_tokens_details", object{"reasoning_tokens", u.Thinking}, "total_tokens", in + out}
}

// whole renders a response.
func (s responses) whole(c *call, a *Answer) []byte {
	return encode(s.response(c, a, s.status(a), s.output(c, a)))
}

// output renders all items; the last one shares the fate of the response.
func (s responses) output(c *call, a *Answer) []object {
	items := s.items(c, a)
	output := []object{}
	for i, it := range items {
		status := "completed"
		if i == len(items)-1 && s.status(a) == "incomplete" {
			status = "incomplete"
		}
		output = append(output, s.render(a, it, status))
	}
	return output
}

// failure renders the error event; its number follows those of the events before.
func (responses) failure(e *Error, _ string, n int) event {
	code := e.Code
	if code == "" {
		code = strings.ReplaceAll(text(openAIError(e)[3]), "requests", "rate_limit_exceeded")
	}
	return event{name: "error", data: encode(object{"type", "error", "code", code, "message", e.Message, "param", orNull(e.Param), "sequence_number", n})}
}
