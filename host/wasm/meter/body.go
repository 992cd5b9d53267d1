package meter

// kind is what the passes have to know of an instruction.
type kind uint8

const (
	kPlain kind = iota
	kBlock
	kLoop
	kIf
	kElse
	kEnd
	kBr
	kBrIf
	kBrTable
	kStop // return, unreachable
	kCall
	kIndirect
	kLength // a bulk or grow operation, which pays by length
)

// instr is one instruction, a node of the function's flow graph. Its index is its place in body.code; the index after the last
// instruction stands for the function's exit.
type instr struct {
	pos  int32 // offset of the opcode in the file
	cost int32 // units, without what a called function costs
	// kBr, kBrIf: the target node. kIf: where it goes when the condition is false. kElse: behind the end.
	// kBrTable: the first of its targets. kCall: the function. kLength: the helper, counted from the first one.
	to    int32
	loop  int32 // innermost loop that the node is in, 0 is the function itself; of kLoop the loop around it
	n     int32 // kLoop: the loop it opens. kBrTable: number of targets. kPlain, a load or store: what is added to its offset
	kind  kind
	left  bool // is left out
	plain bool // kLoop: takes no parameters, so that an inserted branch may go back to it
}

// body is a decoded function. Its slices are reused from one function to the next.
type body struct {
	index   int // in the module
	from    int // offset of the first instruction in the file
	start   int // offset of the body, where the locals are declared
	end     int
	code    []instr
	targets []int32 // of all br_table
	parent  []int32 // of a loop: the loop around it; 0 for the function itself
	entry   int32   // units for entering the function
	values  int32   // parameters, locals and the greatest height of the operand stack
	refs    []int32 // functions that ref.func names

	controls  []control
	patches   []patch
	again     []bool  // of a loop: something goes back to it
	level     []int32 // of a loop: itself, or the loop around it where it is none after all
	tables    []dispatch
	leads     []int32
	renames   []rename // in order
	up, down  []int32  // where jumps lead that take a table, and that do not any more
	unused    []bool
	addresses []address // on the operand stack
	stack     bool      // local 1 is the stack pointer of a function of Go's
	adds      []add     // in order
	jumped    int32     // the last jump of that kind, or the end of an if behind it
	final     int32     // the last br_if behind a call that does not come back
	written   bool      // local 0 was written
}

// control is an open block.
type control struct {
	op              byte
	at              int32 // node that opened it, -1 for the function
	elseAt          int32 // node of its else, -1 while there is none
	base            int32 // height of the operand stack below its parameters
	params, results int32
	loop            int32 // loop around it
	waiting         int32 // last of the branches to its end, -1 while there is none
	table           int32 // of a loop: number of its dispatch, from 1; 0 for none
}

// patch is a forward branch that waits for the end of its block.
type patch struct {
	node  int32 // branch, or with table the index of its target
	table bool
	next  int32 // the one before it to the same end, -1 if it is the first
}

// add is the end of an if that gets an else, which the compiler makes anyway; but what it knows of addresses it remembers only through
// one that is written. With trap, the end is never reached, and a trap says so.
type add struct {
	node int32
	trap bool
}

// decoder reads the instructions of one function after another.
type decoder struct {
	g *guest
	r *reader
	body
	height, top int32 // of the operand stack: now, and at most
	loop        int32 // innermost open loop
	locals      int
	node        int32 // the instruction being read
	recent      recent
}

