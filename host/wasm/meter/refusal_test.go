package meter

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// refused fails the test unless the module is refused with an error that holds every one of the texts.
func refused(t *testing.T, module []byte, o Options, texts ...string) *Error {
	t.Helper()
	_, err := Rewrite(module, o)
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("not refused with an *Error but: %v; it should say %q", err, texts)
	}
	for _, text := range append(texts, "the plugin is refused: ") {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%q does not say %q", err, text)
		}
	}
	return e
}

func TestRefusedFiles(t *testing.T) {
	whole := single(opLocalGet, 0).bytes()
	f := func(module []byte, texts ...string) {
		t.Helper()
		refused(t, module, Options{}, texts...)
	}
	f(nil, "offset 0x0", "not a WebAssembly module")
	f([]byte("#!/bin/sh\n"), "not a WebAssembly module")
	f([]byte("\x00asm\x01"), "end too early", "damaged or incomplete")
	f([]byte("\x00asm\x0d\x00\x01\x00"), "component (wasip2)", "core module (wasip1)")
	f([]byte("\x00asm\x02\x00\x00\x00"), "another version")
	// Half-written files, wherever they end.
	for i := range whole {
		if _, err := Rewrite(whole[:i], Options{}); err == nil {
			t.Errorf("the first %d of %d bytes are accepted", i, len(whole))
		}
	}
	f(append(bytes.Clone(whole), 14, 0), "unknown section 14")
	f(append(bytes.Clone(whole), 13, 1, 0), "section tag", "exceptions")
	f(append(bytes.Clone(whole), secType, 1, 0), "section type", "out of order or comes twice")
	f(append(bytes.Clone(whole), secCode, 1, 0), "section code", "out of order or comes twice")
	f(append(bytes.Clone(whole), secData, 3, 0, 1, 2), "section data", "2 bytes are left over")
}

