package hosttest

import (
	"net/http"
	"strings"
)

// gemini speaks generateContent (https://ai.google.dev/api/generate-content).
type gemini struct{}

// ids: models before Gemini 3 give their calls none.
func (gemini) ids(model string) (answer, tool string) {
	if signaturesRequired(model) {
		return "", "fc_"
	}
	return "", ""
}

// signaturesRequired reports whether a model wants its thought signatures back: Gemini 3 and later.
func signaturesRequired(model string) bool {
	return !strings.HasPrefix(model, "gemini-1") && !strings.HasPrefix(model, "gemini-2")
}

func (gemini) lineEnd() string { return "\r\n" }

func (gemini) requestID(h http.Header, _ string) { h.Set("Server", "scaffolding on HTTPServer2") }

func (gemini) credential(r *http.Request) string {
	if key := r.Header.Get("X-Goog-Api-Key"); key != "" {
		return key
	}
	if key := r.URL.Query().Get("key"); key != "" {
		return key
	}
	return openAI{}.credential(r)
}

// unauthorized: no key at all is a 403, a wrong one a 400.
func (gemini) unauthorized(presented string) *Error {
	if presented == "" {
		return &Error{Status: 403, Type: "PERMISSION_DENIED", Message: "the caller has no identity, send an API key"}
	}
	return &Error{Status: 400, Type: "INVALID_ARGUMENT", Code: "API_KEY_INVALID", Message: "API key not valid. Please pass a valid API key."}
}

// conversation reads contents.
func (gemini) conversation(c *call) conversation {
	conv := conversation{}
	for _, v := range elements(c.tree["tools"]) {
		for _, f := range elements(members(v)["functionDeclarations"]) {
			conv.tools = append(conv.tools, text(members(f)["name"]))
		}
	}
	for _, v := range elements(c.tree["contents"]) {
		m := members(v)
		t := turn{role: strings.Replace(text(m["role"]), "model", "assistant", 1), text: textOf(m["parts"])}
		if t.role == "" {
			t.role = "user"
		}
		for _, p := range elements(m["parts"]) {
			if members(p)["functionCall"] != nil {
				t.calls++
			}
			if r := members(members(p)["functionResponse"]); r != nil {
				t.results = append(t.results, string(encode(r["response"])))
			}
		}
		conv.turns = append(conv.turns, t)
	}
	config := members(c.tree["generationConfig"])
	conv.maxTokens, _ = integer(config["maxOutputTokens"])
	conv.stops = stringList(config["stopSequences"])
	conv.wantThinking = members(config["thinkingConfig"])["includeThoughts"] == true
	return conv
}

// geminiParts renders the parts of an answer; what a signature seals is put on the next part that can carry it.
type geminiParts struct {
	a      *Answer
	c      *call
	carry  string // the signature of the thought before
	called bool   // the first call of the answer was there
}

// render renders a part with (a piece of) its text; last says that its text ends here. Nil for what Gemini cannot say.
func (g *geminiParts) render(p *Part, s string, last bool) object {
	switch p.kind() {
	case "thinking":
		if g.carry = p.Signature; s == "" {
			return nil
		}
		return object{"text", s, "thought", true}
	case "tool":
		return g.call(p)
	case "redacted", "refusal":
		return nil
	}
	if s == "" {
		return nil
	}
	o := object{"text", s}
	if last && g.carry != "" {
		o = g.sealed(o, s)
	}
	return o
}

// call renders a function call; the first one of an answer carries the signature.
func (g *geminiParts) call(p *Part) object {
	f := object{"name", p.Tool.Name, "args", p.Tool.Args}
	if p.Tool.ID != "" {
		f = object{"id", p.Tool.ID}.with(f...)
	}
	o := object{"functionCall", f}
	if !g.called {
		o = g.sealed(o, p.Tool.Name)
	}
	g.called = true
	return o
}

// sealed adds the signature that the thought before carries, or one that the model issues by itself.
func (g *geminiParts) sealed(o object, signed string) object {
	p := Part{Signature: g.carry}
	g.carry = ""
	if p.Signature == "" && !signaturesRequired(g.c.Model) {
		return o
	}
	if sig := p.signature("gemini", signed); sig != "" {
		o = o.with("thoughtSignature", sig)
	}
	return o
}

// whole renders a GenerateContentResponse.
func (s gemini) whole(c *call, a *Answer) []byte {
	g := &geminiParts{a: a, c: c}
	parts := []object{}
	for i := range a.Parts {
		if o := g.render(&a.Parts[i], a.Parts[i].body(), true); o != nil {
			parts = append(parts, o)
		}
	}
	return encode(s.response(c, a, parts, s.stop(a), s.usage(a)))
}

// response renders one response or chunk; finish "" for a chunk that is not the last.
func (s gemini) response(c *call, a *Answer, parts []object, finish string, usage any) object {
	o := object{}
	if s.blocked(a) {
		o = o.with("promptFeedback", object{"blockReason", strings.TrimPrefix(a.Stop, "blocked:")})
	} else {
		candidate := object{"content", object{"parts", parts, "role", "model"}}
		if len(parts) == 0 {
			candidate = object{"content", object{"role", "model"}}
		}
		if finish != "" {
			candidate = candidate.with("finishReason", finish)
		}
		if a.has("refusal") && finish != "" {
			candidate = candidate.with("finishMessage", a.joined("refusal"))
		}
		o = o.with("candidates", []object{candidate.with("index", 0)})
	}
	if usage != nil {
		o = o.with("usageMetadata", usage)
	}
	return o.with("modelVersion", a.Model, "responseId", a.ID)
}

