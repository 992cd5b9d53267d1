package adaptertest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// play is one way to run a case's exchange. The zero value runs it as recorded, one event at a time.
type play struct {
	body    []byte         // the client's body; nil: the case's
	call    *adapter.Call  // nil: the case's
	data    []byte         // the upstream's body; nil: the case's
	status  int            // 0: the case's
	end     *endAt         // nil: all of the stream and the case's end
	slices  *rand.Rand     // cuts the stream's bytes anywhere
	batch   int            // events in one call; 0: one; -1: all; -2: random with slices
	destroy bool           // overwrite everything once its call is over
	guest   bool           // give the body in the form that a plugin gets
	track   *jsonindex.Doc // filled with the body's document, which is tracked
	frames  []frame        // the upstream's events; nil: those of data
	begin   bool           // only Begin
}

// endAt cuts a stream short.
type endAt struct {
	events int
	reason adapter.EndReason
}

// traced is what came out of a play.
type traced struct {
	request string // Begin's result but the body, as in the golden
	client  []byte // the client's body
	body    []byte // the body sent upstream
	losses  []adapter.Loss
	local   bool
	through bool // pass-through
	framing adapter.Framing
	stops   []string
	path    string
	headers []adapter.Header
	splices []splice
	ops     []byte
	done    bool // a done op came
	events  int  // events given
	late    int  // bytes of ops behind done
	fail    *adapter.Failure
	at      string // where fail came from
	panics  error  // a panic behind fail
	broken  string // the runner broke its own contract
}

type splice struct {
	adapter.Splice
	path string
	kind string // type of the block that is removed
}

// Places that a failure can come from, besides the events.
const (
	atOptions = "options"
	atBegin   = "begin"
	atStatus  = "status"
	atWhole   = "whole"
	atEnd     = "end"
)

// exchange runs a play step by step, so that two can be interleaved.
type exchange struct {
	c    *Case
	p    play
	ch   runner.Channel
	run  runner.Run
	t    traced
	todo [][]frame
	next func()
	out  ops.Emitter
}

func (c *Case) start(ch runner.Channel, p play) *exchange {
	x := &exchange{c: c, p: p, ch: ch}
	x.next = x.begin
	return x
}

// play runs the whole exchange.
func (c *Case) play(ch runner.Channel, p play) *traced {
	x := c.start(ch, p)
	for x.step() {
	}
	return &x.t
}

// step makes one call of the contract and says whether there is another.
func (x *exchange) step() bool {
	f := x.next
	x.next = nil
	f()
	if x.next == nil && x.run != nil {
		x.run.Close()
		x.run = nil
	}
	return x.next != nil
}

func (x *exchange) begin() {
	client := x.c.body
	if x.p.body != nil {
		client = x.p.body
	}
	call := x.c.call
	if x.p.call != nil {
		call = *x.p.call
	}
	var doc *jsonindex.Doc
	if client != nil {
		var err error
		if doc, err = jsonindex.Parse(append([]byte(nil), client...), jsonindex.ClientMode()); err != nil {
			x.t.broken = "the client's body: " + err.Error()
			return
		}
		if x.p.guest {
			g := &jsonindex.Doc{Client: true}
			g.Src, g.Ents, g.Ext = doc.AppendCut(nil, nil, nil)
			doc = g
		}
		if x.p.track != nil {
			*x.p.track = *doc
			doc = x.p.track
			doc.Track()
		}
	}
	call.Body = doc
	call.Headers = append([]adapter.Header(nil), call.Headers...)
	call.Remedies = append([]adapter.Remedy(nil), call.Remedies...)
	var up adapter.UpstreamRequest
	run, err := x.ch.Begin(&call, &up)
	if err == nil {
		x.run = run
		x.take(&up, doc, client)
	}
	if x.p.destroy {
		wipeCall(&call, doc)
		wipeRequest(&up)
	}
	if err != nil {
		x.failed(atBegin, err)
		return
	}
	x.plan()
}

// take keeps copies of what Begin gave.
func (x *exchange) take(up *adapter.UpstreamRequest, doc *jsonindex.Doc, client []byte) {
	t := &x.t
	t.path, t.local, t.through, t.framing = up.Path, up.Local, up.PassThrough, up.Framing
	t.client = client
	t.losses = append(t.losses, up.Losses...)
	t.headers = append(t.headers, up.Headers...)
	t.stops = append(t.stops, up.StopSequences...)
	for _, s := range up.Splices {
		v := splice{Splice: s, path: "(no such entry)"}
		if doc != nil && uint64(s.Entry) < uint64(len(doc.Ents)) {
			v.path = doc.PathOf(s.Entry)
			v.kind, _ = doc.Value(s.Entry).Get("type").Text()
		}
		t.splices = append(t.splices, v)
	}
	if !up.Local && !up.PassThrough {
		t.body = up.Body.AppendTo(nil, client)
	}
	t.request = requestText(up, t)
	if up.Local {
		t.ops = append(t.ops, up.Answer.Buf...)
		t.done = up.Answer.DoneSeen()
	}
}

