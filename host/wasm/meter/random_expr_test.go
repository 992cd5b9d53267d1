package meter

import (
	"encoding/binary"
	"math/rand/v2"
)

func (g *generator) expr(depth int) expr {
	g.size--
	if depth <= 0 || g.size <= 0 {
		return g.leaf()
	}
	switch g.r.IntN(12) {
	case 0, 1, 2:
		return g.binary(depth - 1)
	case 3, 4, 5:
		return g.callExpr(depth - 1)
	case 6:
		return g.ifExpr(depth - 1)
	case 7:
		return g.blockExpr(depth - 1)
	case 8:
		return g.loopExpr(depth - 1)
	case 9:
		return expr{cat([]byte{opI32Const, 0, opMemoryGrow, 0}), func(m *machine) (int32, int) { m.step(2); return 1, noJump }}
	}
	return g.leaf()
}

func (g *generator) leaf() expr {
	n := g.r.IntN(3)
	switch g.r.IntN(4) {
	case 0:
		return expr{[]byte{opLocalGet, byte(n)}, func(m *machine) (int32, int) { m.step(1); return m.locals[n], noJump }}
	case 1:
		return expr{[]byte{opGlobalGet, globalSum}, func(m *machine) (int32, int) { m.step(1); return m.sum, noJump }}
	case 2:
		at := g.r.IntN(1<<12) * 4
		return expr{cat(constI32(int64(at)), []byte{0x28, 2, 0}), func(m *machine) (int32, int) {
			m.step(2)
			return int32(binary.LittleEndian.Uint32(m.mem[at:])), noJump
		}}
	}
	v := int32(g.r.Uint32()) >> g.r.IntN(32)
	return expr{constI32(int64(v)), func(m *machine) (int32, int) { m.step(1); return v, noJump }}
}

func (g *generator) binary(depth int) expr {
	a, b := g.expr(depth), g.expr(depth)
	ops := []struct {
		op byte
		f  func(a, b int32) int32
	}{
		{opI32Add, func(a, b int32) int32 { return a + b }},
		{opI32Sub, func(a, b int32) int32 { return a - b }},
		{0x6c, func(a, b int32) int32 { return a * b }},
		{0x73, func(a, b int32) int32 { return a ^ b }},
		{0x74, func(a, b int32) int32 { return a << (uint32(b) & 31) }},
		{opI32LtS, func(a, b int32) int32 { return truth(a < b) }},
	}
	op := ops[g.r.IntN(len(ops))]
	return expr{cat(a.code, b.code, []byte{op.op}), func(m *machine) (int32, int) {
		x, j := a.run(m)
		if j != noJump {
			return 0, j
		}
		y, j := b.run(m)
		if j != noJump {
			return 0, j
		}
		m.step(1)
		return op.f(x, y), noJump
	}}
}

// callExpr calls a later function, or any function while there is fuel, directly or through the table.
func (g *generator) callExpr(depth int) expr {
	arg := g.expr(depth)
	if g.fn+1 < g.funcs && g.r.IntN(2) == 0 {
		fn := g.fn + 1 + g.r.IntN(g.funcs-g.fn-1)
		return expr{cat(arg.code, callFn(fn)), func(m *machine) (int32, int) {
			v, j := arg.run(m)
			if j != noJump {
				return 0, j
			}
			m.step(1)
			return m.call(fn, v), noJump
		}}
	}
	fn := g.r.IntN(g.funcs)
	indirect := g.r.IntN(2) == 0
	arg = in(g, 'x', func() expr { return g.expr(depth) })
	call := callFn(fn)
	if indirect {
		call = append(constI32(int64(fn)), opCallIndirect, 0, 0)
	}
	code := cat(burn.code, []byte{opIf, typeI32}, arg.code, call, []byte{opElse, opI32Const, 7, opEnd})
	return expr{code, func(m *machine) (int32, int) {
		more, _ := burn.run(m)
		m.step(1)
		if more == 0 {
			m.step(1)
			return 7, noJump
		}
		v, j := arg.run(m)
		if j != noJump {
			return 0, leave(j)
		}
		m.step(1)
		if indirect {
			m.step(1)
			return m.call(m.table[fn], v), noJump
		}
		return m.call(fn, v), noJump
	}}
}

