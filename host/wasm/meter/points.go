package meter

const (
	// longestPath is the most that may run between two points, in units; a single instruction may exceed it.
	longestPath = 256
	// longestUnchecked is what may run between two points that check, in units.
	longestUnchecked = 4096
)

// plan decides where a function charges, how much, and where it checks. Its slices are reused.
//
// Loops are looked at one level at a time: what runs inside a loop is paid by the points in it, and for the code around it the loop
// is a single free node from which control goes on wherever the loop may be left. So a loop does not pay in every round for the code
// behind it, and the amounts still cover every path: a loop is left once for each time it is entered.
type plan struct {
	point   []bool
	check   []bool
	amount  []int32 // of a point: the longest way to the next ones; of another node: the same from there
	since   []int32 // longest way since the last point, then since the last check
	inLoop  []int32 // by loop: the longest way from the last point up to and with the loop instruction
	outLoop []int32 // by loop: the longest way to the next points from where it may be left
	depth   []int32 // by loop: how many loops are around it
}

// resized returns a slice of n zeros, in s if it is long enough.
func resized[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/2)
	}
	s = s[:n]
	clear(s)
	return s
}

// build plans a function. cheap functions have no point at their entry, since their callers pay.
func (p *plan) build(b *body, c *callGraph) {
	n := len(b.code)
	p.point, p.check = resized(p.point, n+1), resized(p.check, n+1)
	p.amount, p.since = resized(p.amount, n+1), resized(p.since, n+1)
	loops := len(b.parent)
	p.inLoop, p.outLoop, p.depth = resized(p.inLoop, loops), resized(p.outLoop, loops), resized(p.depth, loops)
	for l := 1; l < loops; l++ {
		p.depth[l] = p.depth[b.parent[l]] + 1
	}
	p.point[0] = true
	for i := range b.code {
		if b.code[i].kind == kLoop {
			p.point[i+1] = true
		}
	}
	p.place(b)
	p.weigh(b)
	p.amount[0] += b.entry
	p.choose(b, c)
}

// left returns the loop around node i that is a child of level: the one that a branch from i to that level leaves.
func (p *plan) left(b *body, i, level int32) int32 {
	l := b.code[i].loop
	for p.depth[l] > p.depth[level]+1 {
		l = b.parent[l]
	}
	return l
}

func levelOf(b *body, node int32) int32 {
	if int(node) == len(b.code) {
		return 0
	}
	return b.code[node].loop
}

// place adds points so that no way without one is longer than longestPath.
func (p *plan) place(b *body) {
	for i := range b.code {
		in := &b.code[i]
		if p.since[i] > 0 && p.since[i]+in.cost > longestPath {
			p.point[i] = true
		}
		if p.point[i] {
			p.since[i] = 0
		}
		way := p.since[i] + in.cost
		if in.kind == kLoop {
			p.inLoop[in.n] = way
			continue
		}
		b.successors(i, func(s int32) {
			to := way
			if level := levelOf(b, s); level != in.loop {
				to = p.inLoop[p.left(b, int32(i), level)]
			}
			p.since[s] = max(p.since[s], to)
		})
	}
}

// weigh computes the amounts, from the end to the beginning.
func (p *plan) weigh(b *body) {
	for i := len(b.code) - 1; i >= 0; i-- {
		in := &b.code[i]
		longest := int32(0)
		if in.kind == kLoop {
			longest = p.outLoop[in.n]
		} else {
			b.successors(i, func(s int32) {
				if p.point[s] {
					return
				}
				if level := levelOf(b, s); level == in.loop {
					longest = max(longest, p.amount[s])
				} else {
					l := p.left(b, int32(i), level)
					p.outLoop[l] = max(p.outLoop[l], p.amount[s])
				}
			})
		}
		p.amount[i] = longest + in.cost
	}
}

// choose decides which points check. The entry and every loop do; another point does when much may have run since the last check.
// A function that was called may have left a rest unchecked itself, so a point behind a call checks too: else a deep recursion
// could run long on its way back.
func (p *plan) choose(b *body, c *callGraph) {
	clear(p.since)
	for i := range b.code {
		in := &b.code[i]
		// A loop without any cost of its own has no point, so nothing is checked there either.
		if p.point[i] && p.amount[i] > 0 {
			header := i > 0 && b.code[i-1].kind == kLoop
			p.check[i] = header || i == 0 || p.since[i] >= longestUnchecked
		}
		if p.check[i] {
			p.since[i] = 0
		}
		way := p.since[i] + in.cost
		switch in.kind {
		case kLength:
			way = in.cost
		case kIndirect:
			way = longestUnchecked
		case kCall:
			if !c.isCheap(in.to) {
				way = longestUnchecked
			}
		}
		way = min(way, longestUnchecked)
		b.successors(i, func(s int32) { p.since[s] = max(p.since[s], way) })
	}
	if c.isCheap(int32(b.index)) {
		p.point[0] = false
	}
}

// successors yields the nodes that may run after node i, apart from loops that it goes back to.
func (b *body) successors(i int, yield func(int32)) {
	in := &b.code[i]
	forward := func(s int32) {
		if s > int32(i) {
			yield(s)
		}
	}
	switch in.kind {
	case kStop:
	case kBr, kElse:
		forward(in.to)
	case kBrIf, kIf:
		forward(in.to)
		yield(int32(i + 1))
	case kBrTable:
		for _, s := range b.targets[in.to : in.to+in.n] {
			forward(s)
		}
	default:
		yield(int32(i + 1))
	}
}
