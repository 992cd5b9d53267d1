package sse

import (
	"bytes"
	"fmt"
	"testing"
)

// chatStream is a Chat Completions stream of n text deltas, as an upstream sends it.
func chatStream(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, `data: {"id":"chatcmpl-AbCdEf0123456789","object":"chat.completion.chunk","created":1764000000,"model":"gpt-5.6",`+
			`"choices":[{"index":0,"delta":{"content":" word%d"},"finish_reason":null}]}`+"\n\n", i)
	}
	b.WriteString("data: [DONE]\n\n")
	return b.Bytes()
}

// claudeStream is the same with named events.
func claudeStream(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" word%d\"}}\n\n", i)
	}
	b.WriteString("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n")
	return b.Bytes()
}

// BenchmarkNext reads a stream of 200 deltas in reads of the given size.
func BenchmarkNext(b *testing.B) {
	for _, stream := range []struct {
		name  string
		bytes []byte
	}{{"chat200", chatStream(200)}, {"claude200", claudeStream(200)},
		{"chat200-crlf", bytes.ReplaceAll(chatStream(200), []byte("\n"), []byte("\r\n"))}} {
		for _, size := range []int{4096, 180} {
			b.Run(fmt.Sprintf("%s/read%d", stream.name, size), func(b *testing.B) {
				p := NewParser(Limits{})
				b.SetBytes(int64(len(stream.bytes)))
				b.ReportAllocs()
				events := 0
				for b.Loop() {
					p.Reset()
					events = 0
					for rest := stream.bytes; len(rest) > 0; {
						n := copy(p.Space(4096)[:size], rest)
						p.Advance(n)
						rest = rest[n:]
						var ev Event
						for {
							ok, err := p.Next(&ev)
							if err != nil {
								b.Fatal(err)
							}
							if !ok {
								break
							}
							events++
						}
					}
				}
				if events != 201 {
					b.Fatalf("%d events", events)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(events), "ns/event")
			})
		}
	}
}

// BenchmarkHostile reads what would be quadratic in a careless parser: a large event in small reads, line ends of one kind only.
func BenchmarkHostile(b *testing.B) {
	for name, input := range map[string][]byte{
		"large-event": append(append([]byte("data: "), bytes.Repeat([]byte("x"), 4<<20)...), "\n\n"...),
		"many-lines":  append(bytes.Repeat([]byte("data:\n"), 700_000), '\n'),
		"many-cr":     append(bytes.Repeat([]byte("data:\r"), 700_000), '\r'),
	} {
		b.Run(name, func(b *testing.B) {
			p := NewParser(Limits{})
			b.SetBytes(int64(len(input)))
			for b.Loop() {
				p.Reset()
				for rest := input; len(rest) > 0; {
					n := copy(p.Space(4096)[:4096], rest)
					p.Advance(n)
					rest = rest[n:]
					var ev Event
					if _, err := p.Next(&ev); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