func (g *generator) ifExpr(depth int) expr {
	c := g.expr(depth)
	yes := in(g, 'x', func() expr { return g.expr(depth) })
	no := in(g, 'x', func() expr { return g.expr(depth) })
	return expr{cat(c.code, []byte{opIf, typeI32}, yes.code, []byte{opElse}, no.code, []byte{opEnd}), func(m *machine) (int32, int) {
		v, j := c.run(m)
		if j != noJump {
			return 0, j
		}
		m.step(1)
		e := yes
		if v == 0 {
			e = no
		}
		v, j = e.run(m)
		return v, leave(j)
	}}
}

// blockExpr is a block with a result that may be left early with a value.
func (g *generator) blockExpr(depth int) expr {
	parts := in(g, 'x', func() [3]expr { return [3]expr{g.expr(depth), g.expr(depth), g.expr(depth)} })
	first, c, second := parts[0], parts[1], parts[2]
	return expr{cat([]byte{opBlock, typeI32}, first.code, c.code, []byte{opBrIf, 0, opDrop}, second.code, []byte{opEnd}), func(m *machine) (int32, int) {
		v, j := first.run(m)
		if j != noJump {
			return 0, leave(j)
		}
		w, j := c.run(m)
		if j != noJump {
			return 0, leave(j)
		}
		m.step(1)
		if w != 0 {
			return v, noJump
		}
		v, j = second.run(m)
		return v, leave(j)
	}}
}

// loopExpr is a loop with a parameter and a result.
func (g *generator) loopExpr(depth int) expr {
	e := g.expr(depth)
	body := in(g, 'x', func() stmt { return g.seq(depth) })
	code := cat(e.code, []byte{opLoop, 0, opLocalSet, 2}, body.code, []byte{opLocalGet, 2}, burn.code, []byte{opBrIf, 0, opEnd})
	return expr{code, func(m *machine) (int32, int) {
		v, j := e.run(m)
		for j == noJump {
			m.step(1)
			m.locals[2] = v
			if j = body.run(m); j != noJump {
				return 0, leave(j)
			}
			m.step(1)
			v = m.locals[2]
			more, _ := burn.run(m)
			m.step(1)
			if more == 0 {
				return v, noJump
			}
		}
		return 0, j
	}}
}

// program makes a module and the machine that does the same. Function 0 is exported as "f".
func program(seed uint64) (wasmModule, *machine) {
	g := &generator{r: rand.New(rand.NewPCG(seed, 1)), size: 400}
	g.funcs = 1 + g.r.IntN(5)
	fuel := int32(g.r.IntN(200))
	m := wasmModule{
		types:   []wasmType{{i32, i32}},
		tables:  [][]byte{appendU([]byte{0x70, 0}, uint64(g.funcs))},
		globals: [][]byte{cat([]byte{typeI32, 1}, constI32(int64(fuel)), []byte{opEnd}), {typeI32, 1, opI32Const, 0, opEnd}},
		exports: []wasmExport{{"f", 0, 0}, {"memory", 2, 0}, {"fuel", 3, globalFuel}, {"sum", 3, globalSum}},
	}
	x := &machine{fuel: fuel}
	element := append([]byte{0, opI32Const, 0, opEnd}, byte(g.funcs))
	for fn := range g.funcs {
		g.fn = fn
		depth := 1 + g.r.IntN(6)
		s, e := g.seq(depth), g.expr(depth)
		code := cat(s.code, e.code)
		if fn == 0 { // so that it is not paid by its caller, the host
			code = cat([]byte{opLoop, voidBlock, opI32Const, 0, opBrIf, 0, opEnd}, code)
		}
		m.funcs = append(m.funcs, wasmFunc{locals: i32 + i32, code: code})
		x.funcs = append(x.funcs, expr{run: func(m *machine) (int32, int) {
			if j := s.run(m); j != noJump {
				return 0, j
			}
			return e.run(m)
		}})
		to := g.r.IntN(g.funcs)
		element = append(element, byte(to))
		x.table = append(x.table, to)
	}
	m.elements = [][]byte{element}
	return m, x
}
