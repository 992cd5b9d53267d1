package relay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net/http"
	"time"

	"github.com/claude-proxy/claude-proxy/host/apart"
	"github.com/claude-proxy/claude-proxy/host/balance"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/passthrough"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/host/stops"
	"github.com/claude-proxy/claude-proxy/host/upstream"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// maxRemedies is how often one attempt may ask once more with a changed request.
const maxRemedies = 2

// attempt is one try of the exchange on one channel and key.
type attempt struct {
	x      *exchange
	ch     *Channel
	target balance.Target
	pick   *balance.Pick
	lease  registry.Lease
	run    runner.Run
	up     *adapter.UpstreamRequest
	s      *scratch
	stops  *stops.Filter // nil where the upstream stops by itself
	watch  watch
	ctx    context.Context
	mended []adapter.Loss // one for each remedy of this attempt
	// arrived is when bytes of the answer were last read.
	arrived time.Time
}

// attempt tries one target and returns nil when the client has its answer, else what went wrong. The
// pick hears of success at the first content already, so that a probe does not last as long as a stream.
func (x *exchange) attempt(pick *balance.Pick, target balance.Target) *failure.Fault {
	ch := x.snap.Channels[target.Channel.Name]
	lease, err := ch.Adapter.Lease()
	if err != nil {
		return &failure.Fault{Source: failure.Adapter, Kind: failure.KindAbsent, Class: adapter.Overloaded, Message: err.Error(), Err: err}
	}
	defer lease.Release()
	t := &attempt{x: x, ch: ch, pick: pick, target: target, lease: lease, s: takeScratch()}
	defer t.s.put()

	var remedies []adapter.Remedy
	for {
		f := t.try(remedies)
		if f == nil {
			t.succeeded()
			lease.Worked()
		} else if f.Source == failure.Adapter && (f.Kind == failure.KindProtocol || f.Kind == failure.KindNone) {
			lease.Faulted(x.call.Principal.Name, x.fingerprint())
		}
		if f == nil || f.Remedy == nil || len(remedies) == maxRemedies || x.out.reached() == speaking || asked(remedies, *f.Remedy) {
			return f
		}
		remedies = append(remedies, *f.Remedy)
		t.mended = append(t.mended, adapter.Loss{Kind: adapter.Tuned, Path: "remedy." + f.Remedy.Name, Note: "asked once more: " + f.Message})
	}
}

// fingerprint tells requests apart. It is for failures alone.
func (x *exchange) fingerprint() uint64 {
	if x.call.Doc == nil {
		return uint64(x.call.Op)
	}
	return maphash.Bytes(fingerprints, x.call.Doc.Src)
}

var fingerprints = maphash.MakeSeed()

func asked(remedies []adapter.Remedy, r adapter.Remedy) bool {
	for _, have := range remedies {
		if have == r {
			return true
		}
	}
	return false
}

// try sends one upstream request and reads its answer.
func (t *attempt) try(remedies []adapter.Remedy) *failure.Fault {
	ctx, cancel := context.WithCancelCause(t.x.ctx)
	t.ctx = ctx
	t.watch, t.stops = watch{cancel: cancel}, nil
	defer t.watch.stop()

	run, f := t.begin(remedies)
	if f != nil {
		cancel(nil)
		return f
	}
	t.run = run
	defer run.Close()
	if t.up.Local {
		defer cancel(nil)
		return t.local()
	}
	body, f := t.body(remedies)
	if f != nil {
		cancel(nil)
		return f
	}
	if t.x.rec.Trace != nil {
		t.traceRequest(body)
	}
	t.expectHead()
	t.x.noteSend()
	resp, f := t.ch.Upstream.Do(ctx, upstream.Request{
		Method: t.up.Method, Path: t.up.Path, Headers: t.up.Headers, Body: body,
		Key: t.target.Key.Secret, Auth: cmp.Or(t.ch.Config.Auth, t.lease.Manifest.Auth), Stream: t.up.Stream,
	})
	if f != nil {
		defer cancel(nil)
		return t.timed(f)
	}
	t.noteHead(resp)
	if t.x.rec.Trace != nil {
		t.traceAnswer(resp)
	}
	if resp.Status < 200 || resp.Status > 299 {
		defer cancel(nil)
		defer resp.Body.Close()
		return t.refused(resp)
	}
	f, drained := t.read(resp)
	if f == nil && !drained {
		// The connection can serve the next request once its last bytes are read; the client need not wait for that.
		go drain(resp.Body, cancel)
		return nil
	}
	resp.Body.Close()
	cancel(nil)
	return f
}

