package meter

import (
	"fmt"
	"strconv"
)

// Names under which the rewritten module exports its counters. A guest that exports a name with this prefix is refused.
const (
	exportPrefix = "meter."
	exportLeft   = exportPrefix + "left"
	exportRest   = exportPrefix + "rest"
	exportStop   = exportPrefix + "stop"
	exportDepth  = exportPrefix + "depth"
	exportReason = exportPrefix + "reason"
	exportSlices = exportPrefix + "slices"
)

// Reason tells why the inserted code ended a call with a trap.
type Reason int32

// The reasons. A trap with ReasonNone is the guest's own.
const (
	ReasonNone   Reason = iota
	ReasonBudget        // the budget of the call is spent
	ReasonStop          // the host asked for it with Gauge.Stop
	ReasonDepth         // calls are nested too deeply
)

// String returns the reason as it stands in errors and logs.
func (r Reason) String() string {
	switch r {
	case ReasonNone:
		return "none"
	case ReasonBudget:
		return "budget spent"
	case ReasonStop:
		return "stopped by the host"
	case ReasonDepth:
		return "calls nested too deeply"
	}
	return "unknown reason " + strconv.Itoa(int(r))
}

// Global is a mutable global of an instance; wazero's api.MutableGlobal is one.
type Global interface {
	Get() uint64
	Set(v uint64)
}

// Gauge sets and reads the counters of one instance. It belongs to whoever may call into that instance; only Stop may be called by
// another goroutine while a call runs. No method allocates.
type Gauge struct {
	left, rest, stop, depth, reason, slices Global

	slice, budget int64
	callDepth     int
}

// Bind finds the counters of an instance of m. find returns the exported mutable global of that name, nil when there is none.
// The start budget is in force until the first Refill.
func (m *Module) Bind(find func(name string) Global) (*Gauge, error) {
	g := &Gauge{slice: m.Slice, callDepth: m.CallDepth, budget: m.StartBudget}
	for _, c := range []struct {
		name string
		to   *Global
	}{
		{exportLeft, &g.left}, {exportRest, &g.rest}, {exportStop, &g.stop},
		{exportDepth, &g.depth}, {exportReason, &g.reason}, {exportSlices, &g.slices},
	} {
		if *c.to = find(c.name); *c.to == nil {
			return nil, fmt.Errorf("cannot meter the instance: it has no mutable global %q, so it is not of the rewritten module", c.name)
		}
	}
	return g, nil
}

// Refill gives the next call this many units, its full depth, and forgets an earlier trap. Call it before every call into the
// instance. The first slice is paid out at once, so that a short call never leaves machine code. A budget below zero counts as zero.
func (g *Gauge) Refill(budget int64) {
	budget = max(budget, 0)
	first := min(budget, g.slice)
	g.budget = budget
	g.left.Set(uint64(first))
	g.rest.Set(uint64(budget - first))
	g.depth.Set(uint64(uint32(g.callDepth)))
	if g.reason.Get() != 0 {
		g.reason.Set(0)
	}
}

// Used returns the units spent since the last Refill. After a trap for the budget it exceeds the budget by what the guest
// could not pay.
func (g *Gauge) Used() int64 { return g.budget - int64(g.rest.Get()) - int64(g.left.Get()) }

// Slices returns how often the instance left machine code at the end of a slice since it was made.
func (g *Gauge) Slices() int64 { return int64(g.slices.Get()) }

// Reason tells why the last call trapped.
func (g *Gauge) Reason() Reason { return Reason(uint32(g.reason.Get())) }

// Stop makes the running call trap at the end of its slice. A goroutine that does not own the instance may call it, but only
// while a call runs: a late Stop would end the next call, so set and clear it under the lock that marks the call as running.
func (g *Gauge) Stop() { g.stop.Set(1) }

// Resume takes a Stop back.
func (g *Gauge) Resume() { g.stop.Set(0) }
