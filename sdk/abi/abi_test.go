package abi

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

func TestPack(t *testing.T) {
	for _, c := range []struct {
		ptr, length uint32
		frame       bool
	}{{0, 0, false}, {1, 2, true}, {0xffffffff, 0x7fffffff, false}, {0x10000, 0, true}} {
		if p, n, f := Unpack(Pack(c.ptr, c.length, c.frame)); p != c.ptr || n != c.length || f != c.frame {
			t.Errorf("%+v: %d %d %v", c, p, n, f)
		}
	}
}

func TestFrame(t *testing.T) {
	var b Builder
	for range 2 { // the memory is used again
		b.Reset()
		if !b.Empty() {
			t.Error("a new frame is not empty")
		}
		b.Section(TagBody, []byte("body"))
		b.Text(TagMethod, "")
		b.Text(TagPath, "/v1")
		b.Section(TagOps, nil)
		b.Number(TagStatus, 404)
		b.Section(Tag(999), []byte("from the future"))
		b.Section(TagBody, []byte("the second one does not count"))
		f, err := Open(b.Finish())
		if err != nil {
			t.Fatal(err)
		}
		if string(f.Section(TagBody)) != "body" || string(f.Section(TagPath)) != "/v1" || f.Section(TagMethod) != nil {
			t.Errorf("%q %q", f.Section(TagBody), f.Section(TagPath))
		}
		if s, ok := f.Get(TagOps); !ok || s == nil || len(s) != 0 {
			t.Errorf("empty section: %v, %v", s, ok)
		}
		if n, err := f.Number(TagStatus); n != 404 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		if _, err := f.Number(TagHandle); !errors.Is(err, ErrFrame) {
			t.Errorf("%v", err)
		}
		if _, err := f.Number(TagPath); !errors.Is(err, ErrFrame) {
			t.Errorf("%v", err)
		}
	}
	var none Frame
	if _, ok := none.Get(TagBody); ok {
		t.Error("the zero frame has a section")
	}
}

// A Layout and a Builder make the same frame.
func TestLayout(t *testing.T) {
	parts := []struct {
		tag  Tag
		data string
	}{{TagCall, "123"}, {TagBody, ""}, {TagIndex, strings.Repeat("x", 24)}, {TagExtern, "y"}}
	var b Builder
	b.Reset()
	var l Layout
	if l.Size() != DataAt {
		t.Errorf("an empty frame has %d bytes", l.Size())
	}
	for _, p := range parts {
		b.Section(p.tag, []byte(p.data))
		l.Add(p.tag, len(p.data))
	}
	dst := make([]byte, l.Size())
	var again Layout
	for _, p := range parts {
		copy(dst[again.Add(p.tag, len(p.data)):], p.data)
	}
	again.Put(dst)
	if !bytes.Equal(dst, b.Finish()) {
		t.Errorf("% x\n% x", dst, b.Buf)
	}
}

func TestOpenRefuses(t *testing.T) {
	var b Builder
	b.Reset()
	b.Section(TagBody, []byte("body"))
	good := append([]byte(nil), b.Finish()...)
	f := func(name string, change func(b []byte) []byte) {
		t.Helper()
		if _, err := Open(change(append([]byte(nil), good...))); !errors.Is(err, ErrFrame) {
			t.Errorf("%s: %v", name, err)
		}
	}
	put := func(at int, v uint32) func([]byte) []byte {
		return func(b []byte) []byte { binary.LittleEndian.PutUint32(b[at:], v); return b }
	}
	set := func(at int, v byte) func([]byte) []byte { return func(b []byte) []byte { b[at] = v; return b } }
	f("nothing", func([]byte) []byte { return nil })
	f("a part of the head", func(b []byte) []byte { return b[:7] })
	f("magic", set(0, 'X'))
	f("version", set(2, 2))
	f("too many sections", set(3, 17))
	f("shorter than it says", func(b []byte) []byte { return b[:len(b)-1] })
	f("longer than it says", func(b []byte) []byte { return append(b, 0) })
	f("offset in the table", put(12, 8))
	f("offset not aligned", put(12, DataAt+4))
	f("offset beyond the end", put(12, 1<<31))
	f("length beyond the end", put(16, 5))
	f("length of 4 GiB", put(16, 1<<32-1))
	f("a table beyond the end", func(b []byte) []byte { b = b[:20]; b[3] = 2; return put(4, 20)(b) })
}

func TestTooManySections(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	var l Layout
	for range MaxSections + 1 {
		l.Add(TagBody, 0)
	}
}

