package gemini

import (
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

func BenchmarkRequest4K(b *testing.B)  { benchmarkRequest(b, toolRequest(), `{}`) }
func BenchmarkRequest30K(b *testing.B) { benchmarkRequest(b, agentRequest(), `{}`) }
func BenchmarkRequest4KOpenAPI(b *testing.B) {
	benchmarkRequest(b, toolRequest(), `{"schema":"openapi"}`)
}
func BenchmarkEventText(b *testing.B) { benchmarkEvent(b, textChunk) }

// benchmarkRequest measures the conversion alone, and with the index that every request needs.
func benchmarkRequest(b *testing.B, body, options string) {
	a := newAdapter(b, options)
	src := []byte(body)
	call := &adapter.Call{ID: "req_1", Model: "gemini-3-flash", Stream: true, Body: parse(b, body, jsonindex.ClientMode())}
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
		for range b.N {
			begin(b)
		}
		b.ReportMetric(float64(len(body)), "body-B")
	})
	b.Run("index+convert", func(b *testing.B) {
		b.ReportAllocs()
		var builder jsonindex.Builder
		for range b.N {
			if err := builder.Index(call.Body, src, jsonindex.ClientMode()); err != nil {
				b.Fatal(err)
			}
			begin(b)
		}
	})
}

func benchmarkEvent(b *testing.B, chunk string) {
	x := &exchange{callID: "req_1", said: true}
	doc := parse(b, chunk, jsonindex.UpstreamMode())
	ev := adapter.Event{Data: []byte(chunk), JSON: doc.Root()}
	var out ops.Emitter
	event := func(b *testing.B) {
		out.Reset()
		if err := x.Event(ev, &out); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("convert", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			event(b)
		}
	})
	b.Run("index+convert", func(b *testing.B) {
		b.ReportAllocs()
		var builder jsonindex.Builder
		for range b.N {
			if err := builder.Index(doc, ev.Data, jsonindex.UpstreamMode()); err != nil {
				b.Fatal(err)
			}
			event(b)
		}
	})
}

// TestTextDoesNotAllocate is what makes a stream of thousands of chunks cheap.
func TestTextDoesNotAllocate(t *testing.T) {
	x := &exchange{callID: "req_1"}
	ev := adapter.Event{JSON: parse(t, textChunk, jsonindex.UpstreamMode()).Root()}
	var out ops.Emitter
	if n := testing.AllocsPerRun(200, func() {
		out.Reset()
		if err := x.Event(ev, &out); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations an event, want none", n)
	}
	if out.Len() == 0 {
		t.Error("the event emitted nothing")
	}
}
