// Package limits holds each client key to its share of the proxy.
//
// One [Limiter] lives as long as the program and knows client keys by name, so what they did outlives a changed
// configuration. What is refused does not count: a client that asks too often is served at the rate it was given.
package limits

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/claude-proxy/claude-proxy/host/auth"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
)

const (
	// busyRetry is what a client hears whose requests under way are too many, since nobody knows when one ends.
	busyRetry = 2 * time.Second
	// sweepFrom is how many client keys are remembered before those are given up that have nothing to remember.
	sweepFrom = 1024
)

// Limiter counts what client keys do. It is safe for concurrent use.
type Limiter struct {
	now func() time.Time

	mu    sync.Mutex
	keys  map[string]*account
	sweep int
}

// New returns a limiter to which nobody has done anything yet. now is its clock.
func New(now func() time.Time) *Limiter {
	return &Limiter{now: now, keys: make(map[string]*account), sweep: sweepFrom}
}

// account is what one client key has done.
type account struct {
	underway int
	// messages and counts are requests a minute, kept apart as https://docs.claude.com/en/api/rate-limits has it; window is
	// what server.rate_limit allows, for both together.
	messages, counts, window, tokens bucket
}

// Enter lets a request of the client key in, or says why not. shared is server.rate_limit. side marks a count_tokens
// request: of the key's own limits, only requests a minute hold for those, counted apart from the others. After nil, Leave
// must be called exactly once with the same key and side.
func (l *Limiter) Enter(p *auth.Principal, shared config.RateLimit, side bool) *failure.Answer {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	a := l.account(p.Name, now)

	requests := &a.messages
	if side {
		requests = &a.counts
	}
	requests.set(now, p.RPM, time.Minute)
	a.tokens.set(now, p.TokensPerMinute, time.Minute)
	if !shared.Enabled {
		shared.MaxRequests = 0
	}
	a.window.set(now, shared.MaxRequests, shared.Window)

	var over refusal
	over.note(requests.wait(now), "%d requests a minute", p.RPM)
	if wait := a.window.wait(now); wait > 0 {
		over.note(wait, "%d requests in "+config.FormatDuration(shared.Window), shared.MaxRequests)
	}
	if !side {
		over.note(a.tokens.wait(now), "%d tokens a minute", p.TokensPerMinute)
		if p.MaxConcurrent > 0 && a.underway >= p.MaxConcurrent {
			over.note(busyRetry, "%d requests at a time", p.MaxConcurrent)
		}
	}
	if over.wait > 0 {
		return failure.Limited(over.text(), over.wait)
	}
	requests.take(now)
	a.window.take(now)
	if !side {
		a.underway++
	}
	return nil
}

// Leave ends what Enter let in.
func (l *Limiter) Leave(p *auth.Principal, side bool) {
	if side {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.keys[p.Name]
	if a == nil || a.underway == 0 {
		panic("BUG: Leave without Enter")
	}
	a.underway--
}

// Spend counts the tokens that a request of the client key came to. They are known at its end only, so a key may go over
// its limit once; further requests wait until that is made up for.
func (l *Limiter) Spend(p *auth.Principal, tokens int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a := l.keys[p.Name]; a != nil {
		a.tokens.spend(l.now(), tokens)
	}
}

// account returns the record of a client key, making one.
func (l *Limiter) account(name string, now time.Time) *account {
	a := l.keys[name]
	if a != nil {
		return a
	}
	if len(l.keys) >= l.sweep {
		for name, a := range l.keys {
			if a.rests(now) {
				delete(l.keys, name)
			}
		}
		l.sweep = max(sweepFrom, 2*len(l.keys))
	}
	a = &account{}
	l.keys[name] = a
	return a
}

// rests says that forgetting the account changes nothing.
func (a *account) rests(now time.Time) bool {
	return a.underway == 0 && a.messages.full(now) && a.counts.full(now) && a.window.full(now) && a.tokens.full(now)
}

// refusal collects the limits that a request is over.
type refusal struct {
	wait   time.Duration
	limits []string
}

func (r *refusal) note(wait time.Duration, format string, limit int) {
	if wait > 0 {
		r.wait = max(r.wait, wait)
		r.limits = append(r.limits, fmt.Sprintf(format, limit))
	}
}

// text tells the time itself, since the header is cut to what clients sit out.
func (r *refusal) text() string {
	wait := max((r.wait + time.Second - 1).Truncate(time.Second), time.Second)
	return "this client key is at its limit of " + strings.Join(r.limits, " and ") + "; try again in " + config.FormatDuration(wait)
}
