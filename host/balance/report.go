package balance

import (
	"time"

	"github.com/claude-proxy/claude-proxy/host/failure"
)

// Succeeded reports that the target serves: its failures are forgotten, and the time up to the first call is how fast it
// is. It is called as soon as content arrives, so that a long stream does not keep others waiting for its verdict, and may
// be called again; the target stays in flight until End.
func (p *Pick) Succeeded(t Target) {
	if p.side {
		return
	}
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	now := p.b.now()
	p.watch.stop(true, now)
	for _, l := range [...]*load{&t.channel.load, &t.key.load} {
		if !p.verdict {
			l.counts.succeeded++
			l.pace.note(now.Sub(t.began), now)
		}
	}
	p.verdict = true
	channel, key := t.channel.record.succeed(&t), t.key.record.succeed(&t)
	if channel || key {
		p.b.changes++
	}
}

// succeed clears what speaks against the target and says whether anything did.
func (r *record) succeed(t *Target) bool {
	cleared := r.whole.succeed(t.began)
	if h := r.models[t.Model]; h != nil && h.succeed(t.began) {
		delete(r.models, t.Model)
		cleared = true
	}
	return cleared
}

// Failed reports what the attempt on the target came to, as failure.Rule has it.
func (p *Pick) Failed(t Target, r failure.Ruling) {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	p.release()
	if !p.side {
		p.b.punish(&t, &r)
		if !p.verdict && r.Move != failure.Stop {
			t.channel.counts.failed++
			t.key.counts.failed++
		}
		p.verdict = true
	}
	if r.Move == failure.Stop {
		p.stopped = true
		return
	}
	if before := p.triedAs(&t); before != nil {
		if r.Move == failure.Again && !before.again {
			before.again, before.due, before.pause = true, true, r.Pause
		}
		before.wide = before.wide || r.Scope >= failure.ChannelModel
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
	b.changes++
	h.fail(r, t.began, now, b.rnd)
	if r.State == failure.Invalid {
		t.key.refused = now
	}
}

// RetryAfter says when another request may fare better, once Next found nothing: the soonest end of an upstream's
// Retry-After or of a full minute when only such stood in the way; else, when something was tried or waits for attempts
// under way to end, some seconds at random so that clients do not come back together; 0 when nothing was tried and no time
// is known, since no key can be used at all.
func (p *Pick) RetryAfter() time.Duration {
	p.b.mu.Lock()
	defer p.b.mu.Unlock()
	switch {
	case p.crowded:
		return time.Second + time.Duration(p.b.rnd()*float64(time.Second))
	case !p.free.IsZero():
		return max(p.free.Sub(p.b.now()), time.Second)
	case len(p.tried) > 0:
		return time.Second + time.Duration(p.b.rnd()*4*float64(time.Second))
	}
	return 0
}
