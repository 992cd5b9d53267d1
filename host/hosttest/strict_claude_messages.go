package hosttest

import (
	"slices"
	"strings"
)

// claudeBlocks are the members of each kind of block besides type and cache_control, and who may send it.
var claudeBlocks = map[string]struct {
	user, assistant bool
	fields          []string
}{
	"text":              {true, true, []string{"text", "citations"}},
	"image":             {true, false, []string{"source", "transformations"}},
	"document":          {true, true, []string{"source", "title", "context", "citations"}},
	"search_result":     {true, false, []string{"source", "title", "content", "citations"}},
	"tool_result":       {true, false, []string{"tool_use_id", "content", "is_error", "toolset_name"}},
	"tool_use":          {false, true, []string{"id", "name", "input", "caller", "toolset_name"}},
	"thinking":          {false, true, []string{"thinking", "signature"}},
	"redacted_thinking": {false, true, []string{"data"}},
}

// serverBlocks come from tools that Claude itself runs; they are opaque.
var serverBlocks = []string{"server_tool_use", "web_search_tool_result", "web_fetch_tool_result", "code_execution_tool_result",
	"bash_code_execution_tool_result", "text_editor_code_execution_tool_result", "tool_search_tool_result", "container_upload", "mcp_tool_use",
	"mcp_tool_result", "mcp_tool_listing", "advisor_tool_result", "compaction", "fallback", "tool_addition", "tool_removal"}

// claudeMessages checks the messages, each and all together.
func (k *checker) claudeMessages(c *call) {
	list := k.list("messages", k.need("", c.tree, "messages"))
	if len(list) == 0 {
		k.invalid("messages", "at least one message is required")
	}
	turns := &claudeTurns{checker: k}
	k.each("messages", list, func(at string, m map[string]any) {
		role := k.enum(join(at, "role"), k.need(at, m, "role"), "user", "assistant", "system")
		if role == "system" {
			k.fields(at, m, "role", "content", "output_config", "clear_at")
			k.claudeContent(c, at, role, m["content"])
			return
		}
		k.fields(at, m, "role", "content")
		k.claudeContent(c, at, role, k.need(at, m, "content"))
		turns.add(at, role, m["content"])
	})
	turns.end()
	if turns.role == "assistant" {
		if noPrefill(c.Model) {
			k.invalid("messages", "this model does not support assistant message prefill, the conversation must end with a user message")
		}
		if s := turns.lastText; s != strings.TrimRight(s, " \t\n") {
			k.invalid("messages", "final assistant content cannot end with trailing whitespace")
		}
	}
}

// claudeContent checks the content of one message.
func (k *checker) claudeContent(c *call, at, role string, v any) {
	at = join(at, "content")
	if s, ok := v.(string); ok {
		if s == "" && role != "assistant" {
			k.invalid(at, "text content blocks must be non-empty")
		}
		return
	}
	k.each(at, v, func(at string, m map[string]any) {
		kind := k.str(join(at, "type"), k.need(at, m, "type"))
		if slices.Contains(serverBlocks, kind) {
			return
		}
		shape, ok := claudeBlocks[kind]
		if !ok || role == "user" && !shape.user || role == "assistant" && !shape.assistant || role == "system" && kind != "text" {
			k.invalid(at, "a block of type %q is not allowed in a message of role %q", kind, role)
			return
		}
		k.claudeBlock(at, kind, m, shape.fields)
		if c.header.Get("Anthropic-Version") == newVersion && kind == "text" && role == "user" && len(elements(m["citations"])) > 0 {
			k.invalid(join(at, "citations"), "not allowed in a user message")
		}
		if c.header.Get("Anthropic-Version") == newVersion && kind == "document" && role == "assistant" {
			k.invalid(at, "a document is not allowed in an assistant message")
		}
	})
}

// claudeBlock checks one block of a known kind.
func (k *checker) claudeBlock(at, kind string, m map[string]any, fields []string) {
	allowed := append([]string{"type"}, fields...)
	if kind != "thinking" && kind != "redacted_thinking" {
		allowed = append(allowed, "cache_control")
		k.cacheControl(join(at, "cache_control"), m["cache_control"])
	}
	k.fields(at, m, allowed...)
	switch kind {
	case "text":
		k.nonEmpty(join(at, "text"), k.need(at, m, "text"))
	case "image", "document":
		k.claudeSource(join(at, "source"), kind, k.object(join(at, "source"), k.need(at, m, "source")))
	case "tool_use":
		k.matches(join(at, "id"), k.need(at, m, "id"), claudeID)
		k.matches(join(at, "name"), k.need(at, m, "name"), claudeTool)
		k.object(join(at, "input"), k.need(at, m, "input"))
	case "tool_result":
		k.matches(join(at, "tool_use_id"), k.need(at, m, "tool_use_id"), claudeID)
		k.flag(join(at, "is_error"), m["is_error"])
		k.claudeResult(join(at, "content"), m["content"])
	case "thinking":
		thinking, sig := k.str(join(at, "thinking"), k.need(at, m, "thinking")), k.str(join(at, "signature"), k.need(at, m, "signature"))
		if !issued("claude", sig) || thinking != "" && !signs("claude", sig, thinking) {
			k.invalid(at, "Invalid `signature` in `thinking` block")
		}
	case "redacted_thinking":
		k.str(join(at, "data"), k.need(at, m, "data"))
	}
}

