package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/wasm"
	"github.com/claude-proxy/claude-proxy/host/wasm/wasmtest"
	"github.com/claude-proxy/claude-proxy/plugins"
	"github.com/claude-proxy/claude-proxy/plugins/openai"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// builtDir names a folder with the built-in adapters as plugins and what they were compiled to. It is made once, and
// handed down to the processes of a fuzz test.
const builtDir = "CLAUDE_PROXY_TEST_PLUGINS"

// runTests runs the tests with such a folder.
func runTests(m *testing.M) int {
	if os.Getenv(builtDir) != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "claude-proxy-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	os.Setenv(builtDir, dir)
	return m.Run()
}

var building sync.Mutex

// builtinPlugin builds a built-in adapter as a plugin.
func builtinPlugin(t testing.TB, name string) []byte {
	t.Helper()
	building.Lock()
	defer building.Unlock()
	file := filepath.Join(os.Getenv(builtDir), name+".wasm")
	if module, err := os.ReadFile(file); err == nil {
		return module
	}
	module, err := wasmtest.Build(filepath.Join("..", "..", "plugins", name, "wasm"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, module, 0o600); err != nil {
		t.Fatal(err)
	}
	return module
}

// pluginCache is where the plugins of these tests are compiled to.
func pluginCache() string { return filepath.Join(os.Getenv(builtDir), "cache") }

// loadPlugin loads a built-in adapter as a plugin.
func loadPlugin(t testing.TB, name string) *wasm.Plugin {
	t.Helper()
	p, _, err := wasm.NewLoader(wasm.Config{CacheDir: pluginCache()}).Load(t.Context(), builtinPlugin(t, name), wasm.Options{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPluginsEqualNative plays the whole kit against each built-in adapter as a plugin. The goldens are those of the native
// adapter, so that equal means byte for byte.
func TestPluginsEqualNative(t *testing.T) {
	for _, m := range plugins.Builtin() {
		native := m.Manifest()
		t.Run(native.Name, func(t *testing.T) {
			t.Parallel()
			p := loadPlugin(t, native.Name)
			if got := p.Manifest(); !reflect.DeepEqual(got, native) {
				t.Errorf("the manifest differs\nnative %+v\nplugin %+v", native, got)
			}
			adaptertest.Run(t, p, filepath.Join("..", "..", "plugins", native.Name, "testdata"), adaptertest.Options{Seeds: 2})
			s := p.Stats()
			if s.Faults != 0 || s.Lost != 0 || s.Exchanges != 0 || s.KeptBytes != 0 {
				t.Errorf("after the kit: %+v", s)
			}
		})
	}
}

// benchRequest is a request of about 4 KB with tools and a turn of calls.
func benchRequest() string {
	tool := func(name string) string {
		return `{"name":"` + name + `","description":"` + strings.Repeat("What it does and when. ", 8) +
			`","input_schema":{"type":"object","properties":{"path":{"type":"string","description":"Where."},"limit":{"type":"integer"}},"required":["path"]}}`
	}
	return `{"model":"any","max_tokens":4096,"stream":true,"system":[{"type":"text","text":"` + strings.Repeat("You are careful. ", 40) +
		`"}],"messages":[{"role":"user","content":[{"type":"text","text":"` + strings.Repeat("Please look. ", 40) + `"}]},` +
		`{"role":"assistant","content":[{"type":"text","text":"I will."},{"type":"tool_use","id":"toolu_1","name":"read","input":{"path":"/etc/hosts","limit":20}}]},` +
		`{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"` + strings.Repeat("127.0.0.1 localhost\\n", 30) + `"}]}],` +
		`"tools":[` + tool("read") + "," + tool("write") + "," + tool("find") + `]}`
}

const benchChunk = `{"id":"chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz","object":"chat.completion.chunk","created":1763900000,"model":"gpt-5.6","service_tier":"default",` +
	`"system_fingerprint":"fp_0123456789","choices":[{"index":0,"delta":{"content":" hello"},"logprobs":null,"finish_reason":null}],"usage":null,"obfuscation":"abcdefgh"}`

// BenchmarkRunner compares the openai adapter natively and as a plugin: Begin with Close, and events one by one and in
// batches, without the host's indexing.
func BenchmarkRunner(b *testing.B) {
	for _, r := range []struct {
		name string
		run  runner.Runner
	}{{"native", runner.Native(openai.Module{})}, {"wasm", loadPlugin(b, "openai")}} {
		defer r.run.Close()
		ch, err := r.run.Configure(nil)
		if err != nil {
			b.Fatal(err)
		}
		doc, err := jsonindex.Parse([]byte(benchRequest()), jsonindex.ClientMode())
		if err != nil {
			b.Fatal(err)
		}
		call := &adapter.Call{ID: "req_1", Model: "gpt-5.6", Stream: true, Body: doc}
		var up adapter.UpstreamRequest
		begin := func(b *testing.B) runner.Run {
			up.Reset()
			x, err := ch.Begin(call, &up)
			if err != nil {
				b.Fatal(err)
			}
			return x
		}
		b.Run("begin/"+r.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				begin(b).Close()
			}
			b.ReportMetric(float64(len(doc.Src)), "body-B")
		})
		chunk, err := jsonindex.Parse([]byte(benchChunk), jsonindex.UpstreamMode())
		if err != nil {
			b.Fatal(err)
		}
		for _, n := range []int{1, 8} {
			evs := make([]runner.RawEvent, n)
			for i := range evs {
				evs[i] = runner.RawEvent{Data: chunk.Src, Doc: chunk}
			}
			b.Run(map[int]string{1: "event/", 8: "event-of-8/"}[n]+r.name, func(b *testing.B) {
				b.ReportAllocs()
				x := begin(b)
				defer x.Close()
				var out ops.Emitter
				for b.Loop() {
					out.Reset()
					if _, err := x.Events(evs, &out); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/event")
			})
		}
	}
}
