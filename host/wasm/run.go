package wasm

import (
	"errors"
	"hash/maphash"

	"github.com/claude-proxy/claude-proxy/sdk/abi"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// run is one exchange: a handle in some instance, and what is needed to open it again in another.
type run struct {
	ch     *channel
	i      *instance // nil when it has none: after Close, and when it was lost
	handle uint32    // 0: a local answer without an exchange
	err    error     // why nothing works any more
	closed bool

	history history
	sum     maphash.Hash // of all ops that were handed out
	handed  int          // their length
}

var _ runner.Run = (*run)(nil)

// open gives cp_begin its input and returns the frame of its answer. The instance is locked.
func (r *run) open(f *frame) (abi.Frame, error) {
	const call = abi.ExportBegin
	i := r.i
	config, err := i.config(r.ch)
	if err != nil {
		return abi.Frame{}, err
	}
	abi.SetConfig(f.small[0].data, config)
	n, err := i.write(f)
	if err == nil {
		var v uint64
		if v, err = i.call(i.exports.begin, i.p.limits.request(n), uint64(n), 0); err == nil {
			return r.answered(call, v)
		}
	}
	if e, ok := errors.AsType[*Error](err); ok && i.private && (e.Reason == Trapped || e.Reason == Exited) {
		// A guest that runs out of memory can only trap. It had the whole instance for this one frame.
		err = &Error{Plugin: e.Plugin, Reason: TooLarge, Call: e.Call, Detail: e.Detail}
	}
	return abi.Frame{}, err
}

func (r *run) answered(call string, v uint64) (abi.Frame, error) {
	i := r.i
	answer, err := i.outputFrame(call, v)
	if err != nil {
		return abi.Frame{}, err
	}
	failure, _, err := i.failure(call, answer)
	if err != nil {
		return abi.Frame{}, err
	}
	if failure != nil {
		return abi.Frame{}, failure
	}
	if _, ok := answer.Get(abi.TagHandle); ok {
		if r.handle, err = answer.Number(abi.TagHandle); err != nil {
			return abi.Frame{}, i.garbage(call, "%v", err)
		}
	}
	return answer, nil
}

// maxDetail is the most bytes of one section of a request besides its body and its local answer.
const maxDetail = 1 << 20

// readRequest copies an upstream request out of the guest.
func (r *run) readRequest(answer abi.Frame, up *adapter.UpstreamRequest, client int) error {
	const call = abi.ExportBegin
	i := r.i
	for _, tag := range [...]abi.Tag{abi.TagMethod, abi.TagPath, abi.TagRequest, abi.TagHeaders, abi.TagLoss} {
		if b := answer.Section(tag); len(b) > maxDetail {
			return i.garbage(call, "section %s has %d bytes, more than %d", tag, len(b), maxDetail)
		}
	}
	if err := abi.ReadRequest(answer, up, client); err != nil {
		return i.garbage(call, "%v", err)
	}
	// Segments may name the same bytes again and again.
	if n := up.Body.Len(); int64(n) > i.p.limits.Output+2*int64(client) {
		return i.garbage(call, "a request body of %d bytes is too large", n)
	}
	if r.handle == 0 && !up.Local {
		return i.garbage(call, "there is neither an exchange nor a local answer")
	}
	return nil
}

// seat gives the locked instance in which the exchange lives, ready for an input of n bytes to this export. Where its
// instance died, or the input needs one of its own, the exchange moves.
func (r *run) seat(call string, n int) (*instance, error) {
	if r.err != nil {
		return nil, r.err
	}
	if r.handle == 0 {
		return nil, adapter.Fail(adapter.Internal, "", "the exchange was answered locally")
	}
	i := r.i
	if i.p.limits.tooBig(n) {
		return nil, r.settle(&Error{Plugin: i.p.name, Reason: TooLarge, Call: call})
	}
	i.mu.Lock()
	private := i.p.limits.big(n) && !i.private
	if i.dead == nil && (!private || !r.history.complete()) {
		return i, nil
	}
	if i.dead == nil {
		i.closeExchange(r.handle)
	}
	i.mu.Unlock()
	i.p.release(i)
	r.i = nil
	if err := r.rebuild(i.private || private); err != nil {
		r.err = err
		return nil, err
	}
	return r.i, nil
}

// leave unlocks the instance after a call.
func (r *run) leave(i *instance) {
	if i.dead == nil && (i.calls > i.p.limits.CallsPerInstance || int64(i.mem.Size()) > i.p.limits.Memory/4*3) {
		i.p.retire(i)
	}
	i.mu.Unlock()
}

// handOut remembers what the host got to see, from the given length of out on.
func (r *run) handOut(out *ops.Emitter, from int) {
	r.handed += len(out.Buf) - from
	// It never fails.
	_, _ = r.sum.Write(out.Buf[from:])
}

// settle keeps an error of the sandbox: the exchange is over.
func (r *run) settle(err error) error {
	if e, ok := err.(*Error); ok {
		r.err = e
	}
	return err
}

// Events gives the events to the guest in as few calls as their size allows.
func (r *run) Events(evs []runner.RawEvent, out *ops.Emitter) (failed int, err error) {
	for done := 0; done < len(evs); {
		n := r.batch(evs[done:])
		failed, err := r.events(evs[done:done+n], out)
		if err != nil {
			return done + failed, err
		}
		done += n
	}
	return 0, nil
}

// batch is how many of the events fit into one ordinary input.
func (r *run) batch(evs []runner.RawEvent) int {
	limits := &r.ch.p.limits
	if !limits.big(abi.EventsSize(evs)) {
		return len(evs)
	}
	n := 1
	for n < len(evs) && !limits.big(abi.EventsSize(evs[:n+1])) {
		n++
	}
	return n
}

func (r *run) events(evs []runner.RawEvent, out *ops.Emitter) (failed int, err error) {
	i, err := r.seat(abi.ExportEvent, abi.EventsSize(evs))
	if err != nil {
		return 0, err
	}
	defer r.leave(i)
	from := len(out.Buf)
	failed, err = i.events(r.handle, evs, out)
	r.handOut(out, from)
	if err != nil {
		return min(failed, len(evs)-1), r.settle(err)
	}
	if !r.history.keepEvents(evs) {
		i.p.counts.unkept.Add(1)
	}
	return 0, nil
}

func (i *instance) events(handle uint32, evs []runner.RawEvent, out *ops.Emitter) (int, error) {
	n := abi.EventsSize(evs)
	dst, err := i.input(n)
	if err != nil {
		return 0, err
	}
	abi.PutEvents(dst, evs)
	v, err := i.call(i.exports.event, i.p.limits.FuelPerEvent*int64(len(evs)), uint64(handle), uint64(n))
	if err != nil {
		return 0, err
	}
	return i.answer(abi.ExportEvent, v, out)
}

// Whole gives a complete answer to the guest.
func (r *run) Whole(body *jsonindex.Doc, out *ops.Emitter) error {
	f := frame{doc: body}
	i, err := r.seat(abi.ExportWhole, f.size())
	if err != nil {
		return err
	}
	defer r.leave(i)
	n, err := i.write(&f)
	if err != nil {
		return r.settle(err)
	}
	v, err := i.call(i.exports.whole, i.p.limits.request(n), uint64(r.handle), uint64(n))
	if err != nil {
		return r.settle(err)
	}
	_, err = i.answer(abi.ExportWhole, v, out)
	return r.settle(err)
}

// End ends the stream.
func (r *run) End(reason adapter.EndReason, out *ops.Emitter) error {
	i, err := r.seat(abi.ExportEnd, 0)
	if err != nil {
		return err
	}
	defer r.leave(i)
	v, err := i.call(i.exports.end, i.p.limits.FuelPerEvent, uint64(r.handle), uint64(reason))
	if err != nil {
		return r.settle(err)
	}
	_, err = i.answer(abi.ExportEnd, v, out)
	return r.settle(err)
}

// Failure has the guest classify an answer that is not 2xx.
func (r *run) Failure(status int, headers []adapter.Header, body *jsonindex.Doc, raw []byte) *adapter.Failure {
	failure, err := r.failure(status, headers, body, raw)
	if err != nil {
		if !errors.As(err, &failure) {
			failure = adapter.Fail(adapter.Internal, "", "%v", err)
		}
	}
	return failure
}

func (r *run) failure(status int, headers []adapter.Header, body *jsonindex.Doc, raw []byte) (*adapter.Failure, error) {
	const call = abi.ExportFailure
	f := frame{small: []section{{abi.TagStatus, abi.AppendNumber(nil, uint32(status))}}, doc: body}
	if len(headers) > 0 {
		f.small = append(f.small, section{abi.TagHeaders, abi.AppendHeaders(nil, headers)})
	}
	if body == nil {
		f.small = append(f.small, section{abi.TagBody, raw})
	}
	i, err := r.seat(call, f.size())
	if err != nil {
		return nil, err
	}
	defer r.leave(i)
	n, err := i.write(&f)
	if err != nil {
		return nil, r.settle(err)
	}
	v, err := i.call(i.exports.failure, i.p.limits.request(n), uint64(r.handle), uint64(n))
	if err != nil {
		return nil, r.settle(err)
	}
	answer, err := i.outputFrame(call, v)
	if err != nil {
		return nil, r.settle(err)
	}
	failure, _, err := i.failure(call, answer)
	if err == nil && failure == nil {
		err = i.garbage(call, "there is no section %s", abi.TagError)
	}
	return failure, r.settle(err)
}

// Close ends the exchange in the guest.
func (r *run) Close() {
	p := r.ch.p
	if r.closed {
		return
	}
	r.closed = true
	p.opened(-1)
	r.history.free()
	r.err = &Error{Plugin: p.name, Reason: Closed}
	i := r.i
	if i == nil {
		return
	}
	r.i = nil
	i.mu.Lock()
	if i.dead == nil && r.handle != 0 {
		i.closeExchange(r.handle)
	}
	r.leave(i)
	p.release(i)
}

// closeExchange tells the guest that a handle is no longer used. If the guest traps on it, the log has it.
func (i *instance) closeExchange(handle uint32) {
	_, _ = i.call(i.exports.close, i.p.limits.FuelPerEvent, uint64(handle), 0)
}
