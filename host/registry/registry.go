// Package registry knows the loaded adapters by name and lends them out by lease.
//
// A channel holds a Binding, which is the adapter's name and the channel's options. Each attempt takes a Lease from it:
// a counted hold on the version that serves at that moment. A version that was replaced or removed is closed when its
// last lease comes back.
package registry

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// ErrAbsent: no adapter of this name is loaded. The channel stays valid and is unavailable until one is.
var ErrAbsent = errors.New("no such adapter is loaded")

// Registry is safe for concurrent use.
type Registry struct {
	mu       sync.RWMutex
	versions map[string]*version
}

// New returns a registry that holds the built-in adapters under the names of their manifests. It panics when two share
// a name, which is a mistake in the program.
func New(builtin []adapter.Module) *Registry {
	r := &Registry{versions: make(map[string]*version, len(builtin))}
	for _, m := range builtin {
		name := m.Manifest().Name
		if r.versions[name] != nil {
			panic("BUG: two built-in adapters are named " + name)
		}
		r.versions[name] = newVersion(runner.Native(m))
	}
	return r
}

// Names returns the names of the loaded adapters, sorted.
func (r *Registry) Names() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	names := make([]string, 0, len(r.versions))
	for name := range r.versions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Manifest returns the manifest of a loaded adapter.
func (r *Registry) Manifest(name string) (adapter.Manifest, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	v := r.versions[name]
	if v == nil {
		return adapter.Manifest{}, false
	}
	return v.manifest, true
}

// Check asks the named adapter whether it takes these options (a JSON object, or nil). Nothing is wrong with the options
// of an adapter that is not loaded.
func (r *Registry) Check(name string, options []byte) error {
	r.mu.RLock()
	v := r.versions[name]
	r.mu.RUnlock()
	if v == nil {
		return nil
	}
	_, err := configure(v, options)
	return err
}

// Bind joins an adapter's name and a channel's options. It succeeds although the adapter is not loaded; then every Lease
// fails with ErrAbsent. Options that the adapter refuses are an error.
func (r *Registry) Bind(name string, options []byte) (*Binding, error) {
	r.mu.RLock()
	v := r.versions[name]
	r.mu.RUnlock()
	b := &Binding{Adapter: name}
	if v == nil {
		return b, nil
	}
	ch, err := configure(v, options)
	if err != nil {
		return nil, fmt.Errorf("adapter %s: %w", name, err)
	}
	b.current.Store(&configured{version: v, channel: ch})
	return b, nil
}

func configure(v *version, options []byte) (runner.Channel, error) {
	var doc *jsonindex.Doc
	if len(options) > 0 {
		var err error
		if doc, err = jsonindex.Parse(options, jsonindex.UpstreamMode()); err != nil {
			return nil, fmt.Errorf("options: %w", err)
		}
	}
	return v.run.Configure(doc)
}

// Binding is what one channel holds. It is safe for concurrent use.
type Binding struct {
	// Adapter is the adapter's name as the configuration gives it.
	Adapter string
	current atomic.Pointer[configured]
}

type configured struct {
	version *version
	channel runner.Channel
}

// Lease takes a hold on the version that serves now. Release gives it back, exactly once.
func (b *Binding) Lease() (Lease, error) {
	for {
		c := b.current.Load()
		if c == nil {
			return Lease{}, fmt.Errorf("adapter %q: %w", b.Adapter, ErrAbsent)
		}
		if c.version.hold() {
			return Lease{Channel: c.channel, Manifest: &c.version.manifest, version: c.version}, nil
		}
		// The version was retired between Load and hold; a newer one, or none, is in place by now.
		if b.current.Load() == c {
			return Lease{}, fmt.Errorf("adapter %q: %w", b.Adapter, ErrAbsent)
		}
	}
}

// Available says whether a Lease would succeed now.
func (b *Binding) Available() bool { return b.current.Load() != nil }

// Lease is a counted hold on one version of an adapter.
type Lease struct {
	Channel  runner.Channel
	Manifest *adapter.Manifest
	version  *version
}

// Release gives the hold back. The Channel must not be used afterwards.
func (l Lease) Release() { l.version.release() }

// version is one loaded adapter with the number of its holders: the registry's own hold and one for each lease.
type version struct {
	run      runner.Runner
	manifest adapter.Manifest
	holds    atomic.Int64
}

func newVersion(run runner.Runner) *version {
	v := &version{run: run, manifest: run.Manifest()}
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

func (v *version) release() {
	if v.holds.Add(-1) == 0 {
		v.run.Close()
	}
}
