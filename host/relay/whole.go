package relay

import (
	"bytes"
	"fmt"
	"io"

	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/upstream"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/render"
)

// convertWhole reads a complete answer through the adapter.
func (t *attempt) convertWhole(resp *upstream.Response, first []byte, ended bool) *failure.Fault {
	if _, f := t.readWhole(resp, first, ended); f != nil {
		return f
	}
	t.s.out = t.s.out[:0]
	t.s.em.Reset()
	err := t.run.Whole(&t.s.whole, &t.s.em)
	if t.x.call.Op == adapter.CountTokens && err == nil {
		return t.counted(t.s.em.Buf)
	}
	if f := t.render(err); f != nil {
		return f
	}
	if !t.s.state.Done() {
		return adapterFault("did not say that the answer is complete")
	}
	if t.s.state.Estimated() {
		t.x.out.describe(append(t.describe(), adapter.Header{Name: estimateHeader, Value: "usage"}))
	}
	if t.deliver() != nil {
		return t.gone()
	}
	return t.finish()
}

// readWhole reads the rest of the body and indexes it. It returns the bytes as they came: the index may be over a copy in
// which invalid UTF-8 is replaced.
func (t *attempt) readWhole(resp *upstream.Response, first []byte, ended bool) ([]byte, *failure.Fault) {
	body := bytes.Clone(first)
	if !ended {
		if n := resp.ContentLength; n > int64(len(first)) && n <= maxWhole {
			body = append(make([]byte, 0, n+1), first...)
		}
		b := bytes.NewBuffer(body)
		n, err := b.ReadFrom(io.LimitReader(moving{resp.Body, t}, maxWhole-int64(len(first))+1))
		if err != nil {
			return nil, t.timed(cutFault(err))
		}
		if n > maxWhole-int64(len(first)) {
			return nil, &failure.Fault{Source: failure.Channel, Kind: failure.KindTooLarge, Class: adapter.Protocol,
				Message: fmt.Sprintf("sent an answer of more than %d MiB", maxWhole>>20)}
		}
		body = b.Bytes()
	}
	if err := t.s.builder.Index(&t.s.whole, body, upstreamMode); err != nil {
		return nil, &failure.Fault{Source: failure.Channel, Kind: failure.KindProtocol, Class: adapter.Protocol, Status: resp.Status,
			Message: "answered something that is not JSON: " + err.Error(), Err: err}
	}
	return body, nil
}

// moving notes every read.
type moving struct {
	r io.Reader
	t *attempt
}

func (m moving) Read(b []byte) (int, error) {
	n, err := m.r.Read(b)
	m.t.moved()
	return n, err
}

// local gives the client the answer that the adapter made by itself.
func (t *attempt) local() *failure.Fault {
	t.s.out = t.s.out[:0]
	if t.x.call.Op == adapter.CountTokens {
		return t.counted(t.up.Answer.Buf)
	}
	t.s.state.Reset(t.x.meta(), !t.x.call.Head.Stream)
	out, err := t.s.state.Apply(t.s.out, t.up.Answer.Buf)
	t.s.out = out
	if err != nil && !t.s.state.Done() {
		return adapterFault("gave an ill-formed local answer: " + err.Error())
	}
	if !t.s.state.Done() {
		return adapterFault("gave a local answer that is not complete")
	}
	t.note()
	if t.x.call.Head.Stream {
		if t.x.out.content(t.s.out, false) != nil {
			return t.gone()
		}
		t.x.out.end()
		return nil
	}
	if t.x.out.whole(200, "application/json", t.s.out) != nil {
		return t.gone()
	}
	return nil
}

// counted answers count_tokens.
func (t *attempt) counted(opsBytes []byte) *failure.Fault {
	n, err := render.Count(opsBytes)
	if err != nil {
		return adapterFault("gave an ill-formed token count: " + err.Error())
	}
	if t.x.out.whole(200, "application/json", appendCount(nil, n)) != nil {
		return t.gone()
	}
	return nil
}
