package claude_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/claude-proxy/claude-proxy/plugins/claude"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/render"
	"github.com/claude-proxy/claude-proxy/sdk/render/grammar"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
	"github.com/claude-proxy/claude-proxy/sdk/signature"
	"github.com/claude-proxy/claude-proxy/sdk/sse"
)

const thinkingBody = `{"model":"claude-x","messages":[{"role":"assistant","content":[{"type":"thinking","signature":"Eq"}]}]}`

// begin starts an exchange natively.
func begin(t testing.TB, op adapter.Operation, body string) (runner.Run, *adapter.UpstreamRequest) {
	t.Helper()
	ch, err := runner.Native(claude.Module{}).Configure(nil)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonindex.Parse([]byte(body), jsonindex.ClientMode())
	if err != nil {
		t.Fatal(err)
	}
	var up adapter.UpstreamRequest
	run, err := ch.Begin(&adapter.Call{Op: op, ID: "call", Model: "claude-up", ClientModel: "claude-x", Stream: true, Body: doc}, &up)
	if err != nil {
		t.Fatal(err)
	}
	return run, &up
}

// FuzzEvent: any stream gives ops that render to a well-formed stream, or a failure of the upstream's.
func FuzzEvent(f *testing.F) {
	for _, s := range adaptertest.Sections(f, "testdata", "upstream.sse") {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		run, _ := begin(t, adapter.Messages, thinkingBody)
		p := sse.NewParser(sse.Limits{})
		p.Feed(stream)
		var events []runner.RawEvent
		var ev sse.Event
		for {
			ok, err := p.Next(&ev)
			if err != nil || !ok {
				break
			}
			if ev.HasData {
				e := runner.RawEvent{Name: ev.Name, Data: bytes.Clone(ev.Data)}
				if doc, err := jsonindex.Parse(bytes.Clone(ev.Data), jsonindex.UpstreamMode()); err == nil {
					e.Doc = doc
				}
				events = append(events, e)
			}
		}
		var out ops.Emitter
		_, err := run.Events(events, &out)
		if err == nil && !out.DoneSeen() {
			if err = run.End(adapter.EOF, &out); err == nil {
				t.Fatal("a stream without an end is complete")
			}
		}
		wellFormed(t, out.Buf, err)
	})
}

// FuzzWhole: any answer gives ops that render to a well-formed message, or a failure of the upstream's.
func FuzzWhole(f *testing.F) {
	for _, s := range adaptertest.Sections(f, "testdata", "upstream.json") {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		doc, err := jsonindex.Parse(body, jsonindex.UpstreamMode())
		if err != nil {
			return
		}
		for _, op := range []adapter.Operation{adapter.CountTokens, adapter.Messages} {
			run, _ := begin(t, op, thinkingBody)
			var out ops.Emitter
			err = run.Whole(doc, &out)
			if err == nil && !out.DoneSeen() {
				t.Fatal("neither done nor a failure")
			}
			if op == adapter.Messages {
				wellFormed(t, out.Buf, err)
			} else if _, cerr := render.Count(out.Buf); err == nil && cerr != nil {
				t.Fatal(cerr)
			}
		}
	})
}

// wellFormed checks ops and the error that came with them.
func wellFormed(t *testing.T, buf []byte, err error) {
	t.Helper()
	if err != nil {
		adaptertest.CheckError(t, err)
	}
	whole := render.NewWhole(render.Meta{ID: "msg_1", Model: "m"})
	message, werr := whole.Apply(nil, buf)
	stream, serr := render.NewStream(render.Meta{ID: "msg_1", Model: "m"}).Apply(nil, buf)
	for _, rerr := range []error{werr, serr} {
		// That arguments are no object and that a call is half are for the host to find out.
		if rerr != nil && !errors.Is(rerr, render.ErrArgs) && !errors.Is(rerr, render.ErrHalfTool) && !tooMuch(rerr) {
			t.Fatalf("%v in\n%s", rerr, ops.Dump(buf))
		}
	}
	if err != nil || werr != nil || serr != nil {
		return
	}
	if err := grammar.CheckWhole(message); err != nil {
		t.Fatalf("%v in %s", err, message)
	}
	if err := grammar.CheckStream(stream); err != nil {
		t.Fatalf("%v in %s", err, stream)
	}
}

// tooMuch: a limit of the host, which no converter needs to know.
func tooMuch(err error) bool {
	return strings.Contains(err.Error(), "too much waits") || strings.Contains(err.Error(), "larger than")
}

// FuzzFailure: any error body gives a failure that can be shown.
func FuzzFailure(f *testing.F) {
	for _, name := range []string{"upstream.json", "upstream.text"} {
		for _, s := range adaptertest.Sections(f, "testdata", name) {
			f.Add(400, []byte(s))
		}
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		run, _ := begin(t, adapter.Messages, thinkingBody)
		doc, err := jsonindex.Parse(bytes.Clone(body), jsonindex.UpstreamMode())
		if err != nil {
			doc = nil
		}
		fail := run.Failure(status, nil, doc, body)
		if fail.Class == adapter.Internal || fail.Message == "" || !utf8.ValidString(fail.Message) || strings.ContainsAny(fail.Message, "\x00\x1b\r") {
			t.Fatalf("%+v", fail)
		}
		if fail.Details != nil {
			if d, err := jsonindex.Parse(fail.Details, jsonindex.Mode{}); err != nil || d.Root().Kind() != jsonindex.Object {
				t.Fatalf("details %s", fail.Details)
			}
		}
	})
}

// FuzzBegin: whatever the body, only its model is replaced and only foreign thinking of assistants is removed.
func FuzzBegin(f *testing.F) {
	for _, s := range adaptertest.Sections(f, "testdata", "client.json") {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		doc, err := jsonindex.Parse(body, jsonindex.ClientMode())
		if err != nil {
			return
		}
		ch, err := runner.Native(claude.Module{}).Configure(nil)
		if err != nil {
			t.Fatal(err)
		}
		var up adapter.UpstreamRequest
		_, err = ch.Begin(&adapter.Call{ID: "call", Model: "claude-up", Body: doc}, &up)
		var fail *adapter.Failure
		if err != nil {
			if !errors.As(err, &fail) || fail.Class != adapter.Invalid || fail.Field == "" {
				t.Fatal(err)
			}
			return
		}
		if !up.PassThrough || up.Path != "/v1/messages" {
			t.Fatalf("%+v", up)
		}
		for _, s := range up.Splices {
			v := doc.Value(s.Entry)
			switch {
			case !s.Remove && doc.PathOf(s.Entry) == "model" && s.With == `"claude-up"`:
			case s.Remove && v.Get("type").Is("thinking") && signature.Tagged(v.Get("signature")):
			case s.Remove && v.Get("type").Is("redacted_thinking") && signature.Tagged(v.Get("data")):
			default:
				t.Fatalf("splice %+v of %s", s, doc.PathOf(s.Entry))
			}
		}
	})
}
