package hosttest

import (
	"compress/gzip"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"
)

// delivery writes one response and breaks it as its fault says. Once a write says false the response is over.
type delivery struct {
	w      http.ResponseWriter
	r      *http.Request
	head   func(status int) // told when the head goes out
	finish func()           // told just before the client has all it will get
	fault  *Fault
	zip    *gzip.Writer
	sent   int // bytes of the body, before compression
}

// begin sends the head.
func (d *delivery) begin(status int) {
	d.head(status)
	if d.fault.Gzip == "yes" || d.fault.Gzip == "unlabelled" {
		d.zip = gzip.NewWriter(d.w)
	}
	d.w.WriteHeader(status)
	d.flush()
}

// end completes the body.
func (d *delivery) end() {
	if d.zip != nil {
		_ = d.zip.Close() // the client may be gone
	}
}

// write sends b and flushes, slowly or only in part where the fault says so. What is last completes the answer.
func (d *delivery) write(b []byte, last bool) bool {
	cut := d.fault.CutAfter != nil && d.sent+len(b) > *d.fault.CutAfter
	if cut {
		b = b[:*d.fault.CutAfter-d.sent]
	}
	step := len(b)
	if rate := d.fault.BytesPerSecond; rate > 0 {
		step = max(rate/50, 1)
	}
	left := len(b)
	for piece := range slices.Chunk(b, max(step, 1)) {
		if left -= len(piece); left == 0 && last {
			d.finish()
		}
		if !d.put(piece) {
			return false
		}
		if d.fault.BytesPerSecond > 0 && !d.pause(Duration(time.Second*time.Duration(len(piece))/time.Duration(d.fault.BytesPerSecond))) {
			return false
		}
	}
	if cut {
		d.cut()
	}
	return !cut
}

// put sends b as one write.
func (d *delivery) put(b []byte) bool {
	var err error
	if d.zip != nil {
		if _, err = d.zip.Write(b); err == nil {
			err = d.zip.Flush()
		}
	} else {
		_, err = d.w.Write(b)
	}
	d.sent += len(b)
	d.flush()
	return err == nil
}

// writeSplit sends b in two writes that meet inside the first rune of several bytes.
func (d *delivery) writeSplit(b []byte, last bool) bool {
	at := slices.IndexFunc(b, func(c byte) bool { return c >= utf8.RuneSelf }) + 1
	if at == 0 {
		return d.write(b, last)
	}
	return d.write(b[:at], false) && d.pause(Duration(time.Millisecond)) && d.write(b[at:], last)
}

func (d *delivery) flush() {
	if f, ok := d.w.(http.Flusher); ok {
		f.Flush()
	}
}

// pause waits; false means that the client has gone away.
func (d *delivery) pause(t Duration) bool {
	if t <= 0 {
		return true
	}
	timer := time.NewTimer(time.Duration(t))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-d.r.Context().Done():
		return false
	}
}

// hold waits until the client goes away.
func (d *delivery) hold() { <-d.r.Context().Done() }

// cut ends the response before its time.
func (d *delivery) cut() {
	switch d.fault.Cut {
	case "clean":
		d.end()
	case "stall":
		d.hold()
	case "rst":
		if conn, _, err := http.NewResponseController(d.w).Hijack(); err == nil {
			if tcp, ok := conn.(interface{ SetLinger(int) error }); ok { // a TCP connection, or one in memory
				_ = tcp.SetLinger(0) // best effort: else it ends with FIN
			}
			_ = conn.Close()
			return
		}
		panic(http.ErrAbortHandler) // not HTTP/1: net/http's way to reset
	default:
		panic(http.ErrAbortHandler) // net/http's way to close a connection in the middle of a body
	}
}