func TestRefusedSections(t *testing.T) {
	f := func(change func(*wasmModule), texts ...string) {
		t.Helper()
		m := single(opLocalGet, 0)
		change(&m)
		refused(t, m.bytes(), Options{}, texts...)
	}
	sec := func(id byte, content ...byte) []byte { return appendBytes([]byte{id}, content) }
	raw := func(sections ...[]byte) []byte { return cat([]byte("\x00asm\x01\x00\x00\x00"), cat(sections...)) }
	memory := sec(secMemory, 1, 0, 1)

	f(func(m *wasmModule) { m.noMemory, m.exports = true, nil }, "no memory of its own")
	f(func(m *wasmModule) { m.memory = []byte{4, 1} }, "section memory", "64-bit", "wasm32")
	f(func(m *wasmModule) { m.memory = []byte{3, 1, 2} }, "shared memory", "threads")
	f(func(m *wasmModule) { m.memory = []byte{9, 1} }, "limits 0x9")
	f(func(m *wasmModule) { m.memory = []byte{1, 2, 1} }, "minimum of 2 above its maximum of 1")
	f(func(m *wasmModule) { m.memory = appendU([]byte{0}, 1025) }, "begins with 1025, at most 1024")
	refused(t, raw(sec(secMemory, 2, 0, 1, 0, 1)), Options{}, "2 memories, at most 1")

	f(func(m *wasmModule) { m.tables = make([][]byte, 17) }, "17 tables, at most 16")
	f(func(m *wasmModule) { m.tables = [][]byte{appendU([]byte{0x70, 0}, 100_001)} }, "begins with 100001, at most 100000")
	f(func(m *wasmModule) { m.tables = [][]byte{{0x40, 0, 0x70, 0, 1}} }, "table type 0x40")
	f(func(m *wasmModule) { m.tables = [][]byte{{0x70, 4, 1}} }, "64-bit")

	f(func(m *wasmModule) { m.types = append(m.types, wasmType{"\x63", ""}) }, "value type 0x63")
	f(func(m *wasmModule) { m.types = append(m.types, wasmType{strings.Repeat(i32, 256), ""}) }, "256 parameters, at most 255")
	f(func(m *wasmModule) { m.types = append(m.types, wasmType{"", strings.Repeat(i32, 33)}) }, "33 results, at most 32")
	refused(t, raw(sec(secType, 1, 0x5f, 0)), Options{}, "type form 0x5f", "garbage-collected")

	for kind, what := range map[byte]string{1: "table", 2: "memory", 3: "global", 4: "tag"} {
		refused(t, raw(sec(secImport, 1, 1, 'e', 1, 'x', kind, 0, 0)), Options{}, "imports the "+what+` "e"."x"`, "only functions")
	}
	refused(t, raw(sec(secImport, 1, 1, 'e', 1, 'x', 9, 0, 0)), Options{}, "unknown kind")

	// Indices of what the pass adds, everywhere that an index may stand.
	refused(t, raw(sec(secType, 1, 0x60, 0, 0), sec(secImport, 1, 1, 'e', 1, 'x', 0, 1)), Options{}, "no type 1")
	f(func(m *wasmModule) { m.funcs[0].typ = 1 }, "section function", "no type 1")
	f(func(m *wasmModule) { m.exports = append(m.exports, wasmExport{"x", 0, 1}) }, "section export", "no function 1")
	f(func(m *wasmModule) { m.exports = append(m.exports, wasmExport{"x", 1, 0}) }, "no table 0")
	f(func(m *wasmModule) { m.exports = append(m.exports, wasmExport{"x", 2, 1}) }, "no memory 1")
	f(func(m *wasmModule) { m.exports = append(m.exports, wasmExport{"x", 3, 0}) }, "no global 0")
	f(func(m *wasmModule) { m.exports = append(m.exports, wasmExport{"x", 4, 0}) }, "unknown kind 4")
	f(func(m *wasmModule) { m.exports = append(m.exports, wasmExport{"meter.rest", 0, 0}) }, `"meter.rest"`, "belong to the host")
	f(func(m *wasmModule) { m.globals = [][]byte{{0x70, 0, opRefFunc, 1, opEnd}} }, "section global", "no function 1")
	f(func(m *wasmModule) { m.globals = [][]byte{{0x7f, 0, opGlobalGet, 0, opEnd}} }, "global.get may not stand")
	f(func(m *wasmModule) { m.globals = [][]byte{{0x7f, 0, opI32Const, 0, opI32Const, 0, opI32Add, opEnd}} }, "extended constant")
	f(func(m *wasmModule) { m.globals = [][]byte{{0x7f, 0, opCall, 0, opEnd}} }, "instruction 0x10 may not stand")
	f(func(m *wasmModule) { m.globals = [][]byte{{0x7f, 2, opI32Const, 0, opEnd}} }, "mutability 0x2")
	table := func(m *wasmModule) { m.tables = [][]byte{{0x70, 0, 1}} }
	f(func(m *wasmModule) { table(m); m.elements = [][]byte{{0, opI32Const, 0, opEnd, 1, 1}} }, "section element", "no function 1")
	f(func(m *wasmModule) { table(m); m.elements = [][]byte{{5, 0x70, 1, opRefFunc, 1, opEnd}} }, "no function 1")
	f(func(m *wasmModule) { table(m); m.elements = [][]byte{{2, 1, opI32Const, 0, opEnd, 0, 0}} }, "no table 1")
	f(func(m *wasmModule) { table(m); m.elements = [][]byte{{8}} }, "unknown form 8")
	f(func(m *wasmModule) { m.data = [][]byte{{2, 1, opI32Const, 0, opEnd, 0}} }, "section data", "no memory 1")
	f(func(m *wasmModule) { m.data = [][]byte{{3}} }, "unknown form 3")

	refused(t, raw(memory, sec(secStart, 0)), Options{}, "section start", "_initialize")
	refused(t, raw(sec(secType, 1, 0x60, 0, 0), sec(secFunction, 1, 0), memory), Options{}, "1 functions are declared, but there are 0 bodies")
	refused(t, raw(memory, sec(secDataCount, 1)), Options{}, "1 data segments are announced")
	refused(t, raw(memory, sec(secDataCount, 1), sec(secData, 0)), Options{}, "1 data segments are announced, but there are 0")
	// A list that is longer than the file must not be believed.
	refused(t, raw(sec(secFunction, 0xff, 0xff, 0x02)), Options{}, "49151 functions announced")
	refused(t, raw(sec(secType, 0xff, 0xff, 0xff, 0xff, 0x7f)), Options{}, "exceeds 32 bits")
}

