package meter

// What the pass knows about code that the Go compiler made, besides thread.go. It serves speed alone: a module that says falsely that it is
// Go's may trap where it would have gone on, and nothing else.

// lastWords notes the br_if at hand when it may stand behind a call that never comes back to this place. Go grows a stack and reports
// a nil pointer from within an if; such a call returns only to unwind, in which case the branch is taken. The trap that is put behind
// it says so to the compiler, which then need not provide for a stack that moved and a memory that grew behind every nil check.
func (d *decoder) lastWords() {
	if d.stack && d.node >= 3 && d.code[d.node-3].kind == kCall && d.recent.set == d.node-1 && d.recent.local == 1 {
		d.final = d.node
	}
}

// Go makes the address of a place on its stack by adding to the stack pointer in 64 bits,
//
//	local.get $sp  i64.extend_i32_u  i64.const 88  i64.add  i32.wrap_i64  … i64.store 0
//
// although the store could add: local.get $sp … i64.store 88. The difference would be an address beyond 4 GiB, where no stack is. The
// compiler checks each address anew, but adds to the same one only once.

// address is a place on the stack whose address is the operand at some height.
type address struct {
	height int32
	node   int32 // the wrap
	add    uint32
}

// farthest is the most that is added.
const farthest = 1 << 16

// wraps looks whether the i32.wrap_i64 at hand completes such an address.
func (d *decoder) wraps() {
	r, i := &d.recent, d.node
	if !d.stack || r.get != i-4 || r.local != 1 || r.konst64 != i-2 || r.value >= farthest ||
		d.g.b[d.code[i-3].pos] != opI64ExtendU || d.g.b[d.code[i-1].pos] != opI64Add {
		return
	}
	d.addresses = append(d.addresses, address{d.height, i, r.value})
}

// accesses reads the rest of the load or store at hand, whose address is the operand at that height.
func (d *decoder) accesses(in *instr, height int32) {
	offset := d.memoryArgument()
	for n := len(d.addresses) - 1; n >= 0 && d.addresses[n].height >= height; n-- { // of a store, the value may be one, too
		a := d.addresses[n]
		if a.height > height || offset >= farthest {
			continue
		}
		in.n = int32(a.add)
		for i := a.node - 3; i <= a.node; i++ {
			d.code[i].left, d.code[i].cost = true, 0
		}
	}
}

// appendAccess writes a load or store with what was added to its address.
func (g *guest) appendAccess(a assembly, in *instr) assembly {
	r := newReader(g.b)
	r.i = int(in.pos)
	op, align, offset := r.u8(), r.u32(), r.u32()
	return appendU(appendU(append(a, op), uint64(align)), uint64(offset)+uint64(in.n))
}
