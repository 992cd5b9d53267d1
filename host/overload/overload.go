// Package overload tells how near the process is to the memory that it may use.
//
// A [Monitor] looks now and then and has one of three levels. Under Soft what is dear and dispensable stops: kept
// connections, captures of bodies. Under Hard new requests are refused, so that those under way can finish. [Pace] keeps the
// process small all along.
package overload

import (
	"context"
	"sync/atomic"
	"time"
)

// Level is how much the proxy has to save. Higher levels include lower ones.
type Level int32

const (
	// None: there is enough.
	None Level = iota
	// Soft: do without what is dispensable.
	Soft
	// Hard: take no new requests.
	Hard
)

var levelNames = [...]string{"none", "soft", "hard"}

func (l Level) String() string { return levelNames[l] }

const (
	// softAt and hardAt are parts of the limit at which a level begins; it ends recovery below that, so that it does not
	// flutter.
	softAt, hardAt = 0.85, 0.95
	recovery       = 0.05
	// every is how often the memory is looked at.
	every = 250 * time.Millisecond
)

// Sample is one look at the memory, in bytes. A Limit of 0 means that there is none.
type Sample struct{ Used, Limit uint64 }

// Monitor is safe for concurrent use.
type Monitor struct {
	sample  func() Sample
	changed func(Level, Sample)
	level   atomic.Int32
}

// New returns a monitor at level None. sample looks at the memory, see [Memory]; changed is told of each new level from the
// goroutine of Watch, nil tells nobody.
func New(sample func() Sample, changed func(Level, Sample)) *Monitor {
	return &Monitor{sample: sample, changed: changed}
}

// Level is what the last look found.
func (m *Monitor) Level() Level { return Level(m.level.Load()) }

// Watch looks every quarter of a second until ctx ends. Without a limit there is nothing to watch, and it returns at once.
func (m *Monitor) Watch(ctx context.Context) {
	if m.sample().Limit == 0 {
		return
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		m.look()
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (m *Monitor) look() {
	s := m.sample()
	now, next := m.Level(), levelOf(s, m.Level())
	if next == now {
		return
	}
	m.level.Store(int32(next))
	if m.changed != nil {
		m.changed(next, s)
	}
}

// levelOf is the level for a sample, given the one before.
func levelOf(s Sample, before Level) Level {
	if s.Limit == 0 {
		return None
	}
	used := float64(s.Used) / float64(s.Limit)
	switch {
	case used >= hardAt, before == Hard && used >= hardAt-recovery:
		return Hard
	case used >= softAt, before >= Soft && used >= softAt-recovery:
		return Soft
	}
	return None
}