// noteHead records what the upstream answered, for the log.
func (t *attempt) noteHead(resp *upstream.Response) {
	a := &t.x.tried
	a.Head, a.Status = time.Since(a.Began), resp.Status
	for _, h := range resp.Headers {
		if h.Name == "request-id" || h.Name == "x-request-id" {
			a.UpstreamRequest = string(failure.Scrub([]byte(h.Value), t.ch.Secrets))
		}
	}
}

// succeeded tells the balancer that the target serves, as soon as there is content.
func (t *attempt) succeeded() {
	if a := &t.x.tried; a.Content == 0 {
		a.Content = time.Since(a.Began)
	}
	t.pick.Succeeded(t.target)
}

// begin asks the adapter for the upstream request.
func (t *attempt) begin(remedies []adapter.Remedy) (runner.Run, *failure.Fault) {
	c, m := t.x.call, t.lease.Manifest
	t.s.up.Reset()
	t.up = &t.s.up
	call := &adapter.Call{
		Op: c.Op, ID: c.ID, Model: t.target.Model, ClientModel: c.Head.Model, Stream: c.Head.Stream,
		MaxOutputTokens: t.target.MaxOutputTokens, Body: c.Doc, Headers: wanted(c.Header, m.Headers), Query: c.Query,
		Session: c.Session, Remedies: remedies,
	}
	run, err := t.convertRequest(call)
	if err != nil {
		return nil, faultOf(err)
	}
	t.x.rec.Losses = append(append(t.x.rec.Losses[:0], t.mended...), t.up.Losses...)
	if f := t.strict(); f != nil {
		run.Close()
		return nil, f
	}
	t.x.out.describe(t.describe())
	return run, nil
}

// convertRequest has the adapter convert the request. That goes deep, and what answers with a stream will wait for long.
func (t *attempt) convertRequest(call *adapter.Call) (run runner.Run, err error) {
	if !call.Stream {
		return t.lease.Channel.Begin(call, t.up)
	}
	apart.Do(func() { run, err = t.lease.Channel.Begin(call, t.up) })
	return run, err
}

// describe makes the headers that tell the client of this attempt.
func (t *attempt) describe() []adapter.Header {
	var h []adapter.Header
	if line := lossHeader(t.up.Losses); line != "" && t.ch.Config.Loss != "allow" {
		h = append(h, adapter.Header{Name: "x-claude-proxy-loss", Value: line})
	}
	if t.ch.Demo {
		h = append(h, adapter.Header{Name: "x-claude-proxy-demo", Value: "1"})
	}
	return h
}

// strict refuses a request that this channel may not change.
func (t *attempt) strict() *failure.Fault {
	if t.ch.Config.Loss != "strict" {
		return nil
	}
	for _, l := range t.up.Losses {
		if l.Kind >= adapter.Approximated {
			return &failure.Fault{Source: failure.Client, Class: adapter.Unsupported, Field: l.Path,
				Message: fmt.Sprintf("channel %q is strict and its upstream cannot express %s as it was meant (%s)", t.ch.Config.Name, l.Path, l.Kind)}
		}
	}
	return nil
}

// body lists the pieces of the upstream body in order.
func (t *attempt) body(remedies []adapter.Remedy) ([][]byte, *failure.Fault) {
	var client []byte
	if t.x.call.Doc != nil {
		client = t.x.call.Doc.Src
	}
	if !t.up.PassThrough {
		// The transport may still read the body after it has answered, so it gets memory of its own.
		return [][]byte{t.up.Body.AppendTo(make([]byte, 0, t.up.Body.Size(client)), client)}, nil
	}
	if !t.lease.Manifest.Speaks(adapter.NativeClaude) {
		return nil, adapterFault("asked to pass the request through without declaring the format as native")
	}
	if t.x.call.Doc == nil {
		return nil, nil
	}
	plan, err := passthrough.NewPlan(t.x.call.Doc, t.up.Splices, remedies...)
	if err != nil {
		return nil, adapterFault(err.Error())
	}
	return plan.Pieces(nil), nil
}

// expectHead starts the wait for the response head. An unstreamed answer comes with its head, so the whole of it counts.
func (t *attempt) expectHead() {
	limits := t.ch.Config.Timeouts
	if !t.up.Stream {
		t.watch.expect(limits.Whole, errNoWhole)
		return
	}
	rest := time.Until(t.x.deadline)
	if rest < limits.FirstByte {
		t.watch.expect(max(rest, 0), errNoAttempt)
		return
	}
	t.watch.expect(limits.FirstByte, errNoHead)
}

