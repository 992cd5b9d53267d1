// Package registry knows the loaded adapters by name and lends them out by lease.
//
// Adapters are built in, or plugins: .wasm files in a folder that is watched. A channel holds a Binding, which is the
// adapter's name and the channel's options. Each attempt takes a Lease from it: a counted hold on the version that serves
// at that moment. A version that was replaced or removed is closed when its last lease comes back.
package registry

import (
	"errors"
	"slices"
	"sync"

	"github.com/claude-proxy/claude-proxy/host/wasm"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// ErrAbsent: no adapter of this name is loaded. The channel stays valid and is unavailable until one is.
var ErrAbsent = errors.New("no such adapter is loaded")

// ErrPaused: the plugin failed for so many different requests that nothing is given to it for a while, a minute at most.
var ErrPaused = errors.New("the plugin failed too often and has a pause")

// Registry is safe for concurrent use.
type Registry struct {
	builtin map[string]*version

	mu       sync.RWMutex
	slots    map[string]*slot // plugins, by name
	bindings map[string]map[*Binding]struct{}
	settings Settings
	loader   *wasm.Loader
	looked   bool          // the folder was looked at since the settings came
	changed  chan struct{} // closed, and replaced, when the state of a plugin changes
	closed   bool

	wake  chan struct{} // asks the watch for another look
	stop  chan struct{} // closed by Close; nil as long as nothing is watched
	works sync.WaitGroup
}

// New returns a registry that holds the built-in adapters under the names of their manifests. It panics when two share
// a name, which is a mistake in the program. Use adds plugins.
func New(builtin []adapter.Module) *Registry {
	r := &Registry{
		builtin: make(map[string]*version, len(builtin)), slots: map[string]*slot{}, bindings: map[string]map[*Binding]struct{}{},
		changed: make(chan struct{}), wake: make(chan struct{}, 1),
	}
	for _, m := range builtin {
		name := m.Manifest().Name
		if r.builtin[name] != nil {
			panic("BUG: two built-in adapters are named " + name)
		}
		r.builtin[name] = newVersion(runner.Native(m))
	}
	return r
}

// Close stops watching and closes all plugins. Leases that are still out keep their version alive.
func (r *Registry) Close() {
	r.mu.Lock()
	stop := r.stop
	wasClosed := r.closed
	r.closed = true
	r.mu.Unlock()
	if wasClosed {
		return
	}
	if stop != nil {
		close(stop)
	}
	r.works.Wait()
	r.mu.Lock()
	var old []*version
	for _, s := range r.slots {
		old = append(old, r.swap(s, nil))
	}
	r.mu.Unlock()
	for _, v := range old {
		v.release()
	}
}

// Names returns the names of the loaded adapters, sorted.
func (r *Registry) Names() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	names := make([]string, 0, len(r.builtin)+len(r.slots))
	for name := range r.builtin {
		names = append(names, name)
	}
	for name, s := range r.slots {
		if s.active != nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Manifest returns the manifest of a loaded adapter.
func (r *Registry) Manifest(name string) (adapter.Manifest, bool) {
	v := r.hold(name)
	if v == nil {
		return adapter.Manifest{}, false
	}
	defer v.release()
	return v.manifest, true
}

// Check asks the named adapter whether it takes these options (a JSON object, or nil). Nothing is wrong with the options
// of an adapter that is not loaded.
func (r *Registry) Check(name string, options []byte) error {
	v := r.hold(name)
	if v == nil {
		return nil
	}
	defer v.release()
	_, err := v.configure(options)
	return err
}

// hold takes a hold on the version that serves under a name; nil when there is none.
func (r *Registry) hold(name string) *version {
	r.mu.RLock()
	defer r.mu.RUnlock()
	v := r.serving(name)
	if v == nil || !v.hold() {
		return nil
	}
	return v
}

// serving is the version that serves under a name, or nil. The lock is held.
func (r *Registry) serving(name string) *version {
	if v := r.builtin[name]; v != nil {
		return v
	}
	if s := r.slots[name]; s != nil {
		return s.active
	}
	return nil
}
