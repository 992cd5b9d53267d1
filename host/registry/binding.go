package registry

import (
	"bytes"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// Binding is what one channel holds. It is safe for concurrent use.
type Binding struct {
	// Channel is the channel's name, for messages; Adapter the adapter's, as the configuration gives it.
	Channel, Adapter string

	options []byte
	current atomic.Pointer[configured]
	refused atomic.Pointer[error] // why the adapter that serves does not serve this channel
}

type configured struct {
	version *version
	channel runner.Channel
}

// Bind joins an adapter's name and a channel's options (a JSON object, or nil). It succeeds although the adapter is not
// loaded; then every Lease fails with ErrAbsent until it is. Options that the adapter refuses are an error. The binding
// follows the adapter from version to version until Unbind.
func (r *Registry) Bind(channel, name string, options []byte) (*Binding, error) {
	b := &Binding{Channel: channel, Adapter: name, options: bytes.Clone(options)}
	for {
		v := r.hold(name)
		var ch runner.Channel
		var err error
		if v != nil {
			ch, err = v.channel(b.options)
		}
		if f, ok := errors.AsType[*adapter.Failure](err); ok && f.Class != adapter.Internal || err != nil && v.plugin == nil {
			v.release()
			return nil, fmt.Errorf("adapter %s: %w", name, err)
		}
		r.mu.Lock()
		same := r.serving(name) == v
		if same {
			if r.bindings[name] == nil {
				r.bindings[name] = map[*Binding]struct{}{}
			}
			r.bindings[name][b] = struct{}{}
			b.set(v, ch, err)
		}
		r.mu.Unlock()
		v.release()
		if same {
			return b, nil
		}
	}
}

// Unbind lets go of bindings whose channels are no longer configured; nil ones are passed over. Requests that are under
// way may still use them: they keep the version that they had until it is closed.
func (r *Registry) Unbind(bindings ...*Binding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, b := range bindings {
		if b == nil {
			continue
		}
		delete(r.bindings[b.Adapter], b)
		if len(r.bindings[b.Adapter]) == 0 {
			delete(r.bindings, b.Adapter)
		}
		if v := r.serving(b.Adapter); v != nil && !r.bound(b.Adapter, b.options) {
			v.forget(b.options)
		}
	}
}

// bound says whether some binding of the adapter has these options. The lock is held.
func (r *Registry) bound(name string, options []byte) bool {
	for b := range r.bindings[name] {
		if bytes.Equal(b.options, options) {
			return true
		}
	}
	return false
}

// set puts a version to work, or none. err says why a version does not serve this channel.
func (b *Binding) set(v *version, ch runner.Channel, err error) {
	if err != nil {
		b.refused.Store(&err)
	} else {
		b.refused.Store(nil)
	}
	if v == nil || ch == nil {
		b.current.Store(nil)
		return
	}
	b.current.Store(&configured{version: v, channel: ch})
}

// Lease takes a hold on the version that serves now. Release gives it back, exactly once.
func (b *Binding) Lease() (Lease, error) {
	for {
		c := b.current.Load()
		if c == nil {
			return Lease{}, b.absent()
		}
		if c.version.breaker.open() {
			return Lease{}, fmt.Errorf("adapter %q: %w", b.Adapter, ErrPaused)
		}
		if c.version.hold() {
			return Lease{Channel: c.channel, Manifest: &c.version.manifest, version: c.version}, nil
		}
		// The version was retired between Load and hold; a newer one, or none, is in place by now.
		if b.current.Load() == c {
			return Lease{}, b.absent()
		}
	}
}

func (b *Binding) absent() error {
	if refused := b.refused.Load(); refused != nil {
		return fmt.Errorf("adapter %q: %w for this channel: %w", b.Adapter, ErrAbsent, *refused)
	}
	return fmt.Errorf("adapter %q: %w", b.Adapter, ErrAbsent)
}

// Available says whether a Lease would succeed now.
func (b *Binding) Available() bool {
	c := b.current.Load()
	return c != nil && !c.version.breaker.open()
}

// Lease is a counted hold on one version of an adapter.
type Lease struct {
	Channel  runner.Channel
	Manifest *adapter.Manifest
	version  *version
}

// Worked notes that an exchange went well.
func (l Lease) Worked() { l.version.breaker.worked() }

// Faulted notes that an exchange failed by the adapter's fault, with the client's name and a number that tells requests
// apart. A plugin that fails for everybody gets a pause; see ErrPaused.
func (l Lease) Faulted(client string, request uint64) {
	v := l.version
	if v.plugin == nil {
		return
	}
	if pause := v.breaker.fault(client, request); pause > 0 {
		v.log.logger.Error("the plugin fails for different requests and clients: it gets a pause", "for", pause)
	}
}

// Release gives the hold back. The Channel must not be used afterwards.
func (l Lease) Release() { l.version.release() }
