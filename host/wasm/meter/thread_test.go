package meter

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/tetratelabs/wazero/api"
)

// The globals of the functions below.
const (
	globalRounds = iota // blocks that may still run
	globalCount         // instructions that ran, without those of the table
)

// goes is a jump as Go makes it: to a block, from where the loop is that many levels up.
func goes(to, loop int) []byte {
	return cat(constI32(int64(to)), []byte{opLocalSet, 0, opBr, byte(loop)})
}

// shaped is a function as Go makes it: one loop of blocks, entered and gone through by local 0. Each block gets its number, how many
// levels up the loop and the way out are, and leaves nothing. The result is local 1.
func shaped(blocks int, block func(i, loop, out int) []byte) wasmModule {
	code := []byte{opBlock, voidBlock, opLoop, voidBlock}
	code = append(code, repeat(blocks, opBlock, voidBlock)...)
	code = append(code, opLocalGet, 0, opBrTable, byte(blocks))
	for i := range blocks {
		code = append(code, byte(i))
	}
	code = append(code, byte(blocks+1)) // out
	for i := range blocks {
		code = append(code, opEnd)
		code = append(code, block(i, blocks-1-i, blocks-i)...)
	}
	m := single(append(code, opEnd, opEnd, opLocalGet, 1)...)
	for range 2 {
		m.globals = append(m.globals, []byte{typeI32, 1, opI32Const, 0xe8, 7, opEnd}) // 1000
	}
	m.exports = append(m.exports, wasmExport{"rounds", 3, globalRounds}, wasmExport{"count", 3, globalCount})
	return m
}

// goModule is the module with the mark of the Go compiler.
func goModule(m wasmModule) []byte {
	return appendBytes(append(m.bytes(), 0), madeByGo+"\x05go1.0")
}

// A jump down names its block, a jump up takes the table; only in a module of Go's does the table lose what nobody needs.
func TestThreaded(t *testing.T) {
	m := shaped(4, func(i, loop, out int) []byte {
		switch i {
		case 0:
			return goes(2, loop)
		case 2:
			return cat([]byte{opLocalGet, 1, opIf, voidBlock}, goes(1, loop+1), []byte{opEnd})
		}
		return nil
	})
	m.globals, m.exports = nil, m.exports[:2] // the golden form is that of a module without
	const tail = "end; i32.const 2; local.set 0; br 1; end; end; " +
		"local.get 1; if; i32.const 1; local.set 0; br 2; else; end; end; end; end; local.get 1; end"
	for _, c := range []struct {
		name, table string
		charge      int
		module      []byte
		threaded    int
		pruned      int
	}{
		{"another compiler", "local.get 0; br_table 0 1 2 3 5; ", 11, m.bytes(), 1, 0},
		// Block 1 is jumped up to, block 2 only down; block 3 begins where the if with a jump ends.
		{"go", "block; local.get 0; i32.eqz; br_if 1; local.get 0; br_table 1 2 0 0 6; end; unreachable; ", 14, goModule(m), 1, 1},
	} {
		r := mustRewrite(t, c.module, Options{})
		if r.Stats.Threaded != c.threaded || r.Stats.Pruned != c.pruned {
			t.Errorf("%s: %+v", c.name, r.Stats)
		}
		want := fmt.Sprintf("{charge 1}; {check}; block; loop; {charge %d}; {check again}; block; block; block; block; ", c.charge) + c.table + tail
		if got := shortened(disassemble(t, c.module, 1), 1); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, want)
		}
	}
}

// threadedProgram is a random function of that shape, and how many blocks it has.
func threadedProgram(seed uint64) (wasmModule, int) {
	r := rand.New(rand.NewPCG(seed, 2))
	blocks := 1 + r.IntN(12)
	return shaped(blocks, func(i, loop, out int) []byte {
		var code []byte
		ran := func(n int) { // and what this takes itself
			code = cat(code, []byte{opGlobalGet, globalCount}, constI32(int64(n+4)), []byte{opI32Add, opGlobalSet, globalCount})
		}
		ran(7)
		code = cat(code, []byte{opGlobalGet, globalRounds, opI32Const, 1, opI32Sub, opGlobalSet, globalRounds, opGlobalGet, globalRounds, 0x45, opBrIf, byte(out)})
		ran(6)
		code = cat(code, []byte{opLocalGet, 1, opI32Const, 31, 0x6c}, constI32(int64(i)), []byte{opI32Add, opLocalSet, 1})
		for range r.IntN(3) {
			ran(4)
			code = cat(code, []byte{opLocalGet, 1}, constI32(1<<r.IntN(6)), []byte{0x71, opIf, voidBlock}, goes(r.IntN(blocks+1), loop+1), []byte{opEnd})
		}
		switch r.IntN(9) {
		case 0:
			code = append(code, goes(r.IntN(blocks), loop)...)
		case 1:
			code = append(code, opBr, byte(loop)) // with whatever the variable holds
		case 2:
			code = append(code, opLocalGet, 1, opI32Const, 7, 0x71, opLocalSet, 0)
		}
		return code
	}), blocks
}

// A random function of that shape does the same when it is rewritten, wherever it is entered; in a module of Go's at least from its
// beginning, and elsewhere the same or nothing. What is charged is never below what runs.
func differThreaded(t *testing.T, seed uint64) (threaded, pruned int) {
	t.Helper()
	m, blocks := threadedProgram(seed)
	type result struct{ value, rounds, count uint64 }
	look := func(mod api.Module, v []uint64) result {
		return result{v[0], mod.ExportedGlobal("rounds").Get(), mod.ExportedGlobal("count").Get()}
	}
	for _, module := range [][]byte{m.bytes(), goModule(m)} {
		rewritten := mustRewrite(t, module, Options{})
		threaded, pruned = rewritten.Stats.Threaded, rewritten.Stats.Pruned
		for entry := range uint64(blocks) + 2 {
			original := instantiate(t, m.bytes())
			v, err := original.ExportedFunction("f").Call(context.Background(), entry)
			if err != nil {
				t.Fatal(err)
			}
			want := look(original, v)
			guest := run(t, module, Options{Slice: minSlice})
			v, err = guest.call(1<<40, "f", entry)
			if err != nil {
				if pruned > 0 && entry > 0 && guest.Reason() == ReasonNone {
					continue
				}
				t.Fatalf("program %d, entered at %d: %v", seed, entry, err)
			}
			if got := look(guest, v); got != want {
				t.Fatalf("program %d, entered at %d: got %v, want %v", seed, entry, got, want)
			}
			if ran := int64(int32(uint32(want.count))) - 1000; guest.Used() < ran && rewritten.Stats.Cheap == 0 {
				t.Fatalf("program %d, entered at %d: %d instructions, but only %d units are charged", seed, entry, ran, guest.Used())
			}
		}
	}
	return threaded, pruned
}

func TestRandomThreaded(t *testing.T) {
	threaded, pruned := 0, 0
	for seed := range uint64(60) {
		n, p := differThreaded(t, seed)
		threaded, pruned = threaded+n, pruned+p
	}
	if threaded < 100 || pruned < 20 {
		t.Errorf("%d jumps were threaded and %d tables pruned: too few to mean something", threaded, pruned)
	}
}

func FuzzRandomThreaded(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) { differThreaded(t, seed) })
}
