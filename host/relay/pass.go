package relay

import (
	"io"

	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/passthrough"
	"github.com/claude-proxy/claude-proxy/host/upstream"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/sse"
)

// Bounds of what is held back of a relayed stream until its content begins.
const (
	maxHeldEvents = 64
	maxHeldBytes  = 256 << 10
)

// passStream relays an event stream, whose first bytes are in p, byte for byte. Frames are held back until the first content,
// so that a failure before it can move on; afterwards only whole frames go out, so that an error event can follow at any time.
func (t *attempt) passStream(body io.Reader, p *sse.Parser, ended bool) (*failure.Fault, bool) {
	peek := &t.s.peek
	peek.Reset()
	peek.Classify = t.classifyEvent
	out := t.s.out[:0]
	defer func() { t.s.out = out }()
	held, room := 0, minRead
	var rerr error
	if ended {
		rerr = io.EOF
	}
	for {
		var n int
		var err error
		out, n, err = t.passFrames(p, peek, out, rerr == io.EOF)
		held += n
		if peek.Unnamed() && peek.Failure() == nil && t.x.out.reached() != speaking {
			// Claude's clients skip events without a name, so these have to be written anew.
			t.s.state.Reset(t.x.meta(), false)
			out = append(out, p.Tail()...)
			p.Reset()
			p.Feed(out)
			return t.convertStream(body, p, rerr == io.EOF)
		}
		t.notePeek(peek)
		if peek.Content() || peek.Done() || held > maxHeldEvents || len(out) > maxHeldBytes {
			if t.x.out.reached() < speaking {
				t.succeeded()
			}
			if len(out) > 0 {
				if t.x.out.content(out, peek.Started() && !peek.Done()) != nil {
					return t.gone(), true
				}
				t.answered()
			}
			out, held = out[:0], 0
		}
		switch {
		case peek.Done():
			t.x.out.end()
			return nil, rerr != nil
		case peek.Failure() != nil:
			return faultOf(peek.Failure()), true
		case err != nil:
			return &failure.Fault{Source: failure.Channel, Kind: failure.KindTooLarge, Class: adapter.Protocol, Message: err.Error(), Err: err}, true
		case rerr == io.EOF:
			return &failure.Fault{Source: failure.Channel, Kind: failure.KindCut, Class: adapter.Protocol, Message: "ended its stream before message_stop"}, true
		case rerr != nil:
			return t.timed(cutFault(rerr)), true
		}
		room, rerr = t.more(body, p, room)
	}
}

// passFrames appends the complete frames that have arrived to out, up to and without an error event. n counts
// those with data.
func (t *attempt) passFrames(p *sse.Parser, peek *passthrough.Peeker, out []byte, eof bool) (_ []byte, n int, err error) {
	var ev sse.Event
	for !peek.Done() {
		ok, err := p.Next(&ev)
		if err != nil {
			return out, n, err
		}
		if !ok && eof {
			ev, ok = p.Close()
			eof = false
		}
		if !ok || peek.Peek(&ev) == passthrough.Error {
			break
		}
		if ev.HasData {
			n++
		}
		out = append(out, ev.Raw...)
		if ev.Unterminated {
			out = append(out, passthrough.FrameEnd(ev.Raw)...)
		}
	}
	return out, n, nil
}

// classifyEvent lets the adapter classify an error event as it would an error body.
func (t *attempt) classifyEvent(data []byte) *adapter.Failure {
	data = failure.Scrub(data, t.ch.Secrets)
	if t.s.builder.Index(&t.s.whole, data, upstreamMode) != nil {
		return nil
	}
	return t.run.Failure(0, nil, &t.s.whole, data)
}

// passWhole relays a complete answer byte for byte.
func (t *attempt) passWhole(resp *upstream.Response, first []byte, ended bool) *failure.Fault {
	body, f := t.readWhole(resp, first, ended)
	if f != nil {
		return f
	}
	peek := passthrough.PeekWhole(&t.s.whole)
	switch peek.Kind {
	case passthrough.IsError:
		if f := t.classifyEvent(t.s.whole.Src); f != nil {
			return faultOf(f)
		}
		fallthrough
	case passthrough.Unknown:
		return &failure.Fault{Source: failure.Channel, Kind: failure.KindProtocol, Class: adapter.Protocol, Status: resp.Status,
			Message: "answered JSON that is no answer of the Messages API; check base_url"}
	}
	t.x.rec.Tokens, t.x.rec.Stop = peek.Tokens, peek.Stop
	t.x.rec.UpstreamID, t.x.rec.UpstreamModel = peek.ID, peek.Model
	err := t.x.out.whole(200, "application/json", body)
	t.answered()
	if err != nil {
		return t.gone()
	}
	return nil
}

func (t *attempt) notePeek(p *passthrough.Peeker) {
	rec := &t.x.rec
	rec.Tokens = p.Tokens()
	rec.Stop, _ = p.Stop()
	rec.UpstreamID, rec.UpstreamModel = p.Upstream()
}
