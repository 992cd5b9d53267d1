package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/claude-proxy/claude-proxy/host/wasm"
)

// slot is one plugin: its file as it was seen last, and the version that serves.
type slot struct {
	name string
	log  *logbook

	// Guarded by the registry's lock.
	seen    fs.FileInfo // nil when there is no file
	since   time.Time   // when seen was first as it is
	due     bool        // what was seen is not taken up yet
	loading bool        // somebody changes the slot: loads a version, writes the file, takes the plugin out of service
	active  *version    // nil when nothing serves
	fault   error       // why the file is not what serves
	sum     string      // of the file that was read last
	calls   int64       // of versions that are gone
}

// slot gives a plugin's slot and makes it where there is none. The lock is held.
func (r *Registry) slot(name string) *slot {
	s := r.slots[name]
	if s == nil {
		s = &slot{name: name, log: newLogbook(r.settings.Log, name)}
		r.slots[name] = s
	}
	return s
}

// take loads the file of a slot, which was marked as loading.
func (r *Registry) take(s *slot) {
	b, err := r.read(s.name)
	var sum string
	if err == nil {
		sum = digest(b)
		err = r.replace(context.Background(), s, b, nil)
	}
	if err != nil {
		r.complain(s, err)
	}
	r.mu.Lock()
	s.fault = err
	if sum != "" {
		s.sum = sum
	}
	r.mu.Unlock()
	r.unclaim(s)
}

// claim gives a plugin's slot to the caller alone, until unclaim.
func (r *Registry) claim(ctx context.Context, name string) (*slot, error) {
	for {
		r.mu.Lock()
		if r.closed || r.stop == nil {
			r.mu.Unlock()
			return nil, errClosed
		}
		s, changed := r.slot(name), r.changed
		if !s.loading {
			s.loading = true
			r.mu.Unlock()
			return s, nil
		}
		r.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("plugin %s is being loaded: %w", name, context.Cause(ctx))
		}
	}
}

// unclaim gives a slot back and lets everybody know of its state.
func (r *Registry) unclaim(s *slot) {
	r.mu.Lock()
	s.loading = false
	r.mu.Unlock()
	r.tell(s)
	r.look()
}

var errClosed = errors.New("the proxy is stopping, or serves no plugins")

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func (r *Registry) read(name string) ([]byte, error) {
	f, err := openFolder(r.current().Dir)
	if err != nil {
		return nil, err
	}
	defer f.close()
	return f.read(name)
}

// current gives the settings that hold now.
func (r *Registry) current() Settings {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.settings
}

// complain says loudly that a file cannot serve, and what serves instead.
func (r *Registry) complain(s *slot, err error) {
	r.mu.RLock()
	active, log := s.active, s.log.logger
	r.mu.RUnlock()
	if active != nil {
		log.Error("the plugin's file was refused; the version that was loaded before goes on serving",
			"error", err.Error(), "serving", active.manifest.Version, "sha256", active.report.SHA256)
		return
	}
	log.Error("the plugin's file was refused; its channels are unavailable", "error", err.Error())
}

// replace loads a file and puts it in the place of the version that serves. commit, if there is one, runs when the file
// has proved fit and before it serves; its error stops it. Whatever fails, what served goes on serving. The slot is the
// caller's.
func (r *Registry) replace(ctx context.Context, s *slot, file []byte, commit func() error) error {
	r.mu.RLock()
	settings, loader, active := r.settings, r.loader, s.active
	r.mu.RUnlock()
	limits, pin := settings.of(s.name)
	sum := digest(file)
	switch {
	case r.builtin[s.name] != nil:
		return fmt.Errorf("%s is the name of a built-in adapter; give the file another name", s.name)
	case pin != "" && pin != sum:
		return fmt.Errorf("the file's sha256 is %s, but plugins.modules.%s.sha256 allows only %s", sum, s.name, pin)
	case active != nil && active.report.SHA256 == sum && active.limits == limits:
		if commit != nil {
			return commit()
		}
		return nil
	}
	v, err := load(ctx, loader, file, s, limits)
	if err != nil {
		return err
	}
	if err := r.equip(s, v); err != nil {
		v.release()
		return err
	}
	if commit != nil {
		if err := commit(); err != nil {
			v.release()
			return err
		}
	}
	if err := r.install(s, v); err != nil {
		v.release()
		return err
	}
	keepVersion(settings.HistoryDir, s, file)
	return nil
}

