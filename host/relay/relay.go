// Package relay carries one client request to an upstream and the answer back.
//
// It is the product in one place: the candidates for the model, the loop of attempts, the conversion by an adapter, and
// the rule of head and content that says what a failure may still do. Data goes down the page once; nothing calls back
// upward but to the Observer.
package relay

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/claude-proxy/claude-proxy/host/apart"
	"github.com/claude-proxy/claude-proxy/host/balance"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/render"
)

// ErrDraining is the cause with which the program cancels live requests when its time to stop is up.
var ErrDraining = errors.New("the proxy is stopping")

// Observer is told of each request. Its methods must not block.
type Observer interface {
	// Started is told of a request before anything is done for it. It returns who wants to see it from the inside; nil
	// for nobody, which is the usual case.
	Started(*Call) Trace
	// Ended is told what came of it. The record is not changed afterwards; its Call must not be kept.
	Ended(*Record)
}

// Relay serves requests. It is safe for concurrent use.
type Relay struct {
	snapshot func() *Snapshot
	balance  *balance.Balancer
	observe  Observer
	// asks limits the token counts that go to upstreams.
	asks allowance
}

// New returns a relay that serves each request with the snapshot of its beginning.
func New(snapshot func() *Snapshot, balancer *balance.Balancer, observe Observer) *Relay {
	return &Relay{snapshot: snapshot, balance: balancer, observe: observe}
}

// Serve answers one call through w: exactly one answer, whatever happens. ctx ends when the client leaves, or with cause
// ErrDraining when the proxy stops.
func (r *Relay) Serve(ctx context.Context, call *Call, w Writer) {
	x := r.open(ctx, call, w)
	defer x.close()

	candidates, refusal := x.candidates()
	if refusal != nil {
		x.refuse(refusal)
		return
	}
	if call.Op == adapter.CountTokens && !x.asksForCount(candidates) {
		x.estimate()
		return
	}
	pick := r.balance.Begin(candidates, x.spread(candidates))
	defer pick.End()
	for len(x.rec.Attempts) < x.snap.Config.Routing.Attempts && x.mayTry() {
		target, wait, ok := pick.Next()
		if !ok || !x.pause(wait) {
			break
		}
		x.begin(target, wait)
		fault := x.attempt(pick, target)
		x.attempted(fault)
		if fault == nil {
			return
		}
		ruling := failure.Rule(fault)
		pick.Failed(target, ruling)
		if ruling.Move == failure.Stop || x.out.reached() >= speaking {
			break
		}
	}
	x.giveUp(pick)
}

// exchange is one request on its way.
type exchange struct {
	r        *Relay
	call     *Call
	snap     *Snapshot
	ctx      context.Context
	cancel   context.CancelCauseFunc
	out      *answer
	deadline time.Time
	faults   []failure.Fault
	// tried is the record of the attempt under way.
	tried Attempt
	// hollow is an answer without content that goes out when nothing better comes.
	hollow []byte
	rec    Record
}

func (r *Relay) open(ctx context.Context, call *Call, w Writer) *exchange {
	x := &exchange{r: r, call: call, snap: r.snapshot()}
	x.ctx, x.cancel = context.WithCancelCause(ctx)
	x.deadline = call.Received.Add(x.snap.Config.Server.RequestTimeout)
	trace := r.observe.Started(call)
	if trace != nil {
		w = tracedWriter{w, trace}
	}
	x.out = newAnswer(w, call.Head.Stream && call.Op == adapter.Messages, call.ID, x.cancel)
	x.rec = Record{Call: call, Tokens: ops.Unknown(), Trace: trace}
	return x
}

// close reports what the request came to.
func (x *exchange) close() {
	x.cancel(nil)
	x.out.end()
	x.rec.Status, x.rec.BytesOut = x.out.status, x.out.bytes
	x.rec.FirstByte, x.rec.Total = x.out.firstByte, time.Since(x.call.Received)
	if x.rec.Outcome == "" {
		x.rec.Outcome = "ok"
	}
	if x.out.gone != nil {
		x.rec.Outcome = "client_gone"
	}
	if !x.call.Head.Stream {
		x.r.observe.Ended(&x.rec)
		return
	}
	apart.Do(func() { x.r.observe.Ended(&x.rec) }) // a log line goes deep, and other streams may come over this connection
}