// decode reads the body of function index. The fault is in r.err.
func (d *decoder) decode(index int, at span) {
	g, r := d.g, d.r
	t := g.types[g.funcs[index]]
	r.i, r.end, r.fn, r.op = at.from, at.to, index, -1
	d.index, d.start, d.end = index, at.from, at.to
	d.code, d.targets, d.parent, d.refs = d.code[:0], d.targets[:0], append(d.parent[:0], 0), d.refs[:0]
	d.controls, d.patches = d.controls[:0], d.patches[:0]
	d.again, d.level = append(d.again[:0], true), append(d.level[:0], 0)
	d.tables, d.leads, d.renames = d.tables[:0], d.leads[:0], d.renames[:0]
	d.up, d.down, d.written, d.jumped = d.up[:0], d.down[:0], false, -1
	d.adds, d.addresses, d.final = d.adds[:0], d.addresses[:0], -1
	d.recent = recent{konst: -1, konst64: -1, set: -1, get: -1}
	d.height, d.top, d.loop = 0, 0, 0
	d.locals = int(t.params)
	d.stack = false
	for range r.count("groups of locals", g.opt.BodyBytes) {
		n := int(r.u32())
		if c := valueType(r); d.locals == 1 && n > 0 {
			d.stack = g.golang && t == (funcType{1, 1}) && c == typeI32
		}
		d.locals += n
		if d.locals > g.opt.Locals && r.err == nil {
			r.fail("%d parameters and locals, at most %d are allowed", d.locals, g.opt.Locals)
		}
	}
	d.from = r.i
	d.controls = append(d.controls, control{op: opBlock, at: -1, elseAt: -1, results: t.results, waiting: -1})
	for len(d.controls) > 0 && r.err == nil {
		d.instruction()
	}
	r.op = -1
	if r.err == nil && r.more() {
		r.fail("%d bytes are left over after the end of the function", r.end-r.i)
	}
	d.prune(t)
	d.unroll()
	// Locals are cleared and parameters moved when the function is entered.
	d.entry = int32(d.locals) / 8
	d.values = int32(d.locals) + d.top + t.results
}

// push notes what an instruction takes from the operand stack and leaves on it. In dead code the stack may hold anything, so the
// height never falls below the base of the block.
func (d *decoder) push(pops, pushes int32) {
	d.height = max(d.height-pops, d.controls[len(d.controls)-1].base)
	for n := len(d.addresses); n > 0 && d.addresses[n-1].height > d.height; n-- {
		d.addresses = d.addresses[:n-1]
	}
	d.height += pushes
	d.top = max(d.top, d.height)
}

func (d *decoder) instruction() {
	r := d.r
	d.node = int32(len(d.code))
	d.code = append(d.code, instr{pos: int32(r.i), cost: 1, loop: d.loop})
	in := &d.code[d.node]
	r.at = r.i
	op := r.u8()
	r.op = int(op)
	switch {
	case op >= 0x45 && op <= 0xc4:
		pops, cost := numeric(op)
		in.cost = cost
		d.push(pops, 1)
		if op == opI32WrapI64 {
			d.wraps()
		}
	case op >= 0x28 && op <= 0x35: // loads
		d.accesses(in, d.height)
		d.push(1, 1)
	case op >= 0x36 && op <= 0x3e: // stores
		d.accesses(in, d.height-1)
		d.push(2, 0)
	case op >= opLocalGet && op <= opTableSet:
		d.variable(op)
	case op <= opControlLast:
		d.addresses = d.addresses[:0]
		d.control(op, in)
	case op == prefixMisc:
		d.misc(in)
	case op == prefixSIMD:
		d.simd(in)
	default:
		d.other(op, in)
	}
}

// variable reads an instruction on a local, a global or a table.
func (d *decoder) variable(op byte) {
	switch {
	case op == opLocalGet:
		d.recent.local, d.recent.get = d.r.index("local", d.locals), d.node
	case op == opLocalSet:
		d.recent.local, d.recent.set = d.r.index("local", d.locals), d.node
		d.written = d.written || d.recent.local == 0
	case op == opLocalTee:
		d.written = d.r.index("local", d.locals) == 0 || d.written
	case op <= opGlobalSet:
		d.r.index("global", d.g.globals)
	default:
		d.r.index("table", d.g.tables)
	}
	switch op {
	case opLocalGet, opGlobalGet:
		d.push(0, 1)
	case opLocalSet, opGlobalSet:
		d.push(1, 0)
	case opTableSet:
		d.push(2, 0)
	default: // local.tee, table.get
		d.push(1, 1)
	}
}

