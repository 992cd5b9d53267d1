package balance

import (
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
)

const (
	// maxWait is the longest that a request waits inside the proxy for an upstream's Retry-After.
	maxWait = 2 * time.Second
	// forceEvery is how often a key that is known to be invalid is tried when nothing else is there.
	forceEvery = time.Second
)

// leastBad chooses when nothing is fit: what cools, the soonest first; then what ran out of quota; then what is free again
// within the time that a request may wait; at last an invalid key, now and then. Other keys of a channel that failed as a
// whole a moment ago come after all of these, since the attempts of a request are few.
func (p *Pick) leastBad(now time.Time) (best Target, wait time.Duration, ok bool) {
	var at standing
	var late bool
	for i := range p.candidates {
		c := &p.candidates[i]
		if p.left(c) {
			continue
		}
		cs, suspect := p.b.channel(c.Channel), p.suspects(c.Channel)
		for _, k := range c.Keys {
			t := p.target(c, cs, k)
			before := p.triedAs(&t)
			s, possible := p.whenFree(&t, now)
			if !possible {
				continue
			}
			switch {
			case s.rank == waiting:
				if p.free.IsZero() || s.until.Before(p.free) {
					p.free = s.until
				}
				if s.until.Sub(now) > maxWait || before != nil && before.again {
					continue
				}
			case before != nil:
				continue
			case s.rank == invalid:
				if now.Sub(t.key.refused) < forceEvery {
					continue
				}
				s.until = t.key.refused
			}
			if !ok || late && !suspect || late == suspect && s.before(at) {
				best, at, late, ok = t, s, suspect, true
			}
		}
	}
	switch {
	case !ok:
	case at.rank == waiting:
		wait = at.until.Sub(now)
	case at.rank == invalid:
		best.key.refused = now
	}
	return best, wait, ok
}

// suspects says that this request saw a failure of the channel as a whole.
func (p *Pick) suspects(c *config.Channel) bool {
	for i := range p.tried {
		if t := &p.tried[i]; t.wide && t.target.Channel.Name == c.Name {
			return true
		}
	}
	return false
}

// whenFree is the standing of a target, which waits for room as it would for an upstream that named the time. possible is
// false where only the end of attempts under way makes room, and for what must not be waited for.
func (p *Pick) whenFree(t *Target, now time.Time) (s standing, possible bool) {
	s = t.standing(now)
	free, has := p.room(t, now)
	switch {
	case has:
		return s, true
	case s.rank == invalid || p.triedAs(t) != nil:
		return s, false
	case free.IsZero():
		p.crowded = true
		return s, false
	case s.rank < waiting || free.After(s.until):
		s.rank, s.until = waiting, free
	}
	return s, true
}
