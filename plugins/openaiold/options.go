package openaiold

import (
	"strconv"
	"strings"

	"github.com/claude-proxy/claude-proxy/plugins/openai/chat"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// option is one option of a channel: what it is called, which values it takes, as members of a JSON Schema, and what it
// changes.
type option struct {
	name, values, text string
	set                func(d *chat.Dialect, v jsonindex.Value) error
}

// options are all options but the preset, in the order in which people are shown them.
func options() []option {
	family := func(d *chat.Dialect) *chat.Family { return &d.Families[0] }
	return []option{
		text("path", "/", "Path of Chat Completions below the base URL.", func(d *chat.Dialect) *string { return &d.Path }),
		text("models_path", "/", "Path of the list of models.", func(d *chat.Dialect) *string { return &d.ModelsPath }),
		word("limit_field", "The member that limits the output.", func(d *chat.Dialect) *string { return &family(d).LimitField },
			"max_tokens", "max_completion_tokens"),
		word("system_role", "The role of system text. With user it stands in a tag at the beginning of the first user message.",
			func(d *chat.Dialect) *string { return &family(d).SystemRole }, "system", "developer", "user"),
		flag("system_inline", "Takes system messages in the middle of a conversation. Else they become user text in a tag.",
			func(d *chat.Dialect) *bool { return &d.SystemInline }),
		flag("merge_messages", "Writes user messages in a row as one.", func(d *chat.Dialect) *bool { return &d.Alternate }),
		flag("string_content", "Sends contents of text alone as one string, not as parts.",
			func(d *chat.Dialect) *bool { return &d.StringContent }),
		choice("stream_options", "Asks for usage in a stream. Off for servers that refuse the parameter.",
			pick{"on", func(d *chat.Dialect) { d.StreamOptions = generic().StreamOptions }},
			pick{"off", func(d *chat.Dialect) { d.StreamOptions = "" }}),
		flag("images", "Takes pictures. Else a request with one is refused.", func(d *chat.Dialect) *bool { return &d.Images }),
		flag("files", "Takes PDF documents as file parts. Else a request with one is refused.", func(d *chat.Dialect) *bool { return &d.Files }),
		text("empty_result", "", "What stands for a tool result without text.", func(d *chat.Dialect) *string { return &d.EmptyResult }),
		choice("empty_content", "The content of an assistant message of calls alone.",
			pick{"null", func(d *chat.Dialect) { d.EmptyContent = false }}, pick{"string", func(d *chat.Dialect) { d.EmptyContent = true }}),
		number("stops", 64, "The most stop sequences in a request; with more the proxy cuts the text.", func(d *chat.Dialect) *int { return &family(d).Stops }),
		flag("sampling", "Takes temperature and top_p.", func(d *chat.Dialect) *bool { return &family(d).Sampling }),
		flag("top_k", "Takes top_k.", func(d *chat.Dialect) *bool { return &d.TopK }),
		choice("tool_choice", "Which choices of a tool the server takes: any, or only to leave it to the model.",
			pick{"any", func(d *chat.Dialect) { d.AutoChoice = false }}, pick{"auto", func(d *chat.Dialect) { d.AutoChoice = true }}),
		flag("parallel_switch", "Takes parallel_tool_calls.", func(d *chat.Dialect) *bool { return &d.ParallelSwitch }),
		flag("strict", "Takes strict in functions and schemas.", func(d *chat.Dialect) *bool { return &d.Strict }),
		flag("plain_patterns", "Leaves patterns that look around or hold NUL out of schemas.", func(d *chat.Dialect) *bool { return &d.PlainPatterns }),
		number("tool_name_limit", 256, "The most characters of a function's name; 0 for no limit.", func(d *chat.Dialect) *int { return &d.ToolNameLimit }),
		number("call_id_limit", 256, "The most characters of a call's id; 0 for no limit.", func(d *chat.Dialect) *int { return &d.CallIDLimit }),
		flag("repeated_ids", "The server may give the id of a call again in a later answer, so the client gets another.",
			func(d *chat.Dialect) *bool { return &d.RepeatedIDs }),
		choice("structured_output", "How an answer is bound to a JSON Schema: by the schema, as any JSON object with the schema in the prompt, or not at all.",
			pick{"schema", func(d *chat.Dialect) { d.JSONSchema, d.JSONObject = true, false }},
			pick{"object", func(d *chat.Dialect) { d.JSONSchema, d.JSONObject = false, true }},
			pick{"refuse", func(d *chat.Dialect) { d.JSONSchema, d.JSONObject = false, false }}),
		members("reasoning_fields", "The members of a message that hold reasoning.", func(d *chat.Dialect) *[]string { return &d.Reasoning }),
		member("reasoning_details", "The member that holds reasoning as a list of entries; empty for none.",
			func(d *chat.Dialect) *string { return &d.Thinking.Details }),
		back(),
		choice("reasoning_back_turns", "Which messages take their reasoning back: those with calls, or all.",
			pick{"calls", func(d *chat.Dialect) { d.Thinking.BackAlways = false }}, pick{"all", func(d *chat.Dialect) { d.Thinking.BackAlways = true }}),
		flag("reasoning_back_empty", "Sends an empty text where such a message has no reasoning.",
			func(d *chat.Dialect) *bool { return &d.Thinking.BackEmpty }),
		choice("think_tags", "Reasoning between <think> and </think> in the text: look for it, do not, or take the text from its beginning as reasoning.",
			pick{"off", func(d *chat.Dialect) { noTags(&d.Thinking); d.Thinking.Inside = false }},
			pick{"on", func(d *chat.Dialect) { tags(&d.Thinking, false) }}, pick{"inside", func(d *chat.Dialect) { tags(&d.Thinking, true) }}),
		choice("thinking_switch", "How a request turns reasoning on and off.",
			pick{"none", switchBy(func(*chat.Thinking) {})}, pick{"thinking", switchBy(thinkingSwitch)},
			pick{"enable_thinking", switchBy(enableThinking)}, pick{"chat_template_kwargs", switchBy(templateSwitch)},
			pick{"reasoning", switchBy(reasoningObject)}),
		efforts(),
		choice("call_state", "Whether every first call of a message must carry Gemini's thought signature, known or not.",
			pick{"known", func(d *chat.Dialect) { d.Thinking.StateNeeded = false }}, pick{"needed", func(d *chat.Dialect) { d.Thinking.StateNeeded = true }}),
		choice("unsupported_tools", "What to do with tools, MCP servers and containers that only Claude's own servers can run.",
			pick{"refuse", func(d *chat.Dialect) { d.DropTools = false }}, pick{"drop", func(d *chat.Dialect) { d.DropTools = true }}),
		choice("stop_sequences", "What to do with stop sequences that the server cannot honour: let the proxy cut the text, or refuse the request.",
			pick{"cut", func(d *chat.Dialect) { d.RefuseStop = false }}, pick{"refuse", func(d *chat.Dialect) { d.RefuseStop = true }}),
		choice("prefill", "A conversation that ends with an assistant message: refuse it, send it and take a new answer, or let the model continue it, as it is or by a mark in the message.",
			pick{"refuse", prefill(false, false, "")}, pick{"send", prefill(true, false, "")}, pick{"continue", prefill(false, true, "")},
			pick{"prefix", prefill(false, true, "prefix")}, pick{"partial", prefill(false, true, "partial")}),
	}
}

func prefill(send, continues bool, mark string) func(*chat.Dialect) {
	return func(d *chat.Dialect) { d.SendPrefill, d.Continues, d.ContinueMark = send, continues, mark }
}

func tags(t *chat.Thinking, inside bool) {
	g := generic().Thinking
	t.Open, t.Close, t.Inside = g.Open, g.Close, inside
}

// switchBy makes a form of turning reasoning on and off the only one.
func switchBy(form func(*chat.Thinking)) func(*chat.Dialect) {
	return func(d *chat.Dialect) {
		t := &d.Thinking
		t.On, t.Off, t.Budget, t.Effort = chat.Member{}, chat.Member{}, nil, nil
		form(t)
	}
}

// agree checks what options say together.
func agree(d *chat.Dialect) error {
	t := &d.Thinking
	if t.Back == chat.BackInTags && t.Open == "" {
		return adapter.Fail(adapter.Invalid, "reasoning_back", "tags needs think_tags to be on or inside")
	}
	for _, n := range d.Reasoning {
		if taken(n) || n == t.Details {
			return adapter.Fail(adapter.Invalid, "reasoning_fields", "%s is the name of something else", n)
		}
	}
	if taken(t.Details) {
		return adapter.Fail(adapter.Invalid, "reasoning_details", "%s is the name of something else", t.Details)
	}
	if taken(t.Back) || t.Back != "" && t.Back == t.Details {
		return adapter.Fail(adapter.Invalid, "reasoning_back", "%s is the name of something else", t.Back)
	}
	return nil
}

// taken says whether a member of a message has a meaning of its own.
func taken(member string) bool {
	switch member {
	case "role", "content", "refusal", "tool_calls", "tool_call_id", "function_call", "name":
		return true
	}
	return false
}

func find(list []option, name string) *option {
	for i := range list {
		if list[i].name == name {
			return &list[i]
		}
	}
	return nil
}

func names(list []option) string {
	all := []string{optionPreset}
	for _, o := range list {
		all = append(all, o.name)
	}
	return strings.Join(all, ", ")
}

// schema is the JSON Schema of all options.
func schema() string {
	var known []string
	for _, p := range presets() {
		known = append(known, p.name)
	}
	all := append([]option{{
		name: optionPreset, values: `"enum":` + quoted(known) + `,"default":"generic"`,
		text: "The kind of server. The options below change single points of it.",
	}}, options()...)
	var b strings.Builder
	b.WriteString(`{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"properties":{`)
	for i, o := range all {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(o.name) + `:{` + o.values + `,"description":` + strconv.Quote(o.text) + `}`)
	}
	b.WriteString(`}}`)
	return b.String()
}