func TestRefusedCode(t *testing.T) {
	f := func(code []byte, texts ...string) {
		t.Helper()
		m := single(append(code, opUnreachable)...)
		m.tables = [][]byte{{0x70, 0, 1}}
		e := refused(t, m.bytes(), Options{}, append(texts, "function 0")...)
		if e.Function != 0 || e.Section != "code" || e.Offset < 30 {
			t.Errorf("the place is %+v", e)
		}
	}
	b := func(code ...byte) []byte { return code }
	// Indices of what the pass adds.
	f(b(opGlobalGet, 0), "global.get", "no global 0, the module has 0")
	f(b(opI32Const, 0, opGlobalSet, counterReason), "global.set", "no global 4")
	f(b(opI32Const, 0, opGlobalSet, 0x80, 0x80, 0x00), "no global 0")
	f(b(opCall, 1+helperTick), "call", "no function 1")
	f(b(opRefFunc, 1), "ref.func", "no function 1")
	f(b(opI32Const, 0, opCallIndirect, 1, 0), "call_indirect", "no type 1")
	f(b(opI32Const, 0, opCallIndirect, 0, 1), "no table 1")
	f(b(opBlock, 1, opEnd), "block", "no type 1")
	f(b(opLoop, 1, opEnd), "loop", "no type 1")
	f(b(opLocalGet, 2), "local.get", "no local 2, the module has 2")
	f(b(opTableGet, 1), "table.get", "no table 1")
	f(b(prefixMisc, miscMemoryInit, 0, 0), "memory.init", "no data segment 0")
	f(b(prefixMisc, miscTableInit, 0, 0), "table.init", "no element segment 0")
	f(b(prefixMisc, miscTableCopy, 0, 1), "table.copy", "no table 1")
	// More than one memory.
	f(b(opMemoryGrow, 1), "memory.grow", "only one memory")
	f(b(opMemorySize, 0x80, 0), "memory.size", "only one memory")
	f(b(prefixMisc, miscMemoryCopy, 0, 1), "memory.copy", "only one memory")
	f(b(0x28, 0x42, 0, 0), "instruction 0x28", "only one memory")
	// Structure.
	f(b(opBr, 1), "br", "no block 1 levels up, only 1 are open")
	f(b(opBrTable, 1, 0, 7), "br_table", "no block 7")
	f(b(opBrTable, 0xff, 0xff, 0x7f, 0), "br_table", "at most 65520")
	f(b(opElse), "else", "no open if")
	f(b(opI32Const, 0, opIf, voidBlock, opElse, opElse), "else", "no open if")
	f(b(opEnd), "left over after the end")
	f(b(opBlock, voidBlock), "damaged or incomplete")
	f(b(opBlock, 0x63, 0x70), "value type 0x63")
	f(b(opBlock, 0xff, 0x7f), "block type")
	f(b(opSelectTyped, 2, 0x7f, 0x7f), "select", "one type")
	f(b(opRefNull, 0x69), "reference type 0x69")
	// Proposals.
	for _, op := range []byte{0x06, 0x07, 0x08, 0x09, 0x0a, 0x18, 0x19, 0x1f} {
		f(b(op), "exceptions are not supported")
	}
	f(b(0x12, 0), "tail calls")
	f(b(0x13, 0, 0), "tail calls")
	f(b(0x14, 0), "typed function references")
	f(b(0xd5, 0), "typed function references")
	f(b(0xfb, 0), "garbage-collected types")
	f(b(0xfe, 3, 0), "threads")
	f(b(0xff), "unknown instruction")
	f(b(0x27), "unknown instruction")
	f(b(prefixMisc, 18), "instruction 0xfc 18", "unknown instruction")
	f(b(prefixMisc, 0x88, 0), "instruction 0xfc 136", "unknown instruction")
	f(b(prefixSIMD, 0x9a, 1), "unknown vector instruction 154")
	f(b(prefixSIMD, 0x80, 2), "relaxed SIMD")
	f(b(prefixSIMD, 0x8e, 0x81, 0), "relaxed SIMD")
	// Numbers that other readers would read differently.
	f(b(opI32Const, 0x80, 0x80, 0x80, 0x80, 0x80, 0), "more than 5 bytes")
	f(b(opLocalGet, 0x80, 0x80, 0x80, 0x80, 0x10), "exceeds 32 bits")
	f(b(opBlock, 0x80, 0x80, 0x80, 0x80, 0x80, 0), "exceeds 33 bits")
}

