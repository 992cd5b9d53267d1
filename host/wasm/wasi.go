package wasm

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"

	"github.com/claude-proxy/claude-proxy/sdk/abi"
)

// The world as a guest sees it: no files, no environment, no arguments, a clock that stands still (wall) or counts its
// readings (monotonic), and random numbers that are the same in each instance. So what an adapter does depends on its
// inputs alone and can be repeated.

const (
	wallSeconds   = 1_767_225_600 // 2026-01-01T00:00:00Z
	monotonicStep = 1_000_000     // nanoseconds for each reading
)

// Error numbers of WASI preview 1.
const (
	wasiOK    = 0
	wasiBADF  = 8
	wasiFAULT = 21
	wasiINVAL = 28
	wasiSPIPE = 70
)

// world is the state of one instance that host functions act on.
type world struct {
	log       *guestLog
	monotonic uint64
	random    *rand.ChaCha8
	out       [2]lineBuffer // stdout, stderr
	work      int64         // what host functions may still do in this call
}

func newWorld(log *guestLog) *world {
	return &world{log: log, random: rand.NewChaCha8([32]byte([]byte("the same numbers in each sandbox")))}
}

// Host functions are not metered, so they pay from an allowance of their own: a fixed price and one unit for each byte.
const (
	hostCallPrice = 256
	hostWork      = 256 << 20
)

// errHostWork ends a call that keeps the host busy.
var errHostWork = errors.New("the plugin called host functions too often")

func (w *world) pay(n uint64) {
	w.work -= hostCallPrice + int64(n)
	if w.work < 0 {
		panic(errHostWork) // the engine turns it into the error of the guest's call
	}
}

// worldKey finds an instance's world in the context of its calls.
type worldKey struct{}

// hostFunc is one function for guests; params are the arguments, and what it returns is the result, if it has one.
type hostFunc struct {
	name   string
	params string // one letter each: i for i32, l for i64
	result bool
	call   func(w *world, mem api.Memory, p []uint64) uint32
}

func (f hostFunc) export(b wazero.HostModuleBuilder) {
	var params, results []api.ValueType
	for _, p := range f.params {
		if p == 'l' {
			params = append(params, api.ValueTypeI64)
		} else {
			params = append(params, api.ValueTypeI32)
		}
	}
	if f.result {
		results = []api.ValueType{api.ValueTypeI32}
	}
	n := len(params)
	b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(ctx context.Context, m api.Module, stack []uint64) {
		w, ok := ctx.Value(worldKey{}).(*world)
		if !ok {
			panic("BUG: a guest runs without a world")
		}
		for k := range n {
			if f.params[k] == 'i' {
				stack[k] = uint64(uint32(stack[k])) // the engine leaves the upper half to chance
			}
		}
		r := f.call(w, m.Memory(), stack[:n])
		if f.result {
			stack[0] = uint64(r)
		}
	}), params, results).Export(f.name)
}

// instantiateHost gives a runtime the modules that guests may import.
func instantiateHost(ctx context.Context, rt wazero.Runtime) error {
	b := rt.NewHostModuleBuilder(abi.Module)
	hostFunc{abi.Log, "iii", false, logLine}.export(b)
	if _, err := b.Instantiate(ctx); err != nil {
		return err
	}
	b = rt.NewHostModuleBuilder(abi.WASI)
	for _, f := range wasiFuncs() {
		f.export(b)
	}
	_, err := b.Instantiate(ctx)
	return err
}

func wasiFuncs() []hostFunc {
	return []hostFunc{
		{"args_get", "ii", true, nothing},
		{"args_sizes_get", "ii", true, twoZeros},
		{"clock_res_get", "ii", true, clockResolution},
		{"clock_time_get", "ili", true, clockTime},
		{"environ_get", "ii", true, nothing},
		{"environ_sizes_get", "ii", true, twoZeros},
		{"fd_close", "i", true, noFile},
		{"fd_fdstat_get", "ii", true, fileStat},
		{"fd_fdstat_set_flags", "ii", true, noFile},
		{"fd_prestat_dir_name", "iii", true, noFile},
		{"fd_prestat_get", "ii", true, noFile},
		{"fd_read", "iiii", true, fileRead},
		{"fd_seek", "ilii", true, fileSeek},
		{"fd_write", "iiii", true, fileWrite},
		{"poll_oneoff", "iiii", true, poll},
		{"proc_exit", "i", false, exit},
		{"random_get", "ii", true, random},
		{"sched_yield", "", true, nothing},
	}
}

func written(ok bool) uint32 {
	if !ok {
		return wasiFAULT
	}
	return wasiOK
}

func nothing(w *world, _ api.Memory, _ []uint64) uint32 {
	w.pay(0)
	return wasiOK
}

