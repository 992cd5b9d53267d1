package relay

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/passthrough"
	"github.com/claude-proxy/claude-proxy/host/stops"
	"github.com/claude-proxy/claude-proxy/host/upstream"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/render"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
	"github.com/claude-proxy/claude-proxy/sdk/sse"
)

const (
	// maxWhole caps an unstreamed upstream answer.
	maxWhole = 64 << 20
	// minRead and maxRead are the room for one Read from the upstream. What comes fast comes in large pieces and gets more; a
	// stream that says little does not hold a large buffer while it waits.
	minRead, maxRead = 512, 4 << 10
	// maxBarren is how many events may pass before the first content.
	maxBarren = 10_000
	// keepScratch is the largest buffer that goes back to the pool.
	keepScratch = 256 << 10
)

// scratch is the memory of one attempt, kept between attempts.
type scratch struct {
	up      adapter.UpstreamRequest
	builder jsonindex.Builder
	whole   jsonindex.Doc
	series  jsonindex.Series
	docs    []jsonindex.Doc
	events  []runner.RawEvent
	em      ops.Emitter
	state   *render.State
	lines   *sse.Parser
	parser  *sse.Parser
	peek    passthrough.Peeker
	out     []byte
}

var scratches = sync.Pool{New: func() any {
	return &scratch{
		parser: sse.NewParser(sse.Limits{}), lines: sse.NewLines(sse.Limits{}),
		state: render.NewStream(render.Meta{}),
	}
}}

func takeScratch() *scratch { return scratches.Get().(*scratch) }

func (s *scratch) put() {
	if cap(s.out) > keepScratch || cap(s.em.Buf) > keepScratch || cap(s.up.Body.Buf) > keepScratch {
		return
	}
	s.whole.Src = nil
	clear(s.events[:cap(s.events)])
	s.peek.Classify = nil
	scratches.Put(s)
}

// read takes a 2xx answer, whatever its framing, and gives the client what it asked for. drained says that the body was
// read to its end.
func (t *attempt) read(resp *upstream.Response) (f *failure.Fault, drained bool) {
	if t.up.Stream {
		t.watch.expect(t.ch.Config.Timeouts.Idle, errIdle)
	}
	p := t.s.parser
	if t.up.Framing == adapter.JSONLines && !t.up.PassThrough {
		p = t.s.lines
	}
	p.Reset()
	room := minRead
	if !t.up.Stream {
		room = maxRead // it comes at once, and a small answer in a single Read
	}
	n, err := readSome(resp.Body, p.Space(room))
	p.Advance(n)
	t.x.tried.FirstByte = time.Since(t.x.tried.Began)
	t.moved()
	first := p.Tail()
	switch {
	case err != nil && err != io.EOF:
		return t.timed(cutFault(err)), true
	case resp.HTML():
		return &failure.Fault{Source: failure.Channel, Kind: failure.KindHTML, Class: adapter.Protocol, Status: resp.Status,
			Message: "answered with a web page instead of an API answer; check base_url"}, true
	case n == 0:
		return &failure.Fault{Source: failure.Channel, Kind: failure.KindEmpty, Class: adapter.Protocol, Status: resp.Status,
			Message: "answered with an empty body"}, true
	}
	ended := err == io.EOF
	streamed := isStream(first)
	if t.up.PassThrough && streamed == t.x.call.Head.Stream {
		if streamed {
			return t.passStream(resp.Body, p, ended)
		}
		return t.passWhole(resp, first, ended), true
	}
	t.s.state.Reset(t.x.meta(), !t.x.call.Head.Stream)
	if len(t.up.StopSequences) > 0 {
		t.stops = stops.New(t.up.StopSequences)
	}
	if streamed {
		return t.convertStream(resp.Body, p, ended)
	}
	return t.convertWhole(resp, first, ended), true
}

