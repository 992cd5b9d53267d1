package registry

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
	"github.com/claude-proxy/claude-proxy/host/wasm"
	"github.com/claude-proxy/claude-proxy/host/wasm/wasmtest"
	"github.com/claude-proxy/claude-proxy/sdk/abi"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// watched is a registry with a folder of plugins.
type watched struct {
	*Registry
	t   *testing.T
	dir string
	set Settings
	log hosttest.Log
}

func watch(t *testing.T, change ...func(*Settings)) *watched {
	t.Helper()
	w := &watched{Registry: New([]adapter.Module{module{"a"}}), t: t, dir: t.TempDir()}
	w.set = Settings{
		Dir: w.dir, HistoryDir: t.TempDir(), Settle: 30 * time.Millisecond, Poll: 50 * time.Millisecond,
		Log: slog.New(slog.NewTextHandler(&w.log, nil)),
	}
	for _, c := range change {
		c(&w.set)
	}
	t.Cleanup(w.Close)
	w.Use(w.set)
	return w
}

// until waits for a state of things.
func (w *watched) until(what string, holds func() bool) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 20*time.Second)
	defer cancel()
	for {
		w.mu.RLock()
		changed := w.changed
		w.mu.RUnlock()
		if holds() {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			w.t.Fatalf("not in time: %s\n%+v\n%s", what, w.Plugins(), w.log.String())
		}
	}
}

func (w *watched) info(name string) PluginInfo {
	for _, p := range w.Plugins() {
		if p.Name == name && !p.Builtin {
			return p
		}
	}
	return PluginInfo{}
}

// serves waits until a plugin has this version.
func (w *watched) serves(name, version string) {
	w.t.Helper()
	w.until(name+" serves "+version, func() bool { p := w.info(name); return p.Manifest.Version == version && p.State == Active })
}

// refuses waits until the file of a plugin was refused with this text.
func (w *watched) refuses(name, text string) {
	w.t.Helper()
	w.until(name+": "+text, func() bool { return strings.Contains(w.info(name).Error, text) })
}

