package meter

import "strings"

// valueType reads a value type of core 2.0.
func valueType(r *reader) byte {
	c := r.u8()
	switch c {
	case typeI32, typeI64, 0x7d, 0x7c, typeV128, 0x70, 0x6f:
	default:
		if r.err == nil {
			r.fail("value type %#x is not known; build for core WebAssembly 2.0", c)
		}
	}
	return c
}

func (g *guest) parseTypes(r *reader) {
	for range r.count("types", maxTypes) {
		if c := r.u8(); c != 0x60 && r.err == nil {
			r.fail("type form %#x is not a function; garbage-collected types are not supported", c)
		}
		var t funcType
		t.params = int32(r.count("parameters", maxParams))
		for range t.params {
			valueType(r)
		}
		t.results = int32(r.count("results", maxResults))
		for range t.results {
			valueType(r)
		}
		g.types = append(g.types, t)
	}
}

func (g *guest) parseImports(r *reader) {
	for range r.count("imports", g.opt.Functions) {
		module, name := r.bytes(), r.bytes()
		switch kind := r.u8(); {
		case r.err != nil:
			return
		case kind != 0:
			what := "thing of unknown kind"
			if kinds := strings.Fields("function table memory global tag"); int(kind) < len(kinds) {
				what = kinds[kind]
			}
			r.fail("it imports the %s %q.%q, but only functions may be imported", what, module, name)
			return
		}
		g.funcs = append(g.funcs, r.index("type", len(g.types)))
		g.imported++
	}
}

// limits reads limits and returns them with the maximum lowered to most.
func limits(r *reader, what string, most int) []byte {
	flag := r.u8()
	switch {
	case r.err != nil:
		return nil
	case flag&4 != 0:
		r.fail("a %s with 64-bit addresses is not supported; build for wasm32", what)
		return nil
	case flag&2 != 0:
		r.fail("a shared %s is not supported; build without threads", what)
		return nil
	case flag > 1:
		r.fail("limits %#x are not known", flag)
		return nil
	}
	least, highest := r.u32(), uint32(most)
	if flag == 1 {
		declared := r.u32()
		if declared < least && r.err == nil {
			r.fail("the %s has a minimum of %d above its maximum of %d", what, least, declared)
		}
		highest = min(highest, declared)
	}
	if int64(least) > int64(most) && r.err == nil {
		r.fail("the %s begins with %d, at most %d are allowed", what, least, most)
	}
	return appendU(appendU([]byte{1}, uint64(least)), uint64(highest))
}

func (g *guest) parseTables(r *reader) {
	n := r.count("tables", g.opt.Tables)
	out := appendU(nil, uint64(n))
	for range n {
		c := r.u8()
		if c != 0x70 && c != 0x6f && r.err == nil {
			r.fail("table type %#x is not known; build for core WebAssembly 2.0", c)
		}
		out = append(append(out, c), limits(r, "table", g.opt.TableEntries)...)
		g.tables++
	}
	g.tableSec = out
}

func (g *guest) parseMemory(r *reader) {
	n := r.count("memories", 1)
	if n == 0 {
		return
	}
	g.memSec = append([]byte{1}, limits(r, "memory", g.opt.MemoryPages)...)
}

// constant reads an initial value: one constant instruction.
func (g *guest) constant(r *reader) {
	switch op := r.u8(); op {
	case opI32Const:
		r.signed(5)
	case opI64Const:
		r.signed(10)
	case opF32Const:
		r.skip(4)
	case opF64Const:
		r.skip(8)
	case prefixSIMD:
		if r.u8() != 12 && r.err == nil {
			r.fail("only v128.const may stand in a constant expression")
		}
		r.skip(16)
	case opRefNull:
		referenceType(r)
	case opRefFunc:
		g.take(r)
	case opGlobalGet:
		r.fail("global.get may not stand in a constant expression, since globals may not be imported")
	default:
		r.fail("instruction %#x may not stand in a constant expression", op)
	}
	if r.u8() != opEnd && r.err == nil {
		r.fail("extended constant expressions are not supported")
	}
}

func referenceType(r *reader) {
	if c := r.u8(); c != 0x70 && c != 0x6f && r.err == nil {
		r.fail("reference type %#x is not known; build for core WebAssembly 2.0", c)
	}
}

// take reads the index of a function that can now be called through a table.
func (g *guest) take(r *reader) {
	x := r.index("function", len(g.funcs))
	if r.err != nil {
		return
	}
	if g.taken == nil {
		g.taken = make([]bool, len(g.funcs))
	}
	g.taken[x] = true
}

func (g *guest) parseGlobals(r *reader) {
	for range r.count("globals", g.opt.Globals) {
		valueType(r)
		if c := r.u8(); c > 1 && r.err == nil {
			r.fail("mutability %#x is not known", c)
		}
		g.constant(r)
		g.globals++
	}
}

func (g *guest) parseExports(r *reader) {
	for range r.count("exports", maxExports) {
		name := r.bytes()
		kind := r.u8()
		switch kind {
		case 0:
			r.index("function", len(g.funcs))
		case 1:
			r.index("table", g.tables)
		case 2:
			r.index("memory", 1)
		case 3:
			r.index("global", g.globals)
		default:
			r.fail("export %q is of unknown kind %d", name, kind)
		}
		if strings.HasPrefix(string(name), exportPrefix) {
			r.fail("export %q: names that begin with %q belong to the host; name it differently", name, exportPrefix)
		}
	}
}

func (g *guest) parseElements(r *reader) {
	total := 0
	for range r.count("element segments", maxSegments) {
		flag := r.u32()
		if flag > 7 {
			r.fail("element segment of unknown form %d", flag)
			return
		}
		passive, explicit, exprs := flag&1 != 0, flag&2 != 0, flag&4 != 0
		if !passive {
			if explicit {
				r.index("table", g.tables)
			}
			g.constant(r)
		}
		if passive || explicit {
			if exprs {
				referenceType(r)
			} else if c := r.u8(); c != 0 && r.err == nil {
				r.fail("element kind %#x is not known", c)
			}
		}
		n := r.count("table entries", maxEntries-total)
		total += n
		for range n {
			if exprs {
				g.constant(r)
			} else {
				g.take(r)
			}
		}
		g.elements++
	}
}

func (g *guest) parseCode(r *reader) {
	for i := range r.count("function bodies", g.opt.Functions) {
		r.fn = g.imported + i
		size := int(r.u32())
		if size > g.opt.BodyBytes {
			r.fail("the body has %d bytes, at most %d are allowed; split the function", size, g.opt.BodyBytes)
			return
		}
		from := r.i
		r.skip(size)
		g.bodies = append(g.bodies, span{from, r.i})
	}
	r.fn = -1
}

func (g *guest) parseData(r *reader) {
	n := r.count("data segments", maxSegments)
	if g.segments >= 0 && n != g.segments {
		r.fail("%d data segments are announced, but there are %d", g.segments, n)
		return
	}
	total := 0
	for range n {
		flag := r.u32()
		switch flag {
		case 0:
			g.constant(r)
		case 1:
		case 2:
			r.index("memory", 1)
			g.constant(r)
		default:
			r.fail("data segment of unknown form %d", flag)
		}
		if total += len(r.bytes()); total > g.opt.DataBytes {
			r.fail("the data segments hold more than %d bytes", g.opt.DataBytes)
			return
		}
	}
}