func TestCall(t *testing.T) {
	want := adapter.Call{
		Op: adapter.CountTokens, ID: "req_1", Model: "m", ClientModel: "c", MaxOutputTokens: 1 << 40, Stream: true, Query: "beta=true", Session: "s",
		Remedies: []adapter.Remedy{{Name: "a", Value: "b"}, {Name: "", Value: ""}},
	}
	b := AppendCall(nil, 1, &want)
	SetConfig(b, 77)
	b = append(appendHead(b, 500, 3), "new"...) // a field from the future
	var got adapter.Call
	for range 2 {
		config, err := ReadCall(b, &got)
		if err != nil || config != 77 || !reflect.DeepEqual(got, want) {
			t.Errorf("%d, %v, %+v", config, err, got)
		}
	}
	if _, err := ReadCall(nil, &got); !errors.Is(err, ErrFrame) {
		t.Errorf("no configuration: %v", err)
	}
	hs := []adapter.Header{{Name: "a", Value: "b"}, {Name: "", Value: ""}, {Name: "x", Value: strings.Repeat("y", 300)}}
	if got, err := ReadHeaders(AppendHeaders(nil, hs), nil); err != nil || !reflect.DeepEqual(got, hs) {
		t.Errorf("%v, %v", err, got)
	}
}

// What is cut anywhere is an error or a shorter list, never a panic.
func TestCut(t *testing.T) {
	call := AppendCall(nil, 1, &adapter.Call{ID: "x", Remedies: []adapter.Remedy{{Name: "n", Value: "v"}}})
	headers := AppendHeaders(nil, []adapter.Header{{Name: "name", Value: "value"}})
	fail := AppendError(nil, 3, &adapter.Failure{Class: adapter.Auth, Message: "m", Remedy: &adapter.Remedy{Name: "n"}})
	for n := range len(headers) {
		if _, err := ReadHeaders(headers[:n], nil); (err == nil) != (n == 0) {
			t.Errorf("headers cut at %d: %v", n, err)
		}
	}
	for n := range len(call) {
		var c adapter.Call
		_, _ = ReadCall(call[:n], &c)
	}
	for n := range len(fail) {
		_, _, _ = ReadError(fail[:n])
	}
}

func TestRequest(t *testing.T) {
	client := []byte(`{"a":"` + strings.Repeat("x", 2000) + `"}`)
	doc, err := jsonindex.Parse(client, jsonindex.ClientMode())
	if err != nil {
		t.Fatal(err)
	}
	f := func(name string, fill func(up *adapter.UpstreamRequest)) {
		t.Helper()
		var want, got adapter.UpstreamRequest
		fill(&want)
		want.Body.Finish()
		var b Builder
		b.Reset()
		AppendRequest(&b, &want)
		frame, err := Open(b.Finish())
		if err != nil {
			t.Fatal(err)
		}
		got.Reset()
		if err := ReadRequest(frame, &got, len(client)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !bytes.Equal(got.Body.AppendTo(nil, client), want.Body.AppendTo(nil, client)) || !bytes.Equal(got.Answer.Buf, want.Answer.Buf) {
			t.Errorf("%s: body %.100s, answer %q", name, got.Body.AppendTo(nil, client), got.Answer.Buf)
		}
		got.Body, want.Body = jsonindex.Writer{}, jsonindex.Writer{}
		got.Answer, want.Answer = adapter.UpstreamRequest{}.Answer, adapter.UpstreamRequest{}.Answer
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v\nwant %+v", name, got, want)
		}
	}
	f("nothing", func(*adapter.UpstreamRequest) {})
	f("all", func(up *adapter.UpstreamRequest) {
		up.Method, up.Path, up.Framing, up.Stream = "PUT", "/v1/x?y", adapter.JSONLines, true
		up.Header("a", "b")
		up.StopSequences = []string{"END", ""}
		up.Loss("top_k", adapter.Dropped, "no such thing")
		up.Loss("x", adapter.Noop, "")
		up.Body.Lit(`{"x":`)
		up.Body.Raw(doc.Root().Get("a"))
		up.Body.Lit(`,"y":"`)
		up.Body.Escape(doc.Root())
		up.Body.Lit(`"}`)
	})
	f("one literal", func(up *adapter.UpstreamRequest) { up.Body.Lit("{}") })
	f("one range", func(up *adapter.UpstreamRequest) { up.Body.Raw(doc.Root()) })
	f("pass-through", func(up *adapter.UpstreamRequest) {
		up.PassThrough = true
		up.Splices = []adapter.Splice{{Entry: 3, With: `"m"`}, {Entry: 9, Remove: true}}
	})
	f("local", func(up *adapter.UpstreamRequest) {
		up.Local = true
		up.Answer.TextString(0, "x")
		up.Answer.Done()
	})
}

