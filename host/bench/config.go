package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// pluginName is the name of an adapter's plugin; a file named like a built-in adapter is refused.
func pluginName(adapter string, n int) string { return fmt.Sprintf("bench-%s-%d", adapter, n) }

// configure writes the plugins.yaml of a scenario and returns its path.
func (r *run) configure(s *Scenario, wasm bool) (string, error) {
	dir, err := os.MkdirTemp(r.dir, "proxy")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\nserver: { listen: \"127.0.0.1:0\", max_concurrent_requests: 20000, state_dir: state }\n%s", s.extra)
	adapter := s.Adapter
	if wasm {
		adapter = pluginName(s.Adapter, 0)
		folder, err := r.pluginFolder(s)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "plugins: { dir: %q, cache_dir: %q }\n", folder, filepath.Join(r.dir, "cache"))
	} else {
		b.WriteString("plugins: { dir: none }\n")
	}
	b.WriteString("channels:\n")
	for c := range max(s.channels, 1) {
		fmt.Fprintf(&b, "  - { name: c%d, adapter: %s, base_url: %q, keys: [", c, adapter, r.upstream.url)
		for k := range max(s.keys, 1) {
			fmt.Fprintf(&b, " \"bench-upstream-key-%03d-%04d\",", c, k)
		}
		b.WriteString(" ] }\n")
	}
	path := filepath.Join(dir, "plugins.yaml")
	return path, os.WriteFile(path, []byte(b.String()), 0o600)
}

// pluginFolder makes a folder with the scenario's plugin in as many copies as it asks for.
func (r *run) pluginFolder(s *Scenario) (string, error) {
	module, err := r.module(s.Adapter)
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(r.dir, "plugins")
	if err != nil {
		return "", err
	}
	code, err := os.ReadFile(module)
	if err != nil {
		return "", err
	}
	for n := range max(s.plugins, 1) {
		if err := os.WriteFile(filepath.Join(dir, pluginName(s.Adapter, n)+".wasm"), code, 0o600); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// module is an adapter as .wasm: from the folder that was given, or built from the source that lies around.
func (r *run) module(adapter string) (string, error) {
	if r.Plugins != "" {
		return filepath.Abs(filepath.Join(r.Plugins, adapter+".wasm"))
	}
	path := filepath.Join(r.dir, adapter+".wasm")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	build := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", path, "github.com/claude-proxy/claude-proxy/plugins/"+adapter+"/wasm")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("cannot build the plugin %s, which needs Go and the source (--plugins DIR takes built ones): %w\n%s", adapter, err, out)
	}
	return path, nil
}
