package admin

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// freeTries is how many failed sign-ins an address has at once; tryEvery brings one back.
	freeTries = 5
	tryEvery  = 10 * time.Second
	// allTries and allEvery bound all addresses together, for an attacker with many.
	allTries = 100
	allEvery = time.Second
	// maxAddresses bounds the table.
	maxAddresses = 4096
	// failDelay is how long each refusal takes.
	failDelay = 250 * time.Millisecond
)

// throttle slows down who guesses keys. It is safe for concurrent use.
type throttle struct {
	now func() time.Time

	mu    sync.Mutex
	all   *rate.Limiter
	table map[netip.Prefix]*rate.Limiter
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, all: rate.NewLimiter(rate.Every(allEvery), allTries), table: make(map[netip.Prefix]*rate.Limiter)}
}

// blocked says how long an address must wait before its next try; 0 means not at all.
func (t *throttle) blocked(address string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	wait := waiting(t.all, t.now())
	if l := t.table[neighbourhood(address)]; l != nil {
		wait = max(wait, waiting(l, t.now()))
	}
	return wait
}

func waiting(l *rate.Limiter, now time.Time) time.Duration {
	missing := 1 - l.TokensAt(now)
	if missing <= 0 {
		return 0
	}
	return time.Duration(missing / float64(l.Limit()) * float64(time.Second))
}

// failed counts a refused try.
func (t *throttle) failed(address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	t.all.AllowN(now, 1)
	at := neighbourhood(address)
	l := t.table[at]
	if l == nil {
		if len(t.table) >= maxAddresses {
			t.sweep(now)
		}
		l = rate.NewLimiter(rate.Every(tryEvery), freeTries)
		t.table[at] = l
	}
	l.AllowN(now, 1)
}

// sweep forgets those who have all their tries back, or everybody: the limit for all still holds.
func (t *throttle) sweep(now time.Time) {
	for at, l := range t.table {
		if l.TokensAt(now) >= freeTries {
			delete(t.table, at)
		}
	}
	if len(t.table) >= maxAddresses {
		clear(t.table)
	}
}

// neighbourhood is the address, of IPv6 the network that one customer has. What is no address counts as one.
func neighbourhood(address string) netip.Prefix {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return netip.Prefix{}
	}
	bits := 32
	if ip = ip.Unmap(); ip.Is6() {
		bits = 64
	}
	p, err := ip.WithZone("").Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
