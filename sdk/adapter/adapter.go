// Package adapter is the contract between the proxy and the code that converts for one provider.
//
// A Module is what an author writes. The host calls New once for each configured channel and Begin once for each
// attempt; the Exchange that Begin returns reads exactly one answer. The legal orders of calls are
//
//	Begin → Event* → (End)            a streamed answer; End only when no done op came before
//	Begin → Whole                     an answer in one piece
//	Begin → Failure                   an answer whose status is not 2xx
//	Begin (Local)                     the adapter answered by itself; nothing follows
//
// and after any error nothing follows. Adapters are pure: bytes in, bytes out. They have no network, no clock, no
// keys, no globals and no randomness; the same Call gives the same bytes, so the host may replay it. Everything an
// adapter is given (Values, slices, Headers) dies when the method returns; an Exchange keeps only copies.
package adapter

import (
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// Module is one adapter as its author publishes it. It holds no state.
type Module interface {
	// Manifest says what the adapter is called and can do. It returns the same value each time.
	Manifest() Manifest
	// New checks one channel's options and returns the adapter that serves this channel. options is a JSON object,
	// or absent when the channel has none. An error is a *Failure whose Field names the option at fault.
	New(options jsonindex.Value) (Adapter, error)
}

// Adapter converts for one channel. It is immutable and shared by goroutines.
type Adapter interface {
	// Begin turns one client call into an upstream request and returns the exchange that reads its answer.
	// up is empty when Begin gets it and is ignored when Begin fails. When Begin sets up.Local, the answer stands
	// complete in up.Answer and the returned exchange may be nil.
	Begin(call *Call, up *UpstreamRequest) (Exchange, error)
}

// Exchange reads one answer. One goroutine uses it at a time.
type Exchange interface {
	// Event takes one framed event of a streamed answer and emits what it means.
	Event(ev Event, out *ops.Emitter) error
	// Whole takes a complete unstreamed answer and emits it, ending with done.
	Whole(body jsonindex.Value, out *ops.Emitter) error
	// Failure classifies a non-2xx answer. It never returns nil.
	Failure(resp *UpstreamResponse) *Failure
	// End is called once when a stream ended without a done op: it emits done when the answer is complete all the
	// same, or returns a Failure. Returning nil without done counts as a cut stream.
	End(reason EndReason, out *ops.Emitter) error
}

// Event is one framed event. Its parts die when Exchange.Event returns.
type Event struct {
	// Name is the event's name, empty where the upstream sends none.
	Name string
	// Data is the payload as it came.
	Data []byte
	// JSON is the indexed payload; absent when Data is not JSON, such as "[DONE]".
	JSON jsonindex.Value
}

// UpstreamResponse is a non-2xx answer. Its body is scrubbed of secrets and capped at 64 KiB.
type UpstreamResponse struct {
	Status  int
	Headers []Header
	// Data is the body as it came.
	Data []byte
	// JSON is the indexed body; absent when it is not JSON.
	JSON jsonindex.Value
}

// Header returns the first value of the named header, compared without case, or "".
func (r *UpstreamResponse) Header(name string) string { return find(r.Headers, name) }

// EndReason says why a stream ended before a done op.
type EndReason uint8

const (
	// EOF: the upstream closed the body in good order.
	EOF EndReason = iota
	// Cut: the connection broke.
	Cut
)

func (r EndReason) String() string {
	if r == Cut {
		return "cut"
	}
	return "eof"
}