// claudeResult checks what a tool returned.
func (k *checker) claudeResult(at string, v any) {
	if _, ok := v.(string); ok {
		return
	}
	k.each(at, v, func(at string, m map[string]any) {
		kind := k.enum(join(at, "type"), k.need(at, m, "type"), "text", "image", "document", "search_result", "tool_reference", "browser_state")
		switch kind {
		case "text", "image", "document":
			k.claudeBlock(at, kind, m, claudeBlocks[kind].fields)
		case "tool_reference":
			k.str(join(at, "tool_name"), k.need(at, m, "tool_name"))
		}
	})
}

// claudeSource checks where a picture or document comes from.
func (k *checker) claudeSource(at, kind string, m map[string]any) {
	types := []string{"base64", "url", "file"}
	if kind == "document" {
		types = append(types, "text", "content")
	}
	switch k.enum(join(at, "type"), k.need(at, m, "type"), types...) {
	case "base64":
		k.fields(at, m, "type", "media_type", "data")
		if kind == "image" {
			k.enum(join(at, "media_type"), k.need(at, m, "media_type"), "image/jpeg", "image/png", "image/gif", "image/webp")
		} else {
			k.enum(join(at, "media_type"), k.need(at, m, "media_type"), "application/pdf")
		}
		k.base64(join(at, "data"), k.str(join(at, "data"), k.need(at, m, "data")))
	case "url":
		k.fields(at, m, "type", "url")
		k.str(join(at, "url"), k.need(at, m, "url"))
	case "text":
		k.fields(at, m, "type", "media_type", "data")
		k.nonEmpty(join(at, "data"), m["data"])
	}
}

// claudeTurns checks that roles take turns and that each tool_use has its tool_result in the very next user turn.
type claudeTurns struct {
	*checker
	role     string
	asked    []string // tool_use ids of the assistant turn
	open     []string // of those, the ones without result
	seen     []string // all tool_use ids so far
	other    bool     // the user turn holds something else already
	lastText string   // of the assistant turn
}

// add takes in one message; neighbours of one role are one turn.
func (t *claudeTurns) add(at, role string, content any) {
	if t.role == "" && role != "user" {
		t.invalid(at, "first message must use the user role")
	}
	if role != t.role {
		if role == "assistant" {
			t.end()
			t.asked, t.open = nil, nil
		}
		t.other, t.lastText = false, ""
	}
	t.role = role
	if s, ok := content.(string); ok {
		t.other, t.lastText = true, s
		return
	}
	for i, v := range elements(content) {
		t.block(join(at+".content", i), members(v))
	}
}

func (t *claudeTurns) block(at string, m map[string]any) {
	switch m["type"] {
	case "tool_use":
		id := text(m["id"])
		if slices.Contains(t.seen, id) {
			t.invalid(join(at, "id"), "`tool_use` ids must be unique")
		}
		t.asked, t.open, t.seen = append(t.asked, id), append(t.open, id), append(t.seen, id)
	case "tool_result":
		id := text(m["tool_use_id"])
		n := slices.Index(t.open, id)
		switch {
		case n < 0 && slices.Contains(t.asked, id):
			t.invalid(at, "each `tool_use` must have a single result, found several with id %s", id)
		case n < 0:
			t.invalid(at, "unexpected `tool_use_id` found in `tool_result` blocks: %s", id)
		case t.other:
			t.invalid(at, "`tool_result` blocks must come first in the message after their `tool_use`")
		default:
			t.open = slices.Delete(t.open, n, n+1)
		}
	default:
		t.other = true
		t.lastText = text(m["text"])
	}
}

// end checks that nothing is left unanswered.
func (t *claudeTurns) end() {
	if len(t.open) > 0 {
		t.invalid("messages", "`tool_use` ids were found without `tool_result` blocks immediately after: %s", strings.Join(t.open, ", "))
	}
}
