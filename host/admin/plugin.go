package admin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/registry"
)

const (
	// maxUpload is the largest file of a plugin, in bytes, maxUploads how many wait to be activated, uploadEnd for how long.
	maxUpload  = 64 << 20
	maxUploads = 4
	uploadEnd  = 15 * time.Minute
	// preflightTime bounds the check of an upload; compiling a large module takes seconds.
	preflightTime = 2 * time.Minute
)

// upload is a file that was checked and does not serve yet.
type upload struct {
	view contract.PluginUpload
	file []byte
}

// uploads keeps them. It is safe for concurrent use.
type uploads struct {
	now func() time.Time

	mu    sync.Mutex
	table map[string]*upload
}

func (u *uploads) add(x *upload) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sweep()
	for len(u.table) >= maxUploads {
		oldest := ""
		for id, y := range u.table {
			if oldest == "" || y.view.Expires.Before(u.table[oldest].view.Expires) {
				oldest = id
			}
		}
		delete(u.table, oldest)
	}
	if u.table == nil {
		u.table = make(map[string]*upload)
	}
	u.table[x.view.ID] = x
}

func (u *uploads) sweep() {
	for id, x := range u.table {
		if !u.now().Before(x.view.Expires) {
			delete(u.table, id)
		}
	}
}

func (u *uploads) get(id string) *upload {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.sweep()
	return u.table[id]
}

func (u *uploads) drop(id string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, there := u.table[id]
	delete(u.table, id)
	return there
}

func (a *api) listPlugins(*call, *nothing) (contract.Plugins, error) {
	out := contract.Plugins{Dir: a.Config().Plugins.Dir}
	for _, p := range a.Adapters.Plugins() {
		// A file that is named like a built-in adapter shows up beside it, with the reason why it does not serve.
		if !p.Builtin {
			out.Items = append(out.Items, pluginView(a.Config(), &p))
		}
	}
	return out, nil
}

// pluginView is everything that is shown of a plugin.
func pluginView(cfg *config.Config, p *registry.PluginInfo) contract.Plugin {
	out := contract.Plugin{
		Name: p.Name, State: string(p.State), Error: p.Error, SHA256: p.SHA256, FileSHA256: p.FileSHA256, Size: int64(p.Size),
		LoadedAt: moment(p.LoadedAt), Calls: p.Calls, CallP95US: float64(p.Stats.CallP95) / float64(time.Microsecond), Traps: p.Stats.Faults, Instances: p.Stats.Instances, Leases: p.Leases,
		Memory: p.Stats.Memory, UsedBy: list(p.Channels),
	}
	if p.State == registry.Active {
		out.Manifest = of(adapterView(p))
		if p.Error != "" {
			out.State = "old_serving"
		}
	}
	for _, m := range cfg.Plugins.Modules {
		out.Pinned = out.Pinned || m.Name == p.Name && m.SHA256 != ""
	}
	for _, v := range p.Kept {
		out.Versions = append(out.Versions, contract.PluginVersion{SHA256: v.SHA256, Size: v.Size, Time: v.Since.UTC(), Serving: v.SHA256 == p.SHA256})
	}
	return out
}

// pluginNow is a plugin as it is now.
func (a *api) pluginNow(name string) (contract.Plugin, bool) {
	for _, p := range a.Adapters.Plugins() {
		if p.Name == name && !p.Builtin {
			return pluginView(a.Config(), &p), true
		}
	}
	return contract.Plugin{}, false
}

func noPlugin(name string) *problem {
	return refuse(codeNotFound, fmt.Sprintf("there is no plugin named %.80q", name))
}

func (a *api) uploadPlugin(c *call) error {
	name := c.asks("name")
	c.target = name
	if err := registry.CheckName(name); err != nil {
		return refuse(codePluginRefused, plain(err))
	}
	for _, p := range a.Adapters.Plugins() {
		if p.Builtin && p.Name == name {
			return refuse(codePluginRefused, name+" is the name of a built-in adapter; give the plugin another name")
		}
	}
	file, err := c.take("application/wasm", maxUpload)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.r.Context(), preflightTime)
	defer cancel()
	x := &upload{file: file, view: contract.PluginUpload{
		ID: newID("up_"), Name: name, Expires: a.now().Add(uploadEnd).UTC(), Report: reportView(a.Adapters.Preflight(ctx, file)),
	}}
	if p, ok := a.pluginNow(name); ok {
		x.view.Replaces = p.SHA256
	}
	a.uploads.add(x)
	return c.answer(&x.view)
}

