// Package failure decides what a failure means: what is tried next, whose health suffers, and what the client is told.
//
// Everything that goes wrong becomes a [Fault]. One table (table.go) gives each kind of fault its [Ruling] and its part
// of the final [Answer]; nothing else in the proxy chooses a status, a Claude error type or a cooldown. The package is
// pure: no clock, no randomness, no state.
package failure

import (
	"fmt"
	"time"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// Source says who is at fault.
type Source uint8

const (
	// Proxy: this program or its limits.
	Proxy Source = iota
	// Client: the request, or the client's connection.
	Client
	// Channel: the upstream, its credentials or the way to it.
	Channel
	// Adapter: the code that converts for the upstream.
	Adapter
)

var sourceNames = [...]string{"proxy", "client", "channel", "adapter"}

func (s Source) String() string { return name(sourceNames[:], s) }

// Kind says what happened, where that is more than what an adapter's class says.
type Kind uint8

const (
	// KindNone: the adapter's class says all.
	KindNone Kind = iota
	// KindStatus: the upstream answered with a status other than 2xx; Fault.Status holds it and the class counts.
	KindStatus
	// KindDNS: the upstream's or the outgoing proxy's name does not exist.
	KindDNS
	// KindConnect: no connection within the connect timeout, or it was refused.
	KindConnect
	// KindTLS: the TLS handshake failed.
	KindTLS
	// KindBlocked: the name leads to a link-local or metadata address, which is never dialled.
	KindBlocked
	// KindTimeout: the upstream was silent for too long, before its response head or after it.
	KindTimeout
	// KindCut: the connection broke, or a stream ended before its end mark.
	KindCut
	// KindHTML: a web page instead of an API answer.
	KindHTML
	// KindRedirect: a 3xx, which is never followed since keys would go along.
	KindRedirect
	// KindEncoding: a content encoding that was not asked for, is not what it claims, or inflates without bound.
	KindEncoding
	// KindTooLarge: the upstream's answer, or one event of it, is larger than the proxy reads.
	KindTooLarge
	// KindEmpty: a success without content.
	KindEmpty
	// KindProtocol: an answer that makes no sense, or an adapter that broke the contract; Fault.Source tells which.
	KindProtocol
	// KindAbsent: no adapter of the channel's name is loaded.
	KindAbsent
	// KindBusy: every instance of the adapter is at its limit.
	KindBusy
	// KindLost: the adapter's state of this exchange was lost and could not be rebuilt.
	KindLost
	// KindGone: the client left.
	KindGone
	// KindCooling: nothing was tried because every upstream asked to wait and its time still runs.
	KindCooling
	// KindDeadline: the time for the whole request was used up before an attempt was possible.
	KindDeadline
	// KindLocal: this program is out of something that every connection needs: files, ports, memory.
	KindLocal
	// KindOffline: this machine has no way to the network, or its DNS does not answer.
	KindOffline

	kinds
)

var kindNames = [kinds]string{
	"none", "status", "dns", "connect", "tls", "blocked", "timeout", "cut", "html", "redirect", "encoding", "too_large",
	"empty", "protocol", "absent", "busy", "lost", "gone", "cooling", "deadline", "local", "offline",
}

func (k Kind) String() string { return name(kindNames[:], k) }

// Fault is one thing that went wrong. It is plain data and holds no secret.
type Fault struct {
	Source Source
	// Class is the adapter's view. Faults of other origin set the nearest one, for logs.
	Class adapter.Class
	Kind  Kind
	// Status is the upstream's HTTP status; 0 where there was none.
	Status int
	// Message is for people. With class invalid, and with the kinds none and status, it is a sentence of its own, mostly
	// the upstream's; otherwise it continues the name of who is at fault: "sent no response head within 60s".
	Message string
	// Field names the client's field at fault, such as "messages[2].content[0].source"; empty when there is none.
	Field string
	// Type is the Claude error type where the upstream itself speaks Claude; empty otherwise.
	Type string
	// Details is a JSON object that becomes error.details; nil for none.
	Details []byte
	// RetryAfter is what the upstream asked for; it counts when HasRetryAfter is set.
	RetryAfter    time.Duration
	HasRetryAfter bool
	// Channel is the channel's name, Key the label or id of its key; empty where none was involved.
	Channel, Key string
	// Remedy is the adapter's wish for one more try with a changed request; nil for none. The table ignores it: the relay
	// grants or exhausts it before it asks for a ruling.
	Remedy *adapter.Remedy
	// Err is the cause, for the log only; nil where there is none.
	Err error
}

// Error makes a Fault usable as an error: who, what kind, and the message.
func (f *Fault) Error() string {
	what := f.Kind.String()
	if f.Kind <= KindStatus {
		what = f.Class.String()
	}
	if f.Status != 0 {
		what = fmt.Sprintf("%s %d", what, f.Status)
	}
	who := f.Source.String()
	if f.Channel != "" {
		who += " " + f.Channel
	}
	return who + ": " + what + ": " + f.Message
}

// Unwrap gives the cause.
func (f *Fault) Unwrap() error { return f.Err }

// name looks up the name of an enumerator; a value beyond the list is a mistake in the program that only a log sees.
func name[T ~uint8](names []string, v T) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("unknown(%d)", uint8(v))
}
