package wasm

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/sys"

	"github.com/claude-proxy/claude-proxy/host/wasm/meter"
	"github.com/claude-proxy/claude-proxy/sdk/abi"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// instance is one running copy of a plugin. Many exchanges share it by handle; one call runs at a time.
type instance struct {
	mu      sync.Mutex // held during a call and as long as its result is looked at
	p       *Plugin
	ctx     context.Context
	mod     api.Module
	mem     api.Memory
	gauge   *meter.Gauge
	world   *world
	exports exports
	stack   [2]uint64
	arena   uint32 // the guest's input arena
	room    uint32 // its length
	configs map[uint64]uint32
	calls   int
	size    int64 // of its memory, as the plugin counts it
	dead    error // why it must not be called any more

	// Guarded by the plugin's lock.
	live    int
	retired bool
	private bool // has one exchange alone; set before it gets it
	counted bool // in the plugin's total
}

type exports struct {
	alloc, manifest, configure, begin, event, whole, failure, end, close export
}

// export is an exported function with its name.
type export struct {
	name string
	f    api.Function
	work bool // it converts something, so its time counts
}

// start makes an instance and runs its initialisation.
func (p *Plugin) start() (*instance, error) {
	i := &instance{p: p, world: newWorld(p.log), configs: map[uint64]uint32{}}
	i.ctx = context.WithValue(context.Background(), worldKey{}, i.world)
	mod, err := p.runtime.InstantiateModule(experimental.WithMemoryAllocator(i.ctx, experimental.MemoryAllocatorFunc(allocate)),
		p.compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions())
	if err != nil {
		return nil, fmt.Errorf("cannot start plugin %s: %w", p.name, err)
	}
	i.mod, i.mem = mod, mod.Memory()
	i.gauge, err = p.metered.Bind(func(name string) meter.Global {
		if g, ok := mod.ExportedGlobal(name).(api.MutableGlobal); ok {
			return g
		}
		return nil
	})
	if err != nil {
		i.die(err)
		return nil, err
	}
	f := func(name string) export { return export{name: name, f: mod.ExportedFunction(name)} }
	work := func(name string) export { return export{name, mod.ExportedFunction(name), true} }
	i.exports = exports{
		f(abi.ExportAlloc), f(abi.ExportManifest), f(abi.ExportConfigure), work(abi.ExportBegin), work(abi.ExportEvent),
		work(abi.ExportWhole), work(abi.ExportFailure), work(abi.ExportEnd), f(abi.ExportClose),
	}
	if init := f(abi.ExportInitialize); init.f != nil {
		if _, err := i.call(init, p.limits.FuelStart, 0, 0); err != nil {
			return nil, err
		}
	}
	return i, nil
}

// die ends the instance: its memory goes back, and every later call returns err.
func (i *instance) die(err error) {
	if i.dead != nil {
		return
	}
	i.dead = err
	i.p.counts.memory.Add(-i.size)
	i.size = 0
	// Closing fails only for what guests cannot have, such as open files.
	_ = i.mod.Close(context.Background())
}

// call runs one export with a budget. After any trap the instance is dead.
func (i *instance) call(x export, budget int64, a, b uint64) (uint64, error) {
	if i.dead != nil {
		return 0, i.dead
	}
	i.calls++
	i.gauge.Refill(budget)
	i.world.work = hostWork
	i.stack[0], i.stack[1] = a, b
	i.p.counts.calls.Add(1)
	var began time.Time
	if x.work {
		began = time.Now()
	}
	if err := x.f.CallWithStack(i.ctx, i.stack[:]); err != nil {
		return 0, i.trapped(x.name, err)
	}
	if x.work {
		i.p.counts.times.add(time.Since(began))
	}
	size := int64(i.mem.Size())
	if size != i.size {
		i.p.counts.memory.Add(size - i.size)
		i.size = size
	}
	if x.name != abi.ExportInitialize {
		i.p.counts.spend(i.gauge.Used(), size)
	}
	return i.stack[0], nil
}

// trapped says what a trap was and ends the instance.
func (i *instance) trapped(call string, err error) error {
	e := &Error{Plugin: i.p.name, Reason: Trapped, Call: call, Detail: err.Error()}
	if call != abi.ExportInitialize {
		i.p.counts.spend(i.gauge.Used(), int64(i.mem.Size()))
	}
	var exit *sys.ExitError
	switch {
	case i.gauge.Reason() == meter.ReasonBudget, errors.Is(err, errHostWork):
		e.Reason = OutOfFuel
	case i.gauge.Reason() == meter.ReasonDepth:
		e.Reason = TooDeep
	case errors.As(err, &exit):
		e.Reason = Exited
	}
	if said := i.world.out[1].last; len(said) > 0 {
		e.Detail += "\nstderr: " + string(said)
	}
	return i.fault(e)
}

// garbage ends the instance because of what it returned.
func (i *instance) garbage(call, format string, args ...any) error {
	return i.fault(&Error{Plugin: i.p.name, Reason: Garbage, Call: call, Detail: fmt.Sprintf(format, args...)})
}

func (i *instance) fault(e *Error) error {
	i.p.faulted(e)
	i.die(e)
	i.p.drop(i)
	return e
}