func TestLimits(t *testing.T) {
	// f rewrites the module with a limit that it just meets and with one less.
	f := func(m wasmModule, at int, option func(*Options) *int, text string) {
		t.Helper()
		var o Options
		*option(&o) = at
		mustRewrite(t, m.bytes(), o)
		*option(&o) = at - 1
		refused(t, m.bytes(), o, text)
	}
	m := single(opLocalGet, 0)
	f(m, len(m.bytes()), func(o *Options) *int { return &o.FileBytes }, "bytes, at most")
	f(m, 2, func(o *Options) *int { return &o.Locals }, "2 parameters and locals, at most 1")

	m = single(cat(repeat(100, opNop), []byte{opLocalGet, 0})...)
	f(m, len(m.funcs[0].body()), func(o *Options) *int { return &o.BodyBytes }, "the body has 106 bytes, at most 105")

	m = single(opLocalGet, 0)
	m.imports = []string{"nothing"}
	m.funcs = append(m.funcs, m.funcs[0])
	f(m, 3, func(o *Options) *int { return &o.Functions }, "2 functions, at most 1")

	m = single(opLocalGet, 0)
	m.globals = [][]byte{{0x7f, 1, opI32Const, 0, opEnd}, {0x7f, 1, opI32Const, 0, opEnd}}
	f(m, 2, func(o *Options) *int { return &o.Globals }, "2 globals, at most 1")
	m.data = [][]byte{{0, opI32Const, 0, opEnd, 3, 1, 2, 3}, {1, 3, 1, 2, 3}}
	f(m, 6, func(o *Options) *int { return &o.DataBytes }, "more than 5 bytes")
	m.tables = [][]byte{{0x70, 0, 2}, {0x6f, 0, 2}}
	f(m, 2, func(o *Options) *int { return &o.Tables }, "2 tables, at most 1")
	f(m, 2, func(o *Options) *int { return &o.TableEntries }, "begins with 2, at most 1")
	m.memory = []byte{0, 2}
	f(m, 2, func(o *Options) *int { return &o.MemoryPages }, "begins with 2, at most 1")

	nested := func(n int) []byte {
		return single(cat(repeat(n, opBlock, voidBlock), repeat(n, opEnd), []byte{opLocalGet, 0})...).bytes()
	}
	mustRewrite(t, nested(1000), Options{})
	refused(t, nested(1001), Options{Nesting: 5000}, "function 0", "nested deeper than 1000")
	mustRewrite(t, nested(3), Options{Nesting: 3})
	refused(t, nested(4), Options{Nesting: 3}, "nested deeper than 3")

	// Without any recursion a chain of 50 calls is 50 deep.
	m = single(opLocalGet, 0)
	for i := range 49 {
		m.funcs = append(m.funcs, wasmFunc{code: cat([]byte{opLocalGet, 0}, callFn(i), []byte{opLoop, voidBlock, opEnd})})
	}
	f(m, 50, func(o *Options) *int { return &o.CallDepth }, "chain of 50 units")

	// Very many locals at the expense of few bytes.
	wide := single(opLocalGet, 0).bytes()
	i := bytes.LastIndex(wide, []byte{1, 1, typeI32, opLocalGet})
	huge := bytes.Clone(wide)
	huge = append(huge[:i], 1, 0xff, 0xff, 0xff, 0xff, 0x0f, typeI32, opLocalGet, 0, opEnd)
	huge[i-1] += 4 // body
	huge[i-3] += 4 // section
	refused(t, huge, Options{}, "4294967296 parameters and locals, at most 10000")
}

// Maxima are lowered to the limit, not raised to it.
func TestLimitsAreLowered(t *testing.T) {
	f := func(memory, table []byte, wantMemory, wantTable string) {
		t.Helper()
		m := single(opLocalGet, 0)
		m.memory, m.tables = memory, [][]byte{append([]byte{0x70}, table...)}
		g, err := parse(m.bytes(), Options{MemoryPages: 7, TableEntries: 9}.filled())
		if err != nil {
			t.Fatal(err)
		}
		if string(g.memSec) != "\x01\x01"+wantMemory {
			t.Errorf("memory section is % x", g.memSec)
		}
		if string(g.tableSec) != "\x01\x70\x01"+wantTable {
			t.Errorf("table section is % x", g.tableSec)
		}
	}
	f([]byte{0, 2}, []byte{0, 3}, "\x02\x07", "\x03\x09")
	f([]byte{1, 2, 5}, []byte{1, 3, 4}, "\x02\x05", "\x03\x04")
	f([]byte{1, 2, 100}, []byte{1, 3, 100}, "\x02\x07", "\x03\x09")
}
