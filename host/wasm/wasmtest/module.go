// Package wasmtest puts plugins together for tests, well-behaved and not, without any tool: WebAssembly by the byte.
package wasmtest

import (
	"maps"
	"slices"

	"github.com/claude-proxy/claude-proxy/sdk/abi"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// Import is a function that a module imports. Params and Results are value types of the binary format, such as I32.
type Import struct {
	Module, Name    string
	Params, Results []byte
}

// Value types. https://webassembly.github.io/spec/core/binary/types.html
const (
	I32 byte = 0x7f
	I64 byte = 0x7e
)

// Module is a plugin. The zero value is one that behaves: it takes every call and answers with what Results holds.
type Module struct {
	// Marker is the marker export; "" means that of this ABI version.
	Marker string
	// Omit are exports that are left out; abi.ExportMemory too.
	Omit []string
	// Imports come before everything else. Function 0 is the first one.
	Imports []Import
	// Results replace what exports return, as raw bytes at a place in memory; see Default.
	Results map[string]Result
	// Bodies replace the code of exports: instructions without the final end, with two i64 locals behind the parameters.
	// Counter and Scratch may be used.
	Bodies map[string][]byte
	// Initialize is the code of _initialize; nil means that there is none.
	Initialize []byte
	// Start makes _initialize the start function too.
	Start bool
	// MemoryMin and MemoryMax are in pages; 0 means 40 (2.5 MiB) and no maximum.
	MemoryMin, MemoryMax uint32
	// TableMin is the size of a table of functions; 0 means none.
	TableMin uint32
	// Wide declares the memory with 64-bit addresses.
	Wide bool
}

// Result is what an export returns: bytes, and whether they are marked as a frame.
type Result struct {
	Bytes []byte
	Frame bool
}

const (
	// Counter is the number of a mutable i32 global that begins with 0.
	Counter = 0
	// Arena is where the input arena lies. It goes up to the end of the first memory.
	Arena = 1 << 20
	// data is where results lie.
	data = 4096
)

// Manifest is the manifest of a Module.
func Manifest() adapter.Manifest {
	return adapter.Manifest{Name: "wasmtest", Version: "1.0.0", Auth: "bearer"}
}

// frame builds a frame.
func frame(fill func(b *abi.Builder)) Result {
	var b abi.Builder
	b.Reset()
	fill(&b)
	return Result{b.Finish(), true}
}

// Text is what the exchange of a Module says at each event.
const Text = "hello"

// Default is what the exports of a Module return unless told otherwise: its manifest, configuration 0, a request to
// /v1/test with exchange 1, Text for each event, Text and done for a whole answer and the end, an overload for a failure.
func Default() map[string]Result {
	var text, whole ops.Emitter
	text.TextString(0, Text)
	whole.TextString(0, Text)
	whole.Stop(ops.EndTurn, "", nil)
	whole.Done()
	return map[string]Result{
		abi.ExportManifest:  frame(func(b *abi.Builder) { b.Section(abi.TagBody, abi.AppendManifest(nil, Manifest())) }),
		abi.ExportConfigure: frame(func(b *abi.Builder) { b.Number(abi.TagHandle, 0) }),
		abi.ExportBegin:     Begin(func(*adapter.UpstreamRequest) {}),
		abi.ExportEvent:     {Bytes: text.Buf},
		abi.ExportWhole:     {Bytes: whole.Buf},
		abi.ExportEnd:       {Bytes: whole.Buf},
		abi.ExportFailure: frame(func(b *abi.Builder) {
			b.Section(abi.TagError, abi.AppendError(nil, 0, adapter.Fail(adapter.Overloaded, "", "the upstream is overloaded")))
		}),
	}
}

// Begin is a result of cp_begin with exchange 1 and the request that change makes of the usual one.
func Begin(change func(up *adapter.UpstreamRequest)) Result {
	return frame(func(b *abi.Builder) {
		up := adapter.UpstreamRequest{Path: "/v1/test"}
		up.Body.Lit(`{}`)
		change(&up)
		abi.AppendRequest(b, &up)
		b.Number(abi.TagHandle, 1)
	})
}

// Segments is a result of cp_begin whose body is put together from these segments.
func Segments(segs ...jsonindex.Seg) Result {
	return frame(func(b *abi.Builder) {
		b.Section(abi.TagPath, []byte("/v1/test"))
		b.Section(abi.TagBody, []byte(`{}`))
		doc := []byte{}
		for _, s := range segs {
			doc = abi.AppendNumber(abi.AppendNumber(abi.AppendNumber(doc, s.Kind), s.Off), s.Len)
		}
		b.Section(abi.TagSegments, doc)
		b.Number(abi.TagHandle, 1)
	})
}

// Func is the number of an export that every module has, for Call.
func (m Module) Func(export string) int {
	n := len(m.Imports)
	for _, e := range abi.Exports() {
		switch {
		case e.Name == export:
			return n
		case e.Name == abi.ExportInitialize && m.Initialize == nil, slices.Contains(m.Omit, e.Name):
		default:
			n++
		}
	}
	panic("BUG: no export " + export)
}

// Bytes is the binary of the module.
func (m Module) Bytes() []byte {
	results := Default()
	maps.Copy(results, m.Results)
	var contents []byte
	bodies := map[string][]byte{
		abi.Marker: {}, abi.ExportClose: {},
		abi.ExportAlloc: I32Const(Arena),
	}
	for _, name := range slices.Sorted(maps.Keys(results)) {
		for len(contents)%8 != 0 {
			contents = append(contents, 0)
		}
		r := results[name]
		bodies[name] = I64Const(int64(abi.Pack(uint32(data+len(contents)), uint32(len(r.Bytes)), r.Frame)))
		if len(r.Bytes) == 0 {
			bodies[name] = I64Const(0)
		}
		contents = append(contents, r.Bytes...)
	}
	maps.Copy(bodies, m.Bodies)
	if m.Initialize != nil {
		bodies[abi.ExportInitialize] = m.Initialize
	}
	return m.assemble(bodies, contents)
}

func (m Module) assemble(bodies map[string][]byte, contents []byte) []byte {
	var types, imports, funcs, exports, code [][]byte
	for i, im := range m.Imports {
		types = append(types, funcType(im.Params, im.Results))
		imports = append(imports, cat(name(im.Module), name(im.Name), []byte{0}, u(uint64(i))))
	}
	start := uint64(0)
	for _, e := range abi.Exports() {
		body, ok := bodies[e.Name]
		if !ok || slices.Contains(m.Omit, e.Name) {
			continue
		}
		called := e.Name
		if e.Name == abi.Marker && m.Marker != "" {
			called = m.Marker
		}
		index := u(uint64(len(m.Imports) + len(funcs)))
		if e.Name == abi.ExportInitialize {
			start = uint64(len(m.Imports) + len(funcs))
		}
		funcs = append(funcs, u(uint64(len(types))))
		types = append(types, funcType(repeat(I32, e.Params), map[int][]byte{0: nil, 32: {I32}, 64: {I64}}[e.Result]))
		exports = append(exports, cat(name(called), []byte{0}, index))
		body = cat([]byte{1, 2, I64}, body, []byte{0x0b}) // two locals
		code = append(code, cat(u(uint64(len(body))), body))
	}
	if !slices.Contains(m.Omit, abi.ExportMemory) {
		exports = append(exports, cat(name(abi.ExportMemory), []byte{2, 0}))
	}
	b := []byte("\x00asm\x01\x00\x00\x00")
	b = append(b, vec(1, types)...)
	b = append(b, vec(2, imports)...)
	b = append(b, vec(3, funcs)...)
	if m.TableMin > 0 {
		b = append(b, vec(4, [][]byte{cat([]byte{0x70, 0}, u(uint64(m.TableMin)))})...)
	}
	b = append(b, vec(5, [][]byte{m.memory()})...)
	b = append(b, vec(6, [][]byte{{I32, 1, 0x41, 0, 0x0b}})...)
	b = append(b, vec(7, exports)...)
	if m.Start {
		b = append(b, cat([]byte{8}, blob(u(start)))...)
	}
	b = append(b, vec(10, code)...)
	return append(b, vec(11, [][]byte{cat([]byte{0}, I32Const(data), []byte{0x0b}, blob(contents))})...)
}

func (m Module) memory() []byte {
	least := m.MemoryMin
	if least == 0 {
		least = 40
	}
	flags := byte(0)
	if m.Wide {
		flags = 4
	}
	if m.MemoryMax > 0 {
		return cat([]byte{flags | 1}, u(uint64(least)), u(uint64(m.MemoryMax)))
	}
	return cat([]byte{flags}, u(uint64(least)))
}
