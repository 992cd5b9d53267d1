package balance

import (
	"time"

	"github.com/claude-proxy/claude-proxy/host/failure"
)

// health is the record of failures in a row. The zero value is healthy. After a failure it is left in peace until its time
// is over; then one request, a real one, is let through as probe, and what becomes of it decides.
type health struct {
	failures int
	state    failure.State
	until    time.Time
	explicit bool
	// reason says for people what the last failure was.
	reason string
	// at is when the last failure was reported.
	at time.Time
	// prober is the request that probes; nil when none does.
	prober *Pick
}

// forget is how long a failure in the past still makes the next cooldown longer.
const forget = 10 * time.Minute

// fail records a failure of an attempt that began at began. Attempts that were under way when another one failed already
// count as one failure together: they say nothing new.
func (h *health) fail(r *failure.Ruling, began, now time.Time, rnd func() float64) {
	running := now.Before(h.until)
	switch {
	case h.failures > 0 && began.Before(h.at):
	case h.failures > 0 && !running && now.Sub(h.until) > forget:
		h.failures = 1
	default:
		h.failures++
	}
	d := cooldown(r, h.failures, rnd)
	h.at = now
	if running && h.state > r.State {
		return // the graver finding stands
	}
	if until := now.Add(d); !running || until.After(h.until) || h.state != r.State {
		h.until, h.explicit = until, r.Explicit
	}
	h.state, h.reason = r.State, r.Reason
}

// cooldown is the time out after the n-th failure in a row. One that grows is jittered, half of it fixed and half random,
// so that what failed together does not come back together.
func cooldown(r *failure.Ruling, n int, rnd func() float64) time.Duration {
	if r.Limit == 0 {
		return r.Cooldown
	}
	d := r.Cooldown
	for ; n > 1 && d < r.Limit; n-- {
		d *= 2
	}
	d = min(d, r.Limit)
	return d/2 + time.Duration(rnd()*float64(d-d/2))
}

// succeed clears the record, unless the failure is younger than the attempt that succeeded. It says whether anything was
// cleared.
func (h *health) succeed(began time.Time) bool {
	if h.failures == 0 || began.Before(h.at) {
		return false
	}
	*h = health{}
	return true
}

// standing is how a target looks at one moment, from all records that speak of it.
type standing struct {
	rank  rank
	until time.Time
	// probe says that a record is at the point where one request may try.
	probe bool
}

// before says that s is the better standing.
func (s standing) before(o standing) bool {
	return s.rank < o.rank || s.rank == o.rank && s.until.Before(o.until)
}

// rank orders standings from the best to the worst.
type rank uint8

const (
	// fit: healthy, or due for a probe.
	fit rank = iota
	// cooling: its time runs, or another request probes it.
	cooling
	// spent: its quota is used up.
	spent
	// waiting: the upstream named a time, and it runs.
	waiting
	// invalid: its credential was refused.
	invalid
)

// standing combines the records: the worst of them counts.
func (t *Target) standing(now time.Time) standing {
	var s standing
	t.healths(func(h *health) {
		if h.failures == 0 {
			return
		}
		r := cooling
		switch {
		case !now.Before(h.until) && h.prober == nil:
			s.probe = true
			return
		case h.state == failure.Invalid:
			r = invalid
		case h.state == failure.Quota:
			r = spent
		case h.explicit && now.Before(h.until):
			r = waiting
		}
		if r > s.rank || r == s.rank && h.until.After(s.until) {
			s.rank, s.until = r, h.until
		}
	})
	return s
}
