package limits

import (
	"context"
	"net/netip"
	"sync"
	"time"
)

const (
	// strangerTries is how many refused credentials an address has free, and how many it gets back in a minute.
	strangerTries = 20
	// strangerDelay holds back the answer to each further one, so that guessing takes its time.
	strangerDelay = time.Second
	// maxHeld is how many answers are held back at once; beyond it they go out at once, since waiting must not cost more
	// than guessing.
	maxHeld = 256
	// maxStrangers is how many addresses are remembered.
	maxStrangers = 4096
)

// Strangers slows down those who present credentials that are refused, by address. Whoever presents a good one is never
// slowed down, wherever it comes from: many clients may share an address. It is safe for concurrent use.
type Strangers struct {
	now func() time.Time

	mu    sync.Mutex
	tries map[netip.Prefix]*bucket
	held  int
}

// NewStrangers returns a Strangers that nobody has come to yet. now is its clock.
func NewStrangers(now func() time.Time) *Strangers {
	return &Strangers{now: now, tries: make(map[netip.Prefix]*bucket)}
}

// Refused notes a refused credential from an address. When there were too many of late, it holds the caller back for a
// second, or until ctx ends, and returns how long the address should wait before it tries again; else it returns 0 at once.
func (s *Strangers) Refused(ctx context.Context, from netip.Addr) time.Duration {
	wait, hold := s.note(from)
	if !hold {
		return wait
	}
	timer := time.NewTimer(strangerDelay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	s.mu.Lock()
	s.held--
	s.mu.Unlock()
	return wait
}

func (s *Strangers) note(from netip.Addr) (wait time.Duration, hold bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	b := s.bucket(network(from), now)
	if wait = b.wait(now); wait == 0 {
		b.take(now)
		return 0, false
	}
	if s.held >= maxHeld {
		return wait, false
	}
	s.held++
	return wait, true
}

// bucket returns the record of a network, making one. When there are too many, those that have nothing to remember go, or
// all.
func (s *Strangers) bucket(from netip.Prefix, now time.Time) *bucket {
	if b := s.tries[from]; b != nil {
		return b
	}
	if len(s.tries) >= maxStrangers {
		for p, b := range s.tries {
			if b.full(now) {
				delete(s.tries, p)
			}
		}
		if len(s.tries) > maxStrangers/2 {
			clear(s.tries) // a flood of addresses must not cost a sweep for each
		}
	}
	b := &bucket{}
	b.set(now, strangerTries, time.Minute)
	s.tries[from] = b
	return b
}

// network is what one stranger has to itself: an IPv4 address, or the /64 of an IPv6 one.
func network(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := a.BitLen()
	if a.Is6() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // an address that is not known; all such are one
	}
	return p
}
