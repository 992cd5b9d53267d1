package hosttest

import (
	"net/http"
	"strings"
)

// claude speaks the Messages API (https://platform.claude.com/docs/en/api/messages).
type claude struct{}

func (claude) ids(string) (answer, tool string) { return "msg_", "toolu_" }

func (claude) lineEnd() string { return "\n" }

func (claude) requestID(h http.Header, id string) { h.Set("Request-Id", "req_"+id) }

func (claude) credential(r *http.Request) string {
	if key := r.Header.Get("X-Api-Key"); key != "" {
		return key
	}
	return openAI{}.credential(r)
}

func (claude) unauthorized(presented string) *Error {
	if presented == "" {
		return &Error{Status: 401, Type: "authentication_error", Message: "x-api-key header is required"}
	}
	return &Error{Status: 401, Type: "authentication_error", Message: "invalid x-api-key"}
}

// conversation reads the messages.
func (claude) conversation(c *call) conversation {
	var conv conversation
	for _, v := range elements(c.tree["tools"]) {
		conv.tools = append(conv.tools, text(members(v)["name"]))
	}
	for _, v := range elements(c.tree["messages"]) {
		m := members(v)
		t := turn{role: text(m["role"]), text: textOf(m["content"])}
		for _, b := range elements(m["content"]) {
			switch b := members(b); b["type"] {
			case "tool_use":
				t.calls++
			case "tool_result":
				t.results = append(t.results, textOf(b["content"]))
			}
		}
		conv.turns = append(conv.turns, t)
	}
	conv.maxTokens, _ = integer(c.tree["max_tokens"])
	conv.stops = stringList(c.tree["stop_sequences"])
	thinking := members(c.tree["thinking"])
	conv.wantThinking = thinking["type"] == "enabled" || thinking["type"] == "adaptive"
	conv.hideThinking = thinking["display"] == "omitted"
	return conv
}

// block renders one part whole; nil for what Claude has no block for.
func (claude) block(p *Part) object {
	switch p.kind() {
	case "text":
		return object{"type", "text", "text", p.Text}
	case "thinking":
		return object{"type", "thinking", "thinking", p.Thinking, "signature", p.signature("claude", p.Thinking)}
	case "redacted":
		return object{"type", "redacted_thinking", "data", p.Redacted}
	case "tool":
		return object{"type", "tool_use", "id", p.Tool.ID, "name", p.Tool.Name, "input", p.Tool.Args}
	}
	return nil // a refusal is told in stop_details
}

// whole renders a message.
func (s claude) whole(_ *call, a *Answer) []byte {
	content := []object{}
	for i := range a.Parts {
		if b := s.block(&a.Parts[i]); b != nil {
			content = append(content, b)
		}
	}
	var usage any = s.usage(a.Usage)
	if a.Stream.Usage == "never" {
		usage = nil
	}
	return encode(s.message(a, content, a.Stop, usage))
}

func (s claude) message(a *Answer, content any, stop string, usage any) object {
	return object{"model", a.Model, "id", a.ID, "type", "message", "role", "assistant", "content", content,
		"stop_reason", orNull(stop), "stop_sequence", s.sequence(a, stop), "stop_details", s.details(a, stop), "container", nil, "usage", usage}
}

func (claude) sequence(a *Answer, stop string) any {
	if stop != "stop_sequence" {
		return nil
	}
	return a.StopSequence
}

// details explains a refusal.
func (claude) details(a *Answer, stop string) any {
	if stop != "refusal" {
		return nil
	}
	return object{"type", "refusal", "category", nil, "explanation", orNull(a.joined("refusal"))}
}

// usage counts cached tokens apart from input_tokens, and thinking as part of output_tokens.
func (claude) usage(u *Usage) object {
	return object{"input_tokens", u.Input, "cache_creation_input_tokens", u.CacheWrite, "cache_read_input_tokens", u.Cached,
		"cache_creation", object{"ephemeral_5m_input_tokens", u.CacheWrite, "ephemeral_1h_input_tokens", 0},
		"output_tokens", u.Output + u.Thinking, "output_tokens_details", object{"thinking_tokens", u.Thinking},
		"service_tier", "standard"}
}

// claudeStream renders the events of one stream.
type claudeStream struct {
	a      *Answer
	next   int // index of the next block
	events []event
}