func TestReadRequestRefuses(t *testing.T) {
	f := func(name string, fill func(b *Builder)) {
		t.Helper()
		var b Builder
		b.Reset()
		fill(&b)
		frame, err := Open(b.Finish())
		if err != nil {
			t.Fatal(err)
		}
		var up adapter.UpstreamRequest
		if err := ReadRequest(frame, &up, 10); !errors.Is(err, ErrFrame) {
			t.Errorf("%s: %v", name, err)
		}
	}
	seg := func(kind, off, n uint32) []byte { return AppendNumber(AppendNumber(AppendNumber(nil, kind), off), n) }
	f("half a segment", func(b *Builder) { b.Section(TagSegments, seg(0, 0, 0)[:11]) })
	f("a literal beyond BODY", func(b *Builder) { b.Section(TagBody, []byte("ab")); b.Section(TagSegments, seg(0, 1, 2)) })
	f("a range beyond the body", func(b *Builder) { b.Section(TagSegments, seg(1, 5, 6)) })
	f("a range that wraps around", func(b *Builder) { b.Section(TagSegments, seg(2, 1<<32-1, 2)) })
	f("an unknown segment", func(b *Builder) { b.Section(TagSegments, seg(3, 0, 0)) })
	f("an unknown framing", func(b *Builder) { b.Section(TagRequest, appendU32(nil, RequestFraming, 9)) })
	f("flags of 8 bytes", func(b *Builder) { b.Section(TagRequest, appendU64(nil, RequestFlags, 9)) })
	f("a short splice", func(b *Builder) { b.Section(TagRequest, appendU32(nil, RequestSplice, 9)) })
	f("an unknown kind of loss", func(b *Builder) { b.Section(TagLoss, seg(9, 0, 0)) })
	f("a cut loss", func(b *Builder) { b.Section(TagLoss, seg(1, 1, 0)) })
	f("a cut header", func(b *Builder) { b.Section(TagHeaders, []byte{1, 0, 0, 0, 1, 0, 0, 0, 'a'}) })
}

func TestError(t *testing.T) {
	want := &adapter.Failure{
		Class: adapter.RateLimited, Message: "m", Field: "f", Type: "rate_limit_error", Details: []byte(`{"a":1}`),
		RetryAfter: 1234567890, Remedy: &adapter.Remedy{Name: "n", Value: "v"},
	}
	b := AppendError(nil, 5, want)
	got, event, err := ReadError(b)
	clear(b)
	if err != nil || event != 5 || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %d, %v", got, event, err)
	}
	// any other error is internal, an unknown class too
	if got, _, err = ReadError(AppendError(nil, 0, errors.New("oops"))); err != nil || got.Class != adapter.Internal || got.Message != "oops" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, _, err = ReadError(appendU32(nil, ErrorClass, 99)); err != nil || got.Class != adapter.Internal {
		t.Errorf("%+v, %v", got, err)
	}
	if want.RetryAfter != 1234567890*time.Nanosecond {
		t.Error("the unit is not a nanosecond")
	}
}

func TestManifest(t *testing.T) {
	want := adapter.Manifest{
		Name: "acme", Version: "1.2", Title: adapter.Text{EN: "Acme \"x\"", ZH: "极"}, Description: adapter.Text{EN: "d"}, Homepage: "https://h", License: "MIT",
		BaseURL: "https://b", Auth: "header:x-key", Native: []string{"claude"}, Operations: []adapter.Operation{adapter.Messages, adapter.Models},
		Headers: []string{"anthropic-beta"}, Options: "{\n  \"type\": \"object\"\n}",
	}
	if got, err := ReadManifest(AppendManifest(nil, want)); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %+v", err, got)
	}
	if got, err := ReadManifest(AppendManifest([]byte(`{"name":"x"}`)[:0], adapter.Manifest{Name: "x"})); err != nil || !reflect.DeepEqual(got, adapter.Manifest{Name: "x"}) {
		t.Errorf("%v, %+v", err, got)
	}
	if got, err := ReadManifest([]byte(`{"name":"x","later":[1],"operations":["models","dance"]}`)); err != nil || len(got.Operations) != 1 {
		t.Errorf("%v, %+v", err, got)
	}
	for _, bad := range []string{``, `[]`, `{"name":1}`, `{"title":"x"}`, `{"title":{"en":1}}`, `{"headers":"x"}`, `{"native":[1]}`, `{"options":"x"}`, `{"name":"a","name":"b"}`} {
		if _, err := ReadManifest([]byte(bad)); err == nil {
			t.Errorf("%s is a manifest", bad)
		}
	}
}

func TestConfig(t *testing.T) {
	for _, want := range []Config{{}, {Features: 5}, {Features: 1 << 63, Memory: 64 << 20}} {
		if got, err := ReadConfig(AppendConfig(nil, want)); err != nil || got != want {
			t.Errorf("%+v, %v", got, err)
		}
	}
	if _, err := ReadConfig([]byte{1, 0, 0}); !errors.Is(err, ErrFrame) {
		t.Errorf("%v", err)
	}
}

