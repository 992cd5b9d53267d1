package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/wasm"
	"github.com/claude-proxy/claude-proxy/plugins"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
	"github.com/claude-proxy/claude-proxy/sdk/sse"
)

// pair is one built-in adapter, natively and as a plugin.
type pair struct {
	name           string
	native, plugin runner.Channel
	stats          func() wasm.Stats
}

// pairs loads all built-in adapters both ways.
func pairs(t testing.TB) []pair {
	t.Helper()
	var all []pair
	for _, m := range plugins.Builtin() {
		p := pair{name: m.Manifest().Name}
		var err error
		if p.native, err = runner.Native(m).Configure(nil); err != nil {
			t.Fatal(err)
		}
		plugin := loadPlugin(t, p.name)
		t.Cleanup(plugin.Close)
		if p.plugin, err = plugin.Configure(nil); err != nil {
			t.Fatal(err)
		}
		p.stats = plugin.Stats
		all = append(all, p)
	}
	return all
}

// FuzzPluginsEqualNative gives requests and answers, most of them nonsense, to each built-in adapter natively and as a
// plugin: upstream request, losses, ops and errors must be the same bytes, however the events are batched, and the plugin
// must never trap.
func FuzzPluginsEqualNative(f *testing.F) {
	all := pairs(f)
	for i, p := range all {
		seedCases(f, byte(i), filepath.Join("..", "..", "plugins", p.name, "testdata"))
	}
	f.Fuzz(func(t *testing.T, which, how byte, request, answer []byte) {
		p := &all[int(which)%len(all)]
		doc, err := jsonindex.Parse(request, jsonindex.ClientMode())
		if err != nil || len(request) > 1<<20 || len(answer) > 1<<20 {
			doc, _ = jsonindex.Parse([]byte(selfRequest), jsonindex.ClientMode())
		}
		native := talk(p.native, doc, how, answer, 1)
		plugin := talk(p.plugin, doc, how, answer, 1+int(how)/4%7)
		if !reflect.DeepEqual(native, plugin) {
			t.Fatalf("%s differs\nnative %s\nplugin %s", p.name, native, plugin)
		}
		if s := p.stats(); s.Faults != 0 || s.Exchanges != 0 {
			t.Fatalf("%s: %+v", p.name, s)
		}
	})
}

const selfRequest = `{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"Hi"}],"tools":[{"name":"read","input_schema":{}}]}`

// seedCases adds the requests and answers of a folder of cases.
func seedCases(f *testing.F, which byte, dir string) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil || len(files) == 0 {
		f.Fatalf("no cases in %s: %v", dir, err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		section := func(names ...string) []byte {
			for _, name := range names {
				if _, rest, ok := strings.Cut(string(b), "-- "+name+" --\n"); ok {
					text, _, _ := strings.Cut(rest, "\n-- ")
					return []byte(text)
				}
			}
			return nil
		}
		request := section("client.json", "request.json")
		if stream := section("upstream.sse"); stream != nil {
			f.Add(which, byte(streamed), request, stream)
			f.Add(which, byte(streamed+4*3), request, stream)
			continue
		}
		body := section("upstream.json", "upstream.txt")
		f.Add(which, byte(wholly), request, body)
		f.Add(which, byte(failed), request, body)
	}
}

// How an answer comes.
const (
	streamed = iota // an event stream
	wholly          // one JSON document
	failed          // with a status that is not 2xx
	cut             // an event stream that breaks off
)

// said is all that a runner says to one request and its answer.
type said struct {
	Begin    string
	Up       string
	Ops      []byte
	Failures []string
}

func (h said) String() string {
	return fmt.Sprintf("begin %s\nup %s\nops\n%s\nfailures %q", h.Begin, h.Up, ops.Dump(h.Ops), h.Failures)
}

// talk has one exchange. Of a stream, so many events are given at a time.
func talk(ch runner.Channel, doc *jsonindex.Doc, how byte, answer []byte, batch int) (h said) {
	var up adapter.UpstreamRequest
	x, err := ch.Begin(&adapter.Call{
		Op: adapter.Messages, ID: "req_fuzz", Model: "upstream-model", ClientModel: "m", Stream: how%2 == 0, Body: doc,
	}, &up)
	if err != nil {
		h.Begin = failureText(err)
		return h
	}
	defer x.Close()
	body := up.Body.AppendTo(nil, doc.Src)
	h.Up = fmt.Sprintf("%s %s %v %v stream=%t pass=%t local=%t %v %q %v %v\n%s", up.Method, up.Path, up.Headers, up.Framing, up.Stream, up.PassThrough,
		up.Local, up.Splices, up.StopSequences, up.Losses, up.Answer.Buf, body)
	if up.Local {
		return h
	}
	var out ops.Emitter
	note := func(err error) bool {
		if err != nil {
			h.Failures = append(h.Failures, failureText(err))
		}
		return err != nil
	}
	switch how % 4 {
	case wholly:
		if parsed, err := jsonindex.Parse(bytes.Clone(answer), jsonindex.UpstreamMode()); err == nil {
			note(x.Whole(parsed, &out))
		}
	case failed:
		parsed, err := jsonindex.Parse(bytes.Clone(answer), jsonindex.UpstreamMode())
		if err != nil {
			parsed = nil
		}
		headers := []adapter.Header{{Name: "retry-after", Value: "7"}, {Name: "date", Value: "Mon, 01 Dec 2025 00:00:00 GMT"}}
		note(x.Failure(400+int(how), headers, parsed, answer))
	default:
		for evs := range slices.Chunk(framed(answer), batch) {
			if failed, err := x.Events(evs, &out); note(err) {
				h.Failures = append(h.Failures, evs[failed].Name)
				break
			}
		}
		if len(h.Failures) == 0 {
			note(x.End(map[byte]adapter.EndReason{streamed: adapter.EOF, cut: adapter.Cut}[how%4], &out))
		}
	}
	h.Ops = out.Buf
	return h
}

// failureText is everything that an error tells the host.
func failureText(err error) string {
	f, ok := errors.AsType[*adapter.Failure](err)
	if !ok {
		return "no failure: " + err.Error()
	}
	remedy := "none"
	if f.Remedy != nil {
		remedy = fmt.Sprintf("%+v", *f.Remedy)
	}
	copied := *f
	copied.Remedy = nil
	return fmt.Sprintf("%+v remedy %s", copied, remedy)
}

// framed cuts a stream into its events.
func framed(stream []byte) (evs []runner.RawEvent) {
	p := sse.NewParser(sse.Limits{})
	p.Feed(stream)
	var ev sse.Event
	for len(evs) < 1000 {
		ok, err := p.Next(&ev)
		if err != nil || !ok {
			return evs
		}
		if !ev.HasData {
			continue
		}
		e := runner.RawEvent{Name: ev.Name, Data: bytes.Clone(ev.Data)}
		if doc, err := jsonindex.Parse(bytes.Clone(ev.Data), jsonindex.UpstreamMode()); err == nil {
			e.Doc = doc
		}
		evs = append(evs, e)
	}
	return evs
}
