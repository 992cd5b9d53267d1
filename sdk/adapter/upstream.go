package adapter

import (
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// Framing is how a streamed answer is cut into events.
type Framing uint8

const (
	// SSE is the event-stream format of the WHATWG standard.
	SSE Framing = iota
	// JSONLines is one JSON text per line.
	JSONLines
)

// UpstreamRequest is what Begin fills. It names no scheme, host or credential: the channel's configuration does.
type UpstreamRequest struct {
	// Method is the HTTP method; "" means POST.
	Method string
	// Path is path and query as the vendor documents it, beginning with "/" and with its version segment, such as
	// "/v1/chat/completions". The host joins it to the channel's base URL.
	Path string
	// Headers are further headers. Credentials, cookies, Host, lengths and hop-by-hop headers are refused by the host;
	// content-type defaults to application/json.
	Headers []Header
	// Framing is the framing of a streamed answer.
	Framing Framing
	// Stream says that a streamed answer was asked for. The host reads what the bytes are in any case.
	Stream bool
	// Body is the request body as segments. It stays empty with PassThrough.
	Body jsonindex.Writer
	// PassThrough sends the client's own body, changed only by Splices, and relays the answer's bytes. It needs the
	// client's format in Manifest.Native.
	PassThrough bool
	// Splices are the edits of a passed-through body. The host refuses any but the model's name and whole thinking
	// blocks.
	Splices []Splice
	// Local says that no upstream is needed: Answer holds the complete answer.
	Local bool
	// Answer is the local answer, ending with done.
	Answer ops.Emitter
	// StopSequences are those of the client's stop sequences that the upstream cannot honour. The host watches the text
	// for them, cuts it and reports the stop.
	StopSequences []string
	// Losses are what of the request could not be expressed as it was meant; see Loss.
	Losses []Loss
}

// Splice is one edit of a passed-through body.
type Splice struct {
	// Entry is the INDEX entry of the value that is replaced or removed; see jsonindex.Value.Entry.
	Entry uint32
	// With is the JSON text that replaces the value. It is not used with Remove.
	With string
	// Remove takes an array element out. The host repairs the commas.
	Remove bool
}

// LossKind grades a loss.
type LossKind = ops.LossKind

const (
	// Noop: the field means nothing to this upstream.
	Noop = ops.Noop
	// Tuned: the answer may differ in quality or cost, not in meaning.
	Tuned = ops.Tuned
	// Approximated: expressed in another way than the client wrote it.
	Approximated = ops.Approximated
	// Dropped: left out.
	Dropped = ops.Dropped
)

// Loss is one entry of the ledger of what an upstream cannot express.
type Loss struct {
	Kind LossKind
	// Path names the client's field, such as "top_k" or "messages.content.cache_control", without array positions, so
	// that equal losses can be grouped.
	Path string
	// Note says in a few words what was done instead; may be empty.
	Note string
}

// Loss records a loss on the request side. Equal entries are kept once.
func (u *UpstreamRequest) Loss(path string, kind LossKind, note string) {
	l := Loss{Kind: kind, Path: path, Note: note}
	for i := range u.Losses {
		if u.Losses[i] == l {
			return
		}
	}
	u.Losses = append(u.Losses, l)
}

// Header adds a header.
func (u *UpstreamRequest) Header(name, value string) {
	u.Headers = append(u.Headers, Header{Name: name, Value: value})
}

// Reset empties u and keeps its buffers.
func (u *UpstreamRequest) Reset() {
	body, answer := u.Body, u.Answer
	body.Reset(body.Buf[:0])
	answer.Reset()
	*u = UpstreamRequest{
		Headers: u.Headers[:0], Body: body, Splices: u.Splices[:0], Answer: answer,
		StopSequences: u.StopSequences[:0], Losses: u.Losses[:0],
	}
}