func (d *decoder) other(op byte, in *instr) {
	r := d.r
	switch op {
	case opDrop:
		in.cost = 0
		d.push(1, 0)
	case opSelectTyped:
		if r.u8() != 1 && r.err == nil {
			r.fail("it must name one type")
		}
		valueType(r)
		d.push(3, 1)
	case opSelect:
		d.push(3, 1)
	case opMemorySize:
		r.zero("memory")
		d.push(0, 1)
	case opMemoryGrow:
		r.zero("memory")
		in.kind, in.to, in.cost = kLength, helperGrow, costLeave
		d.push(1, 1)
	case opI32Const:
		from := r.i
		r.signed(5)
		d.recent.value, d.recent.konst = r.number(from), d.node
		d.push(0, 1)
	case opI64Const:
		from := r.i
		r.signed(10)
		d.recent.value, d.recent.konst64 = r.number(from), d.node
		d.push(0, 1)
	case opF32Const:
		r.skip(4)
		d.push(0, 1)
	case opF64Const:
		r.skip(8)
		d.push(0, 1)
	case opRefNull:
		referenceType(r)
		d.push(0, 1)
	case opRefIsNull:
		d.push(1, 1)
	case opRefFunc:
		d.refs = append(d.refs, int32(r.index("function", len(d.g.funcs))))
		in.cost = costLeave
		d.push(0, 1)
	default:
		r.fail("%s", proposal(op))
	}
}

// memoryArgument reads the alignment and the offset of a load or store and returns the offset.
func (d *decoder) memoryArgument() uint32 {
	if align := d.r.u32(); align >= 32 && d.r.err == nil {
		d.r.fail("only one memory is allowed")
	}
	return d.r.u32()
}

func (d *decoder) misc(in *instr) {
	r := d.r
	sub := r.u8()
	r.op |= int(sub) << 8
	if sub <= 7 { // saturating conversions
		in.cost = costFloat
		d.push(1, 1)
		return
	}
	in.cost, in.kind = costBulk, kLength
	switch sub {
	case miscMemoryInit:
		r.index("data segment", max(d.g.segments, 0))
		r.zero("memory")
		in.to = helperBytes
		d.push(3, 0)
	case miscMemoryCopy:
		r.zero("memory")
		r.zero("memory")
		in.to = helperBytes
		d.push(3, 0)
	case miscMemoryFill:
		r.zero("memory")
		in.to = helperBytes
		d.push(3, 0)
	case miscTableInit:
		r.index("element segment", d.g.elements)
		r.index("table", d.g.tables)
		in.to = helperEntries
		d.push(3, 0)
	case miscTableCopy:
		r.index("table", d.g.tables)
		r.index("table", d.g.tables)
		in.to = helperEntries
		d.push(3, 0)
	case miscTableFill:
		r.index("table", d.g.tables)
		in.to = helperEntries
		d.push(3, 0)
	case miscTableGrow:
		r.index("table", d.g.tables)
		in.to, in.cost = helperEntries, costLeave
		d.push(2, 1)
	case miscDataDrop:
		in.kind = kPlain
		r.index("data segment", max(d.g.segments, 0))
	case miscElemDrop:
		in.kind = kPlain
		r.index("element segment", d.g.elements)
	case miscTableSize:
		in.kind = kPlain
		r.index("table", d.g.tables)
		d.push(0, 1)
	default:
		r.fail("unknown instruction; build for core WebAssembly 2.0")
	}
}

// simd reads a vector instruction. What takes several operands is counted as if it took one; the height is then too high, not too low.
func (d *decoder) simd(in *instr) {
	r := d.r
	in.cost = costSIMD
	sub := r.u8()
	// The compiler reads one byte and takes the second one of a number from 128 to 255, which is 1, for a nop. Any other second byte
	// would be read differently here and there; relaxed SIMD begins at 256.
	if sub >= 0x80 && r.u8() != 1 && r.err == nil {
		r.fail("relaxed SIMD is not supported; build without relaxed-simd")
		return
	}
	for i := range len(simdUnknown) {
		if sub == simdUnknown[i] {
			r.fail("unknown vector instruction %d; build for core WebAssembly 2.0", sub)
			return
		}
	}
	switch {
	case sub == 11: // v128.store
		d.memoryArgument()
		d.push(2, 0)
	case sub < 11, sub == 92, sub == 93: // loads
		d.memoryArgument()
		d.push(1, 1)
	case sub >= 84 && sub <= 91: // loads and stores of one lane
		d.memoryArgument()
		r.u8()
		d.push(1, 1)
	case sub == 12: // v128.const
		r.skip(16)
		d.push(0, 1)
	case sub == 13: // shuffle
		r.skip(16)
		d.push(1, 1)
	case sub >= 21 && sub <= 34: // lanes
		r.u8()
		d.push(1, 1)
	default:
		d.push(1, 1)
	}
}