// refused classifies an answer that is not 2xx.
func (t *attempt) refused(resp *upstream.Response) *failure.Fault {
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil && len(raw) == 0 {
		return t.timed(&failure.Fault{Source: failure.Channel, Kind: failure.KindCut, Class: adapter.Overloaded, Status: resp.Status,
			Message: fmt.Sprintf("answered status %d and broke off", resp.Status), Err: err})
	}
	raw = failure.Scrub(raw, t.ch.Secrets)
	var doc *jsonindex.Doc
	if t.s.builder.Index(&t.s.whole, raw, upstreamMode) == nil {
		doc = &t.s.whole
	}
	f := faultOfFailure(t.run.Failure(resp.Status, resp.Headers, doc, raw))
	f.Kind, f.Status = failure.KindStatus, resp.Status
	if d, ok := resp.RetryAfter(); ok && f.RetryAfter == 0 {
		f.RetryAfter, f.HasRetryAfter = d, true
	}
	return f
}

// timed replaces what a cancelled request looks like by the reason for which it was cancelled.
func (t *attempt) timed(f *failure.Fault) *failure.Fault {
	if t.x.ctx.Err() != nil {
		return t.gone() // or the proxy stops: in either case the upstream is not at fault
	}
	switch cause := context.Cause(t.ctx); {
	case cause == nil:
		return f
	case errors.Is(cause, errNoHead):
		f.Message = fmt.Sprintf("sent no response head within %s", t.ch.Config.Timeouts.FirstByte)
	case errors.Is(cause, errNoWhole):
		f.Message = fmt.Sprintf("sent no complete answer within %s", t.ch.Config.Timeouts.Whole)
	case errors.Is(cause, errNoAttempt):
		f.Message = fmt.Sprintf("sent no response head before the request's %s were over", t.x.snap.Config.Server.RequestTimeout)
	case errors.Is(cause, errIdle):
		f.Message = fmt.Sprintf("was silent for %s in the middle of an answer", t.ch.Config.Timeouts.Idle)
	default:
		return f
	}
	f.Source, f.Kind, f.Class = failure.Channel, failure.KindTimeout, adapter.Overloaded
	return f
}

// wanted picks the client headers that the manifest asks for. Credentials and cookies stay with the host.
func wanted(client http.Header, names []string) []adapter.Header {
	var picked []adapter.Header
	for _, name := range names {
		switch name {
		case "authorization", "x-api-key", "x-goog-api-key", "proxy-authorization", "cookie":
			continue
		}
		for _, value := range client.Values(name) {
			picked = append(picked, adapter.Header{Name: name, Value: value})
		}
	}
	return picked
}

// faultOf turns any error of an adapter into a fault.
func faultOf(err error) *failure.Fault {
	if f, ok := errors.AsType[*failure.Fault](err); ok {
		return f // the sandbox knows more about its own failures than a class says
	}
	f, ok := errors.AsType[*adapter.Failure](err)
	if !ok {
		return &failure.Fault{Source: failure.Adapter, Class: adapter.Internal, Message: err.Error(), Err: err}
	}
	fault := faultOfFailure(f)
	fault.Err = err
	return fault
}

func faultOfFailure(f *adapter.Failure) *failure.Fault {
	fault := &failure.Fault{
		Source: failure.Channel, Class: f.Class, Message: f.Message, Field: f.Field, Type: f.Type, Details: f.Details,
		RetryAfter: f.RetryAfter, HasRetryAfter: f.RetryAfter > 0, Remedy: f.Remedy,
	}
	switch f.Class {
	case adapter.Invalid, adapter.Unsupported:
		fault.Source = failure.Client
	case adapter.Internal:
		fault.Source = failure.Adapter
	}
	return fault
}

// adapterFault blames the adapter for something that it must never do.
func adapterFault(message string) *failure.Fault {
	return &failure.Fault{Source: failure.Adapter, Kind: failure.KindProtocol, Class: adapter.Internal, Message: message}
}

// drain reads the rest of an answer that is complete, for a second and 64 KiB at most.
func drain(body io.ReadCloser, cancel context.CancelCauseFunc) {
	timer := time.AfterFunc(time.Second, func() { cancel(nil) })
	io.Copy(io.Discard, io.LimitReader(body, 64<<10)) // whatever comes, the answer is complete
	timer.Stop()
	body.Close()
	cancel(nil)
}
