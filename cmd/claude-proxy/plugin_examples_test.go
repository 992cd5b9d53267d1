package main

import (
	"path/filepath"
	"reflect"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/wasm"
	"github.com/claude-proxy/claude-proxy/host/wasm/wasmtest"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
	"github.com/claude-proxy/claude-proxy/sdk/examples/echo"
	"github.com/claude-proxy/claude-proxy/sdk/examples/openaicompat"
)

// TestExamplesEqualNative plays the kit against the SDK's examples as plugins, with the goldens of the native adapters.
func TestExamplesEqualNative(t *testing.T) {
	for _, m := range []adapter.Module{echo.Module{}, openaicompat.Module{}} {
		native := m.Manifest()
		t.Run(native.Name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join("..", "..", "sdk", "examples", native.Name)
			module, err := wasmtest.Build(filepath.Join(dir, "wasm"))
			if err != nil {
				t.Fatal(err)
			}
			p, _, err := wasm.NewLoader(wasm.Config{CacheDir: pluginCache()}).Load(t.Context(), module, wasm.Options{Name: native.Name})
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Manifest(); !reflect.DeepEqual(got, native) {
				t.Errorf("the manifest differs\nnative %+v\nplugin %+v", native, got)
			}
			adaptertest.Run(t, p, filepath.Join(dir, "testdata"), adaptertest.Options{Seeds: 5})
		})
	}
}