// moved notes that bytes came. An unstreamed answer has a limit for all of it, which they do not extend.
func (t *attempt) moved() {
	t.arrived = time.Now()
	if t.up.Stream {
		t.watch.touch(t.arrived)
	}
}

// answered notes how long the bytes that arrived last were in our hands before something of them went to the client.
func (t *attempt) answered() {
	t.x.rec.Reads++
	t.x.rec.Converting += t.x.out.wrote().Sub(t.arrived)
}

// readSome reads until there is at least one byte that is not white space, or an error.
func readSome(r io.Reader, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var k int
		k, err = r.Read(b[n:])
		n += k
		if len(bytes.TrimSpace(b[:n])) > 0 {
			return n, err
		}
	}
	if len(bytes.TrimSpace(b[:n])) == 0 && err == io.EOF {
		return 0, err
	}
	return n, err
}

// isStream looks at what the bytes are: JSON answers begin with a brace or a bracket, event streams with a field name or
// a comment.
func isStream(b []byte) bool {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) == 0 || b[0] != '{' && b[0] != '['
}

// convertStream reads an event stream through the adapter; its first bytes are in p. One write to the client follows each
// Read from the upstream.
func (t *attempt) convertStream(body io.Reader, p *sse.Parser, ended bool) (*failure.Fault, bool) {
	t.s.out = t.s.out[:0]
	room := minRead
	barren := 0
	var rerr error
	if ended {
		rerr = io.EOF
	}
	for {
		events, f := t.collect(p, rerr == io.EOF)
		if f == nil {
			f = t.convert(events)
		}
		if f == nil && rerr != nil && !t.s.state.Done() {
			f = t.ended(rerr)
		}
		if werr := t.deliver(); werr != nil {
			return t.gone(), true
		}
		if t.s.state.Done() {
			// A local stop leaves an upstream that goes on talking: closing cancels it.
			return t.finish(), rerr != nil || t.stops != nil && t.stops.Cut()
		}
		if f != nil {
			return f, true
		}
		if barren += len(events); barren > maxBarren && !t.s.state.Started() {
			return &failure.Fault{Source: failure.Channel, Kind: failure.KindProtocol, Class: adapter.Protocol,
				Message: "sent ten thousand events without any content"}, true
		}
		room, rerr = t.more(body, p, room)
	}
}

// more reads what came next and returns how much room the Read after it gets.
func (t *attempt) more(body io.Reader, p *sse.Parser, room int) (int, error) {
	space := p.Space(room)
	n, err := body.Read(space)
	p.Advance(n)
	t.moved()
	if n == len(space) {
		room = min(2*room, maxRead)
	}
	return room, err
}

// collect frames and indexes the complete events that have arrived.
func (t *attempt) collect(p *sse.Parser, eof bool) ([]runner.RawEvent, *failure.Fault) {
	s := t.s
	s.events = s.events[:0]
	var ev sse.Event
	for {
		ok, err := p.Next(&ev)
		if err != nil {
			return s.events, &failure.Fault{Source: failure.Channel, Kind: failure.KindTooLarge, Class: adapter.Protocol, Message: err.Error(), Err: err}
		}
		if !ok && eof {
			ev, ok = p.Close()
			eof = false
		}
		if !ok {
			break
		}
		if !ev.HasData {
			continue
		}
		if len(s.events) == len(s.docs) {
			s.docs = append(s.docs, jsonindex.Doc{})
		}
		s.events = append(s.events, runner.RawEvent{Name: ev.Name, Data: ev.Data})
	}
	// Docs are indexed when their slice no longer moves.
	for i := range s.events {
		e := &s.events[i]
		if s.series.Index(&s.docs[i], e.Data, upstreamMode) == nil {
			e.Doc = &s.docs[i]
		}
	}
	return s.events, nil
}

// convert gives events to the adapter and renders the ops that come back.
func (t *attempt) convert(events []runner.RawEvent) *failure.Fault {
	if len(events) == 0 {
		return nil
	}
	t.s.em.Reset()
	_, err := t.run.Events(events, &t.s.em)
	return t.render(err)
}

