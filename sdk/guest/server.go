package guest

import (
	"fmt"
	"runtime/debug"

	"github.com/claude-proxy/claude-proxy/sdk/abi"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// server is the guest's side of the ABI: each method is one export. Results are views of its memory, valid until the next
// call.
type server struct {
	module  adapter.Module
	arena   []byte
	configs []adapter.Adapter
	live    table

	out   abi.Builder
	emit  ops.Emitter
	doc   jsonindex.Doc // the client's body
	json  jsonindex.Doc // an event or an answer: only Src and Ents are ever set
	call  adapter.Call
	up    adapter.UpstreamRequest
	resp  adapter.UpstreamResponse
	names map[string]string
	named string // the last name

	// What the sandbox gives: the host's log, and a limit for the memory that the program uses.
	log         func(level abi.Level, text string)
	limitMemory func(bytes int64)
}

func newServer(m adapter.Module) *server {
	return &server{module: m, names: map[string]string{}, log: sandboxLog, limitMemory: limitMemory}
}

// result is the answer of an export: nothing, raw ops, or a frame.
type result struct {
	b     []byte
	frame bool
}

// alloc makes the input arena at least n bytes long. It only grows.
func (s *server) alloc(n uint32) []byte {
	if uint64(n) > uint64(cap(s.arena)) {
		s.arena = nil // before the new one is made, so that both need not fit
		s.arena = make([]byte, (uint64(n)+4095)&^4095)
	}
	return s.arena[:cap(s.arena)]
}

// input is what the host wrote to the arena.
func (s *server) input(n uint32) ([]byte, error) {
	if uint64(n) > uint64(cap(s.arena)) {
		return nil, adapter.Fail(adapter.Internal, "", "the input has %d bytes, but the arena only %d", n, cap(s.arena))
	}
	return s.arena[:n], nil
}

func (s *server) inputFrame(n uint32) (abi.Frame, error) {
	b, err := s.input(n)
	if err != nil {
		return abi.Frame{}, err
	}
	return abi.Open(b)
}

// protect turns a panic of the adapter into an internal failure; the panic itself goes to the log.
func (s *server) protect(err *error) {
	if p := recover(); p != nil {
		s.log(abi.Error, fmt.Sprintf("the adapter panicked: %v\n%s", p, debug.Stack()))
		*err = adapter.Fail(adapter.Internal, "", "the adapter panicked")
	}
}

// failed is the answer of an export that has nothing but an error.
func (s *server) failed(err error) result {
	s.out.Reset()
	s.fault(0, err)
	return result{s.out.Finish(), true}
}

func (s *server) fault(event int, err error) {
	s.out.Open(abi.TagError)
	s.out.Buf = abi.AppendError(s.out.Buf, event, err)
	s.out.Close()
}

func (s *server) manifest() result {
	var text []byte
	err := func() (err error) {
		defer s.protect(&err)
		if s.module == nil {
			return adapter.Fail(adapter.Internal, "", "the plugin serves no adapter: call guest.Serve from init")
		}
		text = abi.AppendManifest(nil, s.module.Manifest())
		return nil
	}()
	if err != nil {
		return s.failed(err)
	}
	s.out.Reset()
	s.out.Section(abi.TagBody, text)
	s.out.Open(abi.TagConfig)
	s.out.Buf = abi.AppendConfig(s.out.Buf, abi.Config{Features: abi.Features})
	s.out.Close()
	return result{s.out.Finish(), true}
}

// memoryShare is how much of the memory limit the Go program may use, in percent, before it collects garbage at any
// price. The rest is for what the limit does not count.
const memoryShare = 70

func (s *server) configure(n uint32) result {
	f, err := s.inputFrame(n)
	if err != nil {
		return s.failed(err)
	}
	c, err := abi.ReadConfig(f.Section(abi.TagConfig))
	if err != nil {
		return s.failed(err)
	}
	if c.Memory > 0 {
		s.limitMemory(int64(c.Memory / 100 * memoryShare))
	}
	// An adapter may keep nothing of what it is given, but options live so long that a copy is the safer choice.
	doc := jsonindex.Doc{
		Src:  append([]byte(nil), f.Section(abi.TagBody)...),
		Ents: append([]jsonindex.Entry(nil), jsonindex.EntriesOf(f.Section(abi.TagIndex))...),
	}
	a, err := s.adapter(doc.Root())
	if err != nil {
		return s.failed(err)
	}
	s.configs = append(s.configs, a)
	s.out.Reset()
	s.out.Number(abi.TagHandle, uint32(len(s.configs)-1))
	return result{s.out.Finish(), true}
}

func (s *server) adapter(options jsonindex.Value) (a adapter.Adapter, err error) {
	defer s.protect(&err)
	return s.module.New(options)
}

func (s *server) begin(n uint32) result {
	f, err := s.inputFrame(n)
	if err != nil {
		return s.failed(err)
	}
	config, err := abi.ReadCall(f.Section(abi.TagCall), &s.call)
	if err != nil {
		return s.failed(err)
	}
	if uint64(config) >= uint64(len(s.configs)) {
		return s.failed(adapter.Fail(adapter.Internal, "", "there is no configuration %d", config))
	}
	if s.call.Headers, err = abi.ReadHeaders(f.Section(abi.TagHeaders), s.call.Headers[:0]); err != nil {
		return s.failed(err)
	}
	s.call.Body = nil
	if body, ok := f.Get(abi.TagBody); ok {
		s.doc = jsonindex.Doc{
			Src: body, Ents: jsonindex.EntriesOf(f.Section(abi.TagIndex)), Ext: jsonindex.ExtsOf(f.Section(abi.TagExtern)), Client: true,
		}
		s.call.Body = &s.doc
	}
	s.up.Reset()
	x, err := s.exchange(s.configs[config])
	if err != nil {
		return s.failed(err)
	}
	s.out.Reset()
	abi.AppendRequest(&s.out, &s.up)
	if x != nil {
		h, err := s.live.add(x)
		if err != nil {
			return s.failed(err)
		}
		s.out.Number(abi.TagHandle, h)
	}
	return result{s.out.Finish(), true}
}

func (s *server) exchange(a adapter.Adapter) (x adapter.Exchange, err error) {
	defer s.protect(&err)
	x, err = a.Begin(&s.call, &s.up)
	if err == nil && x == nil && !s.up.Local {
		err = adapter.Fail(adapter.Internal, "", "Begin returned no exchange")
	}
	return x, err
}

// answer is the result of an export that emits ops: raw ops, or a frame where there is an error.
func (s *server) answer(event int, err error) result {
	if err == nil {
		return result{s.emit.Buf, false}
	}
	s.out.Reset()
	if len(s.emit.Buf) > 0 {
		s.out.Section(abi.TagOps, s.emit.Buf)
	}
	s.fault(event, err)
	return result{s.out.Finish(), true}
}

func (s *server) event(h, n uint32) result {
	s.emit.Reset()
	x, err := s.live.get(h)
	if err != nil {
		return s.answer(0, err)
	}
	b, err := s.input(n)
	if err != nil {
		return s.answer(0, err)
	}
	evs, err := abi.ReadEvents(b)
	if err != nil {
		return s.answer(0, err)
	}
	return s.answer(s.events(x, &evs))
}

func (s *server) events(x adapter.Exchange, evs *abi.EventReader) (event int, err error) {
	defer s.protect(&err)
	for evs.Next() {
		ev := adapter.Event{Name: s.name(evs.Name), Data: evs.Data}
		if evs.Entries != nil {
			s.json.Src, s.json.Ents = evs.Data, evs.Entries
			ev.JSON = s.json.Root()
		}
		if err := x.Event(ev, &s.emit); err != nil {
			return event, err
		}
		event++
	}
	return 0, nil
}

// maxNames is how many names of events are kept. An upstream has a dozen.
const maxNames = 256

// name makes a string that an adapter may keep, without making it anew for each event.
func (s *server) name(b []byte) string {
	if string(b) == s.named {
		return s.named
	}
	name, ok := s.names[string(b)]
	if !ok {
		name = string(b)
		if len(s.names) < maxNames {
			s.names[name] = name
		}
	}
	s.named = name
	return name
}

func (s *server) whole(h, n uint32) result {
	s.emit.Reset()
	x, err := s.live.get(h)
	if err != nil {
		return s.answer(0, err)
	}
	f, err := s.inputFrame(n)
	if err != nil {
		return s.answer(0, err)
	}
	err = func() (err error) {
		defer s.protect(&err)
		return x.Whole(s.body(f), &s.emit)
	}()
	return s.answer(0, err)
}

// body is the indexed body of an answer, absent where there is no index.
func (s *server) body(f abi.Frame) jsonindex.Value {
	s.json.Src, s.json.Ents = f.Section(abi.TagBody), jsonindex.EntriesOf(f.Section(abi.TagIndex))
	return s.json.Root()
}

func (s *server) failure(h, n uint32) result {
	x, err := s.live.get(h)
	if err != nil {
		return s.failed(err)
	}
	f, err := s.inputFrame(n)
	if err != nil {
		return s.failed(err)
	}
	status, err := f.Number(abi.TagStatus)
	if err != nil {
		return s.failed(err)
	}
	s.resp = adapter.UpstreamResponse{Status: int(status), Headers: s.resp.Headers[:0], Data: f.Section(abi.TagBody), JSON: s.body(f)}
	if s.resp.Headers, err = abi.ReadHeaders(f.Section(abi.TagHeaders), s.resp.Headers); err != nil {
		return s.failed(err)
	}
	err = func() (err error) {
		defer s.protect(&err)
		if failure := x.Failure(&s.resp); failure != nil {
			return failure
		}
		return adapter.Fail(adapter.Internal, "", "the adapter did not classify status %d", status)
	}()
	return s.failed(err)
}

func (s *server) end(h, reason uint32) result {
	s.emit.Reset()
	x, err := s.live.get(h)
	if err != nil {
		return s.answer(0, err)
	}
	err = func() (err error) {
		defer s.protect(&err)
		return x.End(adapter.EndReason(min(reason, uint32(adapter.Cut))), &s.emit)
	}()
	return s.answer(0, err)
}

func (s *server) close(h uint32) { s.live.remove(h) }
