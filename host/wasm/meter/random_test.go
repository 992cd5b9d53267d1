package meter

import (
	"encoding/binary"
	"math/rand/v2"
)

// The generator below makes random structured programs. Each piece is code and, beside it, a function that does the same on a machine
// and counts every instruction that it executes, so that nothing of the pass is needed to know the exact count.

const (
	memorySize = 1 << 16
	maxCount   = 3_000_000
	noJump     = -1
	returning  = 1 << 20 // a jump out of the function
)

// Globals of the guest.
const (
	globalFuel = iota // bounds loops and recursion
	globalSum
)

// machine executes programs.
type machine struct {
	mem    [memorySize]byte
	fuel   int32
	sum    int32
	locals []int32 // of the running function
	result int32   // of a return
	count  int64
	funcs  []expr // bodies; what they leave is the result
	table  []int
}

type tooLong struct{}

func (m *machine) step(n int64) {
	if m.count += n; m.count > maxCount {
		panic(tooLong{})
	}
}

func (m *machine) call(fn int, arg int32) int32 {
	saved := m.locals
	m.locals = []int32{arg, 0, 0}
	v, jump := m.funcs[fn].run(m)
	m.locals = saved
	if jump == returning {
		return m.result
	}
	return v
}

// expr leaves one i32, stmt leaves nothing. A jump is the number of blocks to leave, or noJump.
type expr struct {
	code []byte
	run  func(*machine) (int32, int)
}

type stmt struct {
	code []byte
	run  func(*machine) int
}

type generator struct {
	r      *rand.Rand
	labels []byte // open blocks: v(oid), l(oop), x: not to be branched to
	fn     int
	funcs  int
	size   int // pieces left to make
}

func (g *generator) seq(depth int) stmt {
	var all []stmt
	var code []byte
	for range g.r.IntN(4) + 1 {
		s := g.stmt(depth)
		all = append(all, s)
		code = append(code, s.code...)
	}
	return stmt{code, func(m *machine) int {
		for _, s := range all {
			if j := s.run(m); j != noJump {
				return j
			}
		}
		return noJump
	}}
}

// in makes a piece inside another block.
func in[T any](g *generator, label byte, make func() T) T {
	g.labels = append(g.labels, label)
	t := make()
	g.labels = g.labels[:len(g.labels)-1]
	return t
}

// leave turns a jump inside a block into one outside. A jump to the block itself has arrived: 0 becomes noJump.
func leave(jump int) int {
	if jump == noJump || jump == returning {
		return jump
	}
	return jump - 1
}

// burn takes one unit of fuel and leaves whether there is any.
var burn = expr{
	cat([]byte{opGlobalGet, globalFuel, opI32Const, 1, opI32Sub, opGlobalSet, globalFuel, opGlobalGet, globalFuel, opI32Const, 0, 0x4a}),
	func(m *machine) (int32, int) {
		m.step(7)
		m.fuel--
		return truth(m.fuel > 0), noJump
	},
}

