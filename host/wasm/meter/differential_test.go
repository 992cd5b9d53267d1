package meter

import (
	"bytes"
	"context"
	"testing"

	"github.com/tetratelabs/wazero/api"
)

// outcome is what a program leaves behind.
type outcome struct {
	result, fuel, sum int32
	memory            []byte
}

func (a outcome) equal(b outcome) bool {
	return a.result == b.result && a.fuel == b.fuel && a.sum == b.sum && bytes.Equal(a.memory, b.memory)
}

func observe(t *testing.T, mod api.Module, result []uint64) outcome {
	t.Helper()
	mem, ok := mod.Memory().Read(0, memorySize)
	if !ok {
		t.Fatal("the memory is too small")
	}
	return outcome{int32(uint32(result[0])), int32(uint32(mod.ExportedGlobal("fuel").Get())), int32(uint32(mod.ExportedGlobal("sum").Get())), mem}
}

// execute runs a program on the machine; it returns false when it takes too long to be of use.
func execute(x *machine, arg int32) (out outcome, ok bool) {
	defer func() {
		if r := recover(); r != nil {
			if _, long := r.(tooLong); !long {
				panic(r)
			}
		}
	}()
	out.result = x.call(0, arg)
	out.fuel, out.sum, out.memory = x.fuel, x.sum, x.mem[:]
	return out, true
}

// differ compares a random program as it is, rewritten, and on the machine. It returns exact and charged units, 0 when there is
// nothing to compare.
func differ(t *testing.T, seed uint64) (exact, charged int64) {
	t.Helper()
	m, x := program(seed)
	const arg = 5
	want, ok := execute(x, arg)
	if !ok {
		return 0, 0
	}
	module := m.bytes()
	original := instantiate(t, module)
	got, err := original.ExportedFunction("f").Call(context.Background(), arg)
	if err != nil {
		t.Fatalf("program %d: the original fails: %v", seed, err)
	}
	if !observe(t, original, got).equal(want) {
		t.Fatalf("program %d: the original does not do what the machine does", seed)
	}
	for _, o := range []Options{{}, {Slice: minSlice}} {
		guest := run(t, module, o)
		got, err = guest.call(1<<50, "f", arg)
		if err != nil {
			t.Fatalf("program %d: the rewritten module fails, reason %v: %v", seed, guest.Reason(), err)
		}
		if !observe(t, guest, got).equal(want) {
			t.Fatalf("program %d: the rewritten module does something else", seed)
		}
		charged = guest.Used()
		if charged < x.count {
			t.Fatalf("program %d: %d instructions, but only %d units are charged", seed, x.count, charged)
		}
		if depth := int32(uint32(guest.ExportedGlobal(exportDepth).Get())); int(depth) != guest.callDepth {
			t.Fatalf("program %d: %d units of depth remain of %d", seed, depth, guest.callDepth)
		}
	}
	return x.count, charged
}

// The rewritten module gives the same results, and the charge is never below the exact number of instructions.
func TestRandomPrograms(t *testing.T) {
	compared, exact, charged := 0, int64(0), int64(0)
	for seed := range uint64(250) {
		e, c := differ(t, seed)
		if e > 0 {
			compared++
		}
		exact, charged = exact+e, charged+c
	}
	if compared < 200 {
		t.Errorf("only %d programs end in time", compared)
	}
	t.Logf("%d programs, %d instructions, %.2f units for each", compared, exact, float64(charged)/float64(exact))
}

func FuzzRandomPrograms(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { differ(t, seed) })
}
