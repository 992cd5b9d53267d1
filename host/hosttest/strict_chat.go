package hosttest

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// reasoningModel reports whether an OpenAI model reasons, which forbids it several parameters. Like the real names: all
// but gpt-3.5, gpt-4 in all spellings, and chatgpt-4o.
func reasoningModel(model string) bool {
	for _, prefix := range []string{"gpt-3.5", "gpt-4", "chatgpt-4o"} {
		if strings.HasPrefix(model, prefix) {
			return false
		}
	}
	return true
}

var (
	openAIName   = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,64}$`)
	openAIEffort = []string{"none", "minimal", "low", "medium", "high", "xhigh", "max"}
)

// check refuses what Chat Completions refuses.
func (chat) check(c *call) *Error {
	k := &checker{words: openAI{}}
	m := c.tree
	k.fields("", m, "messages", "model", "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs",
		"max_completion_tokens", "max_tokens", "metadata", "modalities", "moderation", "n", "parallel_tool_calls", "prediction",
		"presence_penalty", "prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "reasoning_effort", "response_format",
		"safety_identifier", "seed", "service_tier", "stop", "store", "stream", "stream_options", "temperature", "tool_choice", "tools",
		"top_logprobs", "top_p", "user", "verbosity", "web_search_options")
	k.str("model", k.need("", m, "model"))
	k.flag("stream", m["stream"])
	k.int("max_tokens", m["max_tokens"], 1)
	k.int("max_completion_tokens", m["max_completion_tokens"], 1)
	if m["stream_options"] != nil {
		k.fields("stream_options", k.object("stream_options", m["stream_options"]), "include_usage", "include_obfuscation")
		if m["stream"] != true {
			k.invalid("stream_options", "only allowed when stream is true")
		}
	}
	k.enum("reasoning_effort", m["reasoning_effort"], openAIEffort...)
	k.enum("service_tier", m["service_tier"], "auto", "default", "flex", "scale", "priority")
	chatSampling(k, c.Model, m)
	openAIIdentity(k, m)
	if list := k.list("tools", orEmpty(m["tools"])); m["tools"] != nil && len(list) == 0 {
		k.invalid("tools", "array too short, expected at least one tool")
	}
	k.each("tools", m["tools"], k.chatTool)
	openAIToolChoice(k, m, true)
	k.chatFormat(m["response_format"])
	if list := k.list("messages", k.need("", m, "messages")); len(list) == 0 {
		k.invalid("messages", "array too short, expected at least one message")
	}
	k.each("messages", m["messages"], k.chatMessage)
	k.chatPairs(elements(m["messages"]))
	return k.first
}

func orEmpty(v any) any {
	if v == nil {
		return []any{}
	}
	return v
}

// chatSampling checks what reasoning models do not take, and the stop sequences.
func chatSampling(k *checker, model string, m map[string]any) {
	k.between("temperature", m["temperature"], 0, 2)
	k.between("top_p", m["top_p"], 0, 1)
	if stops := stringList(m["stop"]); len(stops) > 4 {
		k.invalid("stop", "array too long, at most 4 sequences")
	} else if slices.Contains(stops, "") {
		k.invalid("stop", "empty sequence")
	}
	if !reasoningModel(model) {
		if m["reasoning_effort"] != nil {
			k.fail(unsupported("reasoning_effort", "parameter", "this model does not reason"))
		}
		return
	}
	if m["max_tokens"] != nil {
		k.fail(unsupported("max_tokens", "parameter", "not supported with this model, use 'max_completion_tokens' instead"))
	}
	if m["stop"] != nil {
		k.fail(unsupported("stop", "parameter", "not supported with this model"))
	}
	notDefault(k, m)
}

// notDefault refuses sampling parameters of a reasoning model other than their default.
func notDefault(k *checker, m map[string]any) {
	for _, name := range []string{"temperature", "top_p"} {
		if n, ok := integer(m[name]); m[name] != nil && (!ok || n != 1) {
			k.fail(unsupported(name, "value", "only the default (1) is supported with this model"))
		}
	}
}

func unsupported(at, what, why string) *Error {
	return &Error{Type: "invalid_request_error", Code: "unsupported_" + what, Param: at, Message: "Unsupported " + what + ": '" + at + "' " + why + "."}
}

// openAIIdentity checks the names of user and cache, at most 64 characters.
func openAIIdentity(k *checker, m map[string]any) {
	for _, name := range []string{"safety_identifier", "prompt_cache_key", "user"} {
		if m[name] != nil && len(k.str(name, m[name])) > 64 {
			k.invalid(name, "string too long, at most 64 characters")
		}
	}
}

// chatTool checks {type: function, function: {…}}.
func (k *checker) chatTool(at string, m map[string]any) {
	if k.enum(join(at, "type"), k.need(at, m, "type"), "function", "custom") != "function" {
		return
	}
	k.fields(at, m, "type", "function")
	at = join(at, "function")
	k.function(at, k.object(at, m["function"]), "name", "description", "parameters", "strict")
}

// function checks name and schema of a function.
func (k *checker) function(at string, f map[string]any, allowed ...string) {
	k.fields(at, f, allowed...)
	k.matches(join(at, "name"), k.need(at, f, "name"), openAIName)
	k.flag(join(at, "strict"), f["strict"])
	if f["parameters"] == nil {
		return
	}
	at = join(at, "parameters")
	schema := k.object(at, f["parameters"])
	if kind := text(schema["type"]); len(schema) > 0 && kind != "object" {
		k.invalid(at, "schema must have type 'object', found %q", kind)
	}
	if _, ok := schema["properties"].(map[string]any); schema["type"] == "object" && !ok {
		k.invalid(at, "object schema missing properties")
	}
	if f["strict"] == true {
		k.strictSchema(at, schema)
	}
}

// strictSchema checks what strict mode demands of each object: all properties required, no others.
func (k *checker) strictSchema(at string, schema map[string]any) {
	props := members(schema["properties"])
	if props != nil && schema["additionalProperties"] != false {
		k.invalid(at, "'additionalProperties' is required to be supplied and to be false")
	}
	required := stringList(schema["required"])
	for _, name := range slices.Sorted(maps.Keys(props)) {
		if !slices.Contains(required, name) {
			k.invalid(at, "'required' has to hold every key in properties, missing %q", name)
		}
		k.strictSchema(join(at, "properties."+name), members(props[name]))
	}
	if items := members(schema["items"]); items != nil {
		k.strictSchema(join(at, "items"), items)
	}
}

// openAIToolChoice checks tool_choice and parallel_tool_calls, which need tools.
func openAIToolChoice(k *checker, m map[string]any, nested bool) {
	names := functionNames(m["tools"])
	for _, field := range []string{"tool_choice", "parallel_tool_calls"} {
		if m[field] != nil && len(names) == 0 {
			k.invalid(field, "only allowed when tools are specified")
		}
	}
	k.flag("parallel_tool_calls", m["parallel_tool_calls"])
	switch choice := m["tool_choice"].(type) {
	case nil:
	case string:
		k.enum("tool_choice", choice, "none", "auto", "required")
	default:
		o := k.object("tool_choice", choice)
		k.enum("tool_choice.type", k.need("tool_choice", o, "type"), "function", "allowed_tools", "custom")
		name := o["name"]
		if nested {
			name = members(o["function"])["name"]
		}
		if o["type"] == "function" && !slices.Contains(names, text(name)) {
			k.invalid("tool_choice", "tool choice %q not found in 'tools' parameter", text(name))
		}
	}
}

// chatFormat checks response_format.
func (k *checker) chatFormat(v any) {
	if v == nil {
		return
	}
	m := k.object("response_format", v)
	if k.enum("response_format.type", k.need("response_format", m, "type"), "text", "json_object", "json_schema") != "json_schema" {
		return
	}
	const at = "response_format.json_schema"
	schema := k.object(at, k.need("response_format", m, "json_schema"))
	k.fields(at, schema, "name", "description", "schema", "strict")
	k.matches(at+".name", k.need(at, schema, "name"), openAIName)
	if schema["strict"] == true {
		k.strictSchema(at+".schema", k.object(at+".schema", schema["schema"]))
	}
}
