// Package foreign is what conversions of a Claude request for any other vendor have in common: the ledger of one request,
// the fields that mean nothing elsewhere, deferred tools, reversible names, and what becomes text: documents, search results,
// compactions, and blocks of Claude's servers.
//
// It holds no vendor's quirk. An adapter embeds a [Ledger] in the state of one conversion and calls what it needs; all of
// it is plain functions over cursors, for one goroutine.
package foreign

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// maxLosses bounds the ledger of one request against bodies with endless unknown fields.
const maxLosses = 128

// Ledger records what one request loses on its way, and makes the refusals of what it must not lose. Its zero value needs Up.
type Ledger struct {
	// Up is the request whose losses are recorded.
	Up *adapter.UpstreamRequest
	// Upstream is what messages to people call the upstream, such as "Gemini".
	Upstream string
}

// Loss records a loss of the member field of in, both named without positions; in "" is the body itself. The same loss
// counts once, and beyond 128 losses one more says that there were others.
func (l *Ledger) Loss(kind adapter.LossKind, in, field, note string) {
	n := len(in) + len(field)
	if in != "" {
		n++
	}
	for i := range l.Up.Losses {
		have := &l.Up.Losses[i]
		if have.Kind == kind && len(have.Path) == n && have.Path[:len(in)] == in && have.Path[n-len(field):] == field && have.Note == note {
			return
		}
	}
	switch {
	case len(l.Up.Losses) < maxLosses:
		if in != "" {
			field = in + "." + field
		}
		l.Up.Losses = append(l.Up.Losses, adapter.Loss{Kind: kind, Path: field, Note: note})
	case len(l.Up.Losses) == maxLosses:
		l.Up.Losses = append(l.Up.Losses, adapter.Loss{Kind: adapter.Dropped, Path: "…", Note: "further losses are not listed"})
	}
}

// Others records members of in that nobody knows as dropped.
func (l *Ledger) Others(in string, list []messages.Member) {
	for _, m := range list {
		l.Loss(adapter.Dropped, in, m.Name, "unknown field")
	}
}

// OthersOf is Others for the members of an object that are none of the known ones.
func (l *Ledger) OthersOf(in string, object jsonindex.Value, known ...string) {
members:
	for it := object.Iter(); it.Next(); {
		for _, name := range known {
			if string(it.Key()) == name {
				continue members
			}
		}
		l.Loss(adapter.Dropped, in, string(it.Key()), "unknown field")
	}
}

// Unsupported makes the Failure for something that another upstream may be able to express; v says where it stands.
func (l *Ledger) Unsupported(v jsonindex.Value, format string, args ...any) *adapter.Failure {
	f := adapter.Fail(adapter.Unsupported, messages.Path(v), format, args...)
	f.Message += "; " + l.Upstream + " cannot do this"
	return f
}
