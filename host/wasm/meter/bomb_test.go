package meter

import (
	"context"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"
)

// bombs are modules that never come to an end, or only after very long.
var bombs = map[string]func() wasmModule{
	"empty loop": func() wasmModule { return single(opLoop, voidBlock, opBr, 0, opEnd, opUnreachable) },
	"division loop": func() wasmModule {
		return single(opLoop, voidBlock, opI32Const, 7, opI32Const, 3, 0x6d, opLocalSet, 1, opBr, 0, opEnd, opUnreachable)
	},
	"straight code in a loop": func() wasmModule {
		return single(cat([]byte{opLoop, voidBlock}, repeat(20_000, opLocalGet, 1, opI32Const, 1, opI32Add, opLocalSet, 1), []byte{opBr, 0, opEnd, opUnreachable})...)
	},
	"branch table in a loop": func() wasmModule {
		return single(cat([]byte{opLoop, voidBlock}, repeat(60, opBlock, voidBlock), []byte{opLocalGet, 1, opBrTable, 60}, count(61), repeat(60, opEnd),
			[]byte{opBr, 0, opEnd, opUnreachable})...)
	},
	"loop that leaves and comes back": func() wasmModule {
		return single(opLoop, voidBlock, opLoop, voidBlock, opBr, 1, opEnd, opEnd, opUnreachable)
	},
	"tree of calls without loops": func() wasmModule {
		m := single(cat([]byte{opLocalGet, 0}, callFn(1), callFn(1))...)
		for i := range 40 {
			code := []byte{opLocalGet, 0}
			if i < 39 {
				code = cat(code, callFn(i+2), callFn(i+2))
			}
			m.funcs = append(m.funcs, wasmFunc{code: code})
		}
		return m
	},
	"fills": func() wasmModule {
		m := single(opLoop, voidBlock, opI32Const, 0, opI32Const, 0, opI32Const, 0x80, 0x80, 0x80, 0x02, prefixMisc, miscMemoryFill, 0, opBr, 0, opEnd, opUnreachable)
		m.memory = []byte{0, 64}
		return m
	},
	"copies": func() wasmModule {
		m := single(opLoop, voidBlock, opI32Const, 8, opI32Const, 0, opI32Const, 0x80, 0x80, 0x80, 0x01, prefixMisc, miscMemoryCopy, 0, 0, opBr, 0, opEnd, opUnreachable)
		m.memory = []byte{0, 64}
		return m
	},
	"table fills": func() wasmModule {
		m := single(opLoop, voidBlock, opI32Const, 0, opRefNull, 0x70, opI32Const, 0xa0, 0x8d, 0x06, prefixMisc, 17, 0, opBr, 0, opEnd, opUnreachable)
		m.tables = [][]byte{appendU([]byte{0x70, 0}, 100_000)}
		return m
	},
	"growing by nothing": func() wasmModule {
		return single(opLoop, voidBlock, opI32Const, 0, opMemoryGrow, 0, opDrop, opBr, 0, opEnd, opUnreachable)
	},
	"references": func() wasmModule {
		m := single(opLoop, voidBlock, opRefFunc, 0, opDrop, opBr, 0, opEnd, opUnreachable)
		return m
	},
}

