package balance

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
)

func TestRoundRobinIsFair(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 a2 b1 | c1")
	cands[0].Channel.Weight = 2
	cands[0].Keys[1].Weight = 3
	counts := map[string]int{}
	streak, longest, last := 0, 0, ""
	for range 1200 {
		got := w.serve(cands, Request{Strategy: config.RoundRobin}, nil)
		counts[got]++
		if got[:1] != last {
			streak, last = 0, got[:1]
		}
		streak++
		longest = max(longest, streak)
	}
	if counts["a1+"] != 200 || counts["a2+"] != 600 || counts["b1+"] != 400 || counts["c1+"] != 0 {
		t.Errorf("%v", counts)
	}
	if longest > 2 {
		t.Errorf("one channel was taken %d times in a row", longest)
	}
	// What was out for a while is not made up for when it returns.
	w.serve(cands[1:2], Request{}, upstream{"b": unreachable})
	clear(counts)
	for range 60 {
		counts[w.serve(cands, Request{Strategy: config.RoundRobin}, nil)[:1]]++
		w.sleep(100 * time.Millisecond)
	}
	if counts["b"] < 15 || counts["b"] > 20 {
		t.Errorf("after a pause: %v", counts)
	}
	// The second tier serves when the first cannot.
	w.serve(cands[:1], Request{}, upstream{"a": unreachable})
	w.serve(cands[1:2], Request{}, upstream{"b": unreachable})
	if got := w.serve(cands, Request{Strategy: config.RoundRobin}, nil); got != "c1+" {
		t.Errorf("tried %s", got)
	}
}

func TestRandomKeepsWeights(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 b1 b2")
	cands[0].Channel.Weight, cands[1].Channel.Weight = 3, 7
	cands[1].Keys[1].Weight = 4
	counts := map[string]int{}
	const n = 20000
	for range n {
		counts[w.serve(cands, Request{Strategy: config.Random}, nil)]++
	}
	for key, share := range map[string]float64{"a1+": 0.3, "b1+": 0.7 / 5, "b2+": 0.7 * 4 / 5} {
		if got := float64(counts[key]) / n; got < share-0.02 || got > share+0.02 {
			t.Errorf("%s has %.3f, want %.3f", key, got, share)
		}
	}
}

func TestStrategiesYieldToHealth(t *testing.T) {
	for _, s := range []config.Strategy{config.Failover, config.RoundRobin, config.Random, config.LeastBusy, config.Fastest} {
		w := newWorld(t)
		cands := channels("a1 a2 b1")
		for range 50 {
			got := w.serve(cands, Request{Strategy: s}, upstream{"a": keyRefused})
			if !strings.HasSuffix(got, "b1+") {
				t.Fatalf("%s: tried %s", s, got)
			}
		}
		if got := w.serve(cands, Request{Strategy: s}, upstream{"a": keyRefused}); got != "b1+" {
			t.Errorf("%s: tried %s", s, got)
		}
	}
}

func BenchmarkPick(b *testing.B) {
	var spec strings.Builder
	for c := range 8 {
		for k := range 20 {
			fmt.Fprintf(&spec, "%c%d ", 'a'+c, k)
		}
	}
	cands := channels(spec.String())
	for _, s := range []config.Strategy{config.Failover, config.RoundRobin, config.Random} {
		b.Run(string(s), func(b *testing.B) {
			bal := New(time.Now, rand.Float64)
			b.ReportAllocs()
			for b.Loop() {
				p := bal.Begin(cands, Request{Strategy: s})
				t, _, found := p.Next()
				if !found {
					b.Fatal("nothing found")
				}
				p.Succeeded(t)
				p.End()
			}
		})
	}
}
