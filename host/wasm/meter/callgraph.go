package meter

const (
	// cheapest is the most that a function may cost to be paid by its callers, with all that it calls.
	cheapest = 64
	// valuesPerUnit is how many values in a frame count one more unit of depth: 64 values are 512 bytes.
	valuesPerUnit = 64
)

// callGraph holds what the functions with a body cost each other. Functions are counted from the first with a body, imports are below zero.
//
// Depth is counted only at calls through a table and at back edges of the graph of direct calls. Let height be the units of the
// longest chain of other calls below a function, itself included. A chain of frames that crosses no counted call is bounded by the height
// of its first function; so with a weight of frame(u) + height(v) - height(u), at least 1, at each counted call from u to v, the
// units on the stack never exceed the height of the first function and the weights of the counted calls that are open.
type callGraph struct {
	imported    int32
	tree        []int32 // cost of a cheap function with all that it calls; -1 of others
	frame       []int32
	height      []int32
	finished    []int32 // when the search left the function; a call is a back edge if its target was not left before its caller
	cheapTaken  int32   // dearest cheap function that a table may hold
	heightTaken int32   // highest function that a table may hold
	chain       int32
}

// isCheap tells whether a function is paid by its callers; fn counts imports.
func (c *callGraph) isCheap(fn int32) bool { return fn >= c.imported && c.tree[fn-c.imported] >= 0 }

// weight returns the units that a direct call counts, 0 when it is not counted. Both indexes count imports.
func (c *callGraph) weight(from, to int32) int32 {
	if to < c.imported {
		return 0
	}
	u, v := from-c.imported, to-c.imported
	if c.finished[v] < c.finished[u] {
		return 0
	}
	return max(1, c.frame[u]+c.height[v]-c.height[u])
}

// weightIndirect is weight for a call through a table.
func (c *callGraph) weightIndirect(from int32) int32 {
	u := from - c.imported
	return max(1, c.frame[u]+c.heightTaken-c.height[u])
}

// calls is what the first look at the bodies finds.
type calls struct {
	out  []int32 // direct calls of functions with a body, one function after the other
	from []int32 // where the calls of a function begin in out, one more at the end
	own  []int32 // cost of all instructions of a function; -1 when it cannot be cheap
}

// survey looks at every body once and builds the call graph.
func survey(g *guest, o Options) (*decoder, *callGraph, error) {
	d := &decoder{g: g, r: newReader(g.b)}
	d.r.section = "code"
	c := &callGraph{imported: int32(g.imported), frame: make([]int32, len(g.bodies))}
	k := &calls{from: make([]int32, 1, len(g.bodies)+1), own: make([]int32, len(g.bodies))}
	if g.taken == nil {
		g.taken = make([]bool, len(g.funcs))
	}
	for i, at := range g.bodies {
		d.decode(g.imported+i, at)
		if err := d.r.failure(); err != nil {
			return nil, nil, err
		}
		for _, fn := range d.refs {
			g.taken[fn] = true
		}
		g.stats.Instructions += len(d.code)
		c.frame[i] = 1 + d.values/valuesPerUnit
		k.note(&d.body, c.imported, i)
	}
	g.stats.Functions = len(g.bodies)
	c.search(k)
	c.summarise(g)
	if int(c.chain) > o.CallDepth {
		d.r.section, d.r.fn, d.r.op = "code", -1, -1
		d.r.i = 0
		d.r.fail("functions call each other in a chain of %d units without any recursion, at most %d are allowed", c.chain, o.CallDepth)
		return nil, nil, d.r.failure()
	}
	return d, c, nil
}

// note adds a function to the calls.
func (k *calls) note(b *body, imported int32, i int) {
	own := b.entry
	for j := range b.code {
		in := &b.code[j]
		own = min(own+in.cost, 1<<20)
		switch {
		case in.kind == kCall && in.to >= imported:
			k.out = append(k.out, in.to-imported)
		case in.kind == kLoop, in.kind == kCall, in.kind == kIndirect, in.kind == kLength:
			own = 1 << 20
		}
	}
	if own > cheapest {
		own = -1
	}
	k.own[i] = own
	k.from = append(k.from, int32(len(k.out)))
}

// search walks the graph depth first, without recursion, and fills tree, height and finished.
func (c *callGraph) search(k *calls) {
	n := len(k.own)
	c.tree, c.height, c.finished = make([]int32, n), make([]int32, n), make([]int32, n)
	const unseen, open, done = 0, 1, 2
	state := make([]byte, n)
	next := make([]int32, n) // next call of an open function
	for i := range c.finished {
		c.finished[i] = int32(n) // later than any that is finished
	}
	var stack []int32
	time := int32(0)
	for root := range n {
		if state[root] != unseen {
			continue
		}
		stack = append(stack, int32(root))
		for len(stack) > 0 {
			f := stack[len(stack)-1]
			if state[f] == unseen {
				state[f], next[f] = open, k.from[f]
			}
			if next[f] == k.from[f+1] {
				stack = stack[:len(stack)-1]
				c.leave(k, f)
				c.finished[f] = time
				state[f] = done
				time++
				continue
			}
			callee := k.out[next[f]]
			next[f]++
			if state[callee] == unseen {
				stack = append(stack, callee)
			}
		}
	}
}

// leave computes height and tree of a function whose callees are finished, apart from those that are open themselves.
func (c *callGraph) leave(k *calls, f int32) {
	below, tree := int32(0), k.own[f]
	for _, callee := range k.out[k.from[f]:k.from[f+1]] {
		if int(c.finished[callee]) == len(k.own) { // open: a back edge
			tree = -1
			continue
		}
		below = max(below, c.height[callee])
		if c.tree[callee] < 0 {
			tree = -1
		}
		if tree >= 0 {
			tree += c.tree[callee]
		}
		if tree > cheapest {
			tree = -1
		}
	}
	c.height[f] = c.frame[f] + below
	c.tree[f] = tree
}

// summarise finds what a call through a table may meet.
func (c *callGraph) summarise(g *guest) {
	for i := range c.tree {
		c.chain = max(c.chain, c.height[i])
		if c.tree[i] >= 0 {
			g.stats.Cheap++
		}
		if g.taken[g.imported+i] {
			c.heightTaken = max(c.heightTaken, c.height[i])
			c.cheapTaken = max(c.cheapTaken, c.tree[i])
		}
	}
	g.stats.Chain = int(c.chain)
}