// reportView is what was found in a file, as a list of checks.
func reportView(r registry.Report) contract.PluginReport {
	out := contract.PluginReport{
		OK: len(r.Problems) == 0, Verdict: "it would be taken", SHA256: r.SHA256, Size: int64(r.Size), Imports: list(r.Imports), Exports: list(r.Exports),
	}
	for _, p := range r.Problems {
		out.Checks = append(out.Checks, contract.PluginCheck{Name: "refused", Detail: p})
		out.Verdict = "it would be refused"
	}
	pass := func(name string, ok bool, detail string) {
		if ok {
			out.Checks = append(out.Checks, contract.PluginCheck{Name: name, OK: true, Detail: detail})
		}
	}
	pass("module", len(r.Exports) > 0, fmt.Sprintf("%d imports, %d exports", len(r.Imports), len(r.Exports)))
	pass("metering", r.Compile > 0 && out.OK, fmt.Sprintf("metered and compiled in %v", r.Compile.Round(time.Millisecond)))
	pass("start", r.Start > 0, fmt.Sprintf("started in %v with %s of memory", r.Start.Round(time.Millisecond), config.Size(r.Memory)))
	pass("manifest", r.Manifest.Name != "", r.Manifest.Name+" "+r.Manifest.Version)
	pass("self-test", out.OK, "it answered a first request")
	if r.Manifest.Name != "" {
		out.Manifest = of(manifestView(&r.Manifest))
	}
	return out
}

func (a *api) activateUpload(c *call, _ *nothing) (contract.Plugin, error) {
	x := a.uploads.get(c.name("id"))
	if x == nil {
		return contract.Plugin{}, refuse(codeNotFound, "there is no such upload; it is kept for 15 minutes").try("send the file again")
	}
	c.target = x.view.Name
	if err := a.Adapters.Install(c.r.Context(), x.view.Name, x.file); err != nil {
		return contract.Plugin{}, a.pluginProblem(err)
	}
	a.uploads.drop(x.view.ID)
	p, ok := a.pluginNow(x.view.Name)
	if !ok {
		return p, noPlugin(x.view.Name)
	}
	return p, nil
}

// pluginProblem tells a folder that cannot be written from a file that is not fit.
func (a *api) pluginProblem(err error) *problem {
	if errors.Is(err, fs.ErrPermission) {
		return refuse(codeReadOnly, "the plugin folder cannot be written: "+plain(err)).try("put the file into " + a.Config().Plugins.Dir + " by hand")
	}
	return refuse(codePluginRefused, plain(err))
}

func (a *api) discardUpload(c *call, _ *nothing) (nothing, error) {
	if !a.uploads.drop(c.name("id")) {
		return nothing{}, refuse(codeNotFound, "there is no such upload")
	}
	return nothing{}, nil
}

func (a *api) rollbackPlugin(c *call, in *contract.PluginRollback) (contract.Plugin, error) {
	c.target = c.name("name")
	p, ok := a.pluginNow(c.target)
	if !ok {
		return p, noPlugin(c.target)
	}
	kept := false
	for _, v := range p.Versions {
		kept = kept || v.SHA256 == in.SHA256
	}
	if !kept {
		return contract.Plugin{}, refuse(codeNotFound, "this version is not kept").at("/sha256", "is none of the plugin's versions")
	}
	if err := a.Adapters.Rollback(c.r.Context(), c.target, in.SHA256); err != nil {
		return contract.Plugin{}, a.pluginProblem(err)
	}
	p, _ = a.pluginNow(c.target)
	return p, nil
}

func (a *api) deletePlugin(c *call, _ *nothing) (nothing, error) {
	c.target = c.name("name")
	p, ok := a.pluginNow(c.target)
	if !ok || p.State == "absent" {
		return nothing{}, noPlugin(c.target)
	}
	for _, name := range p.UsedBy {
		if ch := channelOf(a.Config(), name); ch != nil && ch.Enabled {
			return nothing{}, refuse(codeInUse, fmt.Sprintf("channel %q uses the plugin", name)).try("disable or delete the channel first")
		}
	}
	err := a.Adapters.Remove(c.r.Context(), c.target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nothing{}, noPlugin(c.target)
	case err != nil:
		return nothing{}, a.pluginProblem(err)
	}
	return nothing{}, nil
}

func (a *api) getPluginReadme(c *call, _ *nothing) (contract.PluginReadme, error) {
	text, ok := a.Adapters.Readme(c.name("name"))
	if !ok {
		return contract.PluginReadme{}, noPlugin(c.name("name")).try("a plugin shows its manual while it serves")
	}
	return contract.PluginReadme{EN: text.EN, ZH: text.ZH}, nil
}

func (a *api) getPluginLog(c *call, _ *nothing) (contract.PluginLog, error) {
	if _, ok := a.pluginNow(c.name("name")); !ok {
		return contract.PluginLog{}, noPlugin(c.name("name"))
	}
	var out contract.PluginLog
	for _, l := range a.Adapters.Log(c.name("name")) {
		out.Items = append(out.Items, contract.LogLine{Time: l.Time.UTC(), Level: l.Level.String(), Message: l.Text})
	}
	return out, nil
}
