package wasm

import (
	"errors"
	"fmt"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

func BenchmarkEvent(b *testing.B) {
	_, ch := loadTrouble(b, Options{})
	x := mustBegin(b, ch, "x")
	defer x.Close()
	text := []byte(`{"quiet":"hello"}`)
	for _, n := range []int{1, 8} {
		evs := make([]runner.RawEvent, n)
		for i := range evs {
			evs[i] = runner.RawEvent{Name: "ev", Data: text, Doc: parse(b, string(text))}
		}
		b.Run(fmt.Sprintf("batch%d", n), func(b *testing.B) {
			var em ops.Emitter
			for b.Loop() {
				em.Reset()
				if _, err := x.Events(evs, &em); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/event")
		})
	}
}

func BenchmarkStart(b *testing.B) {
	p, _ := loadTrouble(b, Options{})
	for b.Loop() {
		i, err := p.start()
		if err != nil {
			b.Fatal(err)
		}
		i.die(errors.New("done"))
	}
}

func BenchmarkLoadCached(b *testing.B) {
	loadTrouble(b, Options{}) // fills the cache
	b.ResetTimer()
	for b.Loop() {
		p, _, err := NewLoader(Config{CacheDir: cacheDir}).Load(b.Context(), trouble, Options{})
		if err != nil {
			b.Fatal(err)
		}
		p.Close()
	}
}
