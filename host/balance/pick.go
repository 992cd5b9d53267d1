package balance

import (
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/routing"
)

// maxPerChannel is how many attempts of one request a channel sees at most.
const maxPerChannel = 3

// Pick hands out the targets of one request. One goroutine uses it at a time.
type Pick struct {
	b          *Balancer
	candidates []routing.Candidate
	strategy   config.Strategy
	choose     chooser
	side       bool
	stream     bool

	// bond is where the conversation was served last, when affinity counts.
	sticks       bool
	conversation uint64
	bond         bond

	tried []try
	// skipped are the channels and adapters that this request leaves out.
	skipped []skip
	// held is the target under way.
	held  Target
	holds bool
	// desperate says that the target under way was not fit, only the least bad.
	desperate bool
	// verdict says that what became of the target under way is counted.
	verdict  bool
	watch    stopwatch
	retrying bool
	stopped  bool
	// free is when an upstream's Retry-After or a full minute ends, when that is why nothing is left; crowded says that
	// something waits only for attempts under way to end.
	free    time.Time
	crowded bool

	options []option
	indexes []int
}

// try is a target that was handed out.
type try struct {
	target Target
	times  int
	// again says that its second time is granted or used up; due, that it comes next, after pause.
	again, due bool
	pause      time.Duration
	// wide says that it failed for a reason that is the channel's, not the key's.
	wide bool
}

// skip leaves out a channel, or all that share an adapter.
type skip struct {
	channel, adapter string
	// model limits a skipped channel to one upstream model; "" means all.
	model string
}

// Next chooses the target of the next attempt. The caller waits for wait before it. ok is false when nothing is left that
// could serve: then RetryAfter may know when something will. A target that Next gave is reported by Succeeded or Failed
// before Next is called again. The same target never comes twice, but once more where a ruling said Again or a short
// Retry-After is waited out. No target is over its limits.
func (p *Pick) Next() (t Target, wait time.Duration, ok bool) {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	p.release()
	if p.stopped || len(p.tried) > 0 && !p.b.budget.take() {
		return Target{}, 0, false
	}
	p.retrying = len(p.tried) > 0
	p.free, p.crowded = time.Time{}, false
	now := p.b.now()
	t, wait, ok = p.choice(now)
	if !ok {
		p.release()
		return Target{}, 0, false
	}
	return p.hold(t, now, wait), wait, true
}

// choice looks for a target, the best kind first. What was known to be in trouble gets its second chance only when nothing
// waits for its first.
func (p *Pick) choice(now time.Time) (t Target, wait time.Duration, ok bool) {
	if !p.desperate {
		if t, wait, ok = p.again(now); ok {
			return t, wait, ok
		}
	}
	if t, ok = p.fittest(now); ok {
		p.desperate = false
		return t, 0, ok
	}
	if t, wait, ok = p.leastBad(now); ok || !p.desperate {
		p.desperate = true
		return t, wait, ok
	}
	return p.again(now)
}

// again hands out the last target once more where its ruling said so.
func (p *Pick) again(now time.Time) (t Target, wait time.Duration, ok bool) {
	if len(p.tried) == 0 {
		return Target{}, 0, false
	}
	last := &p.tried[len(p.tried)-1]
	if !last.due || p.attempts(last.target.Channel) >= maxPerChannel {
		return Target{}, 0, false
	}
	last.due = false
	if _, ok := p.room(&last.target, now); !ok {
		return Target{}, 0, false
	}
	half := last.pause / 2
	return last.target, half + time.Duration(p.b.rnd()*float64(last.pause-half)), true
}

// fittest lets the strategy choose among what is fit, in the first tier that has any, unless the conversation has its
// place there.
func (p *Pick) fittest(now time.Time) (Target, bool) {
	tier := -1
	p.indexes, p.options = p.indexes[:0], p.options[:0]
	for i := range p.candidates {
		c := &p.candidates[i]
		if tier >= 0 && c.Tier != tier || p.left(c) {
			continue
		}
		cs := p.b.channel(c.Channel)
		key := p.firstFit(c, cs, now)
		if key < 0 {
			continue
		}
		if t, ok := p.bonded(c, cs, now); ok {
			return t, true
		}
		if p.choose == nil {
			return p.target(c, cs, c.Keys[key]), true
		}
		if tier < 0 {
			tier = c.Tier
			p.indexes, p.options = make([]int, 0, 32), make([]option, 0, 32) // enough for most pools at once
		}
		p.indexes = append(p.indexes, i)
		p.options = append(p.options, p.option(c.Channel.Weight, &cs.load, c.Model))
	}
	if len(p.options) == 0 {
		return Target{}, false
	}
	c := &p.candidates[p.indexes[p.choose(p.options, p.b.rnd)]]
	cs := p.b.channel(c.Channel)
	p.indexes, p.options = p.indexes[:0], p.options[:0]
	for i, k := range c.Keys {
		if t := p.target(c, cs, k); p.isFit(&t, now) {
			p.indexes = append(p.indexes, i)
			p.options = append(p.options, p.option(k.Weight, &t.key.load, c.Model))
		}
	}
	return p.target(c, cs, c.Keys[p.indexes[p.choose(p.options, p.b.rnd)]]), true
}