func events(t testing.TB, texts ...string) []runner.RawEvent {
	t.Helper()
	var evs []runner.RawEvent
	for i, text := range texts {
		e := runner.RawEvent{Name: strings.Repeat("n", i), Data: []byte(text)}
		if d, err := jsonindex.Parse(e.Data, jsonindex.UpstreamMode()); err == nil {
			e.Doc = d
		}
		evs = append(evs, e)
	}
	return evs
}

func TestEvents(t *testing.T) {
	evs := events(t, `{"a":[1,2]}`, `[DONE]`, ``, "{\"x\":\"\xff\"}", `"s"`)
	b := make([]byte, EventsSize(evs))
	PutEvents(b, evs)
	r, err := ReadEvents(b)
	if err != nil {
		t.Fatal(err)
	}
	for i := range evs {
		if !r.Next() {
			t.Fatalf("only %d events", i)
		}
		if string(r.Name) != evs[i].Name || !bytes.Equal(r.Data, EventText(&evs[i])) {
			t.Errorf("event %d: %q %q", i, r.Name, r.Data)
		}
		var want []jsonindex.Entry
		if evs[i].Doc != nil {
			want = evs[i].Doc.Ents
		}
		if !reflect.DeepEqual(append([]jsonindex.Entry(nil), r.Entries...), append([]jsonindex.Entry(nil), want...)) {
			t.Errorf("event %d: entries %v, want %v", i, r.Entries, want)
		}
	}
	if r.Next() {
		t.Error("there is one more")
	}
	for n := range len(b) {
		if _, err := ReadEvents(b[:n]); !errors.Is(err, ErrFrame) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
	if _, err := ReadEvents(append(b, 0)); !errors.Is(err, ErrFrame) {
		t.Errorf("a byte too many: %v", err)
	}
	n := testing.AllocsPerRun(100, func() {
		PutEvents(b, evs)
		r, _ := ReadEvents(b)
		for r.Next() {
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Whatever the bytes are, reading them ends in a value or an error.
func FuzzFrame(f *testing.F) {
	var b Builder
	b.Reset()
	AppendRequest(&b, &adapter.UpstreamRequest{Path: "/", StopSequences: []string{"x"}, Losses: []adapter.Loss{{Path: "p"}}, Headers: []adapter.Header{{Name: "a"}}})
	f.Add(append([]byte(nil), b.Finish()...))
	b.Reset()
	b.Section(TagCall, AppendCall(nil, 1, &adapter.Call{ID: "i", Remedies: []adapter.Remedy{{}}}))
	b.Section(TagError, AppendError(nil, 1, adapter.Fail(adapter.Auth, "f", "m")))
	b.Section(TagConfig, AppendConfig(nil, Config{1, 2}))
	b.Section(TagBody, AppendManifest(nil, adapter.Manifest{Name: "x", Options: "{}"}))
	f.Add(append([]byte(nil), b.Finish()...))
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, err := Open(b)
		if err != nil {
			return
		}
		var up adapter.UpstreamRequest
		if ReadRequest(frame, &up, 100) == nil {
			up.Body.AppendTo(nil, make([]byte, 100))
		}
		var call adapter.Call
		_, _ = ReadCall(frame.Section(TagCall), &call)
		if fail, event, err := ReadError(frame.Section(TagError)); err == nil {
			again, at, err := ReadError(AppendError(nil, event, fail))
			if err != nil || at != event || !reflect.DeepEqual(again.Remedy, fail.Remedy) || again.Message != fail.Message {
				t.Errorf("%+v became %+v, %v", fail, again, err)
			}
		}
		_, _ = ReadConfig(frame.Section(TagConfig))
		if m, err := ReadManifest(frame.Section(TagBody)); err == nil {
			if again, err := ReadManifest(AppendManifest(nil, m)); err != nil || !reflect.DeepEqual(again, m) {
				t.Errorf("%+v became %+v, %v", m, again, err)
			}
		}
	})
}

func FuzzEvents(f *testing.F) {
	evs := events(f, `{"a":1}`, `x`)
	b := make([]byte, EventsSize(evs))
	PutEvents(b, evs)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ReadEvents(b)
		if err != nil {
			return
		}
		n := 0
		for r.Next() {
			n += len(r.Name) + len(r.Data) + len(r.Entries)*jsonindex.EntrySize + eventHead
		}
		if n+4 != len(b) {
			t.Errorf("%d of %d bytes read", n+4, len(b))
		}
	})
}

func BenchmarkEvents(b *testing.B) {
	evs := events(b, `{"id":"x","choices":[{"index":0,"delta":{"content":"hello"}}]}`)
	dst := make([]byte, EventsSize(evs))
	for b.Loop() {
		PutEvents(dst, evs)
		r, err := ReadEvents(dst)
		if err != nil {
			b.Fatal(err)
		}
		for r.Next() {
		}
	}
}
