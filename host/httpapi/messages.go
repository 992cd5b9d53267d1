package httpapi

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/claude-proxy/claude-proxy/host/admission"
	"github.com/claude-proxy/claude-proxy/host/auth"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// indexed is the index of one body, kept for the next.
type indexed struct {
	builder jsonindex.Builder
	doc     jsonindex.Doc
}

var indexes = sync.Pool{New: func() any { return new(indexed) }}

// messages serves POST /v1/messages and its count_tokens.
func (a *api) messages(op adapter.Operation) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		at := time.Now()
		snap := a.Snapshot()
		principal, refusal := a.authenticate(snap, r)
		if refusal != nil {
			a.refuse(w, r, refusal)
			return
		}
		if a.Shedding != nil && a.Shedding() {
			a.refuseTo(principal, w, r, failure.Shedding(someSeconds()))
			return
		}
		body, refusal := readBody(w, r, int64(snap.Config.Server.BodyLimit))
		if refusal != nil {
			a.refuseTo(principal, w, r, refusal)
			return
		}
		a.serveMessage(w, r, op, &received{principal: principal, body: body, at: at, arrived: time.Now()})
	}
}

// received is a request whose sender is known and whose body was read.
type received struct {
	principal *auth.Principal
	body      []byte
	// at is when the head came, arrived when the body was there.
	at, arrived time.Time
}

// serveMessage indexes the body and has the relay answer, within the limits.
func (a *api) serveMessage(w http.ResponseWriter, r *http.Request, op adapter.Operation, in *received) {
	snap := a.Snapshot()
	x := indexes.Get().(*indexed)
	defer func() {
		x.doc.Src = nil
		indexes.Put(x)
	}()
	call, refusal := a.call(x, in.body, op, r)
	if refusal != nil {
		a.refuseTo(in.principal, w, r, refusal)
		return
	}
	call.Principal, call.Received, call.Arrived = in.principal, in.at, in.arrived
	call.Peer = peer(r, snap.Config.Server.TrustedProxies)
	side := op != adapter.Messages
	if refusal := a.Limits.Enter(in.principal, snap.Config.Server.RateLimit, side); refusal != nil {
		a.refuseTo(in.principal, w, r, refusal)
		return
	}
	defer a.Limits.Leave(in.principal, side)
	a.admit(in.principal, w, r, func(ctx context.Context) {
		a.Relay.Serve(ctx, call, newClient(w))
	})
}

// admit runs serve while a slot of the gate is held.
func (a *api) admit(principal *auth.Principal, w http.ResponseWriter, r *http.Request, serve func(ctx context.Context)) {
	if err := a.Gate.Enter(r.Context()); err != nil {
		if errors.Is(err, admission.ErrFull) {
			a.refuseTo(principal, w, r, failure.Overloaded(someSeconds()))
		}
		return // else the client left the queue
	}
	defer a.Gate.Leave()
	serve(r.Context())
}

// someSeconds is when a refused client may try again, at random so that not all do at the same time.
func someSeconds() time.Duration { return time.Second + rand.N(4*time.Second) }

// authenticate finds who is calling. Addresses that guess are slowed down.
func (a *api) authenticate(snap *Snapshot, r *http.Request) (*auth.Principal, *failure.Answer) {
	if p := snap.Principals.Authenticate(r.Header); p != nil {
		return p, nil
	}
	if wait := a.Strangers.Refused(r.Context(), peer(r, snap.Config.Server.TrustedProxies)); wait > 0 {
		return nil, failure.Guessing(wait)
	}
	return nil, failure.Unauthorized()
}

// call indexes the body and reads what the host needs to know of it.
func (a *api) call(x *indexed, body []byte, op adapter.Operation, r *http.Request) (*relay.Call, *failure.Answer) {
	if err := x.builder.Index(&x.doc, body, jsonindex.ClientMode()); err != nil {
		return nil, badJSON(err)
	}
	head, err := messages.ReadHead(&x.doc)
	if err != nil {
		var f *adapter.Failure
		if errors.As(err, &f) {
			return nil, failure.BadRequest(f.Field, f.Message)
		}
		return nil, failure.BadRequest("", err.Error())
	}
	session := r.Header.Get("X-Claude-Code-Session-Id")
	if session == "" {
		session = head.Session
	}
	return &relay.Call{
		ID: requestID(r), Op: op, Doc: &x.doc, Head: head, Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Header: r.Header,
		Session: session, Channel: r.Header.Get("X-Claude-Proxy-Channel"),
	}, nil
}

// badJSON says where a body is broken, without repeating any of it.
func badJSON(err error) *failure.Answer {
	var s *jsonindex.SyntaxError
	if !errors.As(err, &s) {
		return failure.BadRequest("", err.Error())
	}
	return failure.BadRequest("", "the request body is not acceptable JSON: "+strings.TrimSpace(s.Error()))
}
