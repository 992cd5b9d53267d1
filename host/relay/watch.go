package relay

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Causes with which a watch cancels its attempt. Each becomes a fault that says what was waited for.
var (
	errNoHead    = errors.New("no response head in time")
	errNoWhole   = errors.New("no complete answer in time")
	errIdle      = errors.New("no bytes for too long")
	errNoAttempt = errors.New("the time for the whole request is used up")
)

// watch cancels an attempt when what it waits for does not come. It costs one timer; bytes that arrive only note the
// time, and the timer looks again when it fires.
type watch struct {
	mu     sync.Mutex
	timer  *time.Timer
	limit  time.Duration
	since  time.Time
	cause  error
	done   bool
	cancel context.CancelCauseFunc
}

// expect starts to wait for something new: cancel is called with cause after limit without a touch.
func (w *watch) expect(limit time.Duration, cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.limit, w.cause, w.since = limit, cause, time.Now()
	if w.timer == nil {
		w.timer = time.AfterFunc(limit, w.fire)
		return
	}
	w.timer.Reset(limit)
}

// touch notes that something came at now.
func (w *watch) touch(now time.Time) {
	w.mu.Lock()
	w.since = now
	w.mu.Unlock()
}

// stop ends the watch. It never fires afterwards.
func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = true
	if w.timer != nil {
		w.timer.Stop()
	}
}

func (w *watch) fire() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return
	}
	if rest := w.limit - time.Since(w.since); rest > 0 {
		w.timer.Reset(rest)
		return
	}
	w.done = true
	w.cancel(w.cause)
}
