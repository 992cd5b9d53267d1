package meter

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// goGuest builds testdata/guest as a plugin is built.
func goGuest(t testing.TB) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "guest.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-o", file, "./testdata/guest")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("cannot build the guest: %v\n%s", err, out)
	}
	module, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return module
}

// startGo instantiates a module built by Go, without initialising it.
func startGo(t testing.TB, code []byte) api.Module {
	t.Helper()
	ctx := context.Background()
	rt := wazero.NewRuntime(ctx)
	t.Cleanup(func() {
		if err := rt.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	wasi_snapshot_preview1.MustInstantiate(ctx, rt)
	mod, err := rt.InstantiateWithConfig(ctx, code, wazero.NewModuleConfig().WithStartFunctions().WithStderr(os.Stderr))
	if err != nil {
		t.Fatal(err)
	}
	return mod
}

func initialise(t testing.TB, mod api.Module) {
	t.Helper()
	if _, err := mod.ExportedFunction("_initialize").Call(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestGoGuest(t *testing.T) {
	module := goGuest(t)
	original := startGo(t, module)
	initialise(t, original)
	m := mustRewrite(t, module, Options{})
	t.Logf("%d bytes become %d; %+v", len(module), len(m.Code), m.Stats)
	if again := mustRewrite(t, module, Options{}); !bytes.Equal(again.Code, m.Code) {
		t.Error("rewriting twice gives different modules")
	}
	// Which names the compiler knows shows in its stack traces.
	if !bytes.Contains(m.Code, []byte("encoding/json.Unmarshal")) {
		t.Error("the function names are gone")
	}
	start := func() *instance {
		mod := startGo(t, m.Code)
		guest := &instance{mod, bind(t, m, mod)}
		initialise(t, guest)
		return guest
	}
	guest := start()
	t.Logf("_initialize uses %d units", guest.Used())
	f := func(name string, arg uint64) {
		t.Helper()
		want, err := original.ExportedFunction(name).Call(context.Background(), arg)
		if err != nil {
			t.Fatal(err)
		}
		got, err := guest.call(1<<40, name, arg)
		if err != nil {
			t.Fatalf("%s(%d): reason %v: %v", name, arg, guest.Reason(), err)
		}
		if got[0] != want[0] {
			t.Errorf("%s(%d) gives %#x, the original %#x", name, arg, got[0], want[0])
		}
		t.Logf("%s(%d) uses %d units", name, arg, guest.Used())
	}
	f("std", 1)
	f("std", 20)
	f("hand", 20)
	f("trees", 50)
	f("nested", 300) // deeper than a client's JSON may be
	f("deep", 3_000)
	f("resume", 60)

	if _, err := guest.call(50<<20, "forever"); err == nil || guest.Reason() != ReasonBudget || guest.Slices() < 50 {
		t.Errorf("the loop ends with %v, reason %v", err, guest.Reason())
	}
	guest = start()
	if _, err := guest.call(1<<40, "deep", 1<<40); err == nil || guest.Reason() != ReasonDepth {
		t.Errorf("the recursion ends with %v, reason %v", err, guest.Reason())
	}
}
