// Package admission limits how many requests are served at once, with a short queue before it refuses.
package admission

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrFull: every slot is taken and the queue is full, or the wait in it was too long. The client gets 529.
var ErrFull = errors.New("too many requests at once")

// Gate hands out a fixed number of slots in order of arrival. It is safe for concurrent use.
type Gate struct {
	mu     sync.Mutex
	slots  int
	length int
	wait   time.Duration
	taken  int
	queue  []*waiter
	refuse int64
}

// waiter gets its slot by a send on ready, which is buffered so that the giver never waits.
type waiter struct{ ready chan struct{} }

// New returns a gate with that many slots (0 or less: no limit), a queue of at most length requests, each of which waits
// at most wait.
func New(slots, length int, wait time.Duration) *Gate {
	return &Gate{slots: slots, length: length, wait: wait}
}

// Resize changes what New was given. Requests that have a slot keep it, those that wait go on waiting as they began; with
// more slots, as many of them as there is room for get theirs.
func (g *Gate) Resize(slots, length int, wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.slots, g.length, g.wait = slots, length, wait
	for len(g.queue) > 0 && (g.slots <= 0 || g.taken < g.slots) {
		g.taken++
		w := g.queue[0]
		g.queue = g.queue[1:]
		w.ready <- struct{}{}
	}
}

// Enter takes a slot, waiting in the queue if it must. The error is ErrFull or the context's. After nil, Leave must be
// called exactly once.
func (g *Gate) Enter(ctx context.Context) error {
	g.mu.Lock()
	if g.slots <= 0 || g.taken < g.slots {
		g.taken++
		g.mu.Unlock()
		return nil
	}
	if len(g.queue) >= g.length {
		g.refuse++
		g.mu.Unlock()
		return ErrFull
	}
	w := &waiter{ready: make(chan struct{}, 1)}
	g.queue = append(g.queue, w)
	wait := g.wait
	g.mu.Unlock()

	timer := time.NewTimer(wait)
	defer timer.Stop()
	var err error
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-timer.C:
		err = ErrFull
	}
	if g.withdraw(w, err == ErrFull) {
		return err
	}
	// The slot came at the same moment as the reason to give up: it is ours and has to be passed on.
	<-w.ready
	g.Leave()
	return err
}

// withdraw takes w out of the queue; false when it was given its slot already.
func (g *Gate) withdraw(w *waiter, refused bool) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if refused {
		g.refuse++
	}
	for i, x := range g.queue {
		if x == w {
			g.queue = append(g.queue[:i], g.queue[i+1:]...)
			return true
		}
	}
	return false
}

// Leave gives a slot back: to the longest waiting request, if any.
func (g *Gate) Leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.queue) > 0 && (g.slots <= 0 || g.taken <= g.slots) {
		w := g.queue[0]
		g.queue = g.queue[1:]
		w.ready <- struct{}{}
		return
	}
	g.taken--
	if g.taken < 0 {
		panic("BUG: Leave without Enter")
	}
}

// Load returns how many slots are taken, how many requests wait, and how many were refused so far.
func (g *Gate) Load() (taken, waiting int, refused int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.taken, len(g.queue), g.refuse
}
