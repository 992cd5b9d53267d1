package hosttest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// newVersion is the API version that dropped the sampling parameters.
const newVersion = "2026-10-21"

var (
	claudeTool    = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,128}$`)
	claudeID      = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
	claudeModel   = regexp.MustCompile(`^claude-[a-z]+-(\d+)`)
	claudeEfforts = []string{"low", "medium", "high", "xhigh", "max"}
)

// claudeGA and claudeBeta are the members of a request; the latter need a beta that begins so ("" for any).
var claudeGA = []string{"max_tokens", "messages", "model", "inference_geo", "container", "speed", "cache_control", "diagnostics", "metadata",
	"output_config", "service_tier", "stop_sequences", "system", "thinking", "tool_choice", "tools", "stream", "temperature", "top_p", "top_k"}

var claudeBeta = map[string]string{"context_management": "context-management-", "mcp_servers": "mcp-client-", "thread": "message-threads-",
	"output_format": "structured-outputs-", "compaction": "", "fallbacks": "", "fallback_credit_token": "", "billing_policy": ""}

// notCounted are the members that a token count does not take.
var notCounted = []string{"max_tokens", "stream", "metadata", "service_tier", "container", "stop_sequences", "inference_geo", "diagnostics",
	"temperature", "top_p", "top_k", "fallbacks", "fallback_credit_token", "thread"}

// check refuses what the Messages API refuses.
func (claude) check(c *call) *Error {
	k := &checker{words: claude{}}
	m := c.tree
	version := c.header.Get("Anthropic-Version")
	switch version {
	case "2023-01-01", "2023-06-01", newVersion:
	case "":
		k.invalid("anthropic-version", "header is required")
	default:
		k.invalid("anthropic-version", "%q is not a valid version", version)
	}
	k.claudeFields(c)
	k.str("model", k.need("", m, "model"))
	k.claudeLimits(c)
	if version == newVersion {
		for _, name := range []string{"temperature", "top_p", "top_k"} {
			if m[name] != nil {
				k.fail(k.words.unknown(name))
			}
		}
	}
	k.claudeSystem(m["system"])
	k.claudeTools(m)
	k.claudeThinking(m)
	k.claudeOutput(m)
	if n := strings.Count(string(c.Body), `"cache_control":{`) + strings.Count(string(c.Body), `"cache_control": {`); n > 4 {
		k.invalid("cache_control", "at most 4 blocks may carry it, found %d", n)
	}
	k.claudeMessages(c)
	if m["thread"] != nil && k.first == nil {
		k.fail(&Error{Type: "invalid_request_error", Message: "thread: this upstream keeps no threads",
			Details: json.RawMessage(`{"error_code":"thread_unsupported_request","unsupported":[]}`)})
	}
	return k.first
}

// claudeFields refuses unknown members, and those of a beta that the header does not name.
func (k *checker) claudeFields(c *call) {
	betas := strings.FieldsFunc(strings.Join(c.header.Values("Anthropic-Beta"), ","), func(r rune) bool { return r == ',' || r == ' ' })
	allowed := slices.Clone(claudeGA)
	for name, prefix := range claudeBeta {
		if slices.ContainsFunc(betas, func(beta string) bool { return strings.HasPrefix(beta, prefix) }) {
			allowed = append(allowed, name)
		}
	}
	if c.Op == opCount {
		allowed = slices.DeleteFunc(allowed, func(name string) bool { return slices.Contains(notCounted, name) })
	}
	k.fields("", c.tree, allowed...)
}

// claudeLimits checks the numbers and short strings.
func (k *checker) claudeLimits(c *call) {
	m := c.tree
	if c.Op == opGenerate {
		k.need("", m, "max_tokens")
	}
	k.int("max_tokens", m["max_tokens"], 0)
	k.flag("stream", m["stream"])
	k.between("temperature", m["temperature"], 0, 1)
	k.between("top_p", m["top_p"], 0, 1)
	k.int("top_k", m["top_k"], 0)
	k.enum("service_tier", m["service_tier"], "auto", "standard_only")
	k.enum("speed", m["speed"], "standard", "fast")
	if m["metadata"] != nil {
		k.fields("metadata", k.object("metadata", m["metadata"]), "user_id")
	}
	if m["stop_sequences"] != nil {
		for i, v := range k.list("stop_sequences", m["stop_sequences"]) {
			if strings.TrimSpace(text(v)) == "" {
				k.invalid(join("stop_sequences", i), "each stop sequence must contain non-whitespace")
			}
		}
	}
	k.cacheControl("cache_control", m["cache_control"])
}

func (k *checker) cacheControl(at string, v any) {
	if v == nil {
		return
	}
	m := k.object(at, v)
	k.fields(at, m, "type", "ttl", "scope")
	k.enum(join(at, "type"), k.need(at, m, "type"), "ephemeral")
	k.enum(join(at, "ttl"), m["ttl"], "5m", "1h")
}

// claudeSystem checks a string or text blocks.
func (k *checker) claudeSystem(v any) {
	if _, ok := v.(string); ok || v == nil {
		return
	}
	k.each("system", v, func(at string, m map[string]any) {
		k.enum(join(at, "type"), k.need(at, m, "type"), "text")
		k.fields(at, m, "type", "text", "cache_control", "citations")
		k.nonEmpty(join(at, "text"), m["text"])
		k.cacheControl(join(at, "cache_control"), m["cache_control"])
	})
}

func (k *checker) nonEmpty(at string, v any) {
	if k.str(at, v) == "" {
		k.invalid(at, "text content blocks must be non-empty")
	}
}

// claudeTypedTools are the beginnings of the types that have no schema on the wire.
var claudeTypedTools = []string{"bash_", "text_editor_", "memory_", "computer_", "browser_toolset_", "web_search_", "web_fetch_", "code_execution_",
	"tool_search_tool_", "advisor_", "mcp_toolset"}

// claudeTools checks tools and tool_choice.
func (k *checker) claudeTools(m map[string]any) {
	var names []string
	k.each("tools", m["tools"], func(at string, tool map[string]any) {
		name := text(tool["name"])
		if slices.Contains(names, name) && name != "" {
			k.invalid("tools", "tool names must be unique, found %q twice", name)
		}
		names = append(names, name)
		kind := text(tool["type"])
		if kind != "" && kind != "custom" {
			if !slices.ContainsFunc(claudeTypedTools, func(p string) bool { return strings.HasPrefix(kind, p) }) {
				k.invalid(join(at, "type"), "unknown tool type %q", kind)
			}
			return
		}
		at = join(at, "custom")
		k.fields(at, tool, "type", "name", "description", "input_schema", "cache_control", "strict", "input_examples", "defer_loading",
			"allowed_callers", "eager_input_streaming")
		k.matches(join(at, "name"), k.need(at, tool, "name"), claudeTool)
		schema := k.object(join(at, "input_schema"), k.need(at, tool, "input_schema"))
		if schema["type"] != "object" {
			k.invalid(join(at, "input_schema.type"), "Input should be 'object'")
		}
		k.cacheControl(join(at, "cache_control"), tool["cache_control"])
	})
	if m["tool_choice"] == nil {
		return
	}
	choice := k.object("tool_choice", m["tool_choice"])
	kind := k.enum("tool_choice.type", k.need("tool_choice", choice, "type"), "auto", "any", "tool", "none")
	k.fields("tool_choice", choice, "type", "name", "disable_parallel_tool_use")
	if len(names) == 0 && kind != "none" {
		k.invalid("tool_choice", "may only be specified while providing `tools`")
	}
	if kind == "tool" && !slices.Contains(names, text(choice["name"])) {
		k.invalid("tool_choice", "tool %q not found in provided tools", text(choice["name"]))
	}
}

// claudeThinking checks thinking against max_tokens, tool_choice and the sampling parameters.
func (k *checker) claudeThinking(m map[string]any) {
	if m["thinking"] == nil {
		return
	}
	thinking := k.object("thinking", m["thinking"])
	kind := k.enum("thinking.type", k.need("thinking", thinking, "type"), "enabled", "disabled", "adaptive", "between_tools")
	k.fields("thinking", thinking, "type", "budget_tokens", "display", "block_binding")
	k.enum("thinking.display", thinking["display"], "summarized", "omitted", "updates")
	if kind != "enabled" {
		return
	}
	k.int("thinking.enabled.budget_tokens", k.need("thinking.enabled", thinking, "budget_tokens"), 1024)
	budget, _ := integer(thinking["budget_tokens"])
	if most, ok := integer(m["max_tokens"]); ok && budget >= most {
		k.invalid("max_tokens", "must be greater than `thinking.budget_tokens`")
	}
	if choice := text(members(m["tool_choice"])["type"]); choice == "any" || choice == "tool" {
		k.invalid("thinking", "may not be enabled when tool_choice forces tool use")
	}
	if n, ok := integer(m["temperature"]); m["temperature"] != nil && (!ok || n != 1) {
		k.invalid("temperature", "may only be set to 1 when thinking is enabled")
	}
}

// claudeOutput checks output_config.
func (k *checker) claudeOutput(m map[string]any) {
	if m["output_config"] == nil {
		return
	}
	out := k.object("output_config", m["output_config"])
	k.fields("output_config", out, "effort", "format", "task_budget")
	k.enum("output_config.effort", out["effort"], claudeEfforts...)
	if out["format"] != nil {
		format := k.object("output_config.format", out["format"])
		k.fields("output_config.format", format, "type", "schema")
		k.enum("output_config.format.type", k.need("output_config.format", format, "type"), "json_schema")
		k.object("output_config.format.schema", k.need("output_config.format", format, "schema"))
	}
}

// noPrefill reports whether a model refuses a last message of the assistant, as those from generation 5 on do.
func noPrefill(model string) bool {
	found := claudeModel.FindStringSubmatch(model)
	if found == nil {
		return false
	}
	n, err := strconv.Atoi(found[1])
	return err == nil && n >= 5
}
