package balance

import (
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/routing"
)

// maxPerChannel is how many attempts of one request a channel sees at most.
const maxPerChannel = 3

// Pick hands out the targets of one request. One goroutine uses it at a time.
type Pick struct {
	b          *Balancer
	candidates []routing.Candidate
	choose     chooser
	side       bool

	tried []try
	// skipped are the channels and adapters that this request leaves out.
	skipped []skip
	// held is the target under way.
	held     Target
	holds    bool
	retrying bool
	stopped  bool
	// free is when an upstream's Retry-After ends, when that is why nothing is left.
	free time.Time

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
// Retry-After is waited out.
func (p *Pick) Next() (t Target, wait time.Duration, ok bool) {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	p.release()
	if p.stopped || len(p.tried) > 0 && !p.b.budget.take() {
		return Target{}, 0, false
	}
	p.retrying = len(p.tried) > 0
	p.free = time.Time{}
	now := p.b.now()
	if t, wait, ok = p.again(); !ok {
		if t, ok = p.fittest(now); !ok {
			t, wait, ok = p.leastBad(now)
		}
	}
	if !ok {
		p.release()
		return Target{}, 0, false
	}
	return p.hold(t, now, wait), wait, true
}

// again hands out the last target once more where its ruling said so.
func (p *Pick) again() (t Target, wait time.Duration, ok bool) {
	if len(p.tried) == 0 {
		return Target{}, 0, false
	}
	last := &p.tried[len(p.tried)-1]
	if !last.due || p.attempts(last.target.Channel) >= maxPerChannel {
		return Target{}, 0, false
	}
	last.due = false
	half := last.pause / 2
	return last.target, half + time.Duration(p.b.rnd()*float64(last.pause-half)), true
}

// fittest lets the strategy choose among what is fit, in the first tier that has any.
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
		if p.choose == nil {
			return p.target(c, cs, c.Keys[key]), true
		}
		if tier < 0 {
			tier = c.Tier
			p.indexes, p.options = make([]int, 0, 32), make([]option, 0, 32) // enough for most pools at once
		}
		p.indexes = append(p.indexes, i)
		p.options = append(p.options, option{weight: c.Channel.Weight, load: &cs.load})
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
			p.options = append(p.options, option{weight: k.Weight, load: &t.key.load})
		}
	}
	return p.target(c, cs, c.Keys[p.indexes[p.choose(p.options, p.b.rnd)]]), true
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
	return p.triedAs(t) == nil && t.standing(now).rank == fit
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

// hold counts the target as tried and under way, and makes the request the prober of what is due for one.
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
		t.healths(func(h *health) {
			if h.failures > 0 && h.prober == nil && !now.Before(h.until) {
				h.prober = p
			}
		})
	}
	p.held, p.holds = t, true
	return t
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
	p.held.channel.inFlight--
	p.held.key.inFlight--
	p.held.healths(func(h *health) {
		if h.prober == p {
			h.prober = nil
		}
	})
}

// Succeeded reports that the target serves: its failures are forgotten. It may be called as soon as content arrives, so
// that a long stream does not keep others waiting for its verdict; the target stays in flight until End.
func (p *Pick) Succeeded(t Target) {
	if p.side {
		return
	}
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	t.channel.whole.succeed(t.began)
	t.key.whole.succeed(t.began)
	forgive(t.channel.models, t.Model, t.began)
	forgive(t.key.models, t.Model, t.began)
}

func forgive(m modelHealth, model string, began time.Time) {
	if h := m[model]; h != nil {
		if h.succeed(began); h.failures == 0 {
			delete(m, model)
		}
	}
}

// Failed reports what the attempt on the target came to, as failure.Rule has it.
func (p *Pick) Failed(t Target, r failure.Ruling) {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	p.release()
	if !p.side {
		p.b.punish(&t, &r)
	}
	if r.Move == failure.Stop {
		p.stopped = true
		return
	}
	if before := p.triedAs(&t); before != nil && r.Move == failure.Again && !before.again {
		before.again, before.due, before.pause = true, true, r.Pause
	}
	switch r.Skip {
	case failure.SkipAdapter:
		p.skipped = append(p.skipped, skip{adapter: t.Channel.Adapter})
	case failure.SkipChannel:
		s := skip{channel: t.Channel.Name}
		if r.Scope == failure.ChannelModel {
			s.model = t.Model
		}
		p.skipped = append(p.skipped, s)
	}
}

func (b *Balancer) punish(t *Target, r *failure.Ruling) {
	if r.State == failure.OK {
		return
	}
	var h *health
	switch r.Scope {
	case failure.Key:
		h = &t.key.whole
	case failure.KeyModel:
		h = t.key.models.of(t.Model)
	case failure.ChannelModel:
		h = t.channel.models.of(t.Model)
	case failure.WholeChannel:
		h = &t.channel.whole
	default:
		return
	}
	now := b.now()
	h.fail(r, t.began, now, b.rnd)
	if r.State == failure.Invalid {
		t.key.refused = now
	}
}

// RetryAfter says when another request may fare better, once Next found nothing: the soonest end of an upstream's
// Retry-After when only such stood in the way; else, when something was tried, some seconds at random so that clients do
// not come back together; 0 when nothing was tried and no time is known, since no key can be used at all.
func (p *Pick) RetryAfter() time.Duration {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	switch {
	case !p.free.IsZero():
		return max(p.free.Sub(p.b.now()), time.Second)
	case len(p.tried) > 0:
		return time.Second + time.Duration(p.b.rnd()*4*float64(time.Second))
	}
	return 0
}

// End closes the pick. It may be called in any state, once.
func (p *Pick) End() {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	p.release()
	p.b.budget.active--
}
