package guest

import (
	"errors"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/abi"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// module is an adapter that does what it is told, natively.
type module struct{}

func (module) Manifest() adapter.Manifest {
	return adapter.Manifest{Name: "mini", Auth: "none", Options: `{"type":"object"}`}
}

func (module) New(options jsonindex.Value) (adapter.Adapter, error) {
	switch {
	case options.Get("panic").Exists():
		panic("canary-panic")
	case options.Get("bad").Exists():
		return nil, adapter.Fail(adapter.Invalid, "bad", "unknown option")
	}
	return module{}, nil
}

func (module) Begin(call *adapter.Call, up *adapter.UpstreamRequest) (adapter.Exchange, error) {
	up.Path = "/" + call.ID + "/" + call.Header("h")
	if call.Body == nil {
		return nil, nil
	}
	switch root := call.Body.Root(); {
	case root.Get("panic").Exists():
		panic("canary-panic")
	case root.Get("fail").Exists():
		return nil, errors.New("some error")
	case root.Get("local").Exists():
		up.Local = true
		up.Answer.Done()
		return nil, nil
	}
	up.Body.Raw(call.Body.Root())
	return &exchange{}, nil
}

type exchange struct{ names []string }

func (x *exchange) Event(ev adapter.Event, out *ops.Emitter) error {
	x.names = append(x.names, ev.Name)
	switch string(ev.Data) {
	case `{"panic":1}`:
		panic("canary-panic")
	case `{"fail":1}`:
		return adapter.Fail(adapter.Overloaded, "", "no")
	case `{"quiet":1}`:
		return nil
	}
	out.TextString(0, strings.Join(x.names, ",")+" "+ev.JSON.Kind().String())
	return nil
}

func (x *exchange) Whole(body jsonindex.Value, out *ops.Emitter) error {
	if body.Get("panic").Exists() {
		panic("canary-panic")
	}
	out.TextString(0, "whole "+body.Kind().String())
	out.Done()
	return nil
}

func (x *exchange) Failure(resp *adapter.UpstreamResponse) *adapter.Failure {
	if resp.Status == 500 {
		return nil
	}
	if resp.Status == 501 {
		panic("canary-panic")
	}
	return adapter.Fail(adapter.NotFound, resp.Header("h"), "%d %s", resp.Status, resp.Data)
}

func (x *exchange) End(reason adapter.EndReason, out *ops.Emitter) error {
	out.TextString(0, reason.String())
	return nil
}

// host is what the host does: it writes into the arena and reads results.
type host struct {
	t *testing.T
	s *server
}

func serving(t *testing.T) host {
	h := host{t, newServer(module{})}
	h.frame(h.s.configure(h.sections(abi.TagConfig, string(abi.AppendConfig(nil, abi.Config{})))))
	return h
}

func (h host) write(b []byte) uint32 {
	arena := h.s.alloc(uint32(len(b)))
	if len(arena) < len(b) {
		h.t.Fatalf("an arena of %d bytes for %d", len(arena), len(b))
	}
	return uint32(copy(arena, b))
}

// sections writes a frame: tag, content, tag, content. A BODY gets its INDEX.
func (h host) sections(parts ...any) uint32 {
	h.t.Helper()
	var b abi.Builder
	b.Reset()
	for i := 0; i < len(parts); i += 2 {
		tag, text := parts[i].(abi.Tag), parts[i+1].(string)
		b.Section(tag, []byte(text))
		if tag != abi.TagBody {
			continue
		}
		if d, err := jsonindex.Parse([]byte(text), jsonindex.UpstreamMode()); err == nil {
			b.Section(abi.TagIndex, d.IndexBytes())
		}
	}
	return h.write(b.Finish())
}

func (h host) frame(r result) abi.Frame {
	h.t.Helper()
	f, err := abi.Open(r.b)
	if err != nil || !r.frame {
		h.t.Fatalf("%v, marked %v", err, r.frame)
	}
	return f
}

// failure reads the failure of a frame.
func (h host) failure(r result) (*adapter.Failure, int) {
	h.t.Helper()
	b, ok := h.frame(r).Get(abi.TagError)
	if !ok {
		h.t.Fatal("there is no failure")
	}
	f, at, err := abi.ReadError(b)
	if err != nil {
		h.t.Fatal(err)
	}
	if strings.Contains(f.Message, "canary") {
		h.t.Errorf("the panic got out: %s", f.Message)
	}
	return f, at
}

func (h host) begin(body string) result {
	h.t.Helper()
	parts := []any{abi.TagCall, string(abi.AppendCall(nil, 0, &adapter.Call{ID: "id"})), abi.TagHeaders, string(abi.AppendHeaders(nil, []adapter.Header{{Name: "h", Value: "v"}}))}
	if body != "" {
		parts = append(parts, abi.TagBody, body)
	}
	return h.s.begin(h.sections(parts...))
}

func (h host) open() uint32 {
	h.t.Helper()
	n, err := h.frame(h.begin(`{"a":1}`)).Number(abi.TagHandle)
	if err != nil || n == 0 {
		h.t.Fatalf("handle %d, %v", n, err)
	}
	return n
}

func (h host) event(handle uint32, texts ...string) result {
	h.t.Helper()
	var evs []runner.RawEvent
	for _, text := range texts {
		e := runner.RawEvent{Name: "n", Data: []byte(text)}
		if d, err := jsonindex.Parse(e.Data, jsonindex.UpstreamMode()); err == nil {
			e.Doc = d
		}
		evs = append(evs, e)
	}
	b := make([]byte, abi.EventsSize(evs))
	abi.PutEvents(b, evs)
	return h.s.event(handle, h.write(b))
}

func text(b []byte) string { return strings.TrimSuffix(ops.Dump(b), "\n") }

func TestManifest(t *testing.T) {
	h := serving(t)
	f := h.frame(h.s.manifest())
	m, err := abi.ReadManifest(f.Section(abi.TagBody))
	if err != nil || m.Name != "mini" || m.Options != `{"type":"object"}` {
		t.Errorf("%v, %+v", err, m)
	}
	if c, err := abi.ReadConfig(f.Section(abi.TagConfig)); err != nil || c.Features != abi.Features {
		t.Errorf("%v, %+v", err, c)
	}
	none := host{t, newServer(nil)}
	if f, _ := none.failure(none.s.manifest()); !strings.Contains(f.Message, "guest.Serve") {
		t.Errorf("%+v", f)
	}
}

func TestConfigure(t *testing.T) {
	h := host{t, newServer(module{})}
	var limit int64
	h.s.limitMemory = func(n int64) { limit = n }
	config := string(abi.AppendConfig(nil, abi.Config{Memory: 100 << 20}))
	for want := range uint32(3) {
		n, err := h.frame(h.s.configure(h.sections(abi.TagConfig, config, abi.TagBody, `{"x":1}`))).Number(abi.TagHandle)
		if err != nil || n != want {
			t.Errorf("configuration %d, %v", n, err)
		}
	}
	if limit != 70<<20 {
		t.Errorf("memory limit %d", limit)
	}
	if f, _ := h.failure(h.s.configure(h.sections(abi.TagBody, `{"bad":1}`))); f.Field != "bad" || f.Class != adapter.Invalid {
		t.Errorf("%+v", f)
	}
	if f, _ := h.failure(h.s.configure(h.sections(abi.TagBody, `{"panic":1}`))); f.Class != adapter.Internal {
		t.Errorf("%+v", f)
	}
}

func TestBegin(t *testing.T) {
	h := serving(t)
	f := h.frame(h.begin(`{"a":1}`))
	var up adapter.UpstreamRequest
	if err := abi.ReadRequest(f, &up, 7); err != nil || up.Path != "/id/v" || string(up.Body.AppendTo(nil, nil)) != `{"a":1}` {
		t.Errorf("%v, %+v", err, up)
	}
	f = h.frame(h.begin(`{"local":1}`))
	if _, ok := f.Get(abi.TagHandle); ok || text(f.Section(abi.TagOps)) != "done" {
		t.Errorf("local answer: handle %v, %s", ok, text(f.Section(abi.TagOps)))
	}
	for _, body := range []string{`{"panic":1}`, `{"fail":1}`, ``} {
		if f, _ := h.failure(h.begin(body)); f.Class != adapter.Internal || f.Message == "" {
			t.Errorf("%s: %+v", body, f)
		}
	}
	if f, _ := h.failure(h.s.begin(h.sections(abi.TagCall, string(abi.AppendCall(nil, 7, &adapter.Call{}))))); !strings.Contains(f.Message, "configuration 7") {
		t.Errorf("%+v", f)
	}
}

func TestEvents(t *testing.T) {
	h := serving(t)
	x := h.open()
	if r := h.event(x, `{"a":1}`, `[DONE]`); r.frame || text(r.b) != "text 0 plain \"n object\"\ntext 0 plain \"n,n null\"" {
		t.Errorf("%v, %s", r.frame, text(r.b))
	}
	if r := h.event(x, `{"quiet":1}`); len(r.b) != 0 {
		t.Errorf("%q", r.b)
	}
	r := h.event(x, `1`, `2`, `{"fail":1}`, `3`)
	if f, at := h.failure(r); f.Class != adapter.Overloaded || at != 2 || strings.Count(text(h.frame(r).Section(abi.TagOps)), "text") != 2 {
		t.Errorf("%+v at %d", f, at)
	}
	r = h.event(x, `1`, `{"panic":1}`)
	if f, at := h.failure(r); f.Class != adapter.Internal || at != 1 {
		t.Errorf("%+v at %d", f, at)
	}
	if r := h.event(x, `1`); r.frame {
		t.Error("the last failure is still there")
	}
}

func TestOtherCalls(t *testing.T) {
	h := serving(t)
	x := h.open()
	if r := h.s.whole(x, h.sections(abi.TagBody, `[1]`)); r.frame || text(r.b) != "text 0 plain \"whole array\"\ndone" {
		t.Errorf("%s", text(r.b))
	}
	if f, _ := h.failure(h.s.whole(x, h.sections(abi.TagBody, `{"panic":1}`))); f.Class != adapter.Internal {
		t.Errorf("%+v", f)
	}
	for reason, want := range map[uint32]string{0: `text 0 plain "eof"`, 1: `text 0 plain "cut"`, 300: `text 0 plain "cut"`} {
		if r := h.s.end(x, reason); text(r.b) != want {
			t.Errorf("%d: %s", reason, text(r.b))
		}
	}
	status := func(n uint32) string { return string(abi.AppendNumber(nil, n)) }
	headers := string(abi.AppendHeaders(nil, []adapter.Header{{Name: "h", Value: "v"}}))
	if f, _ := h.failure(h.s.failure(x, h.sections(abi.TagStatus, status(404), abi.TagHeaders, headers, abi.TagBody, "gone"))); f.Class != adapter.NotFound || f.Field != "v" || f.Message != "404 gone" {
		t.Errorf("%+v", f)
	}
	for _, n := range []uint32{500, 501} {
		if f, _ := h.failure(h.s.failure(x, h.sections(abi.TagStatus, status(n)))); f.Class != adapter.Internal {
			t.Errorf("%d: %+v", n, f)
		}
	}
}

// Wrong orders and ill-formed inputs are answered, not punished.
func TestWrong(t *testing.T) {
	h := serving(t)
	x := h.open()
	h.s.close(x)
	h.s.close(x)
	h.s.close(12345)
	for name, call := range map[string]func(handle, n uint32) result{"event": h.s.event, "whole": h.s.whole, "failure": h.s.failure, "end": h.s.end} {
		for _, handle := range []uint32{0, x, 0xffffffff} {
			if f, _ := h.failure(call(handle, 0)); f.Class != adapter.Internal || !strings.Contains(f.Message, "no exchange") {
				t.Errorf("%s(%d): %+v", name, handle, f)
			}
		}
	}
	y := h.open()
	if y == x {
		t.Error("a closed handle came back")
	}
	h.write(make([]byte, 100))
	for name, call := range map[string]func() result{
		"begin": func() result { return h.s.begin(100) }, "configure": func() result { return h.s.configure(100) },
		"whole": func() result { return h.s.whole(y, 100) }, "failure": func() result { return h.s.failure(y, 100) },
		"begin beyond the arena": func() result { return h.s.begin(1 << 30) }, "event beyond the arena": func() result { return h.s.event(y, 1<<30) },
	} {
		if f, _ := h.failure(call()); f.Class != adapter.Internal {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if r := h.event(y, `1`); r.frame {
		t.Error("the exchange is gone")
	}
}

func TestArena(t *testing.T) {
	s := newServer(nil)
	a := s.alloc(10)
	if b := s.alloc(5000); len(b) < 5000 {
		t.Errorf("%d bytes", len(b))
	}
	b := s.alloc(100)
	if len(b) < 5000 || &a[0] == &b[0] {
		t.Error("the arena shrank")
	}
}

func TestTable(t *testing.T) {
	var tab table
	seen := map[uint32]bool{}
	var open []uint32
	for n := range 1000 {
		h, err := tab.add(&exchange{})
		if err != nil || h == 0 || seen[h] {
			t.Fatalf("handle %d, %v", h, err)
		}
		seen[h] = true
		open = append(open, h)
		if n%3 == 0 {
			tab.remove(open[0])
			if _, err := tab.get(open[0]); err == nil {
				t.Fatal("a closed exchange is there")
			}
			open = open[1:]
		}
	}
	for _, h := range open {
		if _, err := tab.get(h); err != nil {
			t.Fatal(err)
		}
	}
	for len(tab.slots)-len(tab.free) < maxSlots {
		if _, err := tab.add(&exchange{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tab.add(&exchange{}); err == nil {
		t.Error("the table has no end")
	}
	// numbers of uses wrap around without making handle 0
	tab = table{}
	for range 3 {
		h, _ := tab.add(&exchange{})
		tab.remove(h)
		tab.slots[0].uses = usesMask
	}
	if h, _ := tab.add(&exchange{}); h == 0 {
		t.Error("handle 0")
	}
}

func TestNames(t *testing.T) {
	s := newServer(nil)
	b := []byte("message_delta")
	name := s.name(b)
	copy(b, "xxxxxxxxxxxxx")
	if name != "message_delta" {
		t.Error("a name changes with the arena")
	}
	for n := range 1000 {
		s.name([]byte(strings.Repeat("x", n)))
	}
	if len(s.names) > maxNames {
		t.Errorf("%d names are kept", len(s.names))
	}
	b = []byte("message_delta")
	if n := testing.AllocsPerRun(100, func() { s.name(b); s.name(b[:3]) }); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

// Outside the sandbox Serve and Log do nothing that anybody could notice.
func TestNative(t *testing.T) {
	Log(abi.Error, "nobody listens")
	if served.module != nil {
		t.Error("something is served")
	}
}

// Any bytes in the arena end in an answer.
func FuzzServer(f *testing.F) {
	var b abi.Builder
	b.Reset()
	b.Section(abi.TagCall, abi.AppendCall(nil, 0, &adapter.Call{ID: "id"}))
	f.Add(append([]byte(nil), b.Finish()...))
	b.Reset()
	b.Section(abi.TagStatus, abi.AppendNumber(nil, 404))
	f.Add(append([]byte(nil), b.Finish()...))
	evs := []runner.RawEvent{{Name: "n", Data: []byte("x")}}
	e := make([]byte, abi.EventsSize(evs))
	abi.PutEvents(e, evs)
	f.Add(e)
	f.Fuzz(func(t *testing.T, b []byte) {
		// The index is the host's and trusted, so that inputs with one are left out.
		if frame, err := abi.Open(b); err == nil && len(frame.Section(abi.TagIndex)) > 0 {
			return
		}
		if r, err := abi.ReadEvents(b); err == nil {
			for r.Next() {
				if r.Entries != nil {
					return
				}
			}
		}
		h := host{t, newServer(module{})}
		h.s.configs = []adapter.Adapter{module{}}
		x := h.open()
		n := h.write(b)
		for _, r := range []result{h.s.configure(n), h.s.begin(n), h.s.event(x, n), h.s.whole(x, n), h.s.failure(x, n)} {
			if r.frame && len(r.b) < abi.HeadSize {
				t.Error("a frame without a head")
			}
		}
	})
}
