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

func TestLeastBusyKeepsShares(t *testing.T) {
	l := newTimeline(t)
	cands := channels("a1 a2 b1 c1")
	cands[0].Channel.Weight = 3
	// Requests overlap: about a hundred at a time, and those of c take four times as long.
	answer := func(target Target) speed {
		if target.Channel.Name == "c" {
			return speed{first: time.Second, length: 39 * time.Second}
		}
		return speed{first: time.Second, length: 9 * time.Second}
	}
	worst := 0
	l.every(100*time.Millisecond, 2000, func() {
		l.ask(cands, Request{Strategy: config.LeastBusy}, answer, func(Target) {})
		a, b, c := l.channels["a"], l.channels["b"], l.channels["c"]
		worst = max(worst, a.inFlight-3*b.inFlight, 3*b.inFlight-a.inFlight, b.inFlight-c.inFlight, c.inFlight-b.inFlight)
		worst = max(worst, a.keys["a1"].inFlight-a.keys["a2"].inFlight, a.keys["a2"].inFlight-a.keys["a1"].inFlight)
	})
	l.run(199 * time.Second)
	if n := l.channels["c"].inFlight; n < 10 || worst > 4 {
		t.Errorf("%d under way at c, the shares were off by %d", n, worst)
	}
	// A quiet proxy spreads by weight too.
	w := newWorld(t)
	counts := map[string]int{}
	for range 500 {
		counts[w.serve(cands, Request{Strategy: config.LeastBusy}, nil)]++
	}
	if counts["a1+"] != 150 || counts["a2+"] != 150 || counts["b1+"] != 100 || counts["c1+"] != 100 {
		t.Errorf("one after the other: %v", counts)
	}
}

// A channel that comes back with nothing to do is not trampled: one request probes it, then it catches up and no more.
func TestLeastBusyHasNoHerd(t *testing.T) {
	l := newTimeline(t)
	cands := channels("a1 b1")
	down := true
	answer := func(target Target) speed {
		if target.Channel.Name == "b" && down {
			return speed{first: time.Second, fault: unreachable}
		}
		return speed{first: 2 * time.Second, length: 28 * time.Second}
	}
	probes, most := 0, 0
	l.every(100*time.Millisecond, 3000, func() {
		l.ask(cands, Request{Strategy: config.LeastBusy}, answer, func(target Target) {
			if target.Channel.Name != "b" {
				return
			}
			if b := l.channels["b"]; b.whole.failures > 0 {
				probes++
				most = max(most, b.inFlight)
			}
		})
	})
	l.run(100 * time.Second)
	// The first failures come together; then it is left in peace for longer and longer, up to a minute.
	if probes < 2 || probes > 30 || most > 10 {
		t.Errorf("while it was down, it was tried %d times, %d at once", probes, most)
	}
	down, most = false, 0
	l.run(195 * time.Second)
	if a, b := l.channels["a"].inFlight, l.channels["b"].inFlight; a-b > 4 || b-a > 4 || most > 1 {
		t.Errorf("at the end %d and %d under way; %d probes at once", a, b, most)
	}
}

func TestFastestConverges(t *testing.T) {
	l := newTimeline(t)
	cands := channels("a1 a2 b1 c1")
	first := map[string]time.Duration{"a": 400 * time.Millisecond, "b": 1200 * time.Millisecond, "c": 3 * time.Second}
	counts := map[string]int{}
	share := func(name string, requests int) float64 {
		clear(counts)
		l.every(time.Second, requests, func() {
			l.ask(cands, Request{Strategy: config.Fastest, Stream: true}, func(target Target) speed {
				jitter := time.Duration(l.rnd() * 0.2 * float64(first[target.Channel.Name]))
				return speed{first: first[target.Channel.Name] + jitter, length: 5 * time.Second}
			}, func(target Target) { counts[target.Channel.Name]++ })
		})
		l.run(time.Duration(requests) * time.Second)
		return float64(counts[name]) / float64(requests)
	}
	if got := share("a", 500); got < 0.85 {
		t.Errorf("the fastest got %.2f: %v", got, counts)
	}
	if counts["b"] == 0 || counts["c"] == 0 {
		t.Errorf("nothing was explored: %v", counts)
	}
	// What becomes faster is found out, and what becomes slow is left.
	first["c"] = 100 * time.Millisecond
	share("c", 200)
	if got := share("c", 300); got < 0.85 {
		t.Errorf("the new fastest got %.2f: %v", got, counts)
	}
	first["c"] = 20 * time.Second
	share("a", 60)
	if got := share("a", 300); got < 0.85 {
		t.Errorf("after c became slow: %.2f: %v", got, counts)
	}
}