func (p *Pick) option(weight int, l *load, model string) option {
	o := option{weight: weight, load: l}
	if p.strategy == config.Fastest {
		o.pace = l.paces[p.kindOf(model)]
	}
	return o
}

// firstFit returns the index of the first key that is fit, -1 when none is.
func (p *Pick) firstFit(c *routing.Candidate, cs *channelState, now time.Time) int {
	for i, k := range c.Keys {
		if t := p.target(c, cs, k); p.isFit(&t, now) {
			return i
		}
	}
	return -1
}

func (p *Pick) isFit(t *Target, now time.Time) bool {
	if p.triedAs(t) != nil || t.standing(now).rank != fit {
		return false
	}
	_, ok := p.room(t, now)
	return ok
}

func (p *Pick) target(c *routing.Candidate, cs *channelState, k *config.Key) Target {
	return Target{Channel: c.Channel, Key: k, Model: c.Model, MaxOutputTokens: c.MaxOutputTokens, channel: cs, key: cs.key(k)}
}

// left says whether the request leaves the candidate out.
func (p *Pick) left(c *routing.Candidate) bool {
	for _, s := range p.skipped {
		if s.adapter != "" && s.adapter == c.Channel.Adapter || s.channel == c.Channel.Name && (s.model == "" || s.model == c.Model) {
			return true
		}
	}
	return p.attempts(c.Channel) >= maxPerChannel
}

// attempts counts those of this request on a channel.
func (p *Pick) attempts(c *config.Channel) int {
	n := 0
	for i := range p.tried {
		if p.tried[i].target.Channel.Name == c.Name {
			n += p.tried[i].times
		}
	}
	return n
}

func (p *Pick) triedAs(t *Target) *try {
	for i := range p.tried {
		if p.tried[i].target.same(t) {
			return &p.tried[i]
		}
	}
	return nil
}

// hold counts the target as tried and under way, ties the conversation to it, and makes the request the prober of what is
// due for one.
func (p *Pick) hold(t Target, now time.Time, wait time.Duration) Target {
	t.began = now.Add(wait)
	if before := p.triedAs(&t); before != nil {
		before.times++
		before.again = true
	} else {
		p.tried = append(p.tried, try{target: t, times: 1, again: wait > 0})
	}
	t.channel.inFlight++
	t.key.inFlight++
	if !p.side {
		p.occupy(&t, now)
		t.healths(func(h *health) {
			if h.failures > 0 && h.prober == nil && !now.Before(h.until) {
				h.prober = p
			}
		})
	}
	p.held, p.holds, p.verdict = t, true, false
	return t
}

// occupy counts what side requests leave as it is.
func (p *Pick) occupy(t *Target, now time.Time) {
	age := p.b.age(now)
	t.channel.recent.add(age)
	t.key.recent.add(age)
	for _, l := range [...]*load{&t.channel.load, &t.key.load} {
		l.counts.attempts++
		l.counts.last = now
	}
	if p.strategy == config.Fastest {
		p.startWatch(t)
	}
	if p.sticks {
		p.b.bonds.keep(p.conversation, bond{channel: t.channel, key: t.key, used: now})
	}
}

// release ends what Next counted.
func (p *Pick) release() {
	if p.retrying {
		p.b.budget.retries--
		p.retrying = false
	}
	if !p.holds {
		return
	}
	p.holds = false
	p.watch.stop(false, time.Time{})
	p.held.channel.inFlight--
	p.held.key.inFlight--
	p.held.healths(func(h *health) {
		if h.prober == p {
			h.prober = nil
		}
	})
}

// End closes the pick. It may be called in any state, once.
func (p *Pick) End() {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	p.release()
	p.b.budget.active--
}