// plan decides what follows Begin.
func (x *exchange) plan() {
	status, data := x.c.status, x.c.data
	if x.p.status != 0 {
		status = x.p.status
	}
	if x.p.data != nil {
		data = x.p.data
	}
	switch {
	case x.t.local || x.p.begin || x.c.answer == noAnswer && x.p.data == nil:
	case status >= 300:
		x.next = func() { x.refused(status, data) }
	case x.c.streamed():
		x.planStream(data)
	default:
		x.next = func() { x.whole(data) }
	}
}

func (x *exchange) planStream(data []byte) {
	frames := x.p.frames
	if frames == nil {
		var err error
		if frames, err = cutFrames(x.c.answer, data, x.p.slices); err != nil {
			x.t.broken = "the upstream's stream: " + err.Error()
			return
		}
	}
	if e := x.p.end; e != nil {
		frames = frames[:min(e.events, len(frames))]
	}
	for len(frames) > 0 {
		n := 1
		switch {
		case x.p.batch > 0:
			n = x.p.batch
		case x.p.batch == -1:
			n = len(frames)
		case x.p.batch == -2:
			n = 1 + x.p.slices.IntN(len(frames))
		}
		n = min(n, len(frames))
		x.todo = append(x.todo, frames[:n])
		frames = frames[n:]
	}
	x.next = x.stream
}

// stream gives the next batch of events, or the end.
func (x *exchange) stream() {
	if x.t.done || x.t.fail != nil {
		return
	}
	if len(x.todo) == 0 {
		reason := x.c.end
		if x.p.end != nil {
			reason = x.p.end.reason
		}
		x.out.Reset()
		err := x.run.End(reason, &x.out)
		x.collect(atEnd, err)
		if x.t.fail == nil && !x.t.done {
			x.failed(atEnd, adapter.Fail(adapter.Protocol, "", "%s", notFinished))
		}
		return
	}
	batch := x.todo[0]
	x.todo = x.todo[1:]
	evs := make([]runner.RawEvent, len(batch))
	for i, f := range batch {
		evs[i] = runner.RawEvent{Name: f.name, Data: append([]byte{}, f.data...)}
		if doc, err := jsonindex.Parse(append([]byte{}, f.data...), jsonindex.UpstreamMode()); err == nil {
			evs[i].Doc = doc
		}
	}
	x.out.Reset()
	n, err := x.run.Events(evs, &x.out)
	if x.p.destroy {
		for i := range evs {
			wipe(evs[i].Data)
			wipeDoc(evs[i].Doc)
			evs[i] = runner.RawEvent{}
		}
	}
	x.collect("event "+strconv.Itoa(x.t.events+n+1), err)
	x.t.events += len(batch)
	x.next = x.stream
}

// notFinished is what the host says when End returns without an error and without done.
const notFinished = "the upstream's stream ended before the answer was complete"

func (x *exchange) whole(data []byte) {
	doc, err := jsonindex.Parse(append([]byte{}, data...), jsonindex.UpstreamMode())
	if err != nil {
		x.t.broken = "the upstream's answer: " + err.Error()
		return
	}
	err = x.run.Whole(doc, &x.out)
	if x.p.destroy {
		wipeDoc(doc)
	}
	x.collect(atWhole, err)
	if err == nil && !x.t.done {
		x.t.broken = "Whole returned neither an error nor a done op"
	}
}

func (x *exchange) refused(status int, data []byte) {
	data = append([]byte{}, data...)
	doc, err := jsonindex.Parse(append([]byte{}, data...), jsonindex.UpstreamMode())
	if err != nil {
		doc = nil
	}
	headers := append([]adapter.Header(nil), x.c.headers...)
	f := x.run.Failure(status, headers, doc, data)
	if f == nil {
		x.t.broken = fmt.Sprintf("Failure returned nil for status %d", status)
		return
	}
	if x.p.destroy {
		wipe(data)
		wipeDoc(doc)
		clear(headers)
	}
	x.failed(atStatus, f)
}

// collect takes the ops of one call and its error.
func (x *exchange) collect(at string, err error) {
	t := &x.t
	b := x.out.Buf
	for len(b) > 0 && !t.done {
		o, rest, ok := ops.Split(b)
		if !ok {
			break
		}
		t.ops = append(t.ops, b[:len(b)-len(rest)]...)
		t.done = o.Code == ops.Done
		b = rest
	}
	if t.done {
		t.late += len(b)
	} else {
		t.ops = append(t.ops, b...) // no whole op: for the reader to refuse
	}
	if err != nil {
		x.failed(at, err)
	}
}

func (x *exchange) failed(at string, err error) {
	x.t.at = at
	var p *runner.PanicError
	if errors.As(err, &p) {
		x.t.panics = fmt.Errorf("%w\n%s", p, p.Stack)
	}
	if !errors.As(err, &x.t.fail) || x.t.fail == nil {
		x.t.fail = adapter.Fail(adapter.Internal, "", "%v", err)
		x.t.broken = fmt.Sprintf("%s: the error is no *adapter.Failure: %v", at, err)
		return
	}
	copied := *x.t.fail
	copied.Details = append([]byte(nil), copied.Details...)
	x.t.fail = &copied
}