// A cold start does not count against a channel for ever, also where there are few requests.
func TestFastestForgivesASlowStart(t *testing.T) {
	l := newTimeline(t)
	cands := channels("a1 b1")
	answered := 0
	answer := func(target Target) speed {
		if target.Channel.Name == "b" {
			return speed{first: time.Second}
		}
		if answered++; answered == 1 {
			return speed{first: 30 * time.Second}
		}
		return speed{first: 200 * time.Millisecond}
	}
	counts := map[string]int{}
	l.every(10*time.Second, 400, func() {
		l.ask(cands, Request{Strategy: config.Fastest}, answer, func(target Target) { counts[target.Channel.Name]++ })
	})
	l.run(2000 * time.Second)
	clear(counts)
	l.run(2000 * time.Second)
	if counts["a"] < 170 {
		t.Errorf("the channel that began slowly got %v", counts)
	}
}

func TestFastestHasNoHerd(t *testing.T) {
	l := newTimeline(t)
	cands := channels("a1 b1 c1 d1")
	answer := func(Target) speed { return speed{first: time.Second} }
	counts := map[string]int{}
	burst := func() {
		clear(counts)
		l.every(0, 200, func() {
			l.ask(cands, Request{Strategy: config.Fastest}, answer, func(target Target) { counts[target.Channel.Name]++ })
		})
		l.run(time.Minute)
	}
	even := func(when string) {
		t.Helper()
		for name := range l.channels {
			if counts[name] < 45 || counts[name] > 60 {
				t.Errorf("%s: %v", when, counts)
				return
			}
		}
	}
	burst()
	even("before anything was measured")
	burst()
	even("when all are equal")
	// Where one is three times as fast, it gets about three times as many, not all.
	answer = func(target Target) speed {
		if target.Channel.Name == "d" {
			return speed{first: time.Second}
		}
		return speed{first: 3 * time.Second}
	}
	burst()
	burst()
	if counts["d"] < 80 || counts["d"] > 120 {
		t.Errorf("with one fast: %v", counts)
	}
}

// Streams and whole answers, and models, are measured apart, in bounded memory.
func TestFastestComparesLikeWithLike(t *testing.T) {
	l := newTimeline(t)
	cands := channels("a1 b1")
	answer := func(target Target) speed {
		d := time.Second
		if target.Channel.Name == "a" {
			d = 2 * time.Second
		}
		if target.Model == "large" {
			d = 20*time.Second - 9*d // a is the faster one for it
		}
		return speed{first: d}
	}
	large := channels("a1 b1")
	large[0].Model, large[1].Model = "large", "large"
	counts := map[string]int{}
	l.every(time.Minute, 400, func() {
		l.ask(cands, Request{Strategy: config.Fastest}, answer, func(target Target) { counts["small "+target.Channel.Name]++ })
		l.ask(large, Request{Strategy: config.Fastest}, answer, func(target Target) { counts["large "+target.Channel.Name]++ })
	})
	l.run(400 * time.Minute)
	if counts["small b"] < 350 || counts["large a"] < 350 {
		t.Errorf("%v", counts)
	}
	for i := range 3 * maxModels {
		cands[0].Model, cands[1].Model = fmt.Sprint(i), fmt.Sprint(i)
		l.serve(cands, Request{Strategy: config.Fastest}, nil)
	}
	if n := len(l.channels["b"].paces); n > maxModels {
		t.Errorf("%d records", n)
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
	sessions := make([]string, 1000)
	for i := range sessions {
		sessions[i] = fmt.Sprintf("8a1f0a5c-0000-4000-8000-%012d", i)
	}
	bench := func(name string, r Request) {
		b.Run(name, func(b *testing.B) {
			bal := New(time.Now, rand.Float64)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				r.Session = sessions[i%len(sessions)]
				p := bal.Begin(cands, r)
				t, _, found := p.Next()
				if !found {
					b.Fatal("nothing found")
				}
				p.Succeeded(t)
				p.End()
			}
		})
	}
	for _, s := range []config.Strategy{config.Failover, config.RoundRobin, config.Random, config.LeastBusy, config.Fastest} {
		bench(string(s), Request{Strategy: s})
		bench(string(s)+"/affinity", Request{Strategy: s, Affinity: true, TTL: time.Hour, Model: "claude-sonnet-4-5"})
	}
	for i := range cands {
		cands[i].Channel.Limits.RPM, cands[i].Channel.Limits.MaxConcurrent = 1e9, 1000
		for _, k := range cands[i].Keys {
			k.RPM, k.MaxConcurrent = 1e9, 1000
		}
	}
	bench("round-robin/affinity/limits", Request{Strategy: config.RoundRobin, Affinity: true, TTL: time.Hour, Model: "claude-sonnet-4-5"})
}
