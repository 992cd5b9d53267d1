package probe

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"time"

	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// maxKept is how many bytes of each side are shown.
const maxKept = 64 << 10

// Timing splits the time of a probe; a step that was not needed, or not reached, is 0.
type Timing struct {
	DNS, Connect, TLS time.Duration
	// FirstByte is from the sending of the request to the first byte of the answer, Total the whole probe.
	FirstByte, Total time.Duration
	// Reused says that a kept connection served.
	Reused bool
}

// Message is one side's part as text.
type Message struct {
	Method, Path string
	Status       int
	Headers      []adapter.Header
	Body         string
}

func header() http.Header {
	return http.Header{"Content-Type": {"application/json"}, "Anthropic-Version": {"2023-06-01"}}
}

// watch sees a probe from the inside.
type watch struct {
	secrets []string
	began   time.Time
	answer  answer

	mu                                 sync.Mutex
	record                             *relay.Record
	timing                             Timing
	dnsAt, connectAt, tlsAt, requestAt time.Time
	method, path                       string
	requestHeaders, responseHeaders    []adapter.Header
	status                             int
	requestBody, responseBody          []byte
}

var (
	_ relay.Observer = (*watch)(nil)
	_ relay.Trace    = (*watch)(nil)
)

// Started implements relay.Observer.
func (w *watch) Started(*relay.Call) relay.Trace { return w }

// Ended implements relay.Observer.
func (w *watch) Ended(r *relay.Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.record = r
	w.timing.Total = time.Since(w.began)
}

// traced notes when the steps of a connection begin and end. Of several addresses that are tried at once the last one to
// connect counts.
func (w *watch) traced(ctx context.Context) context.Context {
	mark := func(at *time.Time) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if at.IsZero() {
			*at = time.Now()
		}
	}
	since := func(at *time.Time, d *time.Duration) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !at.IsZero() {
			*d = time.Since(*at)
		}
	}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSStart:             func(httptrace.DNSStartInfo) { mark(&w.dnsAt) },
		DNSDone:              func(httptrace.DNSDoneInfo) { since(&w.dnsAt, &w.timing.DNS) },
		ConnectStart:         func(string, string) { mark(&w.connectAt) },
		ConnectDone:          func(_, _ string, _ error) { since(&w.connectAt, &w.timing.Connect) },
		TLSHandshakeStart:    func() { mark(&w.tlsAt) },
		TLSHandshakeDone:     func(tls.ConnectionState, error) { since(&w.tlsAt, &w.timing.TLS) },
		GotConn:              func(i httptrace.GotConnInfo) { w.mu.Lock(); w.timing.Reused = i.Reused; w.mu.Unlock() },
		WroteRequest:         func(httptrace.WroteRequestInfo) { mark(&w.requestAt) },
		GotFirstResponseByte: func() { since(&w.requestAt, &w.timing.FirstByte) },
	})
}

// Attempt implements relay.Trace.
func (w *watch) Attempt(string, string, string, string, []string) {}

// Asked implements relay.Trace.
func (w *watch) Asked(method, path string, headers []adapter.Header, body [][]byte, _ []adapter.Loss) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.method, w.path, w.requestHeaders = method, path, append([]adapter.Header(nil), headers...)
	w.requestBody = clip(bytes.Join(body, nil))
	w.responseBody = nil
}

// Answered implements relay.Trace.
func (w *watch) Answered(status int, headers []adapter.Header) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status, w.responseHeaders = status, append([]adapter.Header(nil), headers...)
}

// Received implements relay.Trace.
func (w *watch) Received(b []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.responseBody = clip(append(w.responseBody, b...))
}

// Emitted implements relay.Trace.
func (w *watch) Emitted([]byte, error) {}

// Head implements relay.Trace.
func (w *watch) Head(int, []adapter.Header) {}

// Sent implements relay.Trace.
func (w *watch) Sent([]byte) {}

func clip(b []byte) []byte { return bytes.Clone(b[:min(len(b), maxKept)]) }

// fill writes down what was seen.
func (w *watch) fill(r *Result) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r.Record, r.Timing, r.Text = w.record, w.timing, string(failure.Scrub([]byte(w.answer.said()), w.secrets))
	if w.path != "" {
		r.Request = Message{Method: w.method, Path: w.text([]byte(w.path)), Headers: w.shown(w.requestHeaders), Body: w.text(w.requestBody)}
	}
	if w.status != 0 {
		r.Response = Message{Status: w.status, Headers: w.shown(w.responseHeaders), Body: w.text(w.responseBody)}
	}
}

func (w *watch) text(b []byte) string {
	return strings.ToValidUTF8(string(failure.Scrub(b, w.secrets)), "\ufffd")
}

func (w *watch) shown(in []adapter.Header) []adapter.Header {
	out := make([]adapter.Header, 0, len(in))
	for _, h := range in {
		out = append(out, adapter.Header{Name: h.Name, Value: w.text([]byte(h.Value))})
	}
	return out
}

// answer is the client's end of a probe.
type answer struct{ b []byte }

var _ relay.Writer = (*answer)(nil)

// Head implements relay.Writer.
func (a *answer) Head(int, []adapter.Header) {}

// Write implements relay.Writer.
func (a *answer) Write(b []byte) error {
	if len(a.b) < maxKept {
		a.b = append(a.b, b...)
	}
	return nil
}

// maxText is how many characters of the answer are shown.
const maxText = 400

// said is the beginning of the text of an answer, whole or streamed.
func (a *answer) said() string {
	var text strings.Builder
	var whole struct {
		Content []struct{ Text, Thinking string }
	}
	if json.Unmarshal(a.b, &whole) == nil {
		for _, c := range whole.Content {
			text.WriteString(c.Text)
		}
	} else {
		for line := range bytes.SplitSeq(a.b, []byte("\n")) {
			var event struct{ Delta struct{ Text string } }
			if data, ok := bytes.CutPrefix(line, []byte("data: ")); ok && json.Unmarshal(data, &event) == nil {
				text.WriteString(event.Delta.Text)
			}
		}
	}
	if r := []rune(text.String()); len(r) > maxText {
		return string(r[:maxText]) + "…"
	}
	return text.String()
}
