package telemetry

import (
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	// maxPending is how many bytes of log lines wait for a slow reader before further ones are dropped.
	maxPending = 1 << 20
	// maxLine is where a line is cut.
	maxLine = 64 << 10
)

// Async writes to a writer that may be slow or stuck, a full disk or a pipe that nobody reads, on a goroutine of its own. No
// Write ever waits: when too much is pending, lines are dropped and counted, and a line says so as soon as there is room. It
// is safe for concurrent use.
type Async struct {
	w io.Writer
	// notice makes the line that tells of dropped ones.
	notice func(dropped int64) []byte

	mu      sync.Mutex
	wake    *sync.Cond
	pending []byte
	dropped int64 // since the last notice
	total   int64
	closed  bool
	done    chan struct{}
}

// NewAsync returns an Async over w. notice makes the line that tells how many were dropped; nil is a plain one.
func NewAsync(w io.Writer, notice func(dropped int64) []byte) *Async {
	if notice == nil {
		notice = func(n int64) []byte { return fmt.Appendf(nil, "%d log lines were dropped\n", n) }
	}
	a := &Async{w: w, notice: notice, done: make(chan struct{})}
	a.wake = sync.NewCond(&a.mu)
	go a.run()
	return a
}

// Write takes one line, or drops it. It never fails.
func (a *Async) Write(line []byte) (int, error) {
	n := len(line)
	if n > maxLine {
		line = append(append([]byte(nil), line[:maxLine]...), "…\n"...)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || len(a.pending)+len(line) > maxPending {
		a.dropped++
		a.total++
		return n, nil
	}
	a.pending = append(a.pending, line...)
	a.wake.Signal()
	return n, nil
}

// Dropped is how many lines were dropped so far.
func (a *Async) Dropped() int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.total
}

// run writes what is pending, all of it in one go. What the writer refuses counts as dropped by nobody: there is no place
// left to say so.
func (a *Async) run() {
	defer close(a.done)
	var batch []byte
	for {
		a.mu.Lock()
		for len(a.pending) == 0 && a.dropped == 0 && !a.closed {
			a.wake.Wait()
		}
		if len(a.pending) == 0 && a.dropped == 0 {
			a.mu.Unlock()
			return
		}
		batch, a.pending = a.pending, batch[:0]
		if a.dropped > 0 {
			batch = append(batch, a.notice(a.dropped)...)
			a.dropped = 0
		}
		a.mu.Unlock()
		_, _ = a.w.Write(batch)
	}
}

// Close writes what is pending, for at most patience, and drops what comes later. A writer that is stuck stays so: the
// program ends all the same.
func (a *Async) Close(patience time.Duration) {
	a.mu.Lock()
	a.closed = true
	a.wake.Signal()
	a.mu.Unlock()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-a.done:
	case <-timer.C:
	}
}
