package wasm

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/wasm/meter"
	"github.com/claude-proxy/claude-proxy/host/wasm/wasmtest"
	"github.com/claude-proxy/claude-proxy/sdk/abi"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

func manifestResult(m adapter.Manifest) map[string]wasmtest.Result {
	var b abi.Builder
	b.Reset()
	b.Section(abi.TagBody, abi.AppendManifest(nil, m))
	return map[string]wasmtest.Result{abi.ExportManifest: {Bytes: b.Finish(), Frame: true}}
}

func TestLoad(t *testing.T) {
	module := wasmtest.Module{Initialize: wasmtest.Nth(1)}.Bytes()
	p, report, err := NewLoader(Config{}).Load(t.Context(), module, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if !reflect.DeepEqual(p.Manifest(), wasmtest.Manifest()) || !reflect.DeepEqual(report.Manifest, wasmtest.Manifest()) {
		t.Errorf("manifest %+v", p.Manifest())
	}
	if report.Size != len(module) || len(report.SHA256) != 64 || report.Memory != 40*pageSize || report.Metering.Functions != 11 || !slices.Contains(report.Exports, abi.ExportBegin) {
		t.Errorf("report %+v", report)
	}
}

// Every kind of file that is no plugin is refused by a sentence that says what it is (faults P03, P04, P06 to P10).
func TestRefused(t *testing.T) {
	good := wasmtest.Module{}.Bytes()
	imports := func(ims ...wasmtest.Import) []byte { return wasmtest.Module{Imports: ims}.Bytes() }
	i32 := func(n int) []byte { return slices.Repeat([]byte{wasmtest.I32}, n) }
	f := func(name string, module []byte, want ...string) {
		t.Helper()
		p, report, err := NewLoader(Config{}).Load(t.Context(), module, Options{Limits: Limits{Memory: 4 << 20}})
		if err == nil {
			p.Close()
			t.Errorf("%s: loaded", name)
			return
		}
		if report == nil || report.Size != len(module) {
			t.Errorf("%s: report %+v", name, report)
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q does not say %q", name, err, w)
			}
		}
		if _, ok := errors.AsType[*Refused](err); ok {
			return
		}
		if _, ok := errors.AsType[*meter.Error](err); !ok {
			t.Errorf("%s: %T is neither *Refused nor *meter.Error", name, err)
		}
	}

	f("empty file", nil, "not a WebAssembly module")
	f("text", []byte("#!/bin/sh\n"), "not a WebAssembly module")
	f("zip", []byte("PK\x03\x04...."), "not a WebAssembly module")
	f("cut in the head", good[:6], "not copied completely")
	f("cut in the middle", good[:len(good)/2], "damaged")
	f("component", []byte("\x00asm\x0d\x00\x01\x00"), "component (wasip2)", "wasip1")
	f("other version", []byte("\x00asm\x02\x00\x00\x00"), "another version")
	f("memory64", wasmtest.Module{Wide: true}.Bytes(), "wasm32")
	f("other ABI", wasmtest.Module{Marker: "cp_abi_v9"}.Bytes(), "ABI version 9", "version 1")
	f("no marker", wasmtest.Module{Omit: []string{abi.Marker}}.Bytes(), "exports no cp_abi_v1", "-buildmode=c-shared")
	f("missing exports", wasmtest.Module{Omit: []string{abi.ExportWhole, abi.ExportEnd}}.Bytes(), "does not export cp_whole, cp_end")
	f("missing memory", wasmtest.Module{Omit: []string{abi.ExportMemory}}.Bytes(), "does not export memory")
	f("forbidden imports", imports(
		wasmtest.Import{Module: abi.WASI, Name: "sock_open", Params: i32(2), Results: i32(1)},
		wasmtest.Import{Module: abi.WASI, Name: "path_open", Params: i32(2), Results: i32(1)},
		wasmtest.Import{Module: "env", Name: "abort"},
	), "wasi_snapshot_preview1.sock_open", "wasi_snapshot_preview1.path_open", "env.abort")
	f("import of another type", imports(wasmtest.Import{Module: abi.Module, Name: abi.Log, Params: i32(2)}), "cp_v1.log as ii:, not as iii:")
	f("start section", wasmtest.Module{Initialize: []byte{}, Start: true}.Bytes(), "start function")
	f("table bomb", wasmtest.Module{TableMin: 1 << 27}.Bytes(), "table")
	f("memory bomb", wasmtest.Module{MemoryMin: 1 << 15}.Bytes(), "memory")
	f("more memory than it may have", wasmtest.Module{MemoryMin: 65}.Bytes(), "memory")
	f("code that is not valid", wasmtest.Module{Bodies: map[string][]byte{abi.ExportEnd: {}}}.Bytes(), "not valid")
	f("name", wasmtest.Module{Results: manifestResult(adapter.Manifest{Name: "Ä b", Auth: "bearer"})}.Bytes(), "name")
	f("auth", wasmtest.Module{Results: manifestResult(adapter.Manifest{Name: "a", Auth: "header:X\r\ny"})}.Bytes(), "auth")
	f("headers", wasmtest.Module{Results: manifestResult(adapter.Manifest{Name: "a", Auth: "none", Headers: []string{"Cookie"}})}.Bytes(), "header")
}

