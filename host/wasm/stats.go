package wasm

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// counts are what happened since the plugin was loaded.
type counts struct {
	calls, memory, faults, busy, replays, lost, unkept atomic.Int64
	spent, most                                        atomic.Int64 // units of all calls, and the most memory of one instance
	times                                              callTimes
}

// Stats is the state of a plugin at one moment.
type Stats struct {
	// Instances hold exchanges or wait for some, Spare (0 or 1) stands by, Exchanges are open.
	Instances, Spare, Exchanges int
	// Memory is how many bytes all instances have.
	Memory int64
	// Calls are calls of exports.
	Calls int64
	// CallP95 is how long 95% of the calls that convert something took at most, since the plugin was loaded and within an
	// eighth; 0 without one.
	CallP95 time.Duration
	// Faults are calls that trapped, ran out of fuel or broke the ABI.
	Faults int64
	// Busy are exchanges refused because all instances were full.
	Busy int64
	// Replays are exchanges rebuilt after another one's fault, Lost those that could not be.
	Replays, Lost int64
	// Unkept are exchanges whose inputs were too much to be kept: a fault of another one would end them.
	Unkept int64
	// KeptBytes is what is kept of the inputs of all plugins of the loader.
	KeptBytes int64
}

// Stats counts.
func (p *Plugin) Stats() Stats {
	p.mu.Lock()
	s := Stats{Instances: p.total, Exchanges: p.open}
	if p.spare != nil {
		s.Spare = 1
	}
	p.mu.Unlock()
	s.Calls, s.Memory = p.counts.calls.Load(), p.counts.memory.Load()
	s.Faults, s.Busy, s.Replays = p.counts.faults.Load(), p.counts.busy.Load(), p.counts.replays.Load()
	s.Lost, s.Unkept, s.KeptBytes = p.counts.lost.Load(), p.counts.unkept.Load(), p.replay.used.Load()
	s.CallP95 = p.counts.times.quantile(0.95)
	return s
}

var (
	_ runner.Metered   = (*Plugin)(nil)
	_ runner.Restarter = (*Plugin)(nil)
)

// Spent counts the metered units of all calls, and the most memory that one instance had.
func (p *Plugin) Spent() (instructions, memory int64) {
	return p.counts.spent.Load(), p.counts.most.Load()
}

// spend adds a call to the count.
func (c *counts) spend(units, memory int64) {
	c.spent.Add(units)
	for {
		most := c.most.Load()
		if memory <= most || c.most.CompareAndSwap(most, memory) {
			return
		}
	}
}

// Restart ends all instances that serve more than one exchange, as if they had trapped: each exchange is rebuilt at its
// next call. The conformance kit shows by it that an adapter depends on its inputs alone.
func (p *Plugin) Restart() {
	p.mu.Lock()
	all := slices.Clone(p.serving)
	p.mu.Unlock()
	for _, i := range all {
		i.mu.Lock()
		i.die(&Error{Plugin: p.name, Reason: Lost})
		p.drop(i)
		i.mu.Unlock()
	}
}

// faulted records a fault. What the guest said about it goes to the log alone.
func (p *Plugin) faulted(e *Error) {
	p.counts.faults.Add(1)
	detail := failure.Scrub([]byte(e.Detail), nil)
	p.log.logger.Error("plugin fault", "reason", e.Reason.String(), "call", e.Call, "detail", clean(detail))
}
