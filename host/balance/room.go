package balance

import "time"

// room says whether one more attempt on the target stays within the configured limits of its channel and key. Where it
// does not, free is when it will; zero where nobody knows, since attempts under way must end first. Being full says nothing
// about health. Side requests are not counted by the minute: vendors do not either.
func (p *Pick) room(t *Target, now time.Time) (free time.Time, ok bool) {
	c, k := &t.Channel.Limits, t.Key
	if c.MaxConcurrent|c.RPM|k.MaxConcurrent|k.RPM == 0 {
		return time.Time{}, true
	}
	if isOver(c.MaxConcurrent, t.channel.inFlight) || isOver(k.MaxConcurrent, t.key.inFlight) {
		return time.Time{}, false
	}
	if p.side {
		return time.Time{}, true
	}
	age := p.b.age(now)
	at := max(t.channel.recent.free(c.RPM, age), t.key.recent.free(k.RPM, age))
	return now.Add(at - age), at <= age
}

// isOver says whether n leave no room under a limit, of which 0 is none.
func isOver(limit, n int) bool { return limit > 0 && n >= limit }

// age is the balancer's, so that a clock that is set does not matter to what is counted by the minute.
func (b *Balancer) age(now time.Time) time.Duration { return now.Sub(b.born) }
