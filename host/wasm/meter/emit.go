package meter

// The helpers, counted from the first function behind the guest's own.
const (
	helperTick    = iota // at the end of a slice: pays out the next one, or traps
	helperBytes          // pays for a memory operation by its length, which it leaves on the stack
	helperEntries        // the same for a table operation
	helperGrow           // the same for memory.grow
	helpers
)

// The counters, counted from the first global behind the guest's own.
const (
	counterLeft   = iota // i64: what is left of the slice; negative from the moment that it is overdrawn
	counterRest          // i64: what is left of the budget behind the slice
	counterStop          // i64: not 0 when the host wants the call to end; the guest only reads it
	counterDepth         // i32: units of call depth that are left
	counterReason        // i32: Reason of the last trap
	counterSlices        // i64: how many slices have ended
	counters
)

func (g *guest) helper(i int) int  { return len(g.funcs) + i }
func (g *guest) counter(i int) int { return g.globals + i }

// rewriteBodies returns the code section.
func (g *guest) rewriteBodies(d *decoder, c *callGraph) ([]byte, error) {
	size := 0
	for _, at := range g.bodies {
		size += at.to - at.from
	}
	code := appendU(make([]byte, 0, size+size/4), uint64(len(g.bodies)+helpers))
	var p plan
	var a assembly
	for i, at := range g.bodies {
		d.decode(g.imported+i, at)
		if err := d.r.failure(); err != nil {
			return nil, err
		}
		for j := range d.code {
			switch in := &d.code[j]; {
			case in.kind == kCall && c.isCheap(in.to):
				in.cost += c.tree[in.to-c.imported]
			case in.kind == kIndirect:
				in.cost += c.cheapTaken
			}
		}
		p.build(&d.body, c)
		a = g.emit(a[:0], &d.body, &p, c)
		code = appendBytes(code, []byte(a))
	}
	for i := range helpers {
		code = appendBytes(code, g.helperBody(i))
	}
	return code, nil
}

// emit writes one function with its points, counted calls and length operations.
func (g *guest) emit(a assembly, b *body, p *plan, c *callGraph) assembly {
	copied := b.start
	upTo := func(pos int) {
		a = append(a, g.b[copied:pos]...)
		copied = pos
	}
	renames, adds := b.renames, b.adds
	for i := range b.code {
		in := &b.code[i]
		if p.point[i] && p.amount[i] > 0 {
			upTo(int(in.pos))
			a.charge(g, p.amount[i])
			g.stats.Points++
			if p.check[i] {
				a.checkSlice(g, i > 0 && b.code[i-1].kind == kLoop && b.code[i-1].plain)
				g.stats.Checks++
			}
		}
		if len(adds) > 0 && int(adds[0].node) == i {
			upTo(int(in.pos))
			if adds[0].trap {
				a.op(opUnreachable)
			}
			a.op(opElse)
			adds = adds[1:]
		}
		switch {
		case in.left:
			upTo(int(in.pos))
			copied = int(b.code[i+1].pos)
		case in.kind == kPlain && in.n > 0:
			upTo(int(in.pos))
			a = g.appendAccess(a, in)
			copied = int(b.code[i+1].pos)
		}
		if len(renames) > 0 && int(renames[0].node) == i {
			upTo(int(in.pos))
			a = appendU(append(a, opBr), uint64(renames[0].label))
			copied = int(b.code[i+1].pos) // a branch is never the last instruction
			renames = renames[1:]
			g.stats.Threaded++
		}
		if len(b.tables) > 0 && b.tables[0].trap {
			switch t := &b.tables[0]; i {
			case int(t.node) - 1:
				upTo(int(in.pos))
				a.op(opBlock, voidBlock)
				a.begin(t.open - b.leads[t.first])
			case int(t.node):
				upTo(int(in.pos))
				a = b.appendTable(a, t)
				copied = int(b.code[i+1].pos)
				g.stats.Pruned++
			}
		}
		weight := int32(0)
		switch in.kind {
		case kCall:
			weight = c.weight(int32(b.index), in.to)
		case kIndirect:
			weight = c.weightIndirect(int32(b.index))
		case kLength:
			upTo(int(in.pos))
			a.call(g.helper(int(in.to)))
			g.stats.LengthCalls++
		}
		if weight > 0 {
			upTo(int(in.pos))
			a.enter(g, weight)
			upTo(int(b.code[i+1].pos)) // a call is never the last instruction
			a.leave(g, weight)
			g.stats.CountedCalls++
		}
	}
	upTo(b.end)
	return a
}

