package gemini

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
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

// request is one conversion under way.
type request struct {
	foreign.Ledger
	o       *options
	f       family
	call    *adapter.Call
	w       *jsonindex.Writer
	x       *exchange
	in      messages.Request
	changes *foreign.ToolChanges // nil while nobody asked

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
	if err := r.Refuse(&r.in, r.o.dropTools); err != nil {
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
		r.AnswerNothing()
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
		r.Loss(adapter.Noop, "", "max_tokens", "nothing is generated")
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

// dropped says whether an earlier attempt was refused because of this parameter.
func (r *request) dropped(param string) bool {
	for _, m := range r.call.Remedies {
		if m.Name == remedyDrop && m.Value == param {
			return true
		}
	}
	return false
}