// ended asks the adapter what the end of the stream means.
func (t *attempt) ended(rerr error) *failure.Fault {
	reason := adapter.EOF
	if rerr != io.EOF {
		reason = adapter.Cut
	}
	t.s.em.Reset()
	err := t.run.End(reason, &t.s.em)
	if f := t.render(err); f != nil && err == nil {
		return f
	}
	if t.s.state.Done() {
		return nil
	}
	if reason == adapter.Cut {
		return t.timed(cutFault(rerr))
	}
	if err != nil {
		return faultOf(err)
	}
	return &failure.Fault{Source: failure.Channel, Kind: failure.KindCut, Class: adapter.Protocol, Message: "ended its stream before the answer was complete"}
}

// render turns the collected ops into what the client asked for. err is the adapter's: the ops before it count.
func (t *attempt) render(err error) *failure.Fault {
	var rerr error
	emitted := t.s.em.Buf
	if t.stops != nil {
		emitted = t.stops.Apply(emitted)
	}
	t.s.out, rerr = t.s.state.Apply(t.s.out, emitted)
	switch {
	case t.s.state.Done():
		return nil // what an adapter says after done is of no use
	case rerr != nil:
		return adapterFault("emitted an ill-formed answer: " + rerr.Error())
	case err != nil:
		return faultOf(err)
	}
	return nil
}

// deliver writes what was rendered to a streaming client. A client that wants the whole gets it at the end.
func (t *attempt) deliver() error {
	if !t.x.call.Head.Stream || len(t.s.out) == 0 {
		return nil
	}
	if t.s.state.Done() && t.hollow() {
		return nil // finish decides
	}
	if t.x.out.reached() < speaking {
		t.succeeded()
	}
	err := t.x.out.content(t.s.out, t.s.state.CanPing())
	t.answered()
	t.s.out = t.s.out[:0]
	return err
}

// finish ends a converted answer.
func (t *attempt) finish() *failure.Fault {
	t.note()
	if t.hollow() {
		return t.x.keepHollow(t.s.out)
	}
	if t.x.call.Head.Stream {
		t.x.out.end()
		return nil
	}
	err := t.x.out.whole(200, "application/json", t.s.out)
	t.answered()
	if err != nil {
		return t.gone()
	}
	return nil
}

// note records what the upstream said about its answer.
func (t *attempt) note() {
	st, rec := t.s.state, &t.x.rec
	rec.Tokens = st.Tokens()
	reason, _, seen := st.Stop()
	if seen {
		rec.Stop = reason.String()
	}
	rec.UpstreamID, rec.UpstreamModel = st.Upstream()
	for _, l := range st.Losses() {
		rec.Losses = append(rec.Losses, adapter.Loss{Kind: l.Kind, Path: l.Path, Note: l.Note})
	}
}

// hollow: the answer is complete, ordinary, and says nothing at all. Another channel may do better.
func (t *attempt) hollow() bool {
	reason, _, seen := t.s.state.Stop()
	return t.s.state.Blocks() == 0 && seen && reason == ops.EndTurn && t.x.call.Op == adapter.Messages
}

// gone is the fault of a client that left; nothing else is tried.
func (t *attempt) gone() *failure.Fault {
	return &failure.Fault{Source: failure.Client, Kind: failure.KindGone, Class: adapter.Invalid, Message: "the client is gone"}
}

// cutFault explains a body that broke off. Where its encoding was at fault, the error says so itself.
func cutFault(err error) *failure.Fault {
	if f, ok := errors.AsType[*failure.Fault](err); ok {
		return f
	}
	return &failure.Fault{Source: failure.Channel, Kind: failure.KindCut, Class: adapter.Overloaded, Message: "broke off in the middle of an answer", Err: err}
}

// upstreamMode is how answers are indexed: tolerant.
var upstreamMode = jsonindex.UpstreamMode()
