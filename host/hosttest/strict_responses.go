package hosttest

import (
	"net/http"
	"slices"
	"strings"
)

// responsesFields are the members of a request; countFields those of a token count.
var (
	responsesFields = []string{"background", "instructions", "max_output_tokens", "max_tool_calls", "parallel_tool_calls", "previous_response_id",
		"prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "safety_identifier", "store", "stream", "stream_options",
		"temperature", "top_logprobs", "top_p", "user", "context_management", "conversation", "include", "metadata", "moderation", "prompt",
		"service_tier", "truncation", "access_programs", "input", "model", "reasoning", "text", "tool_choice", "tools"}
	countFields = []string{"instructions", "model", "parallel_tool_calls", "previous_response_id", "conversation", "input", "text",
		"tool_choice", "tools", "personality", "reasoning", "truncation"}
)

// check refuses what Responses refuses.
func (responses) check(c *call) *Error {
	k := &checker{words: openAI{}}
	m := c.tree
	if c.Op == opCount {
		k.fields("", m, countFields...)
	} else {
		k.fields("", m, responsesFields...)
	}
	k.str("model", k.need("", m, "model"))
	k.flag("stream", m["stream"])
	k.flag("store", m["store"])
	k.int("max_output_tokens", m["max_output_tokens"], 16)
	k.between("temperature", m["temperature"], 0, 2)
	k.between("top_p", m["top_p"], 0, 1)
	k.enum("truncation", m["truncation"], "auto", "disabled")
	k.enum("service_tier", m["service_tier"], "auto", "default", "flex", "scale", "priority")
	if m["instructions"] != nil {
		k.str("instructions", m["instructions"])
	}
	openAIIdentity(k, m)
	if m["previous_response_id"] != nil {
		k.fail(&Error{Code: "previous_response_not_found", Param: "previous_response_id", Message: "previous response not found: this upstream stores none"})
	}
	k.responsesReasoning(c.Model, m)
	k.each("tools", m["tools"], func(at string, tool map[string]any) {
		if k.str(join(at, "type"), k.need(at, tool, "type")) == "function" {
			k.function(at, tool, "type", "name", "description", "parameters", "strict", "async", "defer_loading", "allowed_callers", "output_schema")
		}
	})
	openAIToolChoice(k, m, false)
	k.responsesText(m["text"])
	if _, ok := k.need("", m, "input").(string); !ok && m["input"] != nil {
		k.responsesInput(k.list("input", m["input"]))
	}
	return k.first
}

// responsesReasoning checks reasoning, and what reasoning models do not take.
func (k *checker) responsesReasoning(model string, m map[string]any) {
	if reasoningModel(model) {
		notDefault(k, m)
	}
	if m["reasoning"] == nil {
		return
	}
	reasoning := k.object("reasoning", m["reasoning"])
	k.fields("reasoning", reasoning, "effort", "summary", "generate_summary", "context", "mode")
	k.enum("reasoning.effort", reasoning["effort"], openAIEffort...)
	k.enum("reasoning.summary", reasoning["summary"], "auto", "concise", "detailed")
	if !reasoningModel(model) && reasoning["effort"] != nil {
		k.fail(unsupported("reasoning.effort", "parameter", "not supported with this model"))
	}
}

// responsesText checks text, whose format is flat.
func (k *checker) responsesText(v any) {
	if v == nil {
		return
	}
	m := k.object("text", v)
	k.fields("text", m, "format", "verbosity")
	k.enum("text.verbosity", m["verbosity"], "low", "medium", "high")
	if m["format"] == nil {
		return
	}
	const at = "text.format"
	format := k.object(at, m["format"])
	if k.enum(at+".type", k.need(at, format, "type"), "text", "json_object", "json_schema") != "json_schema" {
		return
	}
	k.fields(at, format, "type", "name", "description", "schema", "strict")
	k.matches(at+".name", k.need(at, format, "name"), openAIName)
	schema := k.object(at+".schema", k.need(at, format, "schema"))
	if format["strict"] == true {
		k.strictSchema(at+".schema", schema)
	}
}