// input gives a writable view of n bytes of the guest's arena. It is valid until the next call.
func (i *instance) input(n int) ([]byte, error) {
	if i.p.limits.tooBig(n) {
		return nil, &Error{Plugin: i.p.name, Reason: TooLarge}
	}
	if uint64(n) > uint64(i.room) {
		// Some slack, so that an arena that grows slowly is not made anew for each call.
		want := uint32(n+n/8+pageSize-1) &^ (pageSize - 1)
		if i.private || i.p.limits.big(int(want)) {
			want = uint32(n)
		}
		i.room = 0
		ptr, err := i.call(i.exports.alloc, i.p.limits.request(n), uint64(want), 0)
		if err != nil {
			return nil, err
		}
		if uint32(ptr)%8 != 0 {
			return nil, i.garbage(abi.ExportAlloc, "the arena at %#x is not aligned to 8 bytes", uint32(ptr))
		}
		i.arena, i.room = uint32(ptr), want
	}
	b, ok := i.mem.Read(i.arena, i.room)
	if !ok {
		return nil, i.garbage(abi.ExportAlloc, "the arena of %d bytes at %#x does not lie within the memory", i.room, i.arena)
	}
	return b[:n], nil
}

// output gives a view of a result. It is valid until the next call.
func (i *instance) output(call string, v uint64) (b []byte, frame bool, err error) {
	ptr, n, frame := abi.Unpack(v)
	if int64(n) > i.p.limits.Output {
		return nil, false, i.garbage(call, "a result of %d bytes is more than %d", n, i.p.limits.Output)
	}
	b, ok := i.mem.Read(ptr, n)
	if !ok {
		return nil, false, i.garbage(call, "a result of %d bytes at %#x does not lie within the memory", n, ptr)
	}
	return b, frame, nil
}

// outputFrame is output for exports that always return a frame.
func (i *instance) outputFrame(call string, v uint64) (abi.Frame, error) {
	b, _, err := i.output(call, v)
	if err != nil {
		return abi.Frame{}, err
	}
	f, err := abi.Open(b)
	if err != nil {
		return abi.Frame{}, i.garbage(call, "%v", err)
	}
	return f, nil
}

// failure reads section ERROR of a frame; nil when there is none.
func (i *instance) failure(call string, f abi.Frame) (*adapter.Failure, int, error) {
	b, ok := f.Get(abi.TagError)
	if !ok {
		return nil, 0, nil
	}
	failure, event, err := abi.ReadError(b)
	if err != nil {
		return nil, 0, i.garbage(call, "%v", err)
	}
	return failure, event, nil
}

// answer takes the result of an export that emits ops: they are appended to out, and a failure is returned.
func (i *instance) answer(call string, v uint64, out *ops.Emitter) (event int, err error) {
	if v == 0 {
		return 0, nil
	}
	b, frame, err := i.output(call, v)
	if err != nil {
		return 0, err
	}
	if !frame {
		out.Buf = append(out.Buf, b...)
		return 0, nil
	}
	f, err := abi.Open(b)
	if err != nil {
		return 0, i.garbage(call, "%v", err)
	}
	failure, event, err := i.failure(call, f)
	if err != nil {
		return 0, err
	}
	out.Buf = append(out.Buf, f.Section(abi.TagOps)...)
	if failure != nil {
		return event, failure
	}
	return 0, nil
}

// readManifest asks for the manifest and the features of the guest.
func (i *instance) readManifest() (m adapter.Manifest, c abi.Config, err error) {
	const call = abi.ExportManifest
	v, err := i.call(i.exports.manifest, i.p.limits.FuelPerRequest, 0, 0)
	if err != nil {
		return m, c, err
	}
	f, err := i.outputFrame(call, v)
	if err != nil {
		return m, c, err
	}
	failure, _, err := i.failure(call, f)
	if err != nil {
		return m, c, err
	}
	if failure != nil {
		return m, c, failure
	}
	if c, err = abi.ReadConfig(f.Section(abi.TagConfig)); err != nil {
		return m, c, err
	}
	m, err = abi.ReadManifest(f.Section(abi.TagBody))
	return m, c, err
}

// config gives the guest's number of a channel's configuration and makes it known to the guest where it is not.
func (i *instance) config(ch *channel) (uint32, error) {
	if id, ok := i.configs[ch.id]; ok {
		return id, nil
	}
	const call = abi.ExportConfigure
	dst, err := i.input(len(ch.frame))
	if err != nil {
		return 0, err
	}
	copy(dst, ch.frame)
	v, err := i.call(i.exports.configure, i.p.limits.request(len(ch.frame)), uint64(len(ch.frame)), 0)
	if err != nil {
		return 0, err
	}
	f, err := i.outputFrame(call, v)
	if err != nil {
		return 0, err
	}
	failure, _, err := i.failure(call, f)
	if err != nil {
		return 0, err
	}
	if failure != nil {
		return 0, failure
	}
	id, err := f.Number(abi.TagHandle)
	if err != nil {
		return 0, i.garbage(call, "%v", err)
	}
	i.configs[ch.id] = id
	return id, nil
}
