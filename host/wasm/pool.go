package wasm

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tetratelabs/wazero"

	"github.com/claude-proxy/claude-proxy/host/wasm/meter"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// Plugin is one loaded version of a plugin. It is safe for concurrent use.
//
// Locks are taken in this order: an instance's, then the plugin's.
type Plugin struct {
	name     string
	limits   Limits
	spread   int // instances that are made before exchanges share one
	log      *guestLog
	replay   *allowance
	manifest adapter.Manifest
	engine
	metered *meter.Module

	configs atomic.Uint64
	counts  counts
	fills   sync.WaitGroup

	mu       sync.Mutex
	started  *sync.Cond  // with mu: starting is false again
	starting bool        // an instance is made for exchanges that wait for it
	serving  []*instance // those that take new exchanges
	open     int         // exchanges
	total    int         // instances that hold exchanges, private and retired ones too
	spare    *instance
	filling  bool
	closed   bool
}

// engine is what belongs to one version and is closed with it.
type engine struct {
	cache    wazero.CompilationCache // nil without a cache folder
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
}

func (e *engine) close() {
	// Nothing can be done about a failure here, and the parts are useless afterwards in any case. The cache comes last: the
	// code that the runtime runs belongs to it.
	if e.runtime != nil {
		_ = e.runtime.Close(context.Background())
	}
	if e.cache != nil {
		_ = e.cache.Close(context.Background())
	}
}

var _ runner.Runner = (*Plugin)(nil)

// Manifest is the adapter's.
func (p *Plugin) Manifest() adapter.Manifest { return p.manifest }

// enter gives a living instance with room for one more exchange, locked. A private one has no other exchange.
func (p *Plugin) enter(private bool) (*instance, error) {
	for {
		i, err := p.acquire(private)
		if err != nil {
			return nil, err
		}
		i.mu.Lock()
		if i.dead == nil {
			return i, nil
		}
		i.mu.Unlock() // it died while we waited; it takes no more exchanges
		p.release(i)
	}
}

func (p *Plugin) acquire(private bool) (*instance, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if p.closed {
			return nil, &Error{Plugin: p.name, Reason: Closed}
		}
		if !private {
			// An exchange gets an instance of its own as long as that costs no waiting.
			i := p.roomiest()
			if i != nil && (i.live == 0 || len(p.serving) >= p.spread || p.total >= p.limits.InstancesMax || p.spare == nil) {
				i.live++
				p.fill()
				return i, nil
			}
		}
		if p.total >= p.limits.InstancesMax {
			p.counts.busy.Add(1)
			return nil, &Error{Plugin: p.name, Reason: Busy}
		}
		if p.spare != nil || !p.starting {
			return p.add(private)
		}
		// One is being made. Many exchanges may share it; should it be full again, the next one is made.
		p.started.Wait()
	}
}

// add takes the spare or makes an instance, for one exchange. The lock is held, but not while the instance starts.
func (p *Plugin) add(private bool) (*instance, error) {
	p.total++
	i := p.spare
	p.spare = nil
	p.fill()
	if i == nil {
		p.starting = true
		p.mu.Unlock()
		var err error
		i, err = p.start()
		p.mu.Lock()
		p.starting = false
		p.started.Broadcast()
		if err != nil {
			p.total--
			return nil, err
		}
		if p.closed {
			p.total--
			err := &Error{Plugin: p.name, Reason: Closed}
			i.die(err) // nobody else knows it yet
			return nil, err
		}
	}
	i.live, i.private, i.counted = 1, private, true
	if !private {
		p.serving = append(p.serving, i)
	}
	return i, nil
}

// opened counts exchanges.
func (p *Plugin) opened(n int) {
	p.mu.Lock()
	p.open += n
	p.mu.Unlock()
}

// roomiest is the serving instance with the fewest exchanges; nil when all are full.
func (p *Plugin) roomiest() (best *instance) {
	for _, i := range p.serving {
		if i.live < p.limits.ExchangesPerInstance && (best == nil || i.live < best.live) {
			best = i
		}
	}
	return best
}

// release takes one exchange off an instance and closes it where it was the last of one that takes no more.
func (p *Plugin) release(i *instance) {
	p.mu.Lock()
	i.live--
	last := i.live == 0 && (i.private || i.retired)
	if last {
		p.forget(i)
	}
	p.mu.Unlock()
	if last {
		i.mu.Lock()
		i.die(&Error{Plugin: p.name, Reason: Closed})
		i.mu.Unlock()
	}
}

// forget takes an instance out of the books.
func (p *Plugin) forget(i *instance) {
	p.serving = slices.DeleteFunc(p.serving, func(x *instance) bool { return x == i })
	if i.counted {
		i.counted = false
		p.total--
	}
}

// drop is forget for an instance that died.
func (p *Plugin) drop(i *instance) {
	p.mu.Lock()
	p.forget(i)
	p.mu.Unlock()
}

// retire lets an instance take no more exchanges.
func (p *Plugin) retire(i *instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !i.retired {
		i.retired = true
		p.serving = slices.DeleteFunc(p.serving, func(x *instance) bool { return x == i })
		p.fill()
	}
}

// fill makes a warm spare in the background where there is none. The lock is held.
func (p *Plugin) fill() {
	if p.spare != nil || p.filling || p.closed {
		return
	}
	p.filling = true
	p.fills.Go(func() {
		i, err := p.start()
		p.mu.Lock()
		p.filling = false
		p.mu.Unlock()
		if err == nil {
			p.keep(i)
		} // else the log has it, and whoever needs an instance tries again and gets the error
	})
}

// keep makes an instance without exchanges the spare, or closes it where there is one.
func (p *Plugin) keep(i *instance) {
	p.mu.Lock()
	wanted := p.spare == nil && !p.closed
	if wanted {
		p.spare = i
	}
	p.mu.Unlock()
	if !wanted {
		i.mu.Lock()
		i.die(&Error{Plugin: p.name, Reason: Closed})
		i.mu.Unlock()
	}
}

// lend gives an instance without exchanges, for keep to take back.
func (p *Plugin) lend() (*instance, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, &Error{Plugin: p.name, Reason: Closed}
	}
	i := p.spare
	p.spare = nil
	p.mu.Unlock()
	if i != nil {
		return i, nil
	}
	return p.start()
}

// Close ends all instances and frees everything. Runs that are still open fail from here on.
func (p *Plugin) Close() {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.closed = true
	all := p.serving
	if p.spare != nil {
		all = append(all, p.spare)
	}
	p.serving, p.spare = nil, nil
	p.mu.Unlock()
	p.fills.Wait()
	for _, i := range all {
		i.mu.Lock()
		i.die(&Error{Plugin: p.name, Reason: Closed})
		i.mu.Unlock()
	}
	p.engine.close()
}
