// Package chat converts between the Claude Messages API and servers that speak OpenAI's Chat Completions.
//
// What a server takes is a Dialect, a value; the adapters of plugins/ bring theirs and have no converter of their own. The
// rooms are those of every adapter: request.go and the files it calls make the request, stream.go and whole.go read the
// answer, failure.go classifies errors.
//
// https://platform.openai.com/docs/api-reference/chat
package chat

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
)

// Adapter converts for one channel. It is immutable and shared by goroutines.
type Adapter struct{ d Dialect }

var _ adapter.Adapter = (*Adapter)(nil)

// New makes the adapter of a dialect. An error is a mistake in the dialect, not in a channel's configuration.
func New(d Dialect) (*Adapter, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	return &Adapter{d}, nil
}

// Begin makes the upstream request for messages and for the list of models. Tokens are counted by the host: the server
// has no such call.
func (a *Adapter) Begin(call *adapter.Call, up *adapter.UpstreamRequest) (adapter.Exchange, error) {
	switch call.Op {
	case adapter.Models:
		up.Method, up.Path = "GET", a.d.ModelsPath
		return &modelList{exchange{d: &a.d, callID: call.ID}}, nil
	case adapter.CountTokens:
		return nil, adapter.Fail(adapter.Unsupported, "", "%s has no call that counts tokens", a.d.Name)
	}
	up.Path, up.Stream = a.d.Path, call.Stream
	return convert(&a.d, call, up)
}

// again asks for the whole conversion once more, with what was learned on the way; it never leaves the package.
type again struct{}

func (again) Error() string { return "BUG: a second conversion was not made" }

// convert makes one request. What the first pass can learn only at the end (a call that was answered twice, tools that
// change in the middle) makes it start again; each reason comes up once at most.
func convert(d *Dialect, call *adapter.Call, up *adapter.UpstreamRequest) (adapter.Exchange, error) {
	base := len(up.Body.Buf) - len(up.Body.Literal())
	var known *findings
	for range 3 {
		x := &exchange{d: d, callID: call.ID}
		if d.Thinking.Open != "" {
			x.tags = &tagger{}
		}
		_, x.replayed = call.Remedy(remedyReplay)
		_, x.standIn = call.Remedy(remedyState)
		r := request{d: d, f: d.family(call.Model), Ledger: foreign.Ledger{Up: up, Upstream: d.Name}, call: call, w: &up.Body, x: x, known: known}
		var pieces [4]piece
		var calls [4]toolUse
		r.turn.pieces, r.turn.calls = pieces[:0], calls[:0]
		err := r.convert()
		if err == nil {
			return x, nil
		}
		if _, ok := err.(again); !ok {
			return nil, err
		}
		known = r.known
		up.Body.Reset(up.Body.Buf[:base])
		up.Losses, up.StopSequences = up.Losses[:0], up.StopSequences[:0]
	}
	return nil, adapter.Fail(adapter.Internal, "", "the request could not be converted in three passes")
}
