package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"github.com/claude-proxy/claude-proxy/host/wasm"
	"github.com/claude-proxy/claude-proxy/host/wasm/meter"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// State is how a plugin is.
type State string

const (
	// Active: a version serves. It may be an older one than the file: see PluginInfo.Error.
	Active State = "active"
	// Loading: the first version is being loaded; nothing serves yet.
	Loading State = "loading"
	// Failed: there is a file, and it cannot serve.
	Failed State = "failed"
	// Absent: a channel names the adapter, and there is no file.
	Absent State = "absent"
)

// PluginInfo is what is known of one adapter.
type PluginInfo struct {
	// Name is what channels call it.
	Name    string
	Builtin bool
	State   State
	// Error says why the file in the folder does not serve, "" where it does. Beside Active an older version serves.
	Error string
	// Manifest is that of the version that serves; zero where none does.
	Manifest adapter.Manifest
	// SHA256, Size, LoadedAt and Report belong to the version that serves. FileSHA256 is that of the file which was read last.
	SHA256, FileSHA256 string
	Size               int
	LoadedAt           time.Time
	Report             *wasm.Report
	Limits             wasm.Limits
	// Paused is until when the plugin gets no requests because it failed too often; zero for not at all.
	Paused time.Time
	// Leases is how many attempts use the version that serves now.
	Leases int
	// Calls counts calls of all versions since the file is there, Stats what the serving version does.
	Calls int64
	Stats wasm.Stats
	// Channels are those that name the adapter; Refused says, by channel, why the version that serves does not take its
	// options.
	Channels []string
	Refused  map[string]string
	// Kept are versions to which Rollback can go back, the newest first.
	Kept []OldVersion
}

// Plugins lists all adapters by name: the built-in ones, the plugins, and those that channels name and nobody has. A file
// that may not serve because it is named like a built-in adapter has an entry of its own.
func (r *Registry) Plugins() []PluginInfo {
	r.mu.RLock()
	var all []PluginInfo
	for name, v := range r.builtin {
		p := PluginInfo{Name: name, Builtin: true, State: Active, Manifest: v.manifest, Leases: int(v.holds.Load() - 1)}
		r.addChannels(&p)
		all = append(all, p)
	}
	for _, s := range r.slots {
		all = append(all, r.infoOf(s))
	}
	for name := range r.bindings {
		if r.slots[name] == nil && r.builtin[name] == nil {
			p := PluginInfo{Name: name, State: Absent}
			r.addChannels(&p)
			all = append(all, p)
		}
	}
	dir := r.settings.HistoryDir
	r.mu.RUnlock()
	slices.SortFunc(all, func(a, b PluginInfo) int { return cmp.Compare(a.Name, b.Name) })
	for i := range all {
		if p := &all[i]; dir != "" && !p.Builtin && CheckName(p.Name) == nil {
			p.Kept = oldVersions(filepath.Join(dir, p.Name))
		}
	}
	return all
}

// infoOf says how a slot is, without what is kept of it. The lock is held.
func (r *Registry) infoOf(s *slot) PluginInfo {
	p := PluginInfo{Name: s.name, State: Failed, Error: errorText(s.fault), FileSHA256: s.sum, Calls: s.calls}
	switch v := s.active; {
	case v != nil:
		p.State = Active
		p.Manifest, p.Report, p.Limits, p.LoadedAt = v.manifest, v.report, v.limits, v.loaded
		p.SHA256, p.Size = v.report.SHA256, v.report.Size
		p.Leases = int(v.holds.Load() - 1)
		p.Paused = v.breaker.until()
		p.Stats = v.plugin.Stats()
		p.Calls += p.Stats.Calls
	case s.loading || s.due:
		p.State = Loading
	case s.fault == nil:
		p.State = Absent
	}
	r.addChannels(&p)
	return p
}

func (r *Registry) addChannels(p *PluginInfo) {
	for b := range r.bindings[p.Name] {
		p.Channels = append(p.Channels, b.Channel)
		if refused := b.refused.Load(); refused != nil {
			if p.Refused == nil {
				p.Refused = map[string]string{}
			}
			p.Refused[b.Channel] = (*refused).Error()
		}
	}
	slices.Sort(p.Channels)
}

// Report is what Preflight found.
type Report struct {
	*wasm.Report
	// Problems say what keeps the file from serving; none when it is fit.
	Problems []string
}

// Preflight loads a file as if it were to serve, tries it out and lets go of it again. Nothing that serves changes.
func (r *Registry) Preflight(ctx context.Context, file []byte) Report {
	r.mu.RLock()
	loader, limits := r.loader, r.settings.Limits
	r.mu.RUnlock()
	if loader == nil {
		loader = wasm.NewLoader(wasm.Config{})
	}
	plugin, report, err := loader.Load(ctx, file, wasm.Options{Name: "preflight", Limits: limits})
	if err == nil {
		v := newVersion(plugin)
		if err = selfTest(v); err != nil {
			err = fmt.Errorf("it failed its self-test: %w", err)
		}
		v.release()
	}
	return Report{report, problems(err)}
}

// problems lists what is wrong with a file, one sentence each.
func problems(err error) []string {
	if refused, ok := errors.AsType[*wasm.Refused](err); ok {
		return refused.Problems
	}
	if metered, ok := errors.AsType[*meter.Error](err); ok {
		return []string{metered.Error()}
	}
	if err != nil {
		return []string{err.Error()}
	}
	return nil
}

// Install loads a plugin's file, puts it into the folder under this name and lets it serve. When the file cannot serve,
// nothing changes, neither in the folder nor in what serves.
func (r *Registry) Install(ctx context.Context, name string, file []byte) error {
	if err := CheckName(name); err != nil {
		return err
	}
	s, err := r.claim(ctx, name)
	if err != nil {
		return err
	}
	defer r.unclaim(s)
	return r.replace(ctx, s, file, func() error {
		dir := r.current().Dir
		if err := makeFolder(dir); err != nil {
			return err
		}
		f, err := openFolder(dir)
		if err != nil {
			return err
		}
		defer f.close()
		return f.write(name, file)
	})
}

// Rollback puts a version back that is kept; see PluginInfo.Kept.
func (r *Registry) Rollback(ctx context.Context, name, sum string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	file, err := readVersion(r.current().HistoryDir, name, sum)
	if err != nil {
		return err
	}
	return r.Install(ctx, name, file)
}

// Remove deletes a plugin's file and takes the plugin out of service: requests under way finish. An error that wraps
// fs.ErrNotExist means that there is none.
func (r *Registry) Remove(ctx context.Context, name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	s, err := r.claim(ctx, name)
	if err != nil {
		return err
	}
	f, err := openFolder(r.current().Dir)
	if err == nil {
		err = f.remove(name)
		f.close()
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.unclaim(s)
		return err
	}
	r.gone(s)
	return err
}

// Readme is the manual that the serving version of a plugin carries, empty where it has none. ok is false where no version
// of it serves.
func (r *Registry) Readme(name string) (text adapter.Text, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	s := r.slots[name]
	if s == nil || s.active == nil {
		return text, false
	}
	return s.active.report.Readme, true
}

// Log gives the last lines about a plugin, the oldest first; nil where there is none.
func (r *Registry) Log(name string) []Line {
	r.mu.RLock()
	s := r.slots[name]
	r.mu.RUnlock()
	if s == nil {
		return nil
	}
	return s.log.read()
}
