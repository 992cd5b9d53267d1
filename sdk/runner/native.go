package runner

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// Native runs a Module that is compiled into the program. A panic of the adapter becomes an internal Failure, as a trap
// in the sandbox does.
func Native(m adapter.Module) Runner { return native{m} }

type native struct{ m adapter.Module }

var (
	_ Runner  = native{}
	_ Channel = nativeChannel{}
	_ Run     = (*nativeRun)(nil)
)

func (n native) Manifest() adapter.Manifest { return n.m.Manifest() }
func (n native) Close()                     {}

func (n native) Configure(options *jsonindex.Doc) (ch Channel, err error) {
	defer contain(&err)
	var v jsonindex.Value
	if options != nil {
		v = options.Root()
	}
	a, err := n.m.New(v)
	if err != nil {
		return nil, asFailure(err)
	}
	return nativeChannel{a}, nil
}

type nativeChannel struct{ a adapter.Adapter }

func (c nativeChannel) Begin(call *adapter.Call, up *adapter.UpstreamRequest) (run Run, err error) {
	defer contain(&err)
	x, err := c.a.Begin(call, up)
	if err != nil {
		return nil, asFailure(err)
	}
	if x == nil && !up.Local {
		return nil, adapter.Fail(adapter.Internal, "", "Begin returned no exchange")
	}
	up.Body.Finish()
	return &nativeRun{x: x}, nil
}

type nativeRun struct{ x adapter.Exchange }

func (r *nativeRun) Close() {}

func (r *nativeRun) Events(evs []RawEvent, out *ops.Emitter) (failed int, err error) {
	defer contain(&err)
	for failed = range evs {
		e := &evs[failed]
		ev := adapter.Event{Name: e.Name, Data: e.Data}
		if e.Doc != nil {
			// The index may be over a repaired copy; a plugin gets that one too.
			ev.Data, ev.JSON = e.Doc.Src, e.Doc.Root()
		}
		if err := r.x.Event(ev, out); err != nil {
			return failed, asFailure(err)
		}
	}
	return 0, nil
}

func (r *nativeRun) Whole(body *jsonindex.Doc, out *ops.Emitter) (err error) {
	defer contain(&err)
	return asFailure(r.x.Whole(body.Root(), out))
}

func (r *nativeRun) End(reason adapter.EndReason, out *ops.Emitter) (err error) {
	defer contain(&err)
	return asFailure(r.x.End(reason, out))
}

func (r *nativeRun) Failure(status int, headers []adapter.Header, body *jsonindex.Doc, raw []byte) (f *adapter.Failure) {
	var err error
	func() {
		defer contain(&err)
		resp := adapter.UpstreamResponse{Status: status, Headers: headers, Data: raw}
		if body != nil {
			resp.Data, resp.JSON = body.Src, body.Root()
		}
		f = r.x.Failure(&resp)
	}()
	if errors.As(err, &f) {
		return f
	}
	if f == nil {
		return adapter.Fail(adapter.Internal, "", "the adapter did not classify status %d", status)
	}
	return f
}

// asFailure keeps nil an untyped nil and makes every other error an internal Failure.
func asFailure(err error) error {
	if err == nil {
		return nil
	}
	var f *adapter.Failure
	if errors.As(err, &f) && f != nil {
		return f
	}
	return adapter.Fail(adapter.Internal, "", "%v", err)
}

// contain turns a panic of adapter code into an internal Failure that carries the place for the log.
func contain(err *error) {
	if p := recover(); p != nil {
		*err = &PanicError{Value: fmt.Sprint(p), Stack: debug.Stack()}
	}
}

// PanicError is a panic of a native adapter. It unwraps to an internal *adapter.Failure.
type PanicError struct {
	Value string
	// Stack is for the log only; it never reaches a client.
	Stack []byte
}

func (e *PanicError) Error() string { return "adapter panicked: " + e.Value }

// Unwrap gives the Failure that the host acts on.
func (e *PanicError) Unwrap() error {
	return adapter.Fail(adapter.Internal, "", "the adapter panicked")
}
