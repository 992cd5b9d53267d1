package meter

// opControlLast ends the opcodes that decoder.control reads.
const opControlLast = 0x19

// maxTargets bounds one br_table, as browsers do.
const maxTargets = 65_520

// control reads an instruction that decides what runs next.
func (d *decoder) control(op byte, in *instr) {
	switch op {
	case opUnreachable, opReturn:
		in.kind = kStop
		d.dead()
	case opNop:
		in.cost = 0
	case opBlock, opLoop, opIf:
		d.open(op, in)
	case opElse:
		d.otherwise(in)
	case opEnd:
		d.close(in)
	case opBr, opBrIf:
		in.kind = kBr
		if op == opBrIf {
			in.kind = kBrIf
			d.push(1, 0)
		}
		label := d.r.u32()
		if op == opBr {
			label = d.threaded(label)
		} else {
			d.lastWords()
		}
		in.cost += d.branch(label, false)
		if op == opBr {
			d.dead()
		}
	case opBrTable:
		d.branchTable()
	case opCall:
		fn := d.r.index("function", len(d.g.funcs))
		if d.r.err == nil {
			in.kind, in.to = kCall, int32(fn)
			in.cost = costCall + d.invoke(d.g.types[d.g.funcs[fn]])
		}
	case opCallIndirect:
		t := d.r.index("type", len(d.g.types))
		d.r.index("table", d.g.tables)
		if d.r.err == nil {
			in.kind = kIndirect
			d.push(1, 0)
			in.cost = costIndirect + d.invoke(d.g.types[t])
		}
	default:
		d.r.fail("%s", proposal(op))
	}
}

// invoke notes what a call does to the stack and returns what its arguments cost.
func (d *decoder) invoke(t funcType) int32 {
	d.push(t.params, t.results)
	return (t.params + t.results) / 4
}

// dead marks what follows as unreachable: the stack may hold anything, so it counts as empty.
func (d *decoder) dead() {
	d.height = d.controls[len(d.controls)-1].base
}

func (d *decoder) open(op byte, in *instr) {
	t := d.blockType()
	if len(d.controls) > d.g.opt.Nesting {
		d.r.fail("blocks are nested deeper than %d, and compiling is quadratic in the depth; split the function", d.g.opt.Nesting)
		return
	}
	c := control{op: op, at: d.node, elseAt: -1, params: t.params, results: t.results, loop: d.loop, waiting: -1}
	switch op {
	case opIf:
		in.kind = kIf
		d.push(1, 0)
	case opBlock:
		in.kind, in.cost = kBlock, 0
	case opLoop:
		in.kind, in.cost, in.plain = kLoop, t.params, t.params == 0
		in.n = int32(len(d.parent))
		d.parent = append(d.parent, d.loop)
		d.again, d.level = append(d.again, false), append(d.level, in.n)
		d.loop = in.n
	}
	d.push(t.params, 0)
	c.base = d.height
	d.controls = append(d.controls, c)
	d.push(0, t.params)
}

// blockType reads the type of a block: nothing, one value, or a function type.
func (d *decoder) blockType() funcType {
	r := d.r
	at := r.i
	t := r.s33()
	switch {
	case r.err != nil:
		return funcType{}
	case t >= 0:
		if t >= int64(len(d.g.types)) {
			r.fail("there is no type %d, the module has %d", t, len(d.g.types))
			return funcType{}
		}
		return d.g.types[t]
	case r.i-at > 1:
		r.fail("the block type is not known; build for core WebAssembly 2.0")
		return funcType{}
	case t == -64: // no value
		return funcType{}
	}
	r.i = at
	valueType(r)
	return funcType{results: 1}
}

func (d *decoder) otherwise(in *instr) {
	c := &d.controls[len(d.controls)-1]
	if c.op != opIf || c.elseAt >= 0 {
		d.r.fail("there is no open if that it belongs to")
		return
	}
	in.kind, in.cost = kElse, 0
	c.elseAt = d.node
	d.code[c.at].to = d.node + 1
	d.height = c.base
	d.push(0, c.params)
}

// close ends a block: what waits for its end goes to the node behind.
func (d *decoder) close(in *instr) {
	in.kind, in.cost = kEnd, 0
	depth := len(d.controls) - 1
	d.passed(depth)
	c := d.controls[depth]
	d.controls = d.controls[:depth]
	next := d.node + 1
	if c.op == opIf {
		if c.elseAt >= 0 {
			d.code[c.elseAt].to = next
		} else {
			d.code[c.at].to = next
			d.adds = append(d.adds, add{d.node, d.final == d.node-1})
		}
	}
	for i := c.waiting; i >= 0; i = d.patches[i].next {
		if p := d.patches[i]; p.table {
			d.targets[p.node] = next
		} else {
			d.code[p.node].to = next
		}
	}
	d.loop = c.loop
	d.height = c.base
	if depth > 0 {
		d.push(0, c.results)
	}
}

// branch notes that the current instruction may go to a label and returns how many values it carries there. With table it fills the
// last one of d.targets, else the instruction's own.
func (d *decoder) branch(label uint32, table bool) int32 {
	if int64(label) >= int64(len(d.controls)) {
		d.r.fail("there is no block %d levels up, only %d are open", label, len(d.controls))
		return 0
	}
	c := &d.controls[len(d.controls)-1-int(label)]
	at := d.node
	if table {
		at = int32(len(d.targets) - 1)
	}
	if c.op != opLoop {
		d.patches = append(d.patches, patch{node: at, table: table, next: c.waiting})
		c.waiting = int32(len(d.patches) - 1)
		return c.results
	}
	d.again[d.code[c.at].n] = true
	if c.table > 0 {
		d.tables[c.table-1].back++
	}
	if table {
		d.targets[at] = c.at + 1
	} else {
		d.code[at].to = c.at + 1
	}
	return c.params
}

func (d *decoder) branchTable() {
	d.push(1, 0)
	n := d.r.count("targets", maxTargets)
	first, carried := len(d.targets), int32(0)
	dispatches := d.dispatches()
	for range n + 1 {
		d.targets = append(d.targets, 0)
		label := d.r.u32()
		carried = max(carried, d.branch(label, true))
		if dispatches {
			d.leads = append(d.leads, int32(len(d.controls)-1)-int32(min(label, maxNesting)))
		}
		if d.r.err != nil {
			return
		}
	}
	in := &d.code[d.node]
	in.kind, in.cost = kBrTable, costBrTable+carried
	in.to, in.n = int32(first), int32(n+1)
	if dispatches {
		d.tables[len(d.tables)-1].n = in.n
	}
	d.dead()
}
