package chat

import (
	"github.com/claude-proxy/claude-proxy/plugins/openai/platform"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// Names of remedies.
const (
	// remedyReplay sends reasoning back with every assistant message, under the member that its value names.
	remedyReplay = "send_reasoning"
	// remedyState sends Thinking.StateDummy in the place of every state of a call.
	remedyState = "stand_in_state"
)

// request is one conversion under way.
type request struct {
	foreign.Ledger
	d     *Dialect
	f     *Family
	call  *adapter.Call
	w     *jsonindex.Writer
	x     *exchange
	in    messages.Request
	known *findings
	stale bool // something learned on the way makes what is written wrong

	tools   int  // functions written
	left    int  // tools left out
	written bool // a message was written

	turn  turn
	msg   message
	open  bool // msg is a user message that the next one goes on with
	marks int  // prompt_cache_breakpoint marks written

	effort jsonindex.Value // the last effort that a system message asks for
	most   int64           // the output limit that is sent
}

// findings is what a pass learned for the next one; nil for nothing.
type findings struct {
	// replaced holds, by the entry of a tool result, the later result of the same call that takes its place; repeated
	// the entries of those later results.
	replaced map[uint32]messages.Block
	repeated map[uint32]bool
	// tools is the set of tools as it changes in the course of the conversation; nil while nobody asked.
	tools *foreign.ToolChanges
}

// learn is the findings to write to.
func (r *request) learn() *findings {
	if r.known == nil {
		r.known = &findings{}
	}
	return r.known
}

// toolChanges is what is known of the tools, nil for nothing.
func (r *request) toolChanges() *foreign.ToolChanges {
	if r.known == nil {
		return nil
	}
	return r.known.tools
}

// isRepeated says whether a result is one of several of its call, and not the first.
func (r *request) isRepeated(b *messages.Block) bool {
	return r.known != nil && r.known.repeated[b.V.Entry()]
}

// latest is the result that counts: b itself, unless a later one took its place.
func (r *request) latest(b *messages.Block) *messages.Block {
	if r.known != nil {
		if last, ok := r.known.replaced[b.V.Entry()]; ok {
			return &last
		}
	}
	return b
}

// latestContent is the content that a block of a user message is written with: its own, or that of the result that took
// its place.
func (r *request) latestContent(b jsonindex.Value) jsonindex.Value {
	if r.known != nil {
		if last, ok := r.known.replaced[b.Entry()]; ok {
			return last.Content
		}
	}
	return b.Get("content")
}

// convert writes the body: model and tools, then the messages, then everything else, so that neither another turn nor
// another setting changes a byte before it.
func (r *request) convert() error {
	if err := messages.Decode(r.call.Body.Root(), &r.in); err != nil {
		return err
	}
	if err := r.Refuse(&r.in, r.d.DropTools); err != nil {
		return err
	}
	limit, err := r.in.Limit()
	if err != nil {
		return err
	}
	if limit == 0 {
		r.AnswerNothing()
		return nil
	}
	w := r.w
	w.Lit(`{"model":`)
	w.Quote(r.call.Model)
	if err := r.writeTools(); err != nil {
		return err
	}
	w.Lit(`,"messages":[`)
	if err := r.system(); err != nil {
		return err
	}
	if err := r.conversation(); err != nil {
		return err
	}
	w.Byte(']')
	if err := r.choice(); err != nil {
		return err
	}
	if err := r.settings(limit); err != nil {
		return err
	}
	w.Byte('}')
	return nil
}

// settings writes everything behind the messages.
func (r *request) settings(limit int64) error {
	out, err := r.in.Output()
	if err != nil {
		return err
	}
	r.limit(limit)
	if err := r.reasoning(&out); err != nil {
		return err
	}
	if err := r.sampling(); err != nil {
		return err
	}
	if err := r.stops(); err != nil {
		return err
	}
	if err := r.format(&out); err != nil {
		return err
	}
	if r.call.Stream {
		r.w.Lit(`,"stream":true`)
		if r.d.StreamOptions != "" && r.send("stream_options", "stream", "usage may be missing") {
			r.w.Lit(`,"stream_options":`)
			r.w.Lit(r.d.StreamOptions)
		}
	}
	if err := r.identity(); err != nil {
		return err
	}
	r.tier()
	r.Ignored(&r.in)
	return nil
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
