package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const modulePath = "github.com/claude-proxy/claude-proxy"

// arrow says what a part of the tree may import of the rest, and why.
type arrow struct {
	from, reason string
	allowed      []string
}

// arrows, the first that fits the folder counts. The order is from special to general.
var arrows = []arrow{
	{"sdk/", "authors of adapters compile sdk alone, also for wasip1: it may use only itself", []string{"sdk/"}},
	{"plugins/openaiold/", "older servers speak a dialect of Chat Completions, so they share its converter and nothing else", []string{"sdk/", "plugins/openaiold/", "plugins/openai/chat/"}},
	{"plugins/openai/", "an adapter is a pure converter on top of sdk and knows neither the host nor other adapters", []string{"sdk/", "plugins/openai/"}},
	{"plugins/openairesponses/", "OpenAI's two APIs share what the vendor's models take, and nothing else", []string{"sdk/", "plugins/openairesponses/", "plugins/openai/platform/"}},
	{"plugins/gemini/", "an adapter is a pure converter on top of sdk and knows neither the host nor other adapters", []string{"sdk/", "plugins/gemini/"}},
	{"plugins/claude/", "an adapter is a pure converter on top of sdk and knows neither the host nor other adapters", []string{"sdk/", "plugins/claude/"}},
	{"plugins/", "the list of built-in adapters joins adapters and nothing else", []string{"sdk/", "plugins/"}},
	{"host/", "the host runs any adapter, so it must not know the built-in ones, the web UI or the program", []string{"sdk/", "host/"}},
	{"webui/", "the web UI is embedded files and knows nothing of ours", nil},
	{"cmd/", "the program joins everything", []string{"sdk/", "plugins/", "host/", "webui/", "cmd/"}},
}

// gates are outside packages that only some folders may use.
var gates = []struct {
	pkg, reason string
	folders     []string
}{
	{"github.com/gorilla/mux", "routing belongs to the HTTP surface alone", []string{"host/httpapi", "host/admin"}},
	{"github.com/tetratelabs/wazero", "the sandbox is a matter of one package", []string{"host/wasm"}},
	{"gopkg.in/yaml.v3", "the file format is a matter of one package", []string{"host/config"}},
	{"github.com/spf13/cobra", "commands belong to the program", []string{"cmd/claude-proxy"}},
}

// files yields the Go files of the repository with the paths that they import, under every build tag.
func files(t *testing.T, visit func(path string, imports []string)) {
	t.Helper()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		var imports []string
		for _, spec := range f.Imports {
			p, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imports = append(imports, p)
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		visit(filepath.ToSlash(rel), imports)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// forbidden returns why the file may not have this import; "" when it may.
func forbidden(file, imported string) string {
	for _, g := range gates {
		if imported == g.pkg || strings.HasPrefix(imported, g.pkg+"/") {
			if !slices.ContainsFunc(g.folders, func(folder string) bool { return strings.HasPrefix(file, folder+"/") }) {
				return g.reason + ": only " + strings.Join(g.folders, ", ") + " may import " + g.pkg
			}
			return ""
		}
	}
	for _, a := range arrows {
		if !strings.HasPrefix(file, a.from) {
			continue
		}
		ours, isOurs := strings.CutPrefix(imported, modulePath+"/")
		if !isOurs {
			if a.from == "sdk/" && !strings.HasSuffix(file, "_test.go") && strings.Contains(strings.SplitN(imported, "/", 2)[0], ".") {
				return "sdk uses the standard library alone"
			}
			return ""
		}
		for _, prefix := range a.allowed {
			if strings.HasPrefix(ours+"/", prefix) {
				return ""
			}
		}
		return a.reason
	}
	return "Go files stand under sdk, plugins, host, webui or cmd"
}

func TestArrows(t *testing.T) {
	seen := 0
	files(t, func(path string, imports []string) {
		seen++
		for _, imported := range imports {
			if why := forbidden(path, imported); why != "" {
				t.Errorf("%s imports %s: %s", path, imported, why)
			}
		}
	})
	if seen < 50 {
		t.Fatalf("only %d Go files found; the walk is broken", seen)
	}
}

// The test above must be able to fail.
func TestArrowsAreRefused(t *testing.T) {
	refused := func(file, imported string) {
		t.Helper()
		if forbidden(file, imported) == "" {
			t.Errorf("%s may import %s, but must not", file, imported)
		}
	}
	refused("sdk/ops/ops.go", modulePath+"/host/relay")
	refused("sdk/ops/ops.go", "golang.org/x/text/width")
	refused("plugins/openai/openai.go", modulePath+"/host/config")
	refused("plugins/gemini/request.go", modulePath+"/plugins/openai/chat")
	refused("plugins/openaiold/openaiold.go", modulePath+"/plugins/openai")
	refused("host/relay/relay.go", modulePath+"/plugins/openai")
	refused("host/relay/relay_test.go", modulePath+"/plugins")
	refused("host/app/app.go", modulePath+"/webui")
	refused("host/relay/relay.go", "github.com/gorilla/mux")
	refused("host/registry/registry.go", "github.com/tetratelabs/wazero/api")
	refused("host/app/app.go", "gopkg.in/yaml.v3")
	refused("tools/gen.go", "fmt")
}

// No package is named for what it is not about, and encoding/json stays off the path of a request.
func TestRooms(t *testing.T) {
	onPath := []string{"host/relay", "host/httpapi", "host/passthrough", "host/upstream", "host/failure", "host/auth", "host/routing", "host/balance",
		"sdk/jsonindex", "sdk/messages", "sdk/ops", "sdk/render", "sdk/sse", "sdk/adapter", "sdk/runner", "plugins/"}
	// Files in those folders that no request waits for: health is saved beside the traffic, and readiness is a probe's.
	offPath := []string{"host/balance/saved.go", "host/httpapi/ready.go"}
	files(t, func(path string, imports []string) {
		dir := filepath.ToSlash(filepath.Dir(path))
		switch filepath.Base(dir) {
		case "util", "utils", "common", "helpers", "types", "models", "misc":
			t.Errorf("%s: a package is named for what it does", dir)
		}
		if strings.HasSuffix(path, "_test.go") || !slices.Contains(imports, "encoding/json") {
			return
		}
		if slices.Contains(offPath, filepath.ToSlash(path)) {
			return
		}
		for _, p := range onPath {
			if dir == p || strings.HasSuffix(p, "/") && strings.HasPrefix(dir, p) {
				t.Errorf("%s imports encoding/json, which is too slow for the path of a request", path)
			}
		}
	})
}
