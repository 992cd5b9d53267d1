// Package meter rewrites a plugin's WebAssembly module so that its work is counted and bounded.
//
// A running guest cannot be preempted, and Go's garbage collector waits for it. The rewritten module therefore counts its own
// instructions, leaves machine code at the end of every slice of work, and traps when its budget, its call depth or the host's
// patience is at an end. README.md describes the scheme; Gauge is how a host sets and reads the counters.
package meter

// Options holds the limits of one Rewrite. The zero value takes every default; a value of zero or below takes that default.
type Options struct {
	FileBytes    int // largest module, in bytes; default 32 MiB
	BodyBytes    int // largest function body, in bytes; default 1 MiB
	DataBytes    int // contents of all data segments together, in bytes; default 16 MiB
	Functions    int // functions, imported ones included; default 50,000
	Globals      int // the guest's own globals; default 10,000
	Locals       int // parameters and locals of one function; default 10,000
	Nesting      int // blocks open at once in a function, since compiling is quadratic in it; default and maximum 1,000
	Tables       int // tables; default 16
	TableEntries int // entries of one table: a higher or absent maximum is lowered to it, a higher minimum refused; default 100,000
	MemoryPages  int // pages of 64 KiB: a higher or absent maximum is lowered to it, a higher minimum refused; default 1,024 (64 MiB)

	// CallDepth bounds the frames on the stack, where a frame counts one unit and another for every 64 values it may hold.
	// Default 10,000.
	CallDepth int
	// Slice is the number of units after which the guest leaves machine code for a moment. Default 1<<20, at least 4096, since one
	// must pay for any round of a loop up to its next point, and at most 1<<30.
	Slice int64
	// StartBudget is what the module may spend before the host calls Gauge.Refill for the first time, normally in _initialize.
	// Default 1<<30.
	StartBudget int64
}

// Version changes with what Rewrite makes of a module, for those who keep it.
const Version = 2

const (
	maxNesting = 1_000
	minSlice   = 1 << 12
	maxSlice   = 1 << 30
	maxPages   = 1 << 16
	maxDepth   = 1 << 24
)

// filled returns the options with the defaults in place of what is unset.
func (o Options) filled() Options {
	set := func(v *int, otherwise, most int) {
		if *v <= 0 {
			*v = otherwise
		}
		*v = min(*v, most)
	}
	const unlimited = 1<<31 - 1
	set(&o.FileBytes, 32<<20, unlimited)
	set(&o.BodyBytes, 1<<20, unlimited)
	set(&o.DataBytes, 16<<20, unlimited)
	set(&o.Functions, 50_000, unlimited)
	set(&o.Globals, 10_000, unlimited)
	set(&o.Locals, 10_000, unlimited)
	set(&o.Nesting, maxNesting, maxNesting)
	set(&o.Tables, 16, unlimited)
	set(&o.TableEntries, 100_000, unlimited)
	set(&o.MemoryPages, 1_024, maxPages)
	set(&o.CallDepth, 10_000, maxDepth)
	if o.Slice <= 0 {
		o.Slice = 1 << 20
	}
	o.Slice = min(max(o.Slice, minSlice), maxSlice)
	if o.StartBudget <= 0 {
		o.StartBudget = 1 << 30
	}
	return o
}

// Module is a rewritten module. It is immutable and may be shared.
type Module struct {
	Code        []byte // the rewritten binary, to be compiled by the host
	Slice       int64  // as in Options, with the default filled in; so are the next two
	CallDepth   int
	StartBudget int64
	Stats       Stats
}

// Stats tells what a rewrite found and inserted.
type Stats struct {
	Functions    int // functions with a body
	Instructions int
	Points       int // places that charge
	Checks       int // of these, places that also compare with the end of the slice
	Cheap        int // functions that are paid by their callers
	Threaded     int // jumps that no longer go through a table
	Pruned       int // tables that lost targets by that
	CountedCalls int // calls that count the depth
	LengthCalls  int // operations that charge by length
	Chain        int // depth units of the longest chain of calls that crosses no counted call
}

// Rewrite returns the module with the counters built in. The module is only read.
//
// It accepts core WebAssembly 2.0 with one memory and imports of functions only; SIMD is accepted, relaxed SIMD, threads, tail
// calls, exceptions, garbage collection and 64-bit memories are refused. Whatever the pass does not know is refused too. An error
// is always an *Error, and the plugin is always at fault. What is accepted need not be valid: the compiler still has to type-check it.
func Rewrite(module []byte, o Options) (*Module, error) {
	o = o.filled()
	g, err := parse(module, o)
	if err != nil {
		return nil, err
	}
	bodies, graph, err := survey(g, o)
	if err != nil {
		return nil, err
	}
	code, err := g.rewriteBodies(bodies, graph)
	if err != nil {
		return nil, err
	}
	return &Module{
		Code:        g.assemble(code),
		Slice:       o.Slice,
		CallDepth:   o.CallDepth,
		StartBudget: o.StartBudget,
		Stats:       g.stats,
	}, nil
}
