package hosttest

import (
	"net/http"
	"strings"
)

// chat speaks OpenAI Chat Completions (https://platform.openai.com/docs/api-reference/chat).
type chat struct{ openAI }

func (chat) ids(string) (answer, tool string) { return "chatcmpl-", "call_" }

// conversation reads the messages.
func (chat) conversation(c *call) conversation {
	conv := conversation{tools: functionNames(c.tree["tools"])}
	for _, v := range elements(c.tree["messages"]) {
		m := members(v)
		t := turn{role: text(m["role"]), text: textOf(m["content"]), calls: len(elements(m["tool_calls"]))}
		if t.role == "tool" {
			t.results, t.text = []string{t.text}, ""
		}
		conv.turns = append(conv.turns, t)
	}
	conv.maxTokens, _ = integer(c.tree["max_tokens"])
	if n, ok := integer(c.tree["max_completion_tokens"]); ok {
		conv.maxTokens = n
	}
	conv.stops = stringList(c.tree["stop"])
	return conv
}

// textOf reads a string, or the text parts of a list.
func textOf(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	var all []string
	for _, p := range elements(v) {
		if s, ok := members(p)["text"].(string); ok {
			all = append(all, s)
		}
	}
	return strings.Join(all, "\n")
}

// stringList reads a string or a list of them.
func stringList(v any) []string {
	if s, ok := v.(string); ok {
		return []string{s}
	}
	var all []string
	for _, e := range elements(v) {
		all = append(all, text(e))
	}
	return all
}

// functionNames reads the names of function tools, nested (Chat) or flat (Responses).
func functionNames(tools any) []string {
	var names []string
	for _, v := range elements(tools) {
		m := members(v)
		if f := members(m["function"]); f != nil {
			m = f
		}
		names = append(names, text(m["name"]))
	}
	return names
}

// whole renders a chat.completion.
func (s chat) whole(c *call, a *Answer) []byte {
	message := object{"role", "assistant", "content", nil, "refusal", nil, "annotations", []any{}}
	if a.has("text") || !a.has("tool") && !a.has("refusal") {
		message[3] = a.joined("text")
	}
	if a.has("refusal") {
		message[5] = a.joined("refusal")
	}
	if thinking := a.joined("thinking"); a.Reasoning != "" && thinking != "" {
		message = message.with(a.Reasoning, thinking)
	}
	if a.has("tool") {
		calls := []object{}
		for i := range a.Parts {
			if t := a.Parts[i].Tool; t != nil {
				calls = append(calls, object{"id", t.ID, "type", "function", "function", object{"name", t.Name, "arguments", t.argsText()}})
			}
		}
		message = message.with("tool_calls", calls)
	}
	o := object{"id", a.ID, "object", "chat.completion", "created", created, "model", a.Model,
		"choices", []object{{"index", 0, "message", message, "logprobs", nil, "finish_reason", s.stop(a)}}}
	if a.Stream.Usage != "never" {
		o = o.with("usage", s.usage(a.Usage))
	}
	return encode(o.with("service_tier", "default", "system_fingerprint", "fp_"+c.id))
}

// stop words the reason.
func (chat) stop(a *Answer) string {
	switch a.Stop {
	case "end_turn", "stop_sequence":
		return "stop"
	case "tool_use":
		return "tool_calls"
	case "max_tokens":
		return "length"
	case "refusal":
		if a.has("refusal") {
			return "stop"
		}
		return "content_filter"
	}
	return a.Stop
}

// usage adds up as OpenAI does: cached tokens are part of prompt_tokens, reasoning of completion_tokens.
func (chat) usage(u *Usage) object {
	prompt, completion := u.Input+u.Cached+u.CacheWrite, u.Output+u.Thinking
	return object{"prompt_tokens", prompt, "completion_tokens", completion, "total_tokens", prompt + completion,
		"prompt_tokens_details", object{"cached_tokens", u.Cached, "cache_write_tokens", u.CacheWrite, "audio_tokens", 0},
		"completion_tokens_details", object{"reasoning_tokens", u.Thinking, "audio_tokens", 0,
			"accepted_prediction_tokens", 0, "rejected_prediction_tokens", 0}}
}

// chatStream renders the chunks of one stream.
type chatStream struct {
	c      *call
	a      *Answer
	tools  map[int]int // part → index of the tool call
	events []event
}

// events renders chat.completion.chunk objects and [DONE].
func (s chat) events(c *call, a *Answer) []event {
	st := &chatStream{c: c, a: a, tools: map[int]int{}}
	first := object{"role", "assistant", "content", "", "refusal", nil}
	if !a.has("text") && a.has("tool") {
		first[3] = nil
	}
	st.delta(first, nil, false)
	for _, p := range a.pieces(true) {
		st.piece(p)
	}
	st.delta(object{}, s.stop(a), false)
	if where := a.Stream.Usage; where == "" && st.option("include_usage") == true {
		st.chunk([]any{}, s.usage(a.Usage), false)
	}
	st.events = append(st.events, event{data: []byte("[DONE]"), end: true})
	return st.events
}

