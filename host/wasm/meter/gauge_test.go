package meter

import (
	"context"
	"strings"
	"testing"
)

// counting is a function that goes around n times: 5 units for each round.
func counting() wasmModule {
	return single(opLoop, voidBlock, opLocalGet, 0, opI32Const, 1, opI32Sub, opLocalTee, 0, opBrIf, 0, opEnd, opLocalGet, 0)
}

func TestUsed(t *testing.T) {
	guest := run(t, counting().bytes(), Options{Slice: 5000})
	if guest.Used() != 0 {
		t.Errorf("%d units used before any call", guest.Used())
	}
	f := func(budget int64, rounds uint64, slices int64, reason Reason) {
		t.Helper()
		before := guest.Slices()
		_, err := guest.call(budget, "f", rounds)
		if (err == nil) != (reason == ReasonNone) || guest.Reason() != reason {
			t.Fatalf("it ended with %v, reason %v", err, guest.Reason())
		}
		if n := guest.Slices() - before; n != slices {
			t.Errorf("%d slices ended, want %d", n, slices)
		}
		// A round at the end of a slice is paid twice.
		if want := 1 + 5*int64(rounds) + 5*slices; reason == ReasonNone && guest.Used() != want {
			t.Errorf("%d units used, want %d", guest.Used(), want)
		}
	}
	f(1<<20, 1, 0, ReasonNone)
	f(6, 1, 0, ReasonNone) // to the last unit
	f(5, 1, 0, ReasonBudget)
	f(0, 1, 0, ReasonBudget)
	f(-1, 1, 0, ReasonBudget)
	f(1<<20, 999, 0, ReasonNone)
	f(1<<20, 1000, 1, ReasonNone)
	f(1<<20, 10_000, 10, ReasonNone)
	f(50_000, 10_000, 9, ReasonBudget)
	f(1<<62, 10_000, 10, ReasonNone)
}

// The guest's own traps are not taken for ours.
func TestOwnTrap(t *testing.T) {
	guest := run(t, single(opUnreachable).bytes(), Options{})
	if _, err := guest.call(1000, "f", 0); err == nil || guest.Reason() != ReasonNone {
		t.Errorf("it ended with %v, reason %v", err, guest.Reason())
	}
}

// Before the first Refill the start budget is in force.
func TestStartBudget(t *testing.T) {
	guest := run(t, counting().bytes(), Options{StartBudget: 9_000, Slice: 5_000})
	call := func(n uint64) error {
		_, err := guest.ExportedFunction("f").Call(context.Background(), n)
		return err
	}
	if err := call(1_000); err != nil || guest.Used() != 5_006 {
		t.Errorf("ended with %v, %d units used", err, guest.Used())
	}
	if err := call(1_000); err == nil || guest.Reason() != ReasonBudget {
		t.Errorf("ended with %v, reason %v", err, guest.Reason())
	}
}

func TestBindRefusesOtherModules(t *testing.T) {
	m := mustRewrite(t, counting().bytes(), Options{})
	mod := instantiate(t, counting().bytes())
	_, err := m.Bind(func(name string) Global {
		if mod.ExportedGlobal(name) != nil {
			t.Errorf("the original exports %q", name)
		}
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "meter.left") {
		t.Errorf("got %v", err)
	}
}

func TestGaugeDoesNotAllocate(t *testing.T) {
	guest := run(t, counting().bytes(), Options{})
	total := int64(0)
	if n := testing.AllocsPerRun(100, func() {
		guest.Refill(1000)
		guest.Stop()
		guest.Resume()
		total += guest.Used() + guest.Slices() + int64(guest.Reason())
	}); n != 0 || total != 0 {
		t.Errorf("%v allocations, total %d", n, total)
	}
}

func TestReasonText(t *testing.T) {
	for r, want := range map[Reason]string{ReasonNone: "none", ReasonBudget: "budget spent", ReasonStop: "stopped by the host",
		ReasonDepth: "calls nested too deeply", 9: "unknown reason 9"} {
		if r.String() != want {
			t.Errorf("%d is %q, want %q", r, r, want)
		}
	}
}
