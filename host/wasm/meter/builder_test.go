package meter

// wasmModule assembles small modules. Its zero value, with a memory, is a valid one.
type wasmModule struct {
	types    []wasmType
	imports  []string // "module.name" of a function of type 0
	funcs    []wasmFunc
	tables   [][]byte // type and limits
	memory   []byte   // limits; nil for one page without a maximum
	noMemory bool
	globals  [][]byte // type, mutability, initial value
	exports  []wasmExport
	elements [][]byte
	data     [][]byte
	count    bool // write a data count section
	names    []byte
}

type wasmType struct{ params, results string }

type wasmFunc struct {
	typ    int
	locals string // value types
	code   []byte // without the final end
}

type wasmExport struct {
	name  string
	kind  byte
	index int
}

const (
	i32 = "\x7f"
	i64 = "\x7e"
)

func list(items [][]byte) []byte {
	b := appendU(nil, uint64(len(items)))
	for _, item := range items {
		b = append(b, item...)
	}
	return b
}

func section(out []byte, id byte, items [][]byte) []byte {
	if len(items) == 0 {
		return out
	}
	return appendBytes(append(out, id), list(items))
}

func (f wasmFunc) body() []byte {
	b := appendU(nil, uint64(len(f.locals)))
	for i := range len(f.locals) {
		b = append(b, 1, f.locals[i])
	}
	return append(append(b, f.code...), opEnd)
}

func (m wasmModule) bytes() []byte {
	var types, imports, funcs, exports, code [][]byte
	for _, t := range m.types {
		types = append(types, appendBytes(appendBytes([]byte{0x60}, t.params), t.results))
	}
	for _, name := range m.imports {
		imports = append(imports, append(appendBytes(appendBytes(nil, "host"), name), 0, 0))
	}
	for _, f := range m.funcs {
		funcs = append(funcs, appendU(nil, uint64(f.typ)))
		code = append(code, appendBytes(nil, f.body()))
	}
	for _, e := range m.exports {
		exports = append(exports, appendU(append(appendBytes(nil, e.name), e.kind), uint64(e.index)))
	}
	memory := m.memory
	if memory == nil {
		memory = []byte{0, 1}
	}
	out := []byte("\x00asm\x01\x00\x00\x00")
	out = section(out, secType, types)
	out = section(out, secImport, imports)
	out = section(out, secFunction, funcs)
	out = section(out, secTable, m.tables)
	if !m.noMemory {
		out = section(out, secMemory, [][]byte{memory})
	}
	out = section(out, secGlobal, m.globals)
	out = section(out, secExport, exports)
	out = section(out, secElement, m.elements)
	if m.count {
		out = appendBytes(append(out, secDataCount), appendU(nil, uint64(len(m.data))))
	}
	out = section(out, secCode, code)
	out = section(out, secData, m.data)
	if m.names != nil {
		out = appendBytes(append(out, secCustom), m.names)
	}
	return out
}

// single is a module with one exported function "f" that takes an i32 and leaves one, and one local i32.
func single(code ...byte) wasmModule {
	return wasmModule{
		types:   []wasmType{{i32, i32}},
		funcs:   []wasmFunc{{typ: 0, locals: i32, code: code}},
		exports: []wasmExport{{"f", 0, 0}, {"memory", 2, 0}},
	}
}

// cat joins pieces of code.
func cat(pieces ...[]byte) []byte {
	var b []byte
	for _, p := range pieces {
		b = append(b, p...)
	}
	return b
}

func constI32(v int64) []byte { return appendS([]byte{opI32Const}, v) }

func callFn(n int) []byte { return appendU([]byte{opCall}, uint64(n)) }

// repeat returns code n times.
func repeat(n int, code ...byte) []byte {
	var b []byte
	for range n {
		b = append(b, code...)
	}
	return b
}
