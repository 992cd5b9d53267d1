package meter

// assemble writes the new module: the guest's sections with the helpers and counters behind what is its own, so that nothing is renumbered.
func (g *guest) assemble(code []byte) []byte {
	out := make([]byte, 8, len(g.b)+len(g.b)/4+1024)
	copy(out, g.b)
	put := func(id byte, content []byte) {
		if content != nil {
			out = appendBytes(append(out, id), content)
		}
	}
	put(secType, g.newTypes())
	put(secImport, g.raw[secImport])
	put(secFunction, g.newFunctions())
	put(secTable, g.tableSec)
	put(secMemory, g.memSec)
	put(secGlobal, g.newGlobals())
	put(secExport, g.newExports())
	put(secElement, g.raw[secElement])
	put(secDataCount, g.raw[secDataCount])
	put(secCode, code)
	put(secData, g.raw[secData])
	put(secCustom, g.functionNames())
	return out
}

// longer returns a section with more items: how many it had, how many are added, and their bytes.
func longer(raw []byte, had, added int, items []byte) []byte {
	r := newReader(raw)
	if raw != nil {
		r.u32()
	}
	b := appendU(make([]byte, 0, len(raw)+len(items)+8), uint64(had+added))
	return append(append(b, raw[r.i:]...), items...)
}

// Types of the helpers, behind the guest's own.
const (
	typeTick = iota // takes and leaves nothing
	typePay         // takes a length and leaves it
	newTypes
)

func (g *guest) newTypes() []byte {
	return longer(g.raw[secType], len(g.types), newTypes, []byte{
		0x60, 0, 0,
		0x60, 1, typeI32, 1, typeI32,
	})
}

func (g *guest) newFunctions() []byte {
	var items []byte
	for i := range helpers {
		t := typePay
		if i == helperTick {
			t = typeTick
		}
		items = appendU(items, uint64(len(g.types)+t))
	}
	return longer(g.raw[secFunction], len(g.funcs)-g.imported, helpers, items)
}

// newGlobals gives the counters their first values: the start budget is in force until the host sets another.
func (g *guest) newGlobals() []byte {
	first := min(g.opt.StartBudget, g.opt.Slice)
	values := [counters]int64{
		counterLeft:  first,
		counterRest:  g.opt.StartBudget - first,
		counterDepth: int64(g.opt.CallDepth),
	}
	var a assembly
	for i, v := range values {
		if i == counterDepth || i == counterReason {
			a.op(typeI32, 1)
			a.i32(v)
		} else {
			a.op(typeI64, 1)
			a.i64(v)
		}
		a.op(opEnd)
	}
	return longer(g.raw[secGlobal], g.globals, counters, a)
}

func (g *guest) newExports() []byte {
	names := [counters]string{exportLeft, exportRest, exportStop, exportDepth, exportReason, exportSlices}
	var items []byte
	for i, name := range names {
		items = appendU(append(appendBytes(items, name), 3), uint64(g.counter(i)))
	}
	had := 0
	if raw := g.raw[secExport]; raw != nil {
		had = int(newReader(raw).u32())
	}
	return longer(g.raw[secExport], had, counters, items)
}
