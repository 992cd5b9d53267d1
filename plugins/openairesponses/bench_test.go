package openairesponses

import (
	"encoding/json"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

func BenchmarkRequest4K(b *testing.B)  { benchmarkRequest(b, toolRequest()) }
func BenchmarkRequest30K(b *testing.B) { benchmarkRequest(b, agentRequest()) }

// benchmarkRequest measures the conversion alone and with the index that every request needs; encoding/json reading and
// writing the same body stands beside it.
func benchmarkRequest(b *testing.B, body string) {
	a := newAdapter(b, `{}`)
	call := &adapter.Call{ID: "req_1", Model: "gpt-5", Stream: true, Session: "5f0c", Body: parse(b, body, jsonindex.ClientMode())}
	src := []byte(body)
	var up adapter.UpstreamRequest
	begin := func(b *testing.B) {
		up.Reset()
		if _, err := a.Begin(call, &up); err != nil {
			b.Fatal(err)
		}
		up.Body.Finish()
	}
	b.Run("convert", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			begin(b)
		}
		b.ReportMetric(float64(len(body)), "body-B")
	})
	b.Run("index+convert", func(b *testing.B) {
		b.ReportAllocs()
		var builder jsonindex.Builder
		for b.Loop() {
			if err := builder.Index(call.Body, src, jsonindex.ClientMode()); err != nil {
				b.Fatal(err)
			}
			begin(b)
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var in map[string]any
			if err := json.Unmarshal(src, &in); err != nil {
				b.Fatal(err)
			}
			if _, err := json.Marshal(in); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkEventText(b *testing.B)  { benchmarkEvent(b, textEvent) }
func BenchmarkEventThink(b *testing.B) { benchmarkEvent(b, thinkEvent) }
func BenchmarkEventArgs(b *testing.B)  { benchmarkEvent(b, argsEvent, callEvent, openEvent) }

func benchmarkEvent(b *testing.B, data string, before ...string) {
	x := begun(b, toolRequest(), before...)
	doc := parse(b, data, jsonindex.UpstreamMode())
	ev := adapter.Event{Data: []byte(data), JSON: doc.Root()}
	var out ops.Emitter
	event := func(b *testing.B) {
		out.Reset()
		if err := x.Event(ev, &out); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("convert", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			event(b)
		}
	})
	b.Run("index+convert", func(b *testing.B) {
		b.ReportAllocs()
		var builder jsonindex.Builder
		for b.Loop() {
			if err := builder.Index(doc, ev.Data, jsonindex.UpstreamMode()); err != nil {
				b.Fatal(err)
			}
			event(b)
		}
	})
}

// TestEventsDoNotAllocate is what makes a stream of thousands of deltas cheap.
func TestEventsDoNotAllocate(t *testing.T) {
	for _, c := range []struct {
		name, data string
		before     []string
	}{
		{"text", textEvent, nil},
		{"thinking", thinkEvent, nil},
		{"arguments", argsEvent, []string{callEvent, openEvent}},
	} {
		x := begun(t, toolRequest(), append(c.before, textEvent)...)
		ev := newEvent(t, c.data)
		var out ops.Emitter
		if n := testing.AllocsPerRun(200, func() {
			out.Reset()
			if err := x.Event(ev, &out); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations an event, want none", c.name, n)
		}
		if out.Len() == 0 {
			t.Errorf("%s: the event emitted nothing", c.name)
		}
	}
}