func noFile(w *world, _ api.Memory, _ []uint64) uint32 {
	w.pay(0)
	return wasiBADF
}

func twoZeros(w *world, mem api.Memory, p []uint64) uint32 {
	w.pay(0)
	return written(mem.WriteUint32Le(uint32(p[0]), 0) && mem.WriteUint32Le(uint32(p[1]), 0))
}

func clockResolution(w *world, mem api.Memory, p []uint64) uint32 {
	w.pay(0)
	return written(mem.WriteUint64Le(uint32(p[1]), monotonicStep))
}

func clockTime(w *world, mem api.Memory, p []uint64) uint32 {
	w.pay(0)
	t := uint64(wallSeconds * 1_000_000_000)
	if p[0] != 0 {
		w.monotonic += monotonicStep
		t = w.monotonic
	}
	return written(mem.WriteUint64Le(uint32(p[2]), t))
}

// fileStat says of the three standard files that they are character devices without any right but what is tried.
func fileStat(w *world, mem api.Memory, p []uint64) uint32 {
	w.pay(0)
	if p[0] > 2 {
		return wasiBADF
	}
	const characterDevice = 2
	at := uint32(p[1])
	return written(mem.WriteUint64Le(at, characterDevice) && mem.WriteUint64Le(at+8, ^uint64(0)) && mem.WriteUint64Le(at+16, 0))
}

func fileRead(w *world, mem api.Memory, p []uint64) uint32 {
	w.pay(0)
	if p[0] != 0 {
		return wasiBADF
	}
	return written(mem.WriteUint32Le(uint32(p[3]), 0)) // the end of an empty file
}

func fileSeek(w *world, _ api.Memory, p []uint64) uint32 {
	w.pay(0)
	if p[0] > 2 {
		return wasiBADF
	}
	return wasiSPIPE
}

// maxVectors is the most pieces of one write, as in POSIX.
const maxVectors = 1024

// fileWrite takes what a guest writes to stdout and stderr as lines of its log.
func fileWrite(w *world, mem api.Memory, p []uint64) uint32 {
	w.pay(0)
	fd, n := p[0], uint32(p[2])
	if fd != 1 && fd != 2 {
		return wasiBADF
	}
	if n > maxVectors {
		return wasiINVAL
	}
	total := uint32(0)
	for i := range n {
		ptr, ok := mem.ReadUint32Le(uint32(p[1]) + 8*i)
		length, ok2 := mem.ReadUint32Le(uint32(p[1]) + 8*i + 4)
		if !ok || !ok2 {
			return wasiFAULT
		}
		b, ok := mem.Read(ptr, length)
		if !ok {
			return wasiFAULT
		}
		w.pay(uint64(length))
		w.out[fd-1].write(b, func(line []byte) {
			w.pay(0)
			w.log.line(abi.Warn, line)
		})
		total += length
	}
	return written(mem.WriteUint32Le(uint32(p[3]), total))
}

// poll answers each subscription at once: nobody sleeps in here.
func poll(w *world, mem api.Memory, p []uint64) uint32 {
	const subscription, event = 48, 32
	in, out, n := uint32(p[0]), uint32(p[1]), uint32(p[2])
	if n == 0 || n > maxVectors {
		return wasiINVAL
	}
	w.pay(uint64(n) * event)
	for i := range n {
		user, ok := mem.ReadUint64Le(in + i*subscription)
		kind, ok2 := mem.ReadByte(in + i*subscription + 8)
		if !ok || !ok2 {
			return wasiFAULT
		}
		at := out + i*event
		ok = mem.WriteUint64Le(at, user) && mem.WriteUint64Le(at+8, uint64(kind)<<16) && mem.WriteUint64Le(at+16, 0) && mem.WriteUint64Le(at+24, 0)
		if !ok {
			return wasiFAULT
		}
	}
	return written(mem.WriteUint32Le(uint32(p[3]), n))
}

func exit(_ *world, _ api.Memory, p []uint64) uint32 { panic(sys.NewExitError(uint32(p[0]))) }

func random(w *world, mem api.Memory, p []uint64) uint32 {
	b, ok := mem.Read(uint32(p[0]), uint32(p[1]))
	w.pay(uint64(len(b)))
	if ok {
		// It never fails.
		_, _ = w.random.Read(b)
	}
	return written(ok)
}

// logLine is cp_v1.log.
func logLine(w *world, mem api.Memory, p []uint64) uint32 {
	n := uint32(p[2])
	w.pay(uint64(min(n, maxLine)))
	if b, ok := mem.Read(uint32(p[1]), min(n, maxLine)); ok {
		w.log.line(abi.Level(p[0]), b)
	}
	return 0
}
