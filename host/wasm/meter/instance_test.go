package meter

import (
	"context"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// instance is a module made ready to run.
type instance struct {
	api.Module
	*Gauge
}

// mustRewrite fails the test when the module is refused.
func mustRewrite(t testing.TB, module []byte, o Options) *Module {
	t.Helper()
	m, err := Rewrite(module, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// run rewrites and instantiates a module. Functions that it imports from "host" are empty.
func run(t testing.TB, module []byte, o Options) *instance {
	t.Helper()
	m := mustRewrite(t, module, o)
	mod := instantiate(t, m.Code)
	return &instance{mod, bind(t, m, mod)}
}

func bind(t testing.TB, m *Module, mod api.Module) *Gauge {
	t.Helper()
	g, err := m.Bind(func(name string) Global {
		global, ok := mod.ExportedGlobal(name).(api.MutableGlobal)
		if !ok {
			return nil
		}
		return global
	})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func instantiate(t testing.TB, code []byte) api.Module {
	t.Helper()
	ctx := context.Background()
	rt := wazero.NewRuntime(ctx)
	t.Cleanup(func() {
		if err := rt.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	if _, err := rt.NewHostModuleBuilder("host").NewFunctionBuilder().WithFunc(func() {}).Export("nothing").Instantiate(ctx); err != nil {
		t.Fatal(err)
	}
	mod, err := rt.InstantiateWithConfig(ctx, code, wazero.NewModuleConfig().WithName("guest").WithStartFunctions())
	if err != nil {
		t.Fatal(err)
	}
	return mod
}

// call calls an export with a budget and returns its results.
func (in *instance) call(budget int64, name string, args ...uint64) ([]uint64, error) {
	in.Refill(budget)
	return in.ExportedFunction(name).Call(context.Background(), args...)
}