// load makes a version of a file and tries it out.
func load(ctx context.Context, loader *wasm.Loader, file []byte, s *slot, limits wasm.Limits) (*version, error) {
	plugin, report, err := loader.Load(ctx, file, wasm.Options{Name: s.name, Limits: limits, Logger: s.log.logger})
	if err != nil {
		return nil, err
	}
	v := newVersion(plugin)
	v.plugin, v.report, v.limits, v.loaded, v.log = plugin, report, limits, time.Now(), s.log
	if err := selfTest(v); err != nil {
		v.release()
		return nil, fmt.Errorf("it failed its self-test: %w", err)
	}
	return v, nil
}

// equip has a version configured for each channel that is bound. A channel that works now and would not any more is a
// reason to refuse the version.
func (r *Registry) equip(s *slot, v *version) error {
	for _, b := range r.boundTo(s.name) {
		if _, err := v.channel(b.options); err != nil && b.Available() {
			return fmt.Errorf("it refuses the options of channel %s: %w", b.Channel, err)
		}
	}
	return nil
}

func (r *Registry) boundTo(name string) []*Binding {
	r.mu.RLock()
	defer r.mu.RUnlock()
	list := make([]*Binding, 0, len(r.bindings[name]))
	for b := range r.bindings[name] {
		list = append(list, b)
	}
	return list
}

// install swaps a version in. Channels that were bound since it was equipped are configured first.
func (r *Registry) install(s *slot, v *version) error {
	refused := map[*Binding]error{}
	for {
		r.mu.Lock()
		if r.closed {
			r.mu.Unlock()
			return errClosed
		}
		var missing []*Binding
		for b := range r.bindings[s.name] {
			if refused[b] == nil && v.ready(b.options) == nil {
				missing = append(missing, b)
			}
		}
		if len(missing) == 0 {
			break
		}
		r.mu.Unlock()
		for _, b := range missing {
			if _, err := v.channel(b.options); err != nil {
				refused[b] = err
				s.log.logger.Error("the plugin refuses a channel's options; the channel is unavailable", "channel", b.Channel, "error", err.Error())
			}
		}
	}
	old := r.swap(s, v)
	for b, err := range refused {
		if _, still := r.bindings[s.name][b]; still {
			b.set(nil, nil, err)
		}
	}
	s.fault, s.sum = nil, v.report.SHA256
	r.mu.Unlock()
	old.release()
	s.log.logger.Info("plugin loaded", "version", v.manifest.Version, "sha256", v.report.SHA256, "replaced", old != nil,
		"compile", v.report.Compile.Round(time.Millisecond), "start", v.report.Start.Round(time.Millisecond))
	return nil
}

// swap lets a version, or none, serve in the place of another, which the caller releases. The lock is held.
func (r *Registry) swap(s *slot, v *version) (old *version) {
	old, s.active = s.active, v
	if old == nil && v == nil {
		return nil // its name may be that of a built-in adapter, whose bindings are not ours
	}
	if old != nil {
		s.calls += old.plugin.Stats().Calls
	}
	for b := range r.bindings[s.name] {
		if v == nil {
			b.set(nil, nil, nil)
			continue
		}
		b.set(v, v.ready(b.options), nil)
	}
	return old
}

// gone takes a plugin out of service whose file is gone. The slot is the caller's, and ends here.
func (r *Registry) gone(s *slot) {
	r.mu.Lock()
	old := r.swap(s, nil)
	s.loading, s.fault, s.sum = false, nil, ""
	delete(r.slots, s.name)
	r.mu.Unlock()
	if old != nil {
		s.log.logger.Warn("the plugin's file is gone: its channels are unavailable, requests under way may finish", "sha256", old.report.SHA256)
	}
	old.release()
	r.tell(s)
}

// tell lets everybody know that a plugin's state changed.
func (r *Registry) tell(s *slot) {
	r.mu.Lock()
	close(r.changed)
	r.changed = make(chan struct{})
	told := r.settings.Changed
	info := r.infoOf(s)
	r.mu.Unlock()
	if told != nil {
		told(info)
	}
}

// Settled waits until everything that lies in the folder is loaded or refused. An error means that ctx ended before.
func (r *Registry) Settled(ctx context.Context) error {
	for {
		r.mu.RLock()
		busy, changed := r.stop != nil && !r.looked, r.changed
		for _, s := range r.slots {
			busy = busy || s.due || s.loading
		}
		r.mu.RUnlock()
		if !busy {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("plugins are still being loaded: %w", context.Cause(ctx))
		}
	}
}
