package passthrough

import (
	"fmt"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/signature"
	"github.com/claude-proxy/claude-proxy/sdk/sse"
)

// longStream is an answer of 200 deltas as Claude sends it.
func longStream() string {
	var b strings.Builder
	b.WriteString(start + ping + begin)
	for i := range 200 {
		fmt.Fprintf(&b, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" word %d\"}}\n\n", i)
	}
	b.WriteString(end + tail + stop)
	return b.String()
}

// BenchmarkPeekStream frames and peeks; BenchmarkFrameStream beside it only frames.
func BenchmarkPeekStream(b *testing.B)  { benchStream(b, longStream(), true) }
func BenchmarkFrameStream(b *testing.B) { benchStream(b, longStream(), false) }

// BenchmarkPeekUnnamed is the same stream without event lines.
func BenchmarkPeekUnnamed(b *testing.B) { benchStream(b, unnamed(longStream()), true) }

func benchStream(b *testing.B, text string, peeking bool) {
	stream := []byte(text)
	s := sse.NewParser(sse.Limits{})
	var p Peeker
	var ev sse.Event
	events := 0
	b.ReportAllocs()
	b.SetBytes(int64(len(stream)))
	for b.Loop() {
		s.Reset()
		p.Reset()
		s.Feed(stream)
		for {
			ok, err := s.Next(&ev)
			if err != nil {
				b.Fatal(err)
			}
			if !ok {
				break
			}
			if peeking {
				p.Peek(&ev)
			}
			events++
		}
		if peeking && !p.Done() {
			b.Fatal("not done")
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(events), "ns/event")
}

// BenchmarkPeekDelta is one delta alone.
func BenchmarkPeekDelta(b *testing.B) {
	var p Peeker
	peek(b, &p, start+begin)
	ev := sse.Event{Name: "content_block_delta", Data: []byte(`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"hello"}}`), HasData: true}
	b.ReportAllocs()
	for b.Loop() {
		p.Peek(&ev)
	}
}

// agentBody is a request of about 30 KB with thinking of another vendor in every other turn.
func agentBody() string {
	var b strings.Builder
	b.WriteString(`{"model":"m","max_tokens":1024,"system":"` + strings.Repeat("You are careful. ", 300) + `","messages":[`)
	for i := range 20 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"role":"user","content":[{"type":"text","text":"%s"}]},{"role":"assistant","content":[`, strings.Repeat("question ", 60))
		fmt.Fprintf(&b, `{"type":"thinking","thinking":"%s","signature":"%s"},`, strings.Repeat("hm ", 40), signature.Tag("gemini", strings.Repeat("A", 200)))
		fmt.Fprintf(&b, `{"type":"tool_use","id":"toolu_%d","name":"Read","input":{"file_path":"/a/b/c"}}]}`, i)
	}
	b.WriteString(`]}`)
	return b.String()
}

func BenchmarkPlanModel(b *testing.B) { benchPlan(b, false) }

// BenchmarkPlanThinking removes twenty thinking blocks too.
func BenchmarkPlanThinking(b *testing.B) { benchPlan(b, true) }

func benchPlan(b *testing.B, thinking bool) {
	doc := index(b, agentBody())
	list := []adapter.Splice{{Entry: at(b, doc, "model"), With: `"other"`}}
	for i := 0; thinking && i < 20; i++ {
		list = append(list, adapter.Splice{Entry: at(b, doc, fmt.Sprintf("messages/%d/content/0", 2*i+1)), Remove: true})
	}
	var pieces [][]byte
	b.ReportAllocs()
	b.SetBytes(int64(len(doc.Src)))
	for b.Loop() {
		p, err := NewPlan(doc, list)
		if err != nil {
			b.Fatal(err)
		}
		pieces = p.Pieces(pieces[:0])
	}
}
