package wasm

import (
	"errors"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/wasm/wasmtest"
	"github.com/claude-proxy/claude-proxy/sdk/abi"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

var small = Limits{FuelPerEvent: 1_000_000, FuelPerRequest: 1_000_000, Memory: 4 << 20, Output: 1 << 20}

// reach runs an exchange up to the named export and returns the error that it ends with.
func reach(t *testing.T, p *Plugin, export string) error {
	t.Helper()
	ch, err := p.Configure(parse(t, `{}`))
	if export == abi.ExportConfigure {
		return err
	}
	if err != nil {
		t.Fatalf("configure: %v", err)
	}
	x, err := begin(ch, "a", client(t, `{"model":"m"}`))
	if export == abi.ExportBegin || export == abi.ExportAlloc {
		return err
	}
	if err != nil {
		t.Fatalf("begin: %v", err)
	}
	defer x.Close()
	switch export {
	case abi.ExportEvent:
		_, err = x.send(`{}`)
	case abi.ExportWhole:
		err = x.Whole(parse(t, `{}`), &x.em)
	case abi.ExportEnd:
		err = x.End(adapter.EOF, &x.em)
	case abi.ExportFailure:
		f, e := x.Run.(*run).failure(500, nil, nil, nil)
		if e == nil && f == nil {
			t.Fatal("neither failure nor error")
		}
		err = e
	}
	if err != nil && export != abi.ExportClose {
		// The exchange is over; nothing brings it back, and nothing hangs.
		if _, again := x.send(`{}`); again == nil {
			t.Errorf("%s: the exchange goes on", export)
		}
	}
	return err
}

var answering = []string{abi.ExportBegin, abi.ExportEvent, abi.ExportWhole, abi.ExportEnd, abi.ExportFailure}

// Traps and endless loops at each call end this call alone: the next exchange gets an instance that works until it does
// the same (P01, P02).
func TestFaultAtEachCall(t *testing.T) {
	for name, c := range map[string]struct {
		code []byte
		want Reason
	}{
		"trap":    {wasmtest.Unreachable(), Trapped},
		"endless": {wasmtest.Loop(), OutOfFuel},
		"fill":    {wasmtest.Loop(wasmtest.Fill(2 << 20)), OutOfFuel},
		"grow":    {wasmtest.Loop(wasmtest.Grow(1)), OutOfFuel},
	} {
		for _, export := range append([]string{abi.ExportConfigure}, answering...) {
			p := loadWith(t, Config{}, wasmtest.Module{Bodies: map[string][]byte{export: wasmtest.Code(c.code, wasmtest.I64Const(0))}}.Bytes(), Options{Limits: small})
			for range 3 {
				err := reach(t, p, export)
				e, ok := errors.AsType[*Error](err)
				if !ok || e.Reason != c.want || e.Call != export {
					t.Errorf("%s in %s: %v", name, export, err)
				}
			}
			if s := p.Stats(); s.Faults != 3 || s.Exchanges != 0 {
				t.Errorf("%s in %s: %+v", name, export, s)
			}
			p.Close()
		}
		p := loadWith(t, Config{}, wasmtest.Module{Bodies: map[string][]byte{abi.ExportClose: c.code}}.Bytes(), Options{Limits: small})
		for range 3 {
			if err := reach(t, p, abi.ExportClose); err != nil {
				t.Errorf("%s in cp_close: %v", name, err)
			}
		}
		if s := p.Stats(); s.Faults != 3 || s.Exchanges != 0 {
			t.Errorf("%s in cp_close: %+v", name, s)
		}
	}
}

// Places outside the memory, lengths that lie, frames that are none: each is named garbage, and harms nobody (P11).
func TestGarbage(t *testing.T) {
	var cut abi.Builder
	cut.Reset()
	cut.Number(abi.TagHandle, 1)
	whole := cut.Finish()
	badTable := append([]byte(nil), whole...)
	badTable[abi.HeadSize+8] = 0xff // a section longer than the frame
	for _, export := range append([]string{abi.ExportConfigure}, answering...) {
		for name, m := range map[string]wasmtest.Module{
			"a place outside the memory":   {Bodies: map[string][]byte{export: wasmtest.I64Const(int64(abi.Pack(0xfffffff0, 64, true)))}},
			"a length beyond the memory":   {Bodies: map[string][]byte{export: wasmtest.I64Const(int64(abi.Pack(0, 1<<20, true)))}, MemoryMin: 17, MemoryMax: 17, Results: nil},
			"the longest length":           {Bodies: map[string][]byte{export: wasmtest.I64Const(-1)}},
			"an empty frame":               {Bodies: map[string][]byte{export: wasmtest.I64Const(int64(abi.Pack(0, 0, true)))}},
			"a frame of zeros":             {Bodies: map[string][]byte{export: wasmtest.I64Const(int64(abi.Pack(2048, 64, true)))}},
			"a frame that is cut":          {Results: map[string]wasmtest.Result{export: {Bytes: whole[:len(whole)-1], Frame: true}}},
			"a table that lies":            {Results: map[string]wasmtest.Result{export: {Bytes: badTable, Frame: true}}},
			"an error that is no error":    {Results: map[string]wasmtest.Result{export: errorResult([]byte{1, 2, 3})}},
			"an error with a lying length": {Results: map[string]wasmtest.Result{export: errorResult([]byte{3, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 'x'})}},
		} {
			p := loadWith(t, Config{}, m.Bytes(), Options{Limits: small})
			err := reach(t, p, export)
			if e, ok := errors.AsType[*Error](err); !ok || e.Reason != Garbage || e.Call != export {
				t.Errorf("%s from %s: %v", name, export, err)
			}
			p.Close()
		}
	}
}

func errorResult(section []byte) wasmtest.Result {
	var b abi.Builder
	b.Reset()
	b.Section(abi.TagError, section)
	return wasmtest.Result{Bytes: b.Finish(), Frame: true}
}

// Arenas and requests that lie.
func TestGarbageBegin(t *testing.T) {
	var noHandle abi.Builder
	noHandle.Reset()
	noHandle.Section(abi.TagPath, []byte("/"))
	many := make([]jsonindex.Seg, 1000)
	for i := range many {
		many[i] = jsonindex.Seg{Kind: jsonindex.SegRange, Len: 13}
	}
	for name, m := range map[string]wasmtest.Module{
		"an arena outside the memory":    {Bodies: map[string][]byte{abi.ExportAlloc: wasmtest.I32Const(-8)}},
		"an arena that is not aligned":   {Bodies: map[string][]byte{abi.ExportAlloc: wasmtest.I32Const(wasmtest.Arena + 4)}},
		"neither exchange nor answer":    {Results: map[string]wasmtest.Result{abi.ExportBegin: {Bytes: noHandle.Finish(), Frame: true}}},
		"a literal beyond what there is": {Results: map[string]wasmtest.Result{abi.ExportBegin: wasmtest.Segments(jsonindex.Seg{Len: 3})}},
		"a range beyond the body":        {Results: map[string]wasmtest.Result{abi.ExportBegin: wasmtest.Segments(jsonindex.Seg{Kind: jsonindex.SegRange, Off: 10, Len: 4})}},
		"a segment of unknown kind":      {Results: map[string]wasmtest.Result{abi.ExportBegin: wasmtest.Segments(jsonindex.Seg{Kind: 7, Len: 1})}},
		"a body that repeats itself":     {Results: map[string]wasmtest.Result{abi.ExportBegin: wasmtest.Segments(many...)}},
		"a path without end":             {Results: map[string]wasmtest.Result{abi.ExportBegin: wasmtest.Begin(func(up *adapter.UpstreamRequest) { up.Path = string(make([]byte, 1<<20+1)) })}, MemoryMin: 60},
	} {
		limits := small
		limits.Output = 10_000
		if name == "a path without end" {
			limits.Output = 2 << 20
		}
		p, _, err := NewLoader(Config{}).Load(t.Context(), m.Bytes(), Options{Limits: limits})
		if err != nil {
			t.Fatal(err)
		}
		ch, err := p.Configure(nil)
		if err == nil {
			_, err = begin(ch, "a", client(t, `{"model":"m"}`))
		}
		if e, ok := errors.AsType[*Error](err); !ok || e.Reason != Garbage {
			t.Errorf("%s: %v", name, err)
		}
		p.Close()
	}
}

// A guest that says more than it may is cut off.
func TestOutputLimit(t *testing.T) {
	p, ch := simple(t, wasmtest.Module{Bodies: map[string][]byte{abi.ExportEvent: wasmtest.I64Const(int64(abi.Pack(0, 1<<20+1, false)))}}, Options{Limits: small})
	x := mustBegin(t, ch, "a")
	defer x.Close()
	_, err := x.send(`{}`)
	if e, ok := errors.AsType[*Error](err); !ok || e.Reason != Garbage {
		t.Errorf("%v", err)
	}
	if p.Stats().Faults != 1 {
		t.Errorf("%+v", p.Stats())
	}
}

// The trap comes with the third event; the exchange beside it goes on in another instance as if nothing had been.
func TestTrapOnNthEvent(t *testing.T) {
	code := wasmtest.Code(wasmtest.Nth(3, wasmtest.Unreachable()), wasmtest.I64Const(0))
	p, ch := simple(t, wasmtest.Module{Bodies: map[string][]byte{abi.ExportEvent: code}}, Options{Instances: 1})
	one, two := mustBegin(t, ch, "one"), mustBegin(t, ch, "two")
	defer one.Close()
	defer two.Close()
	for range 2 {
		if _, err := one.send(`{}`); err != nil {
			t.Fatal(err)
		}
	}
	_, err := one.send(`{}`)
	if e, ok := errors.AsType[*Error](err); !ok || e.Reason != Trapped {
		t.Fatalf("%v", err)
	}
	for range 2 {
		if _, err := two.send(`{}`); err != nil {
			t.Fatal(err)
		}
	}
	if s := p.Stats(); s.Faults != 1 || s.Replays != 1 || s.Exchanges != 2 {
		t.Errorf("%+v", s)
	}
}

// What the relay gets to see of each reason.
func TestErrorsUnwrap(t *testing.T) {
	f := func(r Reason, kind failure.Kind, class adapter.Class, status int) {
		t.Helper()
		err := error(&Error{Plugin: "acme", Reason: r, Call: abi.ExportEvent, Detail: "canary-detail"})
		fault, ok := errors.AsType[*failure.Fault](err)
		if !ok || fault.Kind != kind || fault.Class != class {
			t.Errorf("%s: fault %+v", r, fault)
		}
		fail, ok := errors.AsType[*adapter.Failure](err)
		if !ok || fail.Class != class || fail.Message == "" {
			t.Errorf("%s: failure %+v", r, fail)
		}
		fault.Channel = "main"
		if a := failure.Final([]failure.Fault{*fault}, 0); a.Status != status {
			t.Errorf("%s: status %d, want %d", r, a.Status, status)
		}
	}
	f(Trapped, failure.KindProtocol, adapter.Internal, 502)
	f(OutOfFuel, failure.KindProtocol, adapter.Internal, 502)
	f(Garbage, failure.KindProtocol, adapter.Internal, 502)
	f(Busy, failure.KindBusy, adapter.Overloaded, 529)
	f(Lost, failure.KindLost, adapter.Internal, 502)

	large := &Error{Plugin: "acme", Reason: TooLarge, Call: abi.ExportAlloc}
	fault, ok := errors.AsType[*failure.Fault](error(large))
	if !ok || fault.Source != failure.Client || fault.Class != adapter.Unsupported || fault.Status != 413 || fault.Type != "request_too_large" {
		t.Errorf("a large request: %+v", fault)
	}
	large.Call = abi.ExportWhole
	if fault, ok = errors.AsType[*failure.Fault](error(large)); !ok || fault.Source != failure.Adapter || fault.Kind != failure.KindTooLarge {
		t.Errorf("a large answer: %+v", fault)
	}
}

// Host functions answer what runtimes ask at their start, and bad places get an error number instead of a trap.
func TestHostFunctions(t *testing.T) {
	p := loadWith(t, Config{}, wasmtest.Module{}.Bytes(), Options{})
	i, err := p.lend()
	if err != nil {
		t.Fatal(err)
	}
	defer p.keep(i)
	const far = 1 << 31
	f := func(name string, want uint32, params ...uint64) {
		t.Helper()
		i.world.work = hostWork
		for _, h := range wasiFuncs() {
			if h.name == name {
				if got := h.call(i.world, i.mem, params); got != want {
					t.Errorf("%s%v = %d, want %d", name, params, got, want)
				}
			}
		}
	}
	f("args_sizes_get", wasiOK, 0, 8)
	f("args_sizes_get", wasiFAULT, far, 8)
	f("environ_sizes_get", wasiOK, 0, 8)
	f("clock_time_get", wasiOK, 0, 0, 64)
	if v, _ := i.mem.ReadUint64Le(64); v != wallSeconds*1_000_000_000 {
		t.Errorf("wall clock %d", v)
	}
	f("clock_time_get", wasiOK, 1, 0, 64)
	first, _ := i.mem.ReadUint64Le(64)
	f("clock_time_get", wasiOK, 1, 0, 64)
	if v, _ := i.mem.ReadUint64Le(64); v != first+monotonicStep {
		t.Errorf("monotonic clock %d after %d", v, first)
	}
	f("clock_time_get", wasiFAULT, 1, 0, far)
	f("random_get", wasiOK, 64, 32)
	f("random_get", wasiFAULT, 64, far)
	f("fd_prestat_get", wasiBADF, 3, 0)
	f("fd_read", wasiOK, 0, 0, 0, 64)
	f("fd_read", wasiBADF, 5, 0, 0, 64)
	f("fd_seek", wasiSPIPE, 1, 0, 0, 64)
	f("fd_seek", wasiBADF, 9, 0, 0, 64)
	f("fd_fdstat_get", wasiOK, 1, 64)
	f("fd_fdstat_get", wasiBADF, 7, 64)
	f("fd_write", wasiBADF, 4, 0, 1, 64)
	f("fd_write", wasiINVAL, 1, 0, 5000, 64)
	f("fd_write", wasiFAULT, 1, far, 1, 64)
	f("poll_oneoff", wasiINVAL, 0, 0, 0, 64)
	f("poll_oneoff", wasiFAULT, far, 0, 1, 64)
	i.mem.WriteUint64Le(1024, 77)
	f("poll_oneoff", wasiOK, 1024, 2048, 1, 64)
	if v, _ := i.mem.ReadUint64Le(2048); v != 77 {
		t.Errorf("user data %d", v)
	}
	f("sched_yield", wasiOK)
	f("fd_close", wasiBADF, 1)
}
