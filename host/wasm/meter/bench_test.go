package meter

import (
	"context"
	"testing"
	"time"

	"github.com/tetratelabs/wazero/api"
)

// BenchmarkRewrite rewrites a Go module of about 3 MB.
func BenchmarkRewrite(b *testing.B) {
	module := goGuest(b)
	b.SetBytes(int64(len(module)))
	b.ReportAllocs()
	for b.Loop() {
		mustRewrite(b, module, Options{})
	}
}

// BenchmarkOverhead compares the rewritten guest with the original: the fastest of many alternated rounds of each.
func BenchmarkOverhead(b *testing.B) {
	module := goGuest(b)
	m := mustRewrite(b, module, Options{})
	original, mod := startGo(b, module), startGo(b, m.Code)
	initialise(b, original)
	initialise(b, mod)
	gauge := bind(b, m, mod)
	for _, c := range []struct {
		name string
		arg  uint64
	}{{"std", 4}, {"hand", 100}, {"trees", 20}} {
		b.Run(c.name, func(b *testing.B) { overhead(b, gauge, original, mod, c.name, c.arg) })
	}
	// The worst that a compiled language gives: a hash over bytes, and a loop that only counts.
	hash := single(opLoop, voidBlock, opLocalGet, 1, opI32Const, 0x93, 0x83, 0x80, 0x08, 0x6c, opLocalGet, 0, 0x2d, 0, 0, 0x73, opLocalSet, 1,
		opLocalGet, 0, opI32Const, 1, opI32Sub, opLocalTee, 0, opBrIf, 0, opEnd, opLocalGet, 1)
	b.Run("hash loop", func(b *testing.B) { overheadOfLoop(b, hash.bytes(), 1<<16-1) })
	b.Run("empty loop", func(b *testing.B) { overheadOfLoop(b, counting().bytes(), 1_000_000) })
}

func overheadOfLoop(b *testing.B, module []byte, rounds uint64) {
	m := mustRewrite(b, module, Options{})
	mod := instantiate(b, m.Code)
	overhead(b, bind(b, m, mod), instantiate(b, module), mod, "f", rounds)
}

func overhead(b *testing.B, gauge *Gauge, original, metered api.Module, name string, arg uint64) {
	ctx := context.Background()
	plain, counted := time.Duration(1<<62), time.Duration(1<<62)
	f, g := original.ExportedFunction(name), metered.ExportedFunction(name)
	for b.Loop() {
		start := time.Now()
		want, err := f.Call(ctx, arg)
		if err != nil {
			b.Fatal(err)
		}
		plain = min(plain, time.Since(start))
		gauge.Refill(1 << 40)
		start = time.Now()
		got, err := g.Call(ctx, arg)
		if err != nil || got[0] != want[0] {
			b.Fatalf("got %v, %v, the original gives %v", got, err, want)
		}
		counted = min(counted, time.Since(start))
	}
	b.ReportMetric(float64(counted)/float64(plain), "metered/plain")
	b.ReportMetric(float64(plain.Microseconds()), "plain-us")
	b.ReportMetric(float64(gauge.Used()), "units")
}

// BenchmarkRefill sets the counters for a call and reads what it used.
func BenchmarkRefill(b *testing.B) {
	guest := run(b, counting().bytes(), Options{})
	for b.Loop() {
		guest.Refill(1 << 20)
		if guest.Used() != 0 {
			b.Fatal("nothing has run")
		}
	}
}