// events renders message_start … message_stop. Claude opens one block at a time, so calls never interleave.
func (s claude) events(_ *call, a *Answer) []event {
	st := &claudeStream{a: a}
	early := *a.Usage
	early.Output, early.Thinking = min(early.Output, 1), 0
	st.add("message_start", false, "message", s.message(a, []any{}, "", s.usage(&early)))
	for _, p := range a.pieces(false) {
		st.piece(p)
	}
	delta := object{"stop_reason", a.Stop, "stop_sequence", s.sequence(a, a.Stop), "stop_details", s.details(a, a.Stop), "container", nil}
	usage := object{"input_tokens", a.Usage.Input, "cache_creation_input_tokens", a.Usage.CacheWrite, "cache_read_input_tokens", a.Usage.Cached,
		"output_tokens", a.Usage.Output + a.Usage.Thinking, "output_tokens_details", object{"thinking_tokens", a.Usage.Thinking}}
	if a.Stream.Usage == "never" {
		usage = object{"output_tokens", 0}
	}
	st.add("message_delta", false, "delta", delta, "usage", usage)
	st.events[len(st.events)-1].end = true
	st.add("message_stop", false)
	st.events[len(st.events)-1].end = true
	return st.events
}

// add appends an event whose name is also its type.
func (st *claudeStream) add(name string, content bool, rest ...any) {
	st.events = append(st.events, event{name: name, data: encode(object{"type", name}.with(rest...)), content: content})
}

// piece renders one step.
func (st *claudeStream) piece(p piece) {
	part := &st.a.Parts[p.part]
	if part.kind() == "refusal" {
		return
	}
	switch p.kind {
	case opens:
		st.begin(part)
	case says:
		if part.kind() != "tool" || p.text != "{}" { // no arguments: the empty delta of begin is all there is
			st.delta(st.say(part, p.text), true)
		}
	case shuts:
		if sig := part.signature("claude", part.Thinking); part.kind() == "thinking" && sig != "" {
			st.delta(object{"type", "signature_delta", "signature", sig}, false)
		}
		st.add("content_block_stop", false, "index", st.next)
		st.next++
	}
}

// begin opens a block. After the first one comes a ping, in each tool block a delta that says nothing.
func (st *claudeStream) begin(part *Part) {
	block := claude{}.block(part)
	switch part.kind() {
	case "text":
		block = object{"type", "text", "text", ""}
	case "thinking":
		block = object{"type", "thinking", "thinking", "", "signature", ""}
	case "tool":
		block = object{"type", "tool_use", "id", part.Tool.ID, "name", part.Tool.Name, "input", object{}}
	}
	st.add("content_block_start", false, "index", st.next, "content_block", block)
	if st.next == 0 {
		st.add("ping", false)
	}
	if part.kind() == "tool" {
		st.delta(st.say(part, ""), false)
	}
}

func (st *claudeStream) delta(delta object, content bool) {
	st.add("content_block_delta", content, "index", st.next, "delta", delta)
}

func (st *claudeStream) say(part *Part, s string) object {
	switch part.kind() {
	case "thinking":
		return object{"type", "thinking_delta", "thinking", s}
	case "tool":
		return object{"type", "input_json_delta", "partial_json", s}
	}
	return object{"type", "text_delta", "text", s}
}

// refusal renders {"type":"error","error":{…},"request_id"}.
func (s claude) refusal(e *Error, id string) []byte {
	return encode(object{"type", "error", "error", s.error(e), "request_id", "req_" + id})
}

func (s claude) failure(e *Error, id string, _ int) event {
	return event{name: "error", data: s.refusal(e, id)}
}

// error words type and message, the type by status (https://platform.claude.com/docs/en/api/errors).
func (claude) error(e *Error) object {
	kind := e.Type
	if kind == "" {
		kind = map[int]string{400: "invalid_request_error", 401: "authentication_error", 402: "billing_error", 403: "permission_error",
			404: "not_found_error", 409: "conflict_error", 413: "request_too_large", 429: "rate_limit_error", 504: "timeout_error",
			529: "overloaded_error"}[e.Status]
	}
	if kind == "" {
		kind = "api_error"
	}
	o := object{"type", kind, "message", e.Message}
	if len(e.Details) > 0 {
		o = o.with("details", e.Details)
	}
	return o
}

func (claude) count(tokens int) []byte { return encode(object{"input_tokens", tokens}) }

// models renders one page that holds everything.
func (claude) models(ids []string, id string) []byte {
	one := func(id string) object {
		return object{"type", "model", "id", id, "display_name", strings.ToUpper(id[:1]) + id[1:], "created_at", "2025-11-24T00:00:00Z",
			"lifecycle", "active", "line", nil, "max_input_tokens", 200_000, "max_tokens", 64_000, "capabilities", nil,
			"deprecated_at", nil, "retires_at", nil}
	}
	if id != "" {
		return encode(one(id))
	}
	list := []object{}
	for _, id := range ids {
		list = append(list, one(id))
	}
	return encode(object{"data", list, "has_more", false, "first_id", ids[0], "last_id", ids[len(ids)-1]})
}

func (claude) unknown(at string) *Error {
	return &Error{Type: "invalid_request_error", Message: at + ": Extra inputs are not permitted"}
}

func (claude) missing(at string) *Error {
	return &Error{Type: "invalid_request_error", Message: at + ": Field required"}
}

func (claude) invalid(at, why string) *Error {
	return &Error{Type: "invalid_request_error", Message: at + ": " + why}
}
