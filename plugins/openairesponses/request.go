package openairesponses

import (
	"github.com/claude-proxy/claude-proxy/plugins/openai/platform"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// Places for the ledger.
const (
	inContent = "messages.content"
	inResult  = "messages.content.content"
)

// request is one conversion under way.
type request struct {
	foreign.Ledger
	o    *options
	f    *family
	call *adapter.Call
	w    *jsonindex.Writer
	x    *exchange
	in   messages.Request

	// states is which tools the conversation loads and removes; nil while nobody asked.
	changes *foreign.ToolChanges
	tools   int // functions written
	left    int // tools left out

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
	if err := r.Refuse(&r.in, r.o.dropTools); err != nil {
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
			r.AnswerNothing()
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

// send says whether an optional parameter may be sent, remembers that it was, and records the loss when an earlier
// attempt was refused because of it.
func (r *request) send(param, field, note string) bool {
	if r.dropped(param) {
		if note == "" {
			note = "refused by the upstream"
		}
		r.Loss(adapter.Tuned, "", field, note)
		return false
	}
	r.x.sent |= sentBit(param)
	return true
}

// dropped says whether an earlier attempt was refused because of this parameter.
func (r *request) dropped(param string) bool { return platform.Dropped(r.call, param) }