// noteSend notes how much of the time until the first request upstream was the proxy's own.
func (x *exchange) noteSend() {
	if x.rec.Before == 0 {
		x.rec.Before = time.Since(x.call.Arrived)
	}
}

// mayTry: the client is there, nothing was said to it yet, and there is time for another attempt.
func (x *exchange) mayTry() bool {
	return x.ctx.Err() == nil && time.Now().Before(x.deadline)
}

// pause waits before an attempt; false when the client left meanwhile.
func (x *exchange) pause(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-x.ctx.Done():
		return false
	}
}

// begin opens the record of an attempt.
func (x *exchange) begin(target balance.Target, wait time.Duration) {
	x.tried = Attempt{
		Channel: target.Channel.Name, Adapter: target.Channel.Adapter, Key: keyName(target.Key), KeyID: target.Key.ID, Model: target.Model,
		Wait: wait, Began: time.Now(),
	}
}

// attempted closes it.
func (x *exchange) attempted(f *failure.Fault) {
	a := &x.tried
	a.Total = time.Since(a.Began)
	if a.Status != 0 && x.call.Head.Stream {
		x.deadline = x.deadline.Add(a.Total - a.Head) // request_timeout is for what waits for a response head
	}
	if f != nil {
		f.Channel, f.Key = a.Channel, a.Key
		f.Message = string(failure.Scrub([]byte(f.Message), x.snap.Channels[a.Channel].Secrets))
		a.Fault = f
		x.faults = append(x.faults, *f)
	}
	x.rec.Attempts = append(x.rec.Attempts, *a)
}

// keyName is how people know a key: by its label, else by its id.
func keyName(k *config.Key) string {
	if k.Label != "" {
		return k.Label
	}
	return k.ID
}

// giveUp answers when no attempt did: with the hollow answer, if there was one, else with the error that fits best.
func (x *exchange) giveUp(pick *balance.Pick) {
	switch {
	case errors.Is(context.Cause(x.ctx), ErrDraining):
		x.refuse(failure.Draining())
	case x.ctx.Err() != nil:
		x.rec.Outcome = "client_gone"
	case x.hollow != nil && x.out.reached() < speaking:
		x.sendHollow()
	case x.out.reached() == speaking:
		// What other attempts came to before is of no interest in the middle of an answer.
		final := failure.Final(x.faults[len(x.faults)-1:], 0)
		x.refuse(&final)
	case len(x.faults) == 0 && !x.mayTry():
		final := failure.Final([]failure.Fault{{Source: failure.Proxy, Kind: failure.KindDeadline,
			Message: fmt.Sprintf("the request's %s (server.request_timeout) were over before an attempt was possible", x.snap.Config.Server.RequestTimeout)}}, 0)
		x.refuse(&final)
	default:
		final := failure.Final(x.faults, pick.RetryAfter())
		if x.call.Op == adapter.CountTokens && countable(&final) {
			x.estimate()
			return
		}
		x.refuse(&final)
	}
}

// refuse ends the request with an error.
func (x *exchange) refuse(f *failure.Answer) {
	x.rec.Outcome, x.rec.Message = "error", f.Message
	if x.out.reached() == speaking {
		x.rec.Outcome = "cut"
	}
	x.out.fail(f, x.call.ID)
}

// meta is what the renderer writes into the message.
func (x *exchange) meta() render.Meta {
	return render.Meta{ID: adapter.NewID(x.call.ID, "msg_", 0), Model: x.call.Head.Model, Input: estimateTokens(x.call.Doc)}
}

// keepHollow keeps an answer without content and asks for another attempt; the second such answer stands.
func (x *exchange) keepHollow(b []byte) *failure.Fault {
	again := x.hollow != nil
	x.hollow = append([]byte(nil), b...)
	if again {
		x.sendHollow()
		return nil
	}
	return &failure.Fault{Source: failure.Channel, Kind: failure.KindEmpty, Class: adapter.Protocol, Message: "answered without any content"}
}

func (x *exchange) sendHollow() {
	if x.call.Head.Stream {
		x.out.content(x.hollow, false) // a client that left is recorded by the answer
		x.out.end()
		return
	}
	x.out.whole(200, "application/json", x.hollow) // as above
}