func count(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// Whatever runs away stops at its budget, and leaves machine code for every slice on the way.
func TestBombsStopAtTheBudget(t *testing.T) {
	const budget = 20 << 20
	for name, bomb := range bombs {
		t.Run(name, func(t *testing.T) {
			guest := run(t, bomb().bytes(), Options{})
			_, err := guest.call(budget, "f", 0)
			if err == nil || !strings.Contains(err.Error(), "unreachable") {
				t.Fatalf("it ended with %v", err)
			}
			if guest.Reason() != ReasonBudget {
				t.Errorf("the reason is %v", guest.Reason())
			}
			// What cannot be paid any more is one step: the way to the next check, or one bulk operation.
			if used := guest.Used(); used <= budget || used > budget+2<<20 {
				t.Errorf("%d units used of %d", used, budget)
			}
			if n := guest.Slices(); n < 9 || n > 20 {
				t.Errorf("%d slices ended, there are 20 in the budget", n)
			}
			// The same instance, after the trap: the host would drop it, but the counters must hold.
			if _, err := guest.call(0, "f", 0); err == nil || guest.Reason() != ReasonBudget {
				t.Errorf("without any budget it ends with %v, reason %v", err, guest.Reason())
			}
		})
	}
}

// Recursion of any shape ends at the depth limit, long before the compiler's own stack does.
func TestRecursionStopsAtTheDepth(t *testing.T) {
	call := func(fn int) []byte { return cat([]byte{opLocalGet, 0, opI32Const, 1, opI32Add}, callFn(fn)) }
	f := func(name string, m wasmModule, least, most uint64) {
		t.Helper()
		// The guest counts its calls in a global.
		m.globals = [][]byte{{typeI32, 1, opI32Const, 0, opEnd}}
		m.exports = append(m.exports, wasmExport{"calls", 3, 0})
		m.funcs[0].code = cat([]byte{opGlobalGet, 0, opI32Const, 1, opI32Add, opGlobalSet, 0}, m.funcs[0].code)
		guest := run(t, m.bytes(), Options{CallDepth: 1000})
		if _, err := guest.call(1<<40, "f", 0); err == nil || guest.Reason() != ReasonDepth {
			t.Errorf("%s: it ended with %v, reason %v", name, err, guest.Reason())
		}
		if n := guest.ExportedGlobal("calls").Get(); n < least || n > most {
			t.Errorf("%s: %d calls, expected %d to %d", name, n, least, most)
		}
	}
	f("direct", single(call(0)...), 1000, 1001)

	// The chain of ten is in the weight of the edge that closes the cycle: 1000 frames in all.
	m := single(call(1)...)
	for i := range 9 {
		m.funcs = append(m.funcs, wasmFunc{code: call((i + 2) % 10)})
	}
	f("cycle of ten", m, 100, 101)

	m = single(cat([]byte{opLocalGet, 0, opI32Const, 0}, []byte{opCallIndirect, 0, 0})...)
	m.tables, m.elements = [][]byte{{0x70, 0, 1}}, [][]byte{{0, opI32Const, 0, opEnd, 1, 0}}
	f("through a table", m, 1000, 1001)

	// A frame of 640 values counts eleven units.
	m = single(call(0)...)
	m.funcs[0].locals = strings.Repeat(i64, 640)
	f("wide frames", m, 90, 92)
	m = single(cat(repeat(640, opLocalGet, 0), call(0), repeat(640, opI32Add))...)
	f("high operand stack", m, 90, 92)
}

// On its way back a recursion is checked too: else thousands of frames could each run a long rest.
func TestLongWayBackStopsAtTheBudget(t *testing.T) {
	const budget = 20 << 20
	m := single(cat([]byte{opLocalGet, 0, opI32Const, 0xa8, 0xc6, 0, opI32LtS, opIf, voidBlock, opLocalGet, 0, opI32Const, 1, opI32Add, opCall, 0, opDrop, opEnd},
		repeat(20_000, opLocalGet, 1, opI32Const, 1, opI32Add, opLocalSet, 1), []byte{opLocalGet, 1})...)
	guest := run(t, m.bytes(), Options{})
	if _, err := guest.call(budget, "f", 0); err == nil || guest.Reason() != ReasonBudget {
		t.Fatalf("it ended with %v, reason %v", err, guest.Reason())
	}
	if used := guest.Used(); used > budget+1<<14 {
		t.Errorf("%d units used of %d", used, budget)
	}
}

// A recursion within the limit works, and gives back all that it took.
func TestRecursionWithinTheDepth(t *testing.T) {
	m := single(opLocalGet, 0, opIf, typeI32, opLocalGet, 0, opI32Const, 1, opI32Sub, opCall, 0, opI32Const, 2, opI32Add, opElse, opI32Const, 0, opEnd)
	guest := run(t, m.bytes(), Options{})
	for range 3 {
		got, err := guest.call(1<<30, "f", 9_999)
		if err != nil || got[0] != 2*9_999 {
			t.Fatalf("got %v, %v, reason %v", got, err, guest.Reason())
		}
	}
}

// Table and memory grow to the limit and no further.
func TestGrowthIsBounded(t *testing.T) {
	m := single(opI32Const, 0x80, 0x08, opMemoryGrow, 0)
	m.types = append(m.types, wasmType{"", i32})
	m.funcs = append(m.funcs, wasmFunc{typ: 1, code: []byte{opRefNull, 0x70, opI32Const, 0xff, 0xff, 0xff, 0x3f, prefixMisc, miscTableGrow, 0}},
		wasmFunc{typ: 1, code: []byte{opRefNull, 0x70, opI32Const, 8, prefixMisc, miscTableGrow, 0}})
	m.exports = append(m.exports, wasmExport{"table", 0, 1}, wasmExport{"little", 0, 2})
	m.tables = [][]byte{{0x70, 0, 1}}
	guest := run(t, m.bytes(), Options{MemoryPages: 64, TableEntries: 10})
	f := func(budget int64, name string, want int32, reason Reason) {
		t.Helper()
		got, err := guest.call(budget, name, make([]uint64, len(guest.ExportedFunction(name).Definition().ParamTypes()))...)
		switch {
		case guest.Reason() != reason:
			t.Errorf("%s: reason %v, want %v", name, guest.Reason(), reason)
		case reason == ReasonNone && (err != nil || int32(uint32(got[0])) != want):
			t.Errorf("%s: got %v, %v, want %d", name, got, err, want)
		}
	}
	f(1<<20, "f", 0, ReasonBudget) // 1024 pages cost 2^20 units and more
	f(1<<30, "f", -1, ReasonNone)
	f(1<<20, "table", 0, ReasonBudget)
	f(1<<40, "table", -1, ReasonNone)
	f(1<<20, "little", 1, ReasonNone)
	f(1<<20, "little", -1, ReasonNone)
}

// longestPause is how long the collector has waited for goroutines to stop, at most, since the program began.
func longestPause() time.Duration {
	sample := []metrics.Sample{{Name: "/sched/pauses/stopping/gc:seconds"}}
	metrics.Read(sample)
	h := sample[0].Value.Float64Histogram()
	for i := len(h.Counts) - 1; i >= 0; i-- {
		if h.Counts[i] > 0 {
			return time.Duration(h.Buckets[i] * float64(time.Second)) // the lower edge
		}
	}
	return 0
}

// The guest lets the garbage collector in, and the host can stop it: else this test would never end.
func TestCollectorAndStop(t *testing.T) {
	for name, bomb := range bombs {
		t.Run(name, func(t *testing.T) {
			guest := run(t, bomb().bytes(), Options{})
			started, done := make(chan struct{}), make(chan error)
			guest.Refill(1 << 60)
			go func() {
				close(started)
				_, err := guest.ExportedFunction("f").Call(context.Background(), 0)
				done <- err
			}()
			<-started
			for range 3 {
				runtime.GC()
			}
			t.Logf("the collector waited at most %v for the guest", longestPause())
			guest.Stop()
			if err := <-done; err == nil || guest.Reason() != ReasonStop {
				t.Fatalf("it ended with %v, reason %v", err, guest.Reason())
			}
			if guest.Slices() == 0 {
				t.Error("no slice has ended")
			}
			guest.Resume()
			if _, err := guest.call(1<<21, "f", 0); err == nil || guest.Reason() != ReasonBudget {
				t.Errorf("after Resume it ends with %v, reason %v", err, guest.Reason())
			}
		})
	}
}
