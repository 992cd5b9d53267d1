package relay

import (
	"net/http"
	"net/netip"
	"time"

	"github.com/claude-proxy/claude-proxy/host/auth"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/host/routing"
	"github.com/claude-proxy/claude-proxy/host/upstream"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// Call is one client request after it was authenticated, read and indexed. It is immutable and shared by all attempts.
type Call struct {
	// ID is the request id, "req_…"; the client sees it in the header request-id.
	ID        string
	Principal *auth.Principal
	Op        adapter.Operation
	// Doc is the client's body, indexed; nil for the models operation.
	Doc  *jsonindex.Doc
	Head messages.Head
	// Method and Path are those of the client's request, Query is its raw query string; only people look at the first two.
	Method, Path, Query string
	// Header holds the client's headers as they came, read-only. Adapters get those that their manifest asks for.
	Header http.Header
	// Session is the client's session id, "" if it has none.
	Session string
	// Channel is the channel that the client picked by header, "" for none.
	Channel string
	// Received is when the request head came, Arrived when its body was there.
	Received, Arrived time.Time
	// Peer is the client's address, as far as it can be trusted; the zero Addr where it is not known.
	Peer netip.Addr
}

// Writer is the client's end of the answer. Its methods are called by one goroutine at a time.
type Writer interface {
	// Head sends status and headers; it is called exactly once, before the first Write.
	Head(status int, headers []adapter.Header)
	// Write sends b at once. An error means that the client is gone or does not read.
	Write(b []byte) error
}

// Channel is a configured channel with what serves it.
type Channel struct {
	Config   *config.Channel
	Adapter  *registry.Binding
	Upstream *upstream.Client
	// Secrets are the channel's keys in clear, for scrubbing what upstreams say.
	Secrets []string
	// Demo marks the implicit channel of a proxy without configuration.
	Demo bool
}

// Snapshot is one configuration put to work. It is immutable; a reload makes a new one.
type Snapshot struct {
	Config   *config.Config
	Routes   *routing.Table
	Channels map[string]*Channel
}

// Record is what one request came to, for log lines, metrics and the list of recent requests. It holds no secret.
type Record struct {
	Call *Call
	// Status is the HTTP status that the client saw; 0 when it left before one was sent.
	Status int
	// Outcome is "ok", "error", "cut" (an error after content was sent) or "client_gone".
	Outcome string
	// Message is what the client was told went wrong; empty with the outcomes "ok" and "client_gone".
	Message  string
	Attempts []Attempt
	// Tokens are as the upstream reported them; -1 is not known.
	Tokens ops.Tokens
	Stop   string
	// UpstreamID and UpstreamModel are the upstream's own names for the answer.
	UpstreamID, UpstreamModel string
	Losses                    []adapter.Loss
	// BytesOut counts what was written to the client.
	BytesOut int64
	// FirstByte and Total are measured from Call.Received; FirstByte is 0 when nothing was sent.
	FirstByte, Total time.Duration
	// Before is the proxy's own time from Call.Arrived to the first request upstream; 0 when none was sent.
	Before time.Duration
	// Converting is the proxy's own time between a read of the answer that was used and the write to the client that came
	// of it, summed over Reads of them.
	Converting time.Duration
	Reads      int
	// Trace is who saw the request from the inside; mostly nil.
	Trace Trace
}

// Attempt is one try on one channel and key.
type Attempt struct {
	// Channel is the channel's name, Adapter its adapter's, Key the label or id of its key, KeyID always the id, Model the
	// upstream's name for the model.
	Channel, Adapter, Key, KeyID, Model string
	// Fault is what went wrong, with its class and kind; nil for the attempt that answered.
	Fault *failure.Fault
	// Status is the upstream's HTTP status; 0 where there was no answer.
	Status int
	// UpstreamRequest is the upstream's own id for the request, for its support; "" where it gave none.
	UpstreamRequest string
	// Began is when the attempt began, after its Wait.
	Began time.Time
	// Wait is the pause before the attempt. The others count from Began: Head to the upstream's response head, FirstByte to
	// the first byte of its body, Content to the first content, each 0 where it did not come to that; Total is its whole
	// length.
	Wait, Head, FirstByte, Content, Total time.Duration
}