// piece renders one step. Only tool calls have a beginning of their own.
func (st *chatStream) piece(p piece) {
	part := &st.a.Parts[p.part]
	kind := part.kind()
	switch {
	case p.kind == opens && kind == "tool":
		st.tools[p.part] = len(st.tools)
		st.delta(object{"tool_calls", []object{{"index", st.tools[p.part], "id", part.Tool.ID, "type", "function",
			"function", object{"name", part.Tool.Name, "arguments", ""}}}}, nil, false)
	case p.kind != says:
	case kind == "tool":
		st.delta(object{"tool_calls", []object{{"index", st.tools[p.part], "function", object{"arguments", p.text}}}}, nil, true)
	case kind == "text":
		st.delta(object{"content", p.text}, nil, true)
	case kind == "refusal":
		st.delta(object{"refusal", p.text}, nil, true)
	case kind == "thinking" && st.a.Reasoning != "":
		st.delta(object{st.a.Reasoning, p.text}, nil, true)
	}
}

// delta adds a chunk with one choice.
func (st *chatStream) delta(delta object, finish any, content bool) {
	var usage any
	if where := st.a.Stream.Usage; where == "every" || where == "finish" && finish != nil {
		usage = chat{}.usage(st.a.Usage)
	}
	st.chunk([]object{{"index", 0, "delta", delta, "logprobs", nil, "finish_reason", finish}}, usage, content)
}

// chunk adds a chunk. The usage member is there, as null, as soon as usage was asked for.
func (st *chatStream) chunk(choices, usage any, content bool) {
	o := object{"id", st.a.ID, "object", "chat.completion.chunk", "created", created, "model", st.a.Model,
		"service_tier", "default", "system_fingerprint", "fp_" + st.c.id, "choices", choices}
	if usage != nil || st.option("include_usage") == true {
		o = o.with("usage", usage)
	}
	if st.option("include_obfuscation") != false {
		o = o.with("obfuscation", "Kx7aQ2")
	}
	st.events = append(st.events, event{data: encode(o), content: content})
}

func (st *chatStream) option(name string) any { return members(st.c.tree["stream_options"])[name] }

// openAI is what Chat Completions and Responses have in common.
type openAI struct{}

func (openAI) credential(r *http.Request) string {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	return strings.TrimSpace(key)
}

func (openAI) lineEnd() string { return "\n" }

func (openAI) requestID(h http.Header, id string) {
	h.Set("X-Request-Id", "req_"+id)
	h.Set("Openai-Version", "2020-10-01")
}

// unauthorized is a 401; like the real one it shows the end of a wrong key.
func (openAI) unauthorized(presented string) *Error {
	if presented == "" {
		return &Error{Status: 401, Type: "invalid_request_error", Message: "no API key was provided in the Authorization header"}
	}
	return &Error{Status: 401, Type: "invalid_request_error", Code: "invalid_api_key",
		Message: "incorrect API key provided: ***" + presented[max(0, len(presented)-4):]}
}

// refusal renders {"error":{message, type, param, code}}.
func (openAI) refusal(e *Error, _ string) []byte { return encode(object{"error", openAIError(e)}) }

func openAIError(e *Error) object {
	kind := e.Type
	if kind == "" {
		switch {
		case e.Status == http.StatusTooManyRequests:
			kind = "requests"
		case e.Status >= 500:
			kind = "server_error"
		default:
			kind = "invalid_request_error"
		}
	}
	return object{"message", e.Message, "type", kind, "param", orNull(e.Param), "code", orNull(e.Code)}
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func (openAI) failure(e *Error, _ string, _ int) event {
	return event{data: encode(object{"error", openAIError(e)})}
}

// count renders the answer of /v1/responses/input_tokens; Chat Completions has no such operation.
func (openAI) count(tokens int) []byte {
	return encode(object{"object", "response.input_tokens", "input_tokens", tokens})
}

// models renders the list, which has no pages.
func (openAI) models(ids []string, id string) []byte {
	one := func(id string) object {
		return object{"id", id, "object", "model", "created", created, "owned_by", "hosttest"}
	}
	if id != "" {
		return encode(one(id))
	}
	list := []object{}
	for _, id := range ids {
		list = append(list, one(id))
	}
	return encode(object{"object", "list", "data", list})
}

func (openAI) unknown(at string) *Error {
	return &Error{Type: "invalid_request_error", Code: "unknown_parameter", Param: indexed(at), Message: "Unknown parameter: '" + indexed(at) + "'."}
}

func (openAI) missing(at string) *Error {
	return &Error{Type: "invalid_request_error", Code: "missing_required_parameter", Param: indexed(at), Message: "Missing required parameter: '" + indexed(at) + "'."}
}

func (openAI) invalid(at, why string) *Error {
	return &Error{Type: "invalid_request_error", Code: "invalid_value", Param: indexed(at), Message: "Invalid '" + indexed(at) + "': " + why + "."}
}