func truth(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

// target picks an open block of a kind and returns how many levels up it is, -1 when there is none.
func (g *generator) target(label byte) int {
	var fit []int
	for i, l := range g.labels {
		if l == label {
			fit = append(fit, len(g.labels)-1-i)
		}
	}
	if len(fit) == 0 {
		return -1
	}
	return fit[g.r.IntN(len(fit))]
}

func (g *generator) stmt(depth int) stmt {
	g.size--
	if depth <= 0 || g.size <= 0 {
		return g.simple(1)
	}
	switch g.r.IntN(14) {
	case 0, 1:
		return g.ifElse(depth - 1)
	case 2, 3:
		body := in(g, 'v', func() stmt { return g.seq(depth - 1) })
		return stmt{cat([]byte{opBlock, voidBlock}, body.code, []byte{opEnd}), func(m *machine) int { return leave(body.run(m)) }}
	case 4, 5, 6:
		return g.loop(depth - 1)
	case 7, 8:
		return g.branch(depth - 1)
	case 9:
		if g.r.IntN(4) == 0 {
			e := g.expr(depth - 1)
			return stmt{append(e.code, opReturn), func(m *machine) int {
				v, j := e.run(m)
				if j != noJump {
					return j
				}
				m.step(1)
				m.result = v
				return returning
			}}
		}
		return g.straight()
	case 10:
		return g.bulk()
	}
	return g.simple(depth - 1)
}

func (g *generator) ifElse(depth int) stmt {
	c := g.expr(depth)
	yes := in(g, 'v', func() stmt { return g.seq(depth) })
	if g.r.IntN(2) == 0 {
		return stmt{cat(c.code, []byte{opIf, voidBlock}, yes.code, []byte{opEnd}), func(m *machine) int {
			v, j := c.run(m)
			if j != noJump {
				return j
			}
			m.step(1)
			if v == 0 {
				return noJump
			}
			return leave(yes.run(m))
		}}
	}
	no := in(g, 'v', func() stmt { return g.seq(depth) })
	return stmt{cat(c.code, []byte{opIf, voidBlock}, yes.code, []byte{opElse}, no.code, []byte{opEnd}), func(m *machine) int {
		v, j := c.run(m)
		if j != noJump {
			return j
		}
		m.step(1)
		if v == 0 {
			return leave(no.run(m))
		}
		return leave(yes.run(m))
	}}
}

// loop runs its body again while there is fuel; inner pieces may go on with it too.
func (g *generator) loop(depth int) stmt {
	body := in(g, 'l', func() stmt { return g.seq(depth) })
	again := g.r.IntN(3) > 0
	code := cat([]byte{opLoop, voidBlock}, body.code)
	if again {
		code = cat(code, burn.code, []byte{opBrIf, 0})
	}
	return stmt{append(code, opEnd), func(m *machine) int {
		for {
			j := body.run(m)
			if j == 0 {
				continue
			}
			if j != noJump {
				return leave(j)
			}
			if !again {
				return noJump
			}
			v, _ := burn.run(m)
			m.step(1)
			if v == 0 {
				return noJump
			}
		}
	}}
}

// branch goes out of blocks, or back to a loop while there is fuel.
func (g *generator) branch(depth int) stmt {
	if to := g.target('l'); to >= 0 && g.r.IntN(2) == 0 {
		return stmt{cat(burn.code, []byte{opBrIf, byte(to)}), func(m *machine) int {
			v, _ := burn.run(m)
			m.step(1)
			if v != 0 {
				return to
			}
			return noJump
		}}
	}
	to := g.target('v')
	if to < 0 {
		return g.simple(depth)
	}
	c := g.expr(depth)
	switch g.r.IntN(4) {
	case 0:
		return stmt{[]byte{opBr, byte(to)}, func(m *machine) int { m.step(1); return to }}
	case 1:
		targets := []int{to, g.target('v'), g.target('v')}
		return stmt{cat(c.code, []byte{opBrTable, 2, byte(targets[0]), byte(targets[1]), byte(targets[2])}), func(m *machine) int {
			v, j := c.run(m)
			if j != noJump {
				return j
			}
			m.step(1)
			return targets[min(uint32(v), 2)]
		}}
	}
	return stmt{cat(c.code, []byte{opBrIf, byte(to)}), func(m *machine) int {
		v, j := c.run(m)
		if j != noJump {
			return j
		}
		m.step(1)
		if v != 0 {
			return to
		}
		return noJump
	}}
}

// straight is code without branches that may be longer than the longest way without a point.
func (g *generator) straight() stmt {
	n := g.r.IntN(200) + 1
	return stmt{repeat(n, opLocalGet, 1, opI32Const, 3, opI32Add, opLocalSet, 1), func(m *machine) int {
		m.step(int64(4 * n))
		m.locals[1] += int32(3 * n)
		return noJump
	}}
}

// bulk fills or copies within the memory.
func (g *generator) bulk() stmt {
	to, from, n := g.r.IntN(30_000), g.r.IntN(30_000), g.r.IntN(3_000)
	if g.r.IntN(2) == 0 {
		return stmt{cat(constI32(int64(to)), constI32(int64(from)), constI32(int64(n)), []byte{prefixMisc, miscMemoryCopy, 0, 0}), func(m *machine) int {
			m.step(4)
			copy(m.mem[to:to+n], m.mem[from:from+n])
			return noJump
		}}
	}
	return stmt{cat(constI32(int64(to)), []byte{opLocalGet, 1}, constI32(int64(n)), []byte{prefixMisc, miscMemoryFill, 0}), func(m *machine) int {
		m.step(4)
		for i := range n {
			m.mem[to+i] = byte(m.locals[1])
		}
		return noJump
	}}
}

// simple stores a value somewhere or forgets it.
func (g *generator) simple(depth int) stmt {
	e := g.expr(depth)
	switch at := g.r.IntN(1<<12) * 4; g.r.IntN(4) {
	case 0:
		return stmt{cat(constI32(int64(at)), e.code, []byte{0x36, 2, 0}), func(m *machine) int {
			m.step(1)
			v, j := e.run(m)
			if j != noJump {
				return j
			}
			m.step(1)
			binary.LittleEndian.PutUint32(m.mem[at:], uint32(v))
			return noJump
		}}
	case 1:
		return stmt{cat(e.code, []byte{opGlobalGet, globalSum, opI32Add, opGlobalSet, globalSum}), func(m *machine) int {
			v, j := e.run(m)
			if j != noJump {
				return j
			}
			m.step(3)
			m.sum += v
			return noJump
		}}
	case 2:
		return stmt{append(e.code, opDrop), func(m *machine) int { _, j := e.run(m); return j }}
	}
	n := g.r.IntN(3)
	return stmt{append(e.code, opLocalSet, byte(n)), func(m *machine) int {
		v, j := e.run(m)
		if j != noJump {
			return j
		}
		m.step(1)
		m.locals[n] = v
		return noJump
	}}
}
