package balance

import (
	"math"
	"time"
)

// pace is how fast a channel or key brings the first content of an answer: a moving average.
type pace struct {
	seconds  float64
	measured bool
	// at is when it was measured last, waiting how many requests have no content yet.
	at      time.Time
	waiting int
}

func (p *pace) known() bool { return p != nil && p.measured }

func (p *pace) waitingRequests() int {
	if p == nil {
		return 0
	}
	return p.waiting
}

const (
	// newest is the least part that a measurement has in the average.
	newest = 0.25
	// memory is the age in seconds at which the average has lost about two thirds of its say.
	memory = 30
)

// note takes a measurement in. The older the average, the less it counts.
func (p *pace) note(took time.Duration, now time.Time) {
	share := 1.
	if p.measured {
		share = max(newest, 1-math.Exp(-now.Sub(p.at).Seconds()/memory))
	}
	p.seconds += share * (took.Seconds() - p.seconds)
	p.at, p.measured = now, true
}

// kind is what can be compared with each other: the first content of a large model comes later than that of a small one,
// and that of an unstreamed answer with its end.
type kind struct {
	model  string
	stream bool
}

// paces are kept for what fastest has chosen only.
type paces map[kind]*pace

// of returns the record of a kind, making one and, when there are too many, giving up the one measured the longest ago.
func (p *paces) of(k kind) *pace {
	if have := (*p)[k]; have != nil {
		return have
	}
	if *p == nil {
		*p = make(paces)
	}
	if len(*p) >= maxModels {
		var stalest kind
		var at time.Time
		for have, pace := range *p {
			if at.IsZero() || pace.at.Before(at) {
				stalest, at = have, pace.at
			}
		}
		delete(*p, stalest)
	}
	made := &pace{}
	(*p)[k] = made
	return made
}

// stopwatch measures the time to the first content of the target under way, for its channel and its key. The zero value
// does not run.
type stopwatch struct {
	channel, key *pace
	began        time.Time
}

// startWatch begins to measure t.
func (p *Pick) startWatch(t *Target) {
	k := p.kindOf(t.Model)
	p.watch = stopwatch{channel: t.channel.paces.of(k), key: t.key.paces.of(k), began: t.began}
	p.watch.channel.waiting++
	p.watch.key.waiting++
}

// stop ends the measurement. content says that there was some, so that its time counts.
func (w *stopwatch) stop(content bool, now time.Time) {
	if w.channel == nil {
		return
	}
	for _, p := range [...]*pace{w.channel, w.key} {
		p.waiting--
		if content {
			p.note(now.Sub(w.began), now)
		}
	}
	*w = stopwatch{}
}

func (p *Pick) kindOf(model string) kind { return kind{model: model, stream: p.stream} }
