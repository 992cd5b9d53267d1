package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/app"
	"github.com/claude-proxy/claude-proxy/host/hosttest"
	"github.com/claude-proxy/claude-proxy/host/registry"
)

// drop puts a file into the folder of plugins in one step.
func drop(t testing.TB, dir, name string, b []byte) {
	t.Helper()
	temp := filepath.Join(dir, "."+name+".tmp")
	if err := os.WriteFile(temp, b, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(temp, filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

// plugin waits until a plugin is as asked for.
func (p *proxy) plugin(what string, is func(registry.PluginInfo) bool) {
	p.t.Helper()
	timeout := time.After(3 * time.Minute) // compiling takes seconds, on a busy machine a minute
	for {
		select {
		case i := <-p.plugins:
			if is(i) {
				return
			}
		case <-timeout:
			p.t.Fatalf("not in time: %s\n%+v", what, p.reg.Plugins())
		}
	}
}

func active(i registry.PluginInfo) bool { return i.State == registry.Active && i.Error == "" }

// A channel whose plugin is absent is valid and unavailable (P14); dropping the file into the folder of a running proxy
// makes it serve, and deleting it ends that.
func TestDropPlugin(t *testing.T) {
	up := upstreamOf(t, hosttest.Step{Times: -1, Answer: &hosttest.Answer{Parts: []hosttest.Part{{Text: "afar"}}}})
	dir := t.TempDir()
	p := start(t, channel("main", "acme", up.URL), "plugins: { dir: "+dir+", cache_dir: "+pluginCache()+" }")
	absent := func() {
		t.Helper()
		if a := p.post("/v1/messages", ask("m", "hi", false)); a.status != http.StatusBadGateway || !strings.Contains(a.body, "acme") {
			t.Fatalf("without the plugin: %d %s", a.status, a.body)
		}
	}
	absent()
	drop(t, dir, "acme.wasm", builtinPlugin(t, "openai"))
	p.plugin("acme serves", active)
	for _, stream := range []bool{false, true} {
		a := p.post("/v1/messages", ask("m", "hi", stream))
		if a.status != http.StatusOK || !strings.Contains(a.body, "afar") || stream && !strings.Contains(a.body, "message_stop") {
			t.Fatalf("with the plugin: %d %s", a.status, a.body)
		}
	}
	if err := os.Remove(filepath.Join(dir, "acme.wasm")); err != nil {
		t.Fatal(err)
	}
	p.plugin("acme is gone", func(i registry.PluginInfo) bool { return i.State == registry.Absent })
	absent()
}

// Where the compiler fails, plugins are interpreted (P27).
func TestInterpretPlugins(t *testing.T) {
	up := upstreamOf(t, hosttest.Step{Times: -1, Answer: &hosttest.Answer{Parts: []hosttest.Part{{Text: "afar"}}}})
	dir := t.TempDir()
	drop(t, dir, "acme.wasm", builtinPlugin(t, "openai"))
	p := startAs(t, func(o *app.Options) { o.InterpretPlugins = true }, channel("main", "acme", up.URL), "plugins: { dir: "+dir+" }")
	p.plugin("acme serves", active)
	if a := p.post("/v1/messages", ask("m", "hi", true)); a.status != http.StatusOK || !strings.Contains(a.body, "afar") {
		t.Errorf("%d %s", a.status, a.body)
	}
}
