package registry

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claude-proxy/claude-proxy/host/wasm"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// version is one loaded adapter with the number of its holders: the registry's own hold and one for each lease.
type version struct {
	run      runner.Runner
	manifest adapter.Manifest
	holds    atomic.Int64

	// The rest is for plugins alone.
	plugin  *wasm.Plugin
	report  *wasm.Report
	limits  wasm.Limits
	loaded  time.Time
	log     *logbook
	breaker breaker

	mu       sync.Mutex
	channels map[string]runner.Channel // by options, for those that some channel has
}

func newVersion(run runner.Runner) *version {
	v := &version{run: run, manifest: run.Manifest(), channels: map[string]runner.Channel{}, breaker: breaker{now: time.Now}}
	v.holds.Store(1)
	return v
}

// hold fails once the last hold is gone, because the runner is closed by then.
func (v *version) hold() bool {
	for {
		n := v.holds.Load()
		if n == 0 {
			return false
		}
		if v.holds.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// release gives a hold back. A nil version has none.
func (v *version) release() {
	if v != nil && v.holds.Add(-1) == 0 {
		v.run.Close()
	}
}

// channel gives the adapter with these options. Channels with equal options share one, so that a reload that changes
// nothing makes nothing.
func (v *version) channel(options []byte) (runner.Channel, error) {
	if ch := v.ready(options); ch != nil {
		return ch, nil
	}
	ch, err := v.configure(options)
	if err != nil {
		return nil, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if have := v.channels[string(options)]; have != nil {
		return have, nil
	}
	v.channels[string(options)] = ch
	return ch, nil
}

// ready is channel for options that were asked for before; nil for others.
func (v *version) ready(options []byte) runner.Channel {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.channels[string(options)]
}

// forget drops what was made for options that no channel has any more.
func (v *version) forget(options []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.channels, string(options))
}

func (v *version) configure(options []byte) (runner.Channel, error) {
	var doc *jsonindex.Doc
	if len(options) > 0 {
		var err error
		if doc, err = jsonindex.Parse(options, jsonindex.UpstreamMode()); err != nil {
			return nil, fmt.Errorf("options: %w", err)
		}
	}
	return v.run.Configure(doc)
}
