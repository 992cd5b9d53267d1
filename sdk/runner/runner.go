// Package runner is the one interface through which the proxy and the conformance kit use an adapter, whether it is
// built in or a plugin. Authors of adapters do not need it; they implement package adapter.
package runner

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// Runner is one loaded adapter. It is safe for concurrent use.
type Runner interface {
	Manifest() adapter.Manifest
	// Configure checks one channel's options, a JSON object or nil, and returns what serves the channel.
	Configure(options *jsonindex.Doc) (Channel, error)
	// Close frees the adapter. No run may be open.
	Close()
}

// Metered is what a Runner also is that counts what its adapter costs.
type Metered interface {
	// Spent gives the instructions that all calls together have executed so far, without the start of the adapter, and the
	// most bytes of memory that the adapter had at once. Both only grow.
	Spent() (instructions, memory int64)
}

// Restarter is what a Runner also is that can lose an adapter's memory and build it up again from the inputs.
type Restarter interface {
	// Restart throws away what serves now, as a fault would. Open runs go on, and nobody must notice.
	Restart()
}

// Channel is an adapter with one channel's options. It is safe for concurrent use.
type Channel interface {
	// Begin starts one exchange. up is filled as adapter.Adapter.Begin does; its Body is finished. On success the Run
	// must be closed exactly once, also when up.Local is set.
	Begin(call *adapter.Call, up *adapter.UpstreamRequest) (Run, error)
}

// Run is one exchange. One goroutine uses it at a time.
type Run interface {
	// Events takes one or several framed events in order. It stops at the first error and says which event failed; ops
	// emitted before it count.
	Events(evs []RawEvent, out *ops.Emitter) (failed int, err error)
	// Whole takes a complete answer.
	Whole(body *jsonindex.Doc, out *ops.Emitter) error
	// Failure classifies a non-2xx answer; body is nil when raw is not JSON.
	Failure(status int, headers []adapter.Header, body *jsonindex.Doc, raw []byte) *adapter.Failure
	// End ends a stream that had no done op.
	End(reason adapter.EndReason, out *ops.Emitter) error
	// Close frees the exchange.
	Close()
}

// RawEvent is one framed event as the host read it.
type RawEvent struct {
	Name string
	Data []byte
	// Doc is the indexed Data; nil when it is not JSON.
	Doc *jsonindex.Doc
}