// put replaces a file as good programs do.
func (w *watched) put(name string, b []byte) {
	w.t.Helper()
	temp := filepath.Join(w.dir, name+".tmp")
	write(w.t, temp, b)
	if err := os.Rename(temp, filepath.Join(w.dir, name)); err != nil {
		w.t.Fatal(err)
	}
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// versioned is a plugin that works, with this version.
func versioned(version string, change ...func(*wasmtest.Module)) []byte {
	m := wasmtest.Manifest()
	m.Version = version
	var b abi.Builder
	b.Reset()
	b.Section(abi.TagBody, abi.AppendManifest(nil, m))
	mod := wasmtest.Module{Results: map[string]wasmtest.Result{abi.ExportManifest: {Bytes: b.Finish(), Frame: true}}, Bodies: map[string][]byte{}}
	for _, c := range change {
		c(&mod)
	}
	return mod.Bytes()
}

func mustBind(t *testing.T, r *Registry, name string) *Binding {
	t.Helper()
	b, err := r.Bind("main", name, []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// use has an exchange on a lease.
func use(t *testing.T, l Lease) error {
	t.Helper()
	doc, err := jsonindex.Parse([]byte(`{"model":"m"}`), jsonindex.ClientMode())
	if err != nil {
		t.Fatal(err)
	}
	var up adapter.UpstreamRequest
	run, err := l.Channel.Begin(&adapter.Call{ID: "x", Model: "m", Body: doc}, &up)
	if err != nil {
		return err
	}
	defer run.Close()
	var out ops.Emitter
	return run.End(adapter.EOF, &out)
}

// leased takes a lease of a plugin that must be there, and uses it.
func leased(t *testing.T, b *Binding, version string) Lease {
	t.Helper()
	l, err := b.Lease()
	if err != nil {
		t.Fatal(err)
	}
	if l.Manifest.Version != version {
		t.Fatalf("version %s, want %s", l.Manifest.Version, version)
	}
	if err := use(t, l); err != nil {
		t.Fatal(err)
	}
	return l
}

// A dropped file serves, also channels that were bound before it came; a replaced one drains by lease (P13), a deleted one
// too (P14).
func TestDropReplaceDelete(t *testing.T) {
	w := watch(t)
	b := mustBind(t, w.Registry, "acme")
	if w.info("acme").State != Absent {
		t.Errorf("%+v", w.info("acme"))
	}
	w.put("acme.wasm", versioned("1"))
	w.serves("acme", "1")
	one := leased(t, b, "1")

	w.put("acme.wasm", versioned("2"))
	w.serves("acme", "2")
	leased(t, b, "2").Release()
	if err := use(t, one); err != nil {
		t.Errorf("a lease on the version that was replaced: %v", err)
	}
	if p := w.info("acme"); p.Leases != 0 || len(p.Channels) != 1 || p.Stats.Memory == 0 || p.Calls <= p.Stats.Calls {
		t.Errorf("%+v", p)
	}
	one.Release()
	if e, ok := errors.AsType[*wasm.Error](use(t, one)); !ok || e.Reason != wasm.Closed {
		t.Errorf("the replaced version was not closed: %v", e)
	}

	two := leased(t, b, "2")
	if err := os.Remove(filepath.Join(w.dir, "acme.wasm")); err != nil {
		t.Fatal(err)
	}
	w.until("acme is gone", func() bool { return !b.Available() })
	if _, err := b.Lease(); !errors.Is(err, ErrAbsent) {
		t.Errorf("%v", err)
	}
	if err := use(t, two); err != nil {
		t.Errorf("a lease on the version that was deleted: %v", err)
	}
	two.Release()

	w.put("acme.wasm", versioned("2"))
	w.serves("acme", "2")
	leased(t, b, "2").Release()
	// A file that comes again as it was is not loaded again.
	before := w.info("acme").LoadedAt
	w.put("acme.wasm", versioned("2"))
	w.put("other.wasm", versioned("1"))
	w.serves("other", "1")
	if err := w.Settled(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !w.info("acme").LoadedAt.Equal(before) {
		t.Error("the same file was loaded twice")
	}
}

// Whatever is wrong with a new file, the old version serves, and everybody can see why (P07–P11, P15).
func TestBrokenFilesKeepTheOldVersion(t *testing.T) {
	good := versioned("1")
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"text":          {[]byte("not a module"), "not a WebAssembly module"},
		"empty":         {nil, "not a WebAssembly module"},
		"half":          {good[:len(good)/2], "not copied"},
		"a trap":        {versioned("2", func(m *wasmtest.Module) { m.Bodies[abi.ExportManifest] = wasmtest.Unreachable() }), "trapped in cp_manifest"},
		"no start":      {versioned("2", func(m *wasmtest.Module) { m.Initialize = wasmtest.Unreachable() }), "trapped in _initialize"},
		"other ABI":     {versioned("2", func(m *wasmtest.Module) { m.Marker = abi.MarkerPrefix + "9" }), "ABI version 9"},
		"no exports":    {versioned("2", func(m *wasmtest.Module) { m.Omit = []string{abi.ExportBegin, abi.ExportEvent} }), "cp_begin, cp_event"},
		"imports":       {versioned("2", func(m *wasmtest.Module) { m.Imports = []wasmtest.Import{{Module: "env", Name: "spy"}} }), "env.spy"},
		"bad configure": {versioned("2", func(m *wasmtest.Module) { m.Bodies[abi.ExportConfigure] = wasmtest.Unreachable() }), "trapped in cp_configure"},
		"bad begin":     {versioned("2", func(m *wasmtest.Module) { m.Bodies[abi.ExportBegin] = wasmtest.I64Const(-1) }), "makes no sense in cp_begin"},
		"endless begin": {versioned("2", func(m *wasmtest.Module) {
			m.Bodies[abi.ExportBegin] = wasmtest.Code(wasmtest.Loop(), wasmtest.I64Const(0))
		}), "budget"},
		"bad end":      {versioned("2", func(m *wasmtest.Module) { m.Bodies[abi.ExportEnd] = wasmtest.Unreachable() }), "trapped in cp_end"},
		"bad failure":  {versioned("2", func(m *wasmtest.Module) { m.Bodies[abi.ExportFailure] = wasmtest.Unreachable() }), "trapped in cp_failure"},
		"a memory hog": {versioned("2", func(m *wasmtest.Module) { m.MemoryMin = 2000 }), "memory"},
		"refuses options": {versioned("2", func(m *wasmtest.Module) {
			var e abi.Builder
			e.Reset()
			e.Section(abi.TagError, abi.AppendError(nil, 0, adapter.Fail(adapter.Invalid, "x", "unknown option")))
			m.Results[abi.ExportConfigure] = wasmtest.Result{Bytes: e.Finish(), Frame: true}
		}), "refuses the options of channel main"},
	} {
		t.Run(name, func(t *testing.T) {
			w := watch(t)
			b := mustBind(t, w.Registry, "acme")
			w.put("acme.wasm", good)
			w.serves("acme", "1")
			w.put("acme.wasm", c.file)
			w.refuses("acme", c.want)
			leased(t, b, "1").Release()
			if p := w.info("acme"); p.State != Active || p.SHA256 == p.FileSHA256 || p.FileSHA256 != digest(c.file) {
				t.Errorf("%+v", p)
			}
			if !strings.Contains(w.log.String(), "goes on serving") {
				t.Error("nobody was told")
			}
			w.put("acme.wasm", good)
			w.until("all is well again", func() bool { return w.info("acme").Error == "" })
		})
	}
}

// A file that is written bit by bit, in place and with pauses, serves when it is whole (P07).
func TestHalfWritten(t *testing.T) {
	w := watch(t)
	b := mustBind(t, w.Registry, "acme")
	w.put("acme.wasm", versioned("1"))
	w.serves("acme", "1")
	next := versioned("2")
	f, err := os.OpenFile(filepath.Join(w.dir, "acme.wasm"), os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, part := range [][]byte{next[:5], next[5:100], next[100 : len(next)-1]} {
		if _, err := f.Write(part); err != nil {
			t.Fatal(err)
		}
		sum := w.info("acme").FileSHA256
		w.until("the part is refused", func() bool { p := w.info("acme"); return p.FileSHA256 != sum && p.Error != "" })
		leased(t, b, "1").Release()
	}
	if _, err := f.Write(next[len(next)-1:]); err != nil {
		t.Fatal(err)
	}
	w.serves("acme", "2")
	leased(t, b, "2").Release()
}

// A name that is a built-in adapter's, or none at all, is refused, and the built-in one serves on.
func TestNames(t *testing.T) {
	w := watch(t)
	b := mustBind(t, w.Registry, "a")
	w.put("a.wasm", versioned("9"))
	w.refuses("a", "built-in")
	w.put("-x.wasm", versioned("9"))
	w.refuses("-x", "cannot be the name")
	w.put(".hidden.wasm", versioned("9"))
	w.put("readme.txt", []byte("x"))
	if err := os.Mkdir(filepath.Join(w.dir, "folder.wasm"), 0o755); err != nil {
		t.Fatal(err)
	}
	w.put("ok.wasm", versioned("1"))
	w.serves("ok", "1")
	builtin := func() {
		t.Helper()
		l, err := b.Lease()
		if err != nil || l.Manifest.Name != "a" {
			t.Fatalf("%+v %v", l.Manifest, err)
		}
		l.Release()
	}
	builtin()
	if n := len(w.Plugins()); n != 4 {
		t.Errorf("%d adapters: %+v", n, w.Plugins())
	}
	if got := strings.Join(w.Names(), " "); got != "a ok" {
		t.Errorf("names %s", got)
	}
	if err := os.Remove(filepath.Join(w.dir, "a.wasm")); err != nil {
		t.Fatal(err)
	}
	w.until("the file is forgotten", func() bool { return w.info("a").Name == "" })
	builtin()
}

// Links within the folder are followed, and a link that is turned elsewhere is a new file. Links out of the folder, named
// pipes and what is too large are refused (P17).
func TestLinks(t *testing.T) {
	w := watch(t)
	outside := filepath.Join(t.TempDir(), "far.wasm")
	write(t, outside, versioned("9"))
	for name, target := range map[string]string{"abs.wasm": outside, "up.wasm": "../" + filepath.Base(filepath.Dir(outside)) + "/far.wasm"} {
		if err := os.Symlink(target, filepath.Join(w.dir, name)); err != nil {
			t.Skip(err)
		}
	}
	w.refuses("abs", "escapes")
	w.refuses("up", "escapes")

	for _, v := range []string{"1", "2"} {
		if err := os.Mkdir(filepath.Join(w.dir, "v"+v), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(w.dir, "v"+v, "acme.wasm"), versioned(v))
	}
	link := func(target, name string) {
		t.Helper()
		temp := filepath.Join(w.dir, "link")
		if err := errors.Join(os.Symlink(target, temp), os.Rename(temp, filepath.Join(w.dir, name))); err != nil {
			t.Fatal(err)
		}
	}
	link("v1", "data")
	link("data/acme.wasm", "acme.wasm")
	w.serves("acme", "1")
	link("v2", "data")
	w.serves("acme", "2")

	large, err := os.Create(filepath.Join(w.dir, "large.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	defer large.Close()
	if err := large.Truncate(maxFile + 1); err != nil {
		t.Fatal(err)
	}
	w.refuses("large", "more than")
}

// A folder that is swapped as a whole under its name sends no notification; the slow look finds it. So does one that comes
// later.
func TestLostNotifications(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "plugins")
	w := watch(t, func(s *Settings) { s.Dir = dir })
	b := mustBind(t, w.Registry, "acme")
	for _, v := range []string{"1", "2"} {
		if err := os.Mkdir(filepath.Join(base, v), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(base, v, "acme.wasm"), versioned(v))
		temp := filepath.Join(base, "link")
		if err := os.Symlink(v, temp); err != nil {
			t.Skip(err)
		}
		if err := os.Rename(temp, dir); err != nil {
			t.Fatal(err)
		}
		w.serves("acme", v)
		leased(t, b, v).Release()
	}
}

// Only the pinned file serves (P18); new limits load the plugin again.
func TestPinAndLimits(t *testing.T) {
	one, two := versioned("1"), versioned("2")
	w := watch(t, func(s *Settings) { s.Modules = map[string]Module{"acme": {SHA256: digest(one)}} })
	b := mustBind(t, w.Registry, "acme")
	w.put("acme.wasm", two)
	w.refuses("acme", digest(two))
	if b.Available() || !strings.Contains(w.info("acme").Error, digest(one)) {
		t.Errorf("%+v", w.info("acme"))
	}
	w.put("acme.wasm", one)
	w.serves("acme", "1")
	w.put("acme.wasm", two)
	w.refuses("acme", digest(two))
	leased(t, b, "1").Release()

	w.set.Modules = map[string]Module{"acme": {Limits: wasm.Limits{Memory: 8 << 20}}}
	w.Use(w.set)
	w.serves("acme", "2")
	if got := w.info("acme").Limits.Memory; got != 8<<20 {
		t.Errorf("memory %d", got)
	}
	w.set.Modules["acme"] = Module{Limits: wasm.Limits{Memory: 4 << 20}}
	w.Use(w.set)
	w.until("the new limit holds", func() bool { return w.info("acme").Limits.Memory == 4<<20 })
	leased(t, b, "2").Release()
}

// Bindings of a configuration that was replaced leave nothing behind.
func TestUnbind(t *testing.T) {
	w := watch(t)
	w.put("acme.wasm", versioned("1"))
	w.serves("acme", "1")
	keep := mustBind(t, w.Registry, "acme")
	for range 100 {
		again, err := w.Bind("main", "acme", []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		other, err := w.Bind("other", "acme", []byte(`{"x":1}`))
		if err != nil {
			t.Fatal(err)
		}
		absent, err := w.Bind("absent", "nobody", nil)
		if err != nil {
			t.Fatal(err)
		}
		w.Unbind(again, other, absent, nil)
		// A request that began before may still use it.
		leased(t, other, "1").Release()
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	if n := len(w.bindings["acme"]); n != 1 || len(w.bindings) != 1 {
		t.Errorf("%d bindings", n)
	}
	if n := len(w.slots["acme"].active.channels); n != 1 {
		t.Errorf("%d configurations", n)
	}
	if !keep.Available() {
		t.Error("a binding was lost")
	}
}

// The admin's side: look at a file, install it, go back, remove it, read what was said.
func TestManage(t *testing.T) {
	w := watch(t)
	b := mustBind(t, w.Registry, "acme")
	ctx := t.Context()
	if rep := w.Preflight(ctx, versioned("1")); len(rep.Problems) != 0 || rep.Manifest.Version != "1" || len(rep.Exports) == 0 || rep.SHA256 != digest(versioned("1")) {
		t.Errorf("%+v", rep)
	}
	if rep := w.Preflight(ctx, versioned("1", func(m *wasmtest.Module) {
		m.Omit = []string{abi.ExportBegin}
		m.Imports = []wasmtest.Import{{Module: "env", Name: "spy"}}
	})); len(rep.Problems) != 2 {
		t.Errorf("%+v", rep)
	}
	if err := w.Install(ctx, "acme", versioned("1")); err != nil {
		t.Fatal(err)
	}
	leased(t, b, "1").Release()
	if err := w.Install(ctx, "acme", versioned("2")); err != nil {
		t.Fatal(err)
	}
	leased(t, b, "2").Release()
	// A file that is no good changes nothing, not even the folder.
	if err := w.Install(ctx, "acme", []byte("nonsense")); err == nil {
		t.Fatal("nonsense was installed")
	}
	if got, err := os.ReadFile(filepath.Join(w.dir, "acme.wasm")); err != nil || digest(got) != digest(versioned("2")) {
		t.Errorf("the file: %v", err)
	}
	for _, name := range []string{"../evil", "a/b", "", ".x", "a"} {
		if err := w.Install(ctx, name, versioned("1")); err == nil {
			t.Errorf("installed as %q", name)
		}
	}
	kept := w.info("acme").Kept
	if len(kept) != 2 || kept[0].SHA256 != digest(versioned("2")) {
		t.Errorf("kept %+v", kept)
	}
	if err := w.Rollback(ctx, "acme", kept[1].SHA256); err != nil {
		t.Fatal(err)
	}
	leased(t, b, "1").Release()
	if err := w.Rollback(ctx, "acme", digest([]byte("x"))); err == nil || !strings.Contains(err.Error(), "no version") {
		t.Errorf("%v", err)
	}
	for i := range 2 * keptVersions {
		if err := w.Install(ctx, "acme", versioned(string(rune('a'+i)))); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(w.info("acme").Kept); n != keptVersions {
		t.Errorf("%d versions are kept", n)
	}
	if lines := w.Log("acme"); len(lines) < 3 || !strings.Contains(lines[0].Text, "plugin loaded version=1") {
		t.Errorf("log %+v", lines)
	}
	if err := w.Remove(ctx, "acme"); err != nil {
		t.Fatal(err)
	}
	if b.Available() {
		t.Error("it serves still")
	}
	if err := w.Remove(ctx, "acme"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removing nothing: %v", err)
	}
}

// A plugin that fails for everybody gets a pause, its channel is passed over, and a new version starts afresh (P01).
func TestPause(t *testing.T) {
	w := watch(t)
	b := mustBind(t, w.Registry, "acme")
	w.put("acme.wasm", versioned("1"))
	w.serves("acme", "1")
	l := leased(t, b, "1")
	defer l.Release()
	for i := range uint64(breakAt) {
		if !b.Available() {
			t.Fatal("too early")
		}
		l.Faulted(string(rune('a'+i)), i)
	}
	if _, err := b.Lease(); !errors.Is(err, ErrPaused) || b.Available() || w.info("acme").Paused.IsZero() {
		t.Errorf("%v %+v", err, w.info("acme"))
	}
	w.put("acme.wasm", versioned("2"))
	w.serves("acme", "2")
	leased(t, b, "2").Release()
	// What is built in is not kept away: there is nothing else to be done about it.
	native, err := mustBind(t, w.Registry, "a").Lease()
	if err != nil {
		t.Fatal(err)
	}
	defer native.Release()
	for i := range uint64(10) {
		native.Faulted(string(rune('a'+i)), i)
	}
	if !mustBind(t, w.Registry, "a").Available() {
		t.Error("a built-in adapter has a pause")
	}
}
