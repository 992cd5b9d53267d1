package meter

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Section numbers. https://webassembly.github.io/spec/core/binary/modules.html#sections
const (
	secCustom = iota
	secType
	secImport
	secFunction
	secTable
	secMemory
	secGlobal
	secExport
	secStart
	secElement
	secCode
	secData
	secDataCount
	secTag
)

// sectionNames serve errors; the index is the section number.
const sectionNames = "custom type import function table memory global export start element code data datacount tag"

// Limits without an option: no toolchain comes near, and beyond them a small file makes the compiler take much memory.
const (
	maxTypes    = 20_000
	maxParams   = 255
	maxResults  = 32
	maxExports  = 100_000
	maxSegments = 100_000
	maxEntries  = 1_000_000 // of all element segments together
)

// Value types.
const (
	typeI32  = 0x7f
	typeI64  = 0x7e
	typeV128 = 0x7b
)

// funcType is the arity of a function type.
type funcType struct{ params, results int32 }

// guest is a parsed module: what the passes have to know, and its sections as they stand in the file.
type guest struct {
	opt   Options
	b     []byte
	raw   [secTag][]byte // contents of the sections that are copied
	types []funcType
	// functions, imported ones first, and of what type
	imported int
	funcs    []uint32
	tables   int
	globals  int
	elements int
	segments int // data segments, as the data count section says; -1 without one
	bodies   []span
	taken    []bool // functions that a table may hold
	tableSec []byte // table section with lowered maxima
	memSec   []byte
	names    []byte // name section that is kept; nil when there is none
	golang   bool   // the Go compiler made it, as it says itself
	stats    Stats
}

// span is a part of the file.
type span struct{ from, to int }

// parse reads everything but the instructions.
func parse(module []byte, o Options) (*guest, error) {
	r := newReader(module)
	g := &guest{opt: o, b: module, segments: -1}
	g.header(r)
	order := 0
	for r.more() {
		g.section(r, &order)
	}
	r.section, r.fn, r.op = "", -1, -1
	if r.err == nil {
		g.complete(r)
	}
	return g, r.failure()
}

func (g *guest) header(r *reader) {
	if len(g.b) > g.opt.FileBytes {
		r.fail("the file has %d bytes, at most %d are allowed", len(g.b), g.opt.FileBytes)
		return
	}
	switch {
	case !strings.HasPrefix(string(g.b[:min(4, len(g.b))]), "\x00asm"):
		r.fail("this is not a WebAssembly module")
	case len(g.b) < 8:
		r.fail("the contents end too early; the file is damaged or incomplete")
	case g.b[6] == 1:
		r.fail("this is a component (wasip2); build it as a core module (wasip1)")
	case string(g.b[4:8]) != "\x01\x00\x00\x00":
		r.fail("this is WebAssembly of another version; build it as a core module, version 1")
	default:
		r.i = 8
	}
}

// section reads one section. order is the rank of the last one: each comes at most once and in the order of the format.
func (g *guest) section(r *reader, order *int) {
	r.section = ""
	id := int(r.u8())
	if id > secTag {
		r.fail("unknown section %d", id)
		return
	}
	r.section = strings.Fields(sectionNames)[id]
	size := int(r.u32())
	end := r.window(size)
	if r.err != nil {
		return
	}
	content := r.b[r.i:r.end]
	if id == secCustom {
		g.custom(content)
		r.i, r.end = r.end, end
		return
	}
	rank := 2 * id
	if id == secDataCount {
		rank = 2*secCode - 1
	}
	if rank <= *order {
		r.fail("the section is out of order or comes twice")
		return
	}
	*order = rank
	if id < secTag {
		g.raw[id] = content
	}
	g.parseSection(r, id)
	if r.err == nil && r.more() {
		r.fail("%d bytes are left over", r.end-r.i)
	}
	if r.err == nil {
		r.end = end
	}
}

func (g *guest) parseSection(r *reader, id int) {
	switch id {
	case secType:
		g.parseTypes(r)
	case secImport:
		g.parseImports(r)
	case secFunction:
		for range r.count("functions", g.opt.Functions-g.imported) {
			g.funcs = append(g.funcs, r.index("type", len(g.types)))
		}
	case secTable:
		g.parseTables(r)
	case secMemory:
		g.parseMemory(r)
	case secGlobal:
		g.parseGlobals(r)
	case secExport:
		g.parseExports(r)
	case secStart:
		r.fail("a start function is not allowed, since it would run before the host can set its budget; export _initialize instead")
	case secElement:
		g.parseElements(r)
	case secDataCount:
		g.segments = int(r.u32())
	case secCode:
		g.parseCode(r)
	case secData:
		g.parseData(r)
	case secTag:
		r.fail("exceptions are not supported; build without exception handling")
	}
}

// complete checks what can only be known at the end.
func (g *guest) complete(r *reader) {
	if g.memSec == nil {
		r.fail("the module has no memory of its own; export one named memory")
	}
	if len(g.bodies) != len(g.funcs)-g.imported {
		r.fail("%d functions are declared, but there are %d bodies", len(g.funcs)-g.imported, len(g.bodies))
	}
	if g.segments > 0 && g.raw[secData] == nil {
		r.fail("%d data segments are announced, but there are none", g.segments)
	}
}

// madeByGo begins the section by which a module says that the Go compiler made it; a version follows.
const madeByGo = "\tproducers\x02\blanguage\x01\x02Go"

// custom keeps the function names, which make stack traces readable, and drops everything else: the compiler has no use for it,
// and what describes offsets in the code is no longer true.
func (g *guest) custom(content []byte) {
	g.golang = g.golang || bytes.HasPrefix(content, []byte(madeByGo))
	if name, ok := strings.CutPrefix(string(content[:min(5, len(content))]), "\x04"); ok && name == "name" && g.names == nil {
		g.names = content[5:]
	}
}

// functionNames returns the name section with the function names alone, nil when there are none or they are malformed.
func (g *guest) functionNames() []byte {
	r := newReader(g.names)
	for r.more() {
		id := r.u8()
		content := r.bytes()
		if id != 1 || r.err != nil {
			continue
		}
		n := newReader(content)
		last := int64(-1)
		for range n.count("names", len(g.funcs)) {
			i := n.index("function", len(g.funcs))
			if int64(i) <= last || !utf8.Valid(n.bytes()) {
				return nil
			}
			last = int64(i)
		}
		if n.err != nil || n.more() {
			return nil
		}
		b := appendBytes(nil, "name")
		return appendBytes(append(b, 1), content)
	}
	return nil
}
