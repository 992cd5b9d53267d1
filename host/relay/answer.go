package relay

import (
	"strconv"
	"sync"
	"time"

	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/render"
)

// silence is how long the client hears nothing before it gets a sign of life: the response head, then comments, and once
// the message has begun, pings. Claude Code shows a banner after about 20 s.
const silence = 15 * time.Second

// phase is how far the answer to the client has got. It only ever rises.
type phase uint8

const (
	quiet    phase = iota // nothing was sent: any failure may move on
	opened                // 200 and comments were sent: a failure may move on, a final one is an error event
	speaking              // content was sent: a failure ends the answer
	over
)

// answer is the client's side of one request. Its mutex is there for the timer that breaks a silence.
type answer struct {
	mu     sync.Mutex
	w      Writer
	phase  phase
	stream bool
	// pingable says that what was written so far ends between two events of a begun message.
	pingable bool
	// headers are sent with the head: those of the request and those of the attempt under way.
	headers, attempt []adapter.Header
	timer            *time.Timer
	last             time.Time
	start            time.Time
	firstByte        time.Duration
	status           int
	bytes            int64
	// gone is the first write error: the client left or does not read.
	gone   error
	onGone func(error)
}

func newAnswer(w Writer, stream bool, requestID string, onGone func(error)) *answer {
	now := time.Now()
	a := &answer{w: w, stream: stream, start: now, last: now, onGone: onGone}
	a.headers = []adapter.Header{{Name: "request-id", Value: requestID}}
	if stream {
		a.mu.Lock() // tick reads the field
		a.timer = time.AfterFunc(silence, a.tick)
		a.mu.Unlock()
	}
	return a
}

// describe sets the headers that tell of the attempt under way. They reach the client with the head.
func (a *answer) describe(headers []adapter.Header) {
	a.mu.Lock()
	a.attempt = headers
	a.mu.Unlock()
}

// reached reports how far the answer has got.
func (a *answer) reached() phase {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.phase
}

// wrote is when something was last written.
func (a *answer) wrote() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.last
}

// content writes a piece of a streamed answer. pingable says whether a ping may follow it.
func (a *answer) content(b []byte, pingable bool) error {
	if len(b) == 0 {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.openStream()
	a.phase = speaking
	a.pingable = pingable
	return a.write(b)
}

// whole sends a complete answer that is not a stream.
func (a *answer) whole(status int, contentType string, b []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.phase != quiet {
		panic("BUG: a whole answer after the head was sent")
	}
	a.head(status, contentType, len(b))
	a.finish()
	return a.write(b)
}

// fail ends the answer with an error: in place of an answer, or as the last event of a stream.
func (a *answer) fail(f *failure.Answer, requestID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.phase == over {
		return
	}
	body := f.AppendJSON(nil, requestID)
	if a.phase == quiet {
		a.attempt = append(a.attempt[:len(a.attempt):len(a.attempt)], ErrorHeaders(f)...)
		a.head(f.Status, "application/json", len(body))
		a.finish()
		a.write(body) // a client that left does not hear of the failure; gone is recorded
		return
	}
	a.finish()
	a.write(render.AppendError(nil, body)) // as above
}

// end closes a streamed answer that is complete.
func (a *answer) end() {
	a.mu.Lock()
	a.finish()
	a.mu.Unlock()
}

// tick breaks a silence. It runs on the timer's goroutine.
func (a *answer) tick() {
	if !a.mu.TryLock() {
		time.AfterFunc(time.Second, a.tick) // somebody is writing, so it is not silent
		return
	}
	defer a.mu.Unlock()
	if a.phase == over || a.gone != nil {
		return
	}
	if rest := silence - time.Since(a.last); rest > 0 {
		a.timer.Reset(rest)
		return
	}
	switch {
	case a.phase != speaking:
		a.openStream()
		a.write(render.AppendComment(nil, "keepalive")) // a failed write ends the request through onGone
	case a.pingable:
		a.write(render.AppendPing(nil)) // as above
	}
	a.last = time.Now()
	a.timer.Reset(silence)
}

func (a *answer) openStream() {
	if a.phase == quiet {
		a.phase = opened
		a.head(200, "text/event-stream; charset=utf-8", -1)
	}
}

// head sends the response head; length < 0 is a stream.
func (a *answer) head(status int, contentType string, length int) {
	h := append(a.headers[:len(a.headers):len(a.headers)], a.attempt...)
	h = append(h, adapter.Header{Name: "content-type", Value: contentType})
	if length >= 0 {
		h = append(h, adapter.Header{Name: "content-length", Value: strconv.Itoa(length)})
	} else {
		// Intermediaries must neither store nor collect a stream.
		h = append(h, adapter.Header{Name: "cache-control", Value: "no-cache, no-transform"},
			adapter.Header{Name: "x-accel-buffering", Value: "no"})
	}
	a.status = status
	a.firstByte = time.Since(a.start)
	a.w.Head(status, h)
}

func (a *answer) write(b []byte) error {
	if a.gone != nil {
		return a.gone
	}
	a.last = time.Now()
	a.bytes += int64(len(b))
	if err := a.w.Write(b); err != nil {
		a.gone = err
		a.onGone(err)
	}
	return a.gone
}

func (a *answer) finish() {
	a.phase = over
	if a.timer != nil {
		a.timer.Stop()
	}
}

// ErrorHeaders are the headers that go with an error answer: those by which clients decide whether to ask again.
func ErrorHeaders(f *failure.Answer) []adapter.Header {
	var h []adapter.Header
	if f.RetryAfter > 0 {
		seconds := int64((f.RetryAfter + time.Second - 1) / time.Second)
		h = append(h, adapter.Header{Name: "retry-after", Value: strconv.FormatInt(seconds, 10)})
	}
	switch f.ShouldRetry {
	case failure.Yes:
		h = append(h, adapter.Header{Name: "x-should-retry", Value: "true"})
	case failure.No:
		h = append(h, adapter.Header{Name: "x-should-retry", Value: "false"})
	}
	if f.Allow != "" {
		h = append(h, adapter.Header{Name: "allow", Value: f.Allow})
	}
	if f.Close {
		h = append(h, adapter.Header{Name: "connection", Value: "close"})
	}
	return h
}
