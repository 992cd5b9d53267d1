package render_test

import (
	"strconv"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/render"
)

// textStream is 200 events with a text delta each, as frames of one event.
func textStream() (frames [][]byte) {
	var e ops.Emitter
	for range 200 {
		e.Buf = ops.Append(e.Buf[:0], ops.Op{Code: ops.Text, Escaped: true, Data: []byte(` quick \"brown\" fox`)})
		frames = append(frames, append([]byte(nil), e.Buf...))
	}
	e.Reset()
	e.Usage(ops.Tokens{Input: 10, Output: 200, CacheRead: -1, CacheWrite: -1, CacheWrite1h: -1, Thinking: -1})
	e.Stop(ops.EndTurn, "", nil)
	e.Done()
	return append(frames, e.Buf)
}

// toolStream is a text and eight tool calls, in turn or two by two interleaved, 200 events in all.
func toolStream(interleaved bool) (frames [][]byte) {
	add := func(o ops.Op) { frames = append(frames, ops.Append(nil, o)) }
	args := func(n int, s string) {
		add(ops.Op{Code: ops.ToolArgs, Block: uint16(n), Escaped: true, Data: []byte(s)})
	}
	for range 8 {
		add(ops.Op{Code: ops.Text, Escaped: true, Data: []byte("Reading.")})
	}
	for n := 1; n < 9; n += 2 {
		for k := range 2 {
			var e ops.Emitter
			e.ToolStart(n+k, "call_"+strconv.Itoa(n+k), "read_file")
			frames = append(frames, e.Buf)
		}
		piece := func(k, i int) {
			switch i {
			case 0:
				args(k, `{\"path\":\"`)
			case 22:
				args(k, `\"}`)
			default:
				args(k, `/directory`)
			}
		}
		for i := range 2 * 23 {
			if interleaved {
				piece(n+i%2, i/2)
			} else {
				piece(n+i/23, i%23)
			}
		}
	}
	var e ops.Emitter
	e.Stop(ops.ToolUse, "", nil)
	e.Done()
	return append(frames, e.Buf)
}

// renderAll renders frames with s into dst, as the host does: the buffer is used again for each frame of a stream.
func renderAll(tb testing.TB, s *render.State, dst []byte, frames [][]byte, whole bool) []byte {
	s.Reset(render.Meta{ID: "msg_1", Model: "claude"}, whole)
	dst = dst[:0]
	var err error
	for _, f := range frames {
		if !whole {
			dst = dst[:0]
		}
		if dst, err = s.Apply(dst, f); err != nil {
			tb.Fatal(err)
		}
	}
	if !s.Done() {
		tb.Fatal("not done")
	}
	return dst
}

var benchmarks = []struct {
	name   string
	frames func() [][]byte
	whole  bool
}{
	{"stream/text", textStream, false},
	{"stream/tools", func() [][]byte { return toolStream(false) }, false},
	{"stream/tools-interleaved", func() [][]byte { return toolStream(true) }, false},
	{"whole/text", textStream, true},
	{"whole/tools", func() [][]byte { return toolStream(false) }, true},
}

func BenchmarkRender(b *testing.B) {
	for _, bm := range benchmarks {
		b.Run(bm.name, func(b *testing.B) {
			frames := bm.frames()
			s := render.NewStream(meta)
			dst := make([]byte, 0, 64<<10)
			b.ReportAllocs()
			for b.Loop() {
				dst = renderAll(b, s, dst, frames, bm.whole)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(frames)), "ns/event")
		})
	}
}

// TestNoAllocations: once its buffers have grown, a State renders without allocating.
func TestNoAllocations(t *testing.T) {
	for _, bm := range benchmarks {
		frames := bm.frames()
		s := render.NewStream(meta)
		dst := make([]byte, 0, 64<<10)
		if n := testing.AllocsPerRun(20, func() { dst = renderAll(t, s, dst, frames, bm.whole) }); n > 0 {
			t.Errorf("%s: %v allocations in %d events", bm.name, n, len(frames))
		}
	}
}
