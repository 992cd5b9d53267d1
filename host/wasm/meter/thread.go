package meter

// Compilers that have no structured code at hand, Go's above all, make a function one big loop that begins with a br_table over all
// its blocks; a jump sets the table's variable and goes back to the loop:
//
//	loop  block … block  local.get $pc  br_table …  end … end
//	… i32.const 7  local.set $pc  br $loop
//
// The table is dear: every jump is a round of the loop, which is paid and checked, and all variables meet in it. But where such a jump
// leads is known, and when it leads down, a block is open that ends there. So the branch is made to name that block. The variable is
// set as before, and what runs is what ran before, without the table. Jumps up still take it.
//
// The table has a second use in Go: a goroutine that was put aside is resumed at the place in question. Such places are behind calls,
// never those that a jump leads to or passes. So when all jumps to a block go there directly, the table leads it to a trap instead, and the
// compiler need no longer provide for two ways to get there; this is worth more than the jumps themselves. It is done only in modules
// that say that Go made them, in functions that have the shape of Go's. A module that says so falsely may trap, and nothing else.

// dispatch is a br_table that stands in a loop behind nothing but blocks that open.
type dispatch struct {
	loop  int32  // place of the loop among the open blocks
	at    int32  // node of the loop; the nodes behind it are the blocks
	node  int32  // the br_table
	open  int32  // blocks that are open there
	local uint32 // the variable
	first int32  // of its targets in decoder.leads, as places among the open blocks
	n     int32
	begin bool  // local 0 is written before the loop
	back  int32 // branches to the loop
	trap  bool  // some of the targets are unused: they are -1 in decoder.leads
}

// lead is the place where a value of the variable leads.
func (d *decoder) lead(t *dispatch, value uint32) *int32 {
	return &d.leads[t.first+int32(min(value, uint32(t.n-1)))]
}

// recent is what a branch has to know of the two instructions before it.
type recent struct {
	value   uint32 // of the i32.const at node konst, or the lower half of the i64.const at konst64
	konst   int32
	konst64 int32
	local   uint32 // of the local.set or local.get at nodes set and get
	set     int32
	get     int32
}

// rename is a branch that gets another label.
type rename struct{ node, label int32 }

// dispatches says whether the br_table at hand is a dispatch, and notes it with its loop. The targets are yet to be added to d.leads.
func (d *decoder) dispatches() bool {
	if d.recent.get != d.node-1 {
		return false
	}
	at := d.node - 2
	for i := len(d.controls) - 1; i > 0; i-- {
		c := &d.controls[i]
		if c.at != at || c.params != 0 {
			return false
		}
		if c.op == opLoop {
			d.tables = append(d.tables, dispatch{
				loop: int32(i), at: at, node: d.node, open: int32(len(d.controls)), local: d.recent.local, first: int32(len(d.leads)), begin: d.written,
			})
			c.table = int32(len(d.tables))
			return true
		}
		if c.op != opBlock || c.results != 0 {
			return false
		}
		at--
	}
	return false
}

// threaded is the label by which the branch at hand gets to where the loop's table would lead it; the one that it has when it
// goes to no such loop, or up.
func (d *decoder) threaded(label uint32) uint32 {
	open := len(d.controls)
	if int64(label) >= int64(open) || d.recent.set != d.node-1 || d.recent.konst != d.node-2 {
		return label
	}
	table := d.controls[open-1-int(label)].table
	if table == 0 || d.tables[table-1].local != d.recent.local {
		return label
	}
	t := &d.tables[table-1]
	d.jumped = d.node
	to := *d.lead(t, d.recent.value)
	// The block that was open at the table is open here if the one in its place began at the same node.
	if to == t.loop || int(to) >= open || d.controls[to].results != 0 || to > t.loop && d.controls[to].at != t.at+to-t.loop {
		d.up = append(d.up, to)
		return label
	}
	d.down = append(d.down, to)
	direct := int32(open) - 1 - to
	d.renames = append(d.renames, rename{d.node, direct})
	return uint32(direct)
}

// passed notes a block that ends where a jump stands, or the if around one: what follows is where one branch of the function goes
// on, no place behind a call.
func (d *decoder) passed(depth int) {
	c := &d.controls[depth]
	if d.jumped != d.node-1 {
		return
	}
	if c.op == opIf {
		d.jumped = d.node
	} else if len(d.tables) > 0 && c.at == d.tables[0].at+int32(depth)-d.tables[0].loop {
		d.down = append(d.down, int32(depth))
	}
}

// prune takes targets out of the table of a function of Go's to which only jumps lead.
func (d *decoder) prune(t funcType) {
	if !d.g.golang || len(d.tables) != 1 || t != (funcType{1, 1}) || len(d.down) == 0 {
		return
	}
	table := &d.tables[0]
	if table.local != 0 || table.begin || int(table.back) != len(d.up) {
		return // the variable may hold what is neither in a jump nor given by the caller
	}
	unused := resized(d.unused, int(table.open))
	d.unused = unused
	for _, to := range d.down {
		unused[to] = true
	}
	for _, to := range d.up {
		unused[to] = false
	}
	unused[*d.lead(table, 0)] = false // where a call begins
	in := &d.code[table.node]
	for i := range table.n {
		if lead := &d.leads[table.first+i]; unused[*lead] {
			*lead = -1
			d.targets[in.to+i] = table.node // nothing behind it
			table.trap = true
		}
	}
	if table.trap {
		in.cost += 3 // of begin
	}
}

// begin goes to where a function begins when the variable is 0, as it nearly always is; a branch is cheaper than a table.
func (a *assembly) begin(label int32) {
	a.local(opLocalGet, 0)
	a.op(opI32Eqz)
	*a = appendU(append(*a, opBrIf), uint64(label))
}

// appendTable writes the table at the end of a block of its own, and a trap behind that for the targets that it lost.
func (b *body) appendTable(a assembly, t *dispatch) assembly {
	a = appendU(append(a, opBrTable), uint64(t.n-1))
	for _, lead := range b.leads[t.first : t.first+t.n] {
		label := int32(0)
		if lead >= 0 {
			label = t.open - lead
		}
		a = appendU(a, uint64(label))
	}
	return append(a, opEnd, opUnreachable)
}

// unroll makes blocks of the loops that nothing goes back to, so that they are neither paid nor checked.
func (d *decoder) unroll() {
	for l := 1; l < len(d.parent); l++ {
		d.parent[l] = d.level[d.parent[l]]
		if !d.again[l] {
			d.level[l] = d.parent[l]
		}
	}
	for i := range d.code {
		in := &d.code[i]
		in.loop = d.level[in.loop]
		if in.kind == kLoop && !d.again[in.n] {
			in.kind = kBlock
		}
	}
}