// charge takes an amount from the slice.
func (a *assembly) charge(g *guest, amount int32) {
	a.get(g.counter(counterLeft))
	a.i64(int64(amount))
	a.op(opI64Sub)
	a.set(g.counter(counterLeft))
}

// checkSlice calls the helper when the slice is overdrawn. The rare case stands in the else, since the compiler lets the other one run
// straight on: most of what metering costs depends on it. In a loop the call goes back to the loop instead of joining the code
// behind: where two ways join, the compiler would have to load the memory's base and length again. The round is then paid twice.
func (a *assembly) checkSlice(g *guest, again bool) {
	a.get(g.counter(counterLeft))
	a.i64(0)
	a.op(opI64GeS, opIf, voidBlock, opElse)
	a.call(g.helper(helperTick))
	if again {
		a.op(opBr, 1)
	}
	a.op(opEnd)
}

// enter counts the depth of a call that is about to happen.
func (a *assembly) enter(g *guest, weight int32) {
	depth := g.counter(counterDepth)
	a.get(depth)
	a.i32(int64(weight))
	a.op(opI32Sub)
	a.set(depth)
	a.get(depth)
	a.i32(0)
	a.op(opI32GeS, opIf, voidBlock, opElse)
	a.trap(g.counter(counterReason), ReasonDepth)
	a.op(opEnd)
}

// leave takes back what enter counted. A trap skips it, which is why Gauge.Refill sets the depth anew.
func (a *assembly) leave(g *guest, weight int32) {
	depth := g.counter(counterDepth)
	a.get(depth)
	a.i32(int64(weight))
	a.op(opI32Add)
	a.set(depth)
}

// helperBody returns the body of a helper.
func (g *guest) helperBody(i int) []byte {
	switch i {
	case helperTick:
		return g.tick()
	case helperBytes:
		return g.payLength(opI64ShrU, bytesPerUnit)
	case helperEntries:
		return g.payLength(opI64ShrU, entriesPerUnit)
	default:
		return g.payLength(opI64Shl, unitsPerPage)
	}
}

// tick settles the overdrawn slice with the budget and pays out the next one, of Slice units or what is left of the budget.
// Growing the memory by no pages changes nothing but leaves machine code, so that the garbage collector can stop the thread.
func (g *guest) tick() []byte {
	left, rest, slices := g.counter(counterLeft), g.counter(counterRest), g.counter(counterSlices)
	a := assembly{1, 1, typeI64} // local 0: the next slice
	a.get(rest)
	a.get(left)
	a.op(opI64Add)
	a.set(rest)
	a.i64(0)
	a.set(left)
	a.get(rest)
	a.i64(0)
	a.op(opI64LtS, opIf, voidBlock)
	a.trap(g.counter(counterReason), ReasonBudget)
	a.op(opEnd)

	a.get(rest)
	a.i64(g.opt.Slice)
	a.get(rest)
	a.i64(g.opt.Slice)
	a.op(opI64LtS, opSelect)
	a.local(opLocalSet, 0)
	a.get(rest)
	a.local(opLocalGet, 0)
	a.op(opI64Sub)
	a.set(rest)
	a.local(opLocalGet, 0)
	a.set(left)

	a.get(slices)
	a.i64(1)
	a.op(opI64Add)
	a.set(slices)
	a.i32(0)
	a.op(opMemoryGrow, 0, opDrop)
	a.get(g.counter(counterStop))
	a.op(opI64Eqz, opIf, voidBlock, opElse)
	a.trap(g.counter(counterReason), ReasonStop)
	a.op(opEnd, opEnd)
	return a
}

// payLength takes a length, charges it shifted, checks, and leaves the length on the stack.
func (g *guest) payLength(shift byte, by int64) []byte {
	left := g.counter(counterLeft)
	a := assembly{0}
	a.get(left)
	a.local(opLocalGet, 0)
	a.op(opI64ExtendU)
	a.i64(by)
	a.op(shift, opI64Sub)
	a.set(left)
	a.checkSlice(g, false)
	a.local(opLocalGet, 0)
	a.op(opEnd)
	return a
}