// Where the start fails, the error says how, and nothing stays behind.
func TestStartFails(t *testing.T) {
	f := func(name string, m wasmtest.Module, want Reason) {
		t.Helper()
		began := time.Now()
		_, _, err := NewLoader(Config{}).Load(t.Context(), m.Bytes(), Options{Limits: Limits{FuelStart: 20_000_000, FuelPerRequest: 1_000_000}})
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Reason != want {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("%s took %s", name, took)
		}
	}
	before := runtime.NumGoroutine()
	f("trap", wasmtest.Module{Initialize: wasmtest.Unreachable()}, Trapped)
	f("endless", wasmtest.Module{Initialize: wasmtest.Loop()}, OutOfFuel)
	f("endless fill", wasmtest.Module{Initialize: wasmtest.Loop(wasmtest.Fill(2 << 20))}, OutOfFuel)
	f("endless growth", wasmtest.Module{Initialize: wasmtest.Loop(wasmtest.Grow(1))}, OutOfFuel)
	f("endless growth of a table", wasmtest.Module{TableMin: 1, Initialize: wasmtest.Loop(wasmtest.GrowTable(1000))}, OutOfFuel)
	f("endless manifest", wasmtest.Module{Bodies: map[string][]byte{abi.ExportManifest: wasmtest.Code(wasmtest.Loop(), wasmtest.I64Const(0))}}, OutOfFuel)
	f("no manifest", wasmtest.Module{Results: map[string]wasmtest.Result{abi.ExportManifest: {}}}, Garbage)
	f("exit", wasmtest.Module{
		Imports:    []wasmtest.Import{{Module: abi.WASI, Name: "proc_exit", Params: []byte{wasmtest.I32}}},
		Initialize: wasmtest.Code(wasmtest.I32Const(0), wasmtest.Call(0)),
	}, Exited)
	f("host functions without end", wasmtest.Module{
		Imports:    []wasmtest.Import{{Module: abi.WASI, Name: "sched_yield", Results: []byte{wasmtest.I32}}},
		Initialize: wasmtest.Loop(wasmtest.Call(0), wasmtest.Drop()),
	}, OutOfFuel)
	f("random numbers without end", wasmtest.Module{
		Imports:    []wasmtest.Import{{Module: abi.WASI, Name: "random_get", Params: []byte{wasmtest.I32, wasmtest.I32}, Results: []byte{wasmtest.I32}}},
		Initialize: wasmtest.Loop(wasmtest.I32Const(0), wasmtest.I32Const(2<<20), wasmtest.Call(0), wasmtest.Drop()),
	}, OutOfFuel)
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		runtime.Gosched()
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines, before %d", runtime.NumGoroutine(), before)
}

// A file that was copied by half is refused at whatever byte it ends, also where it is a module by chance.
func TestCutAnywhere(t *testing.T) {
	module := wasmtest.Module{}.Bytes()
	for n := range len(module) {
		if p, _, err := NewLoader(Config{}).Load(t.Context(), module[:n], Options{}); err == nil {
			p.Close()
			t.Fatalf("the first %d of %d bytes are a plugin", n, len(module))
		}
	}
}

func TestCompileLimits(t *testing.T) {
	l := NewLoader(Config{CompileTimeout: time.Nanosecond})
	_, _, err := l.Load(t.Context(), wasmtest.Module{}.Bytes(), Options{})
	if err == nil || !strings.Contains(err.Error(), "1ns") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err = NewLoader(Config{}).Load(ctx, wasmtest.Module{}.Bytes(), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// What was compiled once is found again, and a damaged cache does no harm.
func TestCache(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "compiled")
	module := wasmtest.Module{}.Bytes()
	damaged := false
	for _, damage := range []bool{false, true, false} {
		var log logs
		p := loadWith(t, Config{CacheDir: dir, Logger: slog.New(slog.NewTextHandler(&log, nil))}, module, Options{})
		configure(t, p, `{}`)
		p.Close()
		if said := strings.Contains(log.String(), dir); said != damaged {
			t.Errorf("logged %q", log.String())
		}
		var kept []string
		err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err == nil && d.Name() == meteredDir {
				return filepath.SkipDir // TestMeteredCache
			}
			if err == nil && !d.IsDir() {
				kept = append(kept, path)
			}
			return err
		})
		if err != nil || len(kept) != 1 {
			t.Fatalf("%v, %v", kept, err)
		}
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
		if damaged = damage; damage {
			b, err := os.ReadFile(kept[0])
			if err != nil {
				t.Fatal(err)
			}
			for i := range b[min(len(b), 40):] {
				b[min(len(b), 40)+i] ^= 0x55
			}
			if err := os.WriteFile(kept[0], b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestInterpreter(t *testing.T) {
	p := loadWith(t, Config{Interpreter: true}, wasmtest.Module{}.Bytes(), Options{})
	x := mustBegin(t, configure(t, p, `{}`), "a")
	defer x.Close()
	if got, err := x.send(`{}`); got != wasmtest.Text || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// The table of allowed imports and the functions behind it are the same.
func TestImportsExist(t *testing.T) {
	var have []string
	for _, f := range wasiFuncs() {
		have = append(have, f.name)
	}
	slices.Sort(have)
	if want := abi.WASIFunctions(); !slices.Equal(have, want) {
		t.Errorf("%v\nallowed %v", have, want)
	}
}

func FuzzScan(f *testing.F) {
	good := wasmtest.Module{TableMin: 1, Initialize: []byte{}, Imports: []wasmtest.Import{{Module: "a", Name: "b"}}}.Bytes()
	f.Add(good)
	f.Add(good[:100])
	f.Add(binary.AppendUvarint([]byte("\x00asm\x01\x00\x00\x00\x07"), 1<<40))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := scan(b)
		if err == nil {
			_ = fmt.Sprint(s.check())
		}
	})
}
