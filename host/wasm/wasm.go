// Package wasm runs plugins: adapters compiled to WebAssembly that speak ABI v1 (sdk/ABI.md). It is the only package that
// knows the engine.
//
// A Loader turns the bytes of a module into a Plugin, which is a runner.Runner like any other. Nothing a plugin does can
// harm more than its own exchanges: its work, memory, call depth, output and log are bounded, it can reach nothing outside,
// and what it returns is checked.
package wasm

import (
	"log/slog"
	"runtime"
	"time"

	"github.com/claude-proxy/claude-proxy/sdk/abi"
)

// Limits bound one plugin. A zero field takes its default.
type Limits struct {
	// Memory is the most bytes of one instance's memory, in whole pages of 64 KiB. Default 64 MiB.
	Memory int64
	// FuelPerEvent is what one event may cost, in metered units (about one instruction each). Default 20 million.
	FuelPerEvent int64
	// FuelPerRequest and FuelPerByte bound a request, an unstreamed answer and an error: a base and so much more for each
	// byte of input. Defaults 50 million and 2000.
	FuelPerRequest, FuelPerByte int64
	// FuelStart bounds the start of an instance. Default 2 billion.
	FuelStart int64
	// ExchangesPerInstance is how many exchanges share one instance. Default 64.
	ExchangesPerInstance int
	// InstancesMax is how many instances serve at once, the warm spare not counted. Default 64.
	InstancesMax int
	// Output is the most bytes of one result. Default 64 MiB.
	Output int64
	// LogRate is how many lines a second the plugin may log; the rest is counted and dropped. Default 10, negative for none.
	LogRate int
	// CallsPerInstance is after how many calls an instance takes no more exchanges. Default 100,000.
	CallsPerInstance int
}

const pageSize = 64 << 10

// filled returns the limits with the defaults in place of what is unset.
func (l Limits) filled() Limits {
	fill(&l.Memory, 64<<20)
	fill(&l.FuelPerEvent, 20_000_000)
	fill(&l.FuelPerRequest, 50_000_000)
	fill(&l.FuelPerByte, 2000)
	fill(&l.FuelStart, 2_000_000_000)
	fill(&l.ExchangesPerInstance, 64)
	fill(&l.InstancesMax, 64)
	fill(&l.Output, 64<<20)
	fill(&l.LogRate, 10)
	fill(&l.CallsPerInstance, 100_000)
	l.Memory = min(max(l.Memory/pageSize, 1), 1<<16) * pageSize
	return l
}

func fill[T int | int64](v *T, otherwise T) {
	if *v == 0 {
		*v = otherwise
	}
}

// DefaultLimits are the limits of a plugin for which nothing is said.
func DefaultLimits() Limits { return Limits{}.filled() }

// request is the budget of a call whose input has n bytes.
func (l *Limits) request(n int) int64 { return l.FuelPerRequest + l.FuelPerByte*int64(n) }

// big says whether a frame of n bytes needs an instance of its own.
func (l *Limits) big(n int) bool { return int64(n) > l.Memory/4 }

// tooBig says whether a frame of n bytes cannot fit at all: a quarter of the memory is the guest's own.
func (l *Limits) tooBig(n int) bool { return int64(n) > min(l.Memory/4*3, abi.MaxFrame) }

// Config holds what all plugins share. The zero value is usable.
type Config struct {
	// CacheDir keeps compiled modules between runs. Whoever can write there runs code in this process: it is made with
	// mode 0700. Empty means no cache.
	CacheDir string
	// CompileTimeout is after how long a module counts as too hard to compile, on a machine that may be busy with other things. Default 2 minutes.
	CompileTimeout time.Duration
	// ReplayBytes is how much of the inputs of live exchanges is kept, in all plugins together, so that they survive the
	// fault of another one. Default 128 MiB, negative for none.
	ReplayBytes int64
	// Interpreter runs plugins without machine code, many times slower: for machines on which the compiler fails.
	Interpreter bool
	// Logger takes what plugins log and what goes wrong with them; nil discards it.
	Logger *slog.Logger
}

// Loader loads plugins. It is safe for concurrent use; it compiles one module at a time.
type Loader struct {
	config Config
	worker chan struct{} // holds one token while a module is compiled
	replay *allowance
}

// NewLoader returns a loader.
func NewLoader(c Config) *Loader {
	fill((*int64)(&c.CompileTimeout), int64(2*time.Minute))
	fill(&c.ReplayBytes, 128<<20)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Loader{config: c, worker: make(chan struct{}, 1), replay: &allowance{limit: c.ReplayBytes}}
}

// Options are those of one plugin.
type Options struct {
	// Name is what the plugin is called in logs and errors: its file name without the ending.
	Name string
	// Limits bound it.
	Limits Limits
	// Logger takes the lines about this plugin; nil means Config.Logger with the plugin's name.
	Logger *slog.Logger
	// Instances is how many instances exchanges are spread over before they share one. 0 means GOMAXPROCS.
	Instances int
}

func (o Options) filled() Options {
	o.Limits = o.Limits.filled()
	fill(&o.Instances, runtime.GOMAXPROCS(0))
	o.Instances = min(o.Instances, o.Limits.InstancesMax)
	if o.Name == "" {
		o.Name = "unnamed"
	}
	return o
}