// responsesInput checks the items, each and all together.
func (k *checker) responsesInput(list []any) {
	var open []string // calls without output
	for i, v := range list {
		at := join("input", i)
		m := k.object(at, v)
		switch kind := text(m["type"]); kind {
		case "", "message":
			k.responsesMessage(at, m)
		case "function_call":
			k.responsesCall(at, m)
			id := text(m["call_id"])
			if slices.Contains(open, id) {
				k.invalid(join(at, "call_id"), "duplicate call id %q", id)
			}
			open = append(open, id)
		case "function_call_output":
			k.fields(at, m, "type", "id", "call_id", "output", "status", "name", "namespace", "caller")
			id := k.str(join(at, "call_id"), k.need(at, m, "call_id"))
			n := slices.Index(open, id)
			if n < 0 {
				k.fail(&Error{Param: "input", Message: "No tool call found for function call output with call_id " + id + "."})
				return
			}
			open = slices.Delete(open, n, n+1)
			k.responsesContent(join(at, "output"), k.need(at, m, "output"), "input_text", "input_image", "input_file")
		case "reasoning":
			var next map[string]any
			if i+1 < len(list) {
				next = members(list[i+1])
			}
			k.responsesReasoningItem(at, m, next)
		default:
			k.invalid(join(at, "type"), "item type %q is not known to this upstream", kind)
		}
	}
	if len(open) > 0 {
		k.fail(&Error{Param: "input", Message: "No tool output found for function call " + strings.Join(open, ", ") + "."})
	}
}

// responsesMessage checks a message; of the assistant the parts are output parts.
func (k *checker) responsesMessage(at string, m map[string]any) {
	k.fields(at, m, "type", "role", "content", "id", "status", "phase")
	role := k.enum(join(at, "role"), k.need(at, m, "role"), "user", "assistant", "system", "developer")
	content := k.need(at, m, "content")
	if role == "assistant" {
		if id := text(m["id"]); id != "" && !strings.HasPrefix(id, "msg_") {
			k.invalid(join(at, "id"), "expected an ID that begins with 'msg'")
		}
		k.responsesContent(join(at, "content"), content, "output_text", "refusal")
		return
	}
	k.responsesContent(join(at, "content"), content, "input_text", "input_image", "input_file")
}

// responsesContent checks a string or parts of the given types.
func (k *checker) responsesContent(at string, v any, types ...string) {
	if _, ok := v.(string); ok || v == nil {
		return
	}
	k.each(at, v, func(at string, m map[string]any) {
		switch k.enum(join(at, "type"), k.need(at, m, "type"), types...) {
		case "input_text":
			k.fields(at, m, "type", "text", "prompt_cache_breakpoint")
			k.str(join(at, "text"), k.need(at, m, "text"))
		case "output_text":
			k.fields(at, m, "type", "text", "annotations", "logprobs")
			k.str(join(at, "text"), k.need(at, m, "text"))
		case "refusal":
			k.fields(at, m, "type", "refusal")
		case "input_image":
			k.fields(at, m, "type", "image_url", "file_id", "detail", "prompt_cache_breakpoint")
			k.enum(join(at, "detail"), m["detail"], "auto", "low", "high", "original")
			if m["file_id"] == nil {
				k.imageURL(join(at, "image_url"), k.str(join(at, "image_url"), k.need(at, m, "image_url")))
			}
		case "input_file":
			k.openAIFile(at, m, "type", "file_id", "filename", "file_data", "file_url", "detail", "prompt_cache_breakpoint")
		}
	})
}

// responsesCall checks a function_call item.
func (k *checker) responsesCall(at string, m map[string]any) {
	k.fields(at, m, "type", "id", "call_id", "name", "arguments", "status", "async", "namespace", "caller")
	if id := text(m["id"]); m["id"] != nil && !strings.HasPrefix(id, "fc_") {
		k.invalid(join(at, "id"), "expected an ID that begins with 'fc'")
	}
	if id := k.str(join(at, "call_id"), k.need(at, m, "call_id")); len(id) > 64 {
		k.invalid(join(at, "call_id"), "string too long, at most 64 characters")
	}
	k.matches(join(at, "name"), k.need(at, m, "name"), openAIName)
	k.str(join(at, "arguments"), k.need(at, m, "arguments"))
}

// responsesReasoningItem checks that a reasoning item is one of ours and stands before what it led to.
func (k *checker) responsesReasoningItem(at string, m, next map[string]any) {
	k.fields(at, m, "type", "id", "summary", "content", "encrypted_content", "status")
	id := text(m["id"])
	k.list(join(at, "summary"), k.need(at, m, "summary"))
	sealed := text(m["encrypted_content"])
	switch {
	case sealed == "":
		k.fail(&Error{Status: http.StatusNotFound, Param: "input", Message: "Item with id '" + id + "' not found: items are not stored."})
	case !issued("responses", sealed) || id != "" && !signs("responses", sealed, id):
		k.fail(&Error{Code: "invalid_encrypted_content", Message: "The encrypted content of item '" + id + "' could not be verified."})
	}
	if kind := text(next["type"]); kind == "function_call" || kind == "reasoning" || next["role"] == "assistant" {
		return
	}
	k.fail(&Error{Param: "input", Message: "Item '" + id + "' of type 'reasoning' was provided without its required following item."})
}
