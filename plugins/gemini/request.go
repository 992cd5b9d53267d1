package gemini

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// Names of remedies.
const (
	// remedyDummies sends the dummy signature instead of those of the history.
	remedyDummies = "dummy_signatures"
	// remedyDrop leaves out the parameter that its value names.
	remedyDrop = "drop_param"
	// remedyOpenAPI writes schemas in the older notation.
	remedyOpenAPI = "openapi_schema"
	// remedyContinue asks for the rest of an answer with the token that is its value.
	remedyContinue = "continuation_token"
)

// maxLosses bounds the ledger of one request against bodies with endless unknown fields.
const maxLosses = 128

// request is one conversion under way.
type request struct {
	o       *options
	f       family
	call    *adapter.Call
	up      *adapter.UpstreamRequest
	w       *jsonindex.Writer
	x       *exchange
	in      messages.Request
	changes *toolChanges // nil while nobody asked

	openAPI bool // schemas in the older notation
	dummies bool // no signatures of the history
	names   toolNames
	left    int // tools left out

	content content
	// answered says that an assistant message came; system messages before it belong to the system prompt.
	answered bool
	calls    []toolUse // of the last model turn, until they are answered
	byID     map[string][]int
	pending  jsonindex.Value // the signature of the next call
	effort   jsonindex.Value // the last effort that a system message asks for
}

// convert writes the body: tools and system prompt, then the contents, then everything else, so that neither another turn
// nor another setting changes a byte before it.
func (r *request) convert() error {
	if err := messages.Decode(r.call.Body.Root(), &r.in); err != nil {
		return err
	}
	if err := r.refuse(); err != nil {
		return err
	}
	_, r.dummies = r.call.Remedy(remedyDummies)
	_, r.openAPI = r.call.Remedy(remedyOpenAPI)
	r.openAPI = r.openAPI || r.o.openAPI
	if r.call.Op == adapter.CountTokens {
		return r.countRequest()
	}
	limit, err := r.in.Limit()
	if err != nil {
		return err
	}
	if limit == 0 {
		r.answerNothing()
		return nil
	}
	r.w.Byte('{')
	if err := r.body(limit); err != nil {
		return err
	}
	if token, ok := r.call.Remedy(remedyContinue); ok {
		r.w.Lit(`,"continuationToken":`)
		r.w.Quote(token)
	}
	r.w.Byte('}')
	return nil
}

// countRequest wraps the request whose tokens are counted. https://ai.google.dev/api/tokens
func (r *request) countRequest() error {
	limit := int64(-1)
	if !r.in.MaxTokens.IsNull() {
		r.loss(adapter.Noop, "", "max_tokens", "nothing is generated")
	}
	r.w.Lit(`{"generateContentRequest":{"model":`)
	r.w.Quote(qualified(r.call.Model))
	r.w.Byte(',')
	if err := r.body(limit); err != nil {
		return err
	}
	r.w.Lit(`}}`)
	return nil
}

// body writes the members of a GenerateContentRequest.
func (r *request) body(limit int64) error {
	if err := r.writeTools(); err != nil {
		return err
	}
	if err := r.system(); err != nil {
		return err
	}
	r.w.Lit(`"contents":[`)
	if err := r.conversation(); err != nil {
		return err
	}
	r.w.Byte(']')
	if err := r.toolConfig(); err != nil {
		return err
	}
	if r.o.safety != "" {
		r.w.Lit(`,"safetySettings":`)
		r.w.Lit(r.o.safety)
	}
	return r.settings(limit)
}

// refuse turns away what would change the meaning of the answer if it were left out.
func (r *request) refuse() error {
	if v := r.in.Thread; !v.IsNull() {
		f := r.unsupported(v, "threads are kept on Claude's servers")
		f.Details = []byte(`{"error_code":"thread_unsupported_request","unsupported":[]}`)
		return f
	}
	if v := r.in.MCPServers; v.At(0).Exists() {
		if !r.o.dropTools {
			return r.unsupported(v, "MCP servers are called by Claude's servers")
		}
		r.loss(adapter.Dropped, "", "mcp_servers", "called by Claude's servers only")
	}
	if v := r.in.Container; !v.IsNull() {
		if !r.o.dropTools {
			return r.unsupported(v, "containers run on Claude's servers")
		}
		r.loss(adapter.Dropped, "", "container", "runs on Claude's servers only")
	}
	return nil
}

// answerNothing answers max_tokens 0, which asks Claude to fill its prompt cache and nothing else.
func (r *request) answerNothing() {
	r.loss(adapter.Tuned, "", "max_tokens", "nothing to fill: the upstream caches prompts by itself")
	t := ops.Unknown()
	t.Output = 0
	r.up.Local = true
	r.up.Answer.Usage(t)
	r.up.Answer.Stop(ops.MaxTokens, "", nil)
	r.up.Answer.Done()
}

// dropped says whether an earlier attempt was refused because of this parameter.
func (r *request) dropped(param string) bool {
	for _, m := range r.call.Remedies {
		if m.Name == remedyDrop && m.Value == param {
			return true
		}
	}
	return false
}

// loss records a loss of the member field of what in names ("" is the body itself).
func (r *request) loss(kind adapter.LossKind, in, field, note string) {
	n := len(in) + len(field)
	if in != "" {
		n++
	}
	for i := range r.up.Losses {
		l := &r.up.Losses[i]
		if l.Kind == kind && len(l.Path) == n && l.Path[:len(in)] == in && l.Path[n-len(field):] == field && l.Note == note {
			return
		}
	}
	switch {
	case len(r.up.Losses) < maxLosses:
		if in != "" {
			field = in + "." + field
		}
		r.up.Losses = append(r.up.Losses, adapter.Loss{Kind: kind, Path: field, Note: note})
	case len(r.up.Losses) == maxLosses:
		r.up.Losses = append(r.up.Losses, adapter.Loss{Kind: adapter.Dropped, Path: "…", Note: "further losses are not listed"})
	}
}

// others records members that nobody knows.
func (r *request) others(in string, list []messages.Member) {
	for _, m := range list {
		r.loss(adapter.Dropped, in, m.Name, "unknown field")
	}
}

// unsupported makes the Failure for something that another upstream may be able to express.
func (r *request) unsupported(v jsonindex.Value, format string, args ...any) *adapter.Failure {
	f := adapter.Fail(adapter.Unsupported, messages.Path(v), format, args...)
	f.Message += "; " + title + " cannot do this"
	return f
}
