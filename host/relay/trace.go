package relay

import (
	"cmp"
	"io"

	"github.com/claude-proxy/claude-proxy/host/upstream"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// Trace sees one request from the inside. Its methods must not block, must be safe for concurrent use, and must not keep
// or change the slices they are given. A request that nobody looks into has none, which costs it a comparison with nil
// wherever a wrapper of this file would go.
type Trace interface {
	// Attempt begins a try, the requests that a remedy asks for included. secrets must not be kept of what follows.
	Attempt(channel, adapter, key, model string, secrets []string)
	// Asked is the adapter's upstream request; credentials are added later. losses are what it could not express.
	Asked(method, path string, headers []adapter.Header, body [][]byte, losses []adapter.Loss)
	// Answered is the upstream's response head, with the headers that adapters may see.
	Answered(status int, headers []adapter.Header)
	// Received are bytes of the upstream's answer as they came, decoded.
	Received(b []byte)
	// Emitted are the ops that the adapter made of what came before; err is what it failed with.
	Emitted(ops []byte, err error)
	// Head and Sent are what the client gets.
	Head(status int, headers []adapter.Header)
	Sent(b []byte)
}

// tracedWriter tells of what the client gets.
type tracedWriter struct {
	Writer
	trace Trace
}

func (w tracedWriter) Head(status int, headers []adapter.Header) {
	w.trace.Head(status, headers)
	w.Writer.Head(status, headers)
}

func (w tracedWriter) Write(b []byte) error {
	w.trace.Sent(b)
	return w.Writer.Write(b)
}

// traceRequest tells of what goes upstream.
func (t *attempt) traceRequest(body [][]byte) {
	trace := t.x.rec.Trace
	trace.Attempt(t.ch.Config.Name, t.ch.Config.Adapter, keyName(t.target.Key), t.target.Model, t.ch.Secrets)
	trace.Asked(cmp.Or(t.up.Method, "POST"), t.up.Path, t.up.Headers, body, t.up.Losses)
	t.run = tracedRun{t.run, trace}
}

// traceAnswer tells of what comes back.
func (t *attempt) traceAnswer(resp *upstream.Response) {
	t.x.rec.Trace.Answered(resp.Status, resp.Headers)
	resp.Body = tracedBody{resp.Body, t.x.rec.Trace}
}

type tracedBody struct {
	io.ReadCloser
	trace Trace
}

func (b tracedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.trace.Received(p[:n])
	}
	return n, err
}

// tracedRun tells of the ops of an adapter.
type tracedRun struct {
	runner.Run
	trace Trace
}

func (r tracedRun) Events(evs []runner.RawEvent, out *ops.Emitter) (int, error) {
	before := len(out.Buf)
	failed, err := r.Run.Events(evs, out)
	r.trace.Emitted(out.Buf[before:], err)
	return failed, err
}

func (r tracedRun) Whole(body *jsonindex.Doc, out *ops.Emitter) error {
	before := len(out.Buf)
	err := r.Run.Whole(body, out)
	r.trace.Emitted(out.Buf[before:], err)
	return err
}

func (r tracedRun) End(reason adapter.EndReason, out *ops.Emitter) error {
	before := len(out.Buf)
	err := r.Run.End(reason, out)
	r.trace.Emitted(out.Buf[before:], err)
	return err
}