// blocked: a Stop such as "blocked:PROHIBITED_CONTENT" refuses the prompt, without candidates.
func (gemini) blocked(a *Answer) bool { return strings.HasPrefix(a.Stop, "blocked:") }

// stop words the reason; calls end with STOP too.
func (gemini) stop(a *Answer) string {
	switch a.Stop {
	case "end_turn", "tool_use", "stop_sequence":
		return "STOP"
	case "max_tokens":
		return "MAX_TOKENS"
	case "refusal":
		return "SAFETY"
	}
	return a.Stop
}

// usage adds up as Gemini does: cached tokens are part of promptTokenCount, thoughts are not part of candidatesTokenCount.
func (gemini) usage(a *Answer) any {
	if a.Stream.Usage == "never" {
		return nil
	}
	u := a.Usage
	prompt := u.Input + u.Cached + u.CacheWrite
	o := object{"promptTokenCount", prompt, "candidatesTokenCount", u.Output, "totalTokenCount", prompt + u.Output + u.Thinking}
	if u.Cached > 0 {
		o = o.with("cachedContentTokenCount", u.Cached)
	}
	if u.Thinking > 0 {
		o = o.with("thoughtsTokenCount", u.Thinking)
	}
	return o.with("promptTokensDetails", []object{{"modality", "TEXT", "tokenCount", prompt}})
}

// events renders chunks, each a whole GenerateContentResponse; calls come whole, all usage so far in each.
func (s gemini) events(c *call, a *Answer) []event {
	g := &geminiParts{a: a, c: c}
	var events []event
	pieces := a.pieces(false)
	for i, p := range pieces {
		part := &a.Parts[p.part]
		switch part.kind() {
		case "tool":
			if p.kind != shuts {
				continue // it comes whole, where it ends
			}
		case "text":
			if p.kind != says {
				continue
			}
		}
		last := p.kind == says && pieces[i+1].kind == shuts
		if o := g.render(part, p.text, last); o != nil {
			usage := s.usage(a)
			if a.Stream.Usage == "finish" {
				usage = nil
			}
			events = append(events, event{data: encode(s.response(c, a, []object{o}, "", usage)), content: true})
		}
	}
	return append(events, event{data: encode(s.response(c, a, nil, s.stop(a), s.usage(a))), end: true})
}

// refusal renders {"error":{code, message, status, details}}.
func (s gemini) refusal(e *Error, _ string) []byte { return encode(object{"error", s.error(e)}) }

func (s gemini) failure(e *Error, _ string, _ int) event {
	return event{data: encode(object{"error", s.error(e)})}
}

func (gemini) error(e *Error) object {
	status := e.Type
	if status == "" {
		status = map[int]string{400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
			429: "RESOURCE_EXHAUSTED", 499: "CANCELLED", 503: "UNAVAILABLE", 529: "UNAVAILABLE", 504: "DEADLINE_EXCEEDED"}[e.Status]
	}
	if status == "" {
		status = "INTERNAL"
	}
	code := e.Status
	if code == 529 {
		code = 503 // Google's overload
	}
	details := []object{}
	if e.Code != "" {
		details = append(details, object{"@type", "type.googleapis.com/google.rpc.ErrorInfo", "reason", e.Code, "domain", "googleapis.com"})
	}
	if e.Param != "" {
		details = append(details, object{"@type", "type.googleapis.com/google.rpc.BadRequest",
			"fieldViolations", []object{{"field", e.Param, "description", e.Message}}})
	}
	if e.RetryDelay > 0 {
		details = append(details, object{"@type", "type.googleapis.com/google.rpc.RetryInfo", "retryDelay", e.RetryDelay})
	}
	o := object{"code", code, "message", e.Message, "status", status}
	if len(details) > 0 {
		o = o.with("details", details)
	}
	return o
}

func (gemini) count(tokens int) []byte {
	return encode(object{"totalTokens", tokens, "promptTokensDetails", []object{{"modality", "TEXT", "tokenCount", tokens}}})
}

// models renders one page that holds everything.
func (gemini) models(ids []string, id string) []byte {
	one := func(id string) object {
		return object{"name", "models/" + id, "version", "001", "displayName", id, "inputTokenLimit", 1_048_576, "outputTokenLimit", 65_536,
			"supportedGenerationMethods", []string{"generateContent", "countTokens"}}
	}
	if id != "" {
		return encode(one(id))
	}
	list := []object{}
	for _, id := range ids {
		list = append(list, one(id))
	}
	return encode(object{"models", list})
}

func (gemini) unknown(at string) *Error {
	return &Error{Type: "INVALID_ARGUMENT", Param: indexed(at), Message: "Invalid JSON payload received. Unknown name \"" + indexed(at) + "\": Cannot find field."}
}

func (gemini) missing(at string) *Error {
	return &Error{Type: "INVALID_ARGUMENT", Param: indexed(at), Message: "* " + indexed(at) + ": is required"}
}

func (gemini) invalid(at, why string) *Error {
	return &Error{Type: "INVALID_ARGUMENT", Param: indexed(at), Message: "* " + indexed(at) + ": " + why}
}
