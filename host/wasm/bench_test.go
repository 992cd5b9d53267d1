package wasm

import (
	"errors"
	"fmt"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/wasm/wasmtest"
	"github.com/claude-proxy/claude-proxy/sdk/abi"
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

// BenchmarkCall is what a call costs that does nothing: budget, lock, entering and leaving the guest, the result.
func BenchmarkCall(b *testing.B) {
	p := load(b, wasmtest.Module{Results: map[string]wasmtest.Result{abi.ExportEnd: {}}}.Bytes(), Options{})
	i, err := p.lend()
	if err != nil {
		b.Fatal(err)
	}
	defer p.keep(i)
	b.ReportAllocs()
	for b.Loop() {
		i.mu.Lock()
		_, err := i.call(i.exports.end, p.limits.FuelPerEvent, 1, 0)
		i.mu.Unlock()
		if err != nil {
			b.Fatal(err)
		}
	}
}
