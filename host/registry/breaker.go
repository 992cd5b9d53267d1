package registry

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// breakAt is how many different requests must have failed within breakWindow.
	breakAt     = 3
	breakWindow = 5 * time.Minute
	// perClient is how often one client counts: nobody can switch a plugin off for all others.
	perClient = time.Minute
	// A plugin that fails again after a pause gets one twice as long.
	firstPause, longestPause = time.Second, time.Minute
)

// breaker keeps traffic away from a version that fails for everybody, for a while at a time. A version that fails for one
// request, or for one client, goes on: that failure costs an instance and no more.
type breaker struct {
	now    func() time.Time
	paused atomic.Int64 // until when, in nanoseconds since 1970; 0 for not at all
	trial  atomic.Bool  // the pause is over, and nothing has succeeded since

	mu      sync.Mutex
	clients map[string]time.Time // when each counted last
	failed  map[uint64]time.Time // requests that counted
	pause   time.Duration        // the last one
}

// open says whether traffic is kept away now.
func (b *breaker) open() bool {
	until := b.paused.Load()
	return until != 0 && b.now().UnixNano() < until
}

// worked notes that an exchange went well.
func (b *breaker) worked() {
	if !b.trial.Load() || b.open() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trial.Store(false)
	b.paused.Store(0)
	b.clients, b.failed, b.pause = nil, nil, 0
}

// fault notes that a request failed by the plugin's fault. It returns how long a pause begins with that, 0 for none.
func (b *breaker) fault(client string, request uint64) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if b.open() || now.Sub(b.clients[client]) < perClient {
		return 0
	}
	if b.clients == nil {
		b.clients, b.failed = map[string]time.Time{}, map[uint64]time.Time{}
	}
	for c, at := range b.clients {
		if now.Sub(at) >= perClient {
			delete(b.clients, c)
		}
	}
	for r, at := range b.failed {
		if now.Sub(at) >= breakWindow {
			delete(b.failed, r)
		}
	}
	b.clients[client], b.failed[request] = now, now
	if len(b.failed) < breakAt && !b.trial.Load() {
		return 0
	}
	b.pause = min(max(2*b.pause, firstPause), longestPause)
	b.paused.Store(now.Add(b.pause).UnixNano())
	b.trial.Store(true)
	return b.pause
}

// until is the end of the pause, zero when there is none.
func (b *breaker) until() time.Time {
	if !b.open() {
		return time.Time{}
	}
	return time.Unix(0, b.paused.Load())
}
