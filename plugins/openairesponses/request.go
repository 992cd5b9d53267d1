package openairesponses

import (
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// maxLosses bounds the ledger of one request against bodies with endless unknown fields.
const maxLosses = 128

// Places for the ledger.
const (
	inContent = "messages.content"
	inResult  = "messages.content.content"
)

// request is one conversion under way.
type request struct {
	o    *options
	f    *family
	call *adapter.Call
	up   *adapter.UpstreamRequest
	w    *jsonindex.Writer
	x    *exchange
	in   messages.Request

	// states is which tools the conversation loads and removes; nil while nobody asked.
	states *toolStates
	tools  int // functions written
	left   int // tools left out

	items int     // input items written
	c     content // the content being written
	marks int     // prompt_cache_breakpoint marks written

	calls calls            // the calls of the last assistant messages, which wait for their results
	held  []messages.Block // reasoning that waits for the item it led to

	effort jsonindex.Value // the last effort that a system message asks for
}

// convert writes the body: model, tools and instructions, then the input, then everything else, so that neither another
// turn nor another setting changes a byte before it.
func (r *request) convert() error {
	if err := messages.Decode(r.call.Body.Root(), &r.in); err != nil {
		return err
	}
	if err := r.refuse(); err != nil {
		return err
	}
	counting := r.call.Op == adapter.CountTokens
	var limit int64
	if !counting {
		var err error
		if limit, err = r.in.Limit(); err != nil {
			return err
		}
		if limit == 0 {
			r.answerNothing()
			return nil
		}
	}
	r.w.Lit(`{"model":`)
	r.w.Quote(r.call.Model)
	if err := r.writeTools(); err != nil {
		return err
	}
	if err := r.input(); err != nil {
		return err
	}
	if err := r.choice(); err != nil {
		return err
	}
	var err error
	if counting {
		err = r.countSettings()
	} else {
		err = r.settings(limit)
	}
	r.w.Byte('}')
	return err
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

// send says whether an optional parameter may be sent, remembers that it was, and records the loss when an earlier
// attempt was refused because of it.
func (r *request) send(param, field, note string) bool {
	if r.dropped(param) {
		if note == "" {
			note = "refused by the upstream"
		}
		r.loss(adapter.Tuned, "", field, note)
		return false
	}
	r.x.sent |= sentBit(param)
	return true
}

// dropped says whether an earlier attempt was refused because of this parameter, or of what it is a member of.
func (r *request) dropped(param string) bool {
	for _, m := range r.call.Remedies {
		if m.Name == remedyDrop && (m.Value == param || strings.HasPrefix(param, m.Value+".")) {
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
