package balance

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/routing"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// world is a balancer in simulated time with a seeded random source.
type world struct {
	*Balancer
	t     *testing.T
	clock time.Time
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, clock: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	w.Balancer = New(func() time.Time { return w.clock }, rand.New(rand.NewPCG(1, 2)).Float64)
	return w
}

func (w *world) sleep(d time.Duration) { w.clock = w.clock.Add(d) }

// channels makes candidates of one tier: "a1 a2 b1" is channel a with keys a1 and a2 and channel b with key b1; "|" begins
// the next tier.
func channels(spec string) []routing.Candidate {
	var list []routing.Candidate
	tier := 0
	for _, id := range strings.Fields(spec) {
		if id == "|" {
			tier++
			continue
		}
		name := id[:1]
		if len(list) == 0 || list[len(list)-1].Channel.Name != name {
			c := config.DefaultChannel()
			c.Name, c.Adapter = name, "adapter-"+name
			list = append(list, routing.Candidate{Channel: &c, Model: "m", Tier: tier})
		}
		k := config.DefaultKey()
		k.ID, k.Secret = id, config.NewSecret("canary-"+id)
		last := &list[len(list)-1]
		last.Keys = append(last.Keys, &k)
	}
	return list
}

var (
	ok           = failure.Fault{}
	rateLimited  = status(429, adapter.RateLimited)
	overloaded   = status(529, adapter.Overloaded)
	broken       = status(500, adapter.Overloaded)
	keyRefused   = status(401, adapter.Auth)
	keyForbidden = status(403, adapter.Auth)
	outOfQuota   = status(402, adapter.Quota)
	badRequest   = status(400, adapter.Invalid)
	noSuchModel  = status(404, adapter.NotFound)
	unsupported  = failure.Fault{Source: failure.Client, Class: adapter.Unsupported}
	cut          = failure.Fault{Source: failure.Channel, Kind: failure.KindCut, Class: adapter.Overloaded}
	unreachable  = failure.Fault{Source: failure.Channel, Kind: failure.KindConnect, Class: adapter.Overloaded}
	trapped      = failure.Fault{Source: failure.Adapter, Class: adapter.Internal}
)

func status(code int, class adapter.Class) failure.Fault {
	return failure.Fault{Source: failure.Channel, Kind: failure.KindStatus, Class: class, Status: code}
}

func wait(f failure.Fault, d time.Duration) failure.Fault {
	f.RetryAfter, f.HasRetryAfter = d, true
	return f
}

// upstream says what each key, or channel, answers; others succeed.
type upstream map[string]failure.Fault

func (u upstream) answer(t Target) failure.Fault {
	if f, found := u[t.Key.ID]; found {
		return f
	}
	return u[t.Channel.Name]
}

// serve runs one request as the relay does and returns the keys it tried, then what became of it.
func (w *world) serve(cands []routing.Candidate, r Request, up upstream) string {
	w.t.Helper()
	pick := w.Begin(cands, r)
	defer pick.End()
	var log []string
	for range 4 {
		target, pause, found := pick.Next()
		if !found {
			return strings.Join(append(log, "-"), " ")
		}
		word := target.Key.ID
		if pause > 0 {
			word += "~" // after a pause
			w.sleep(pause)
		}
		f := up.answer(target)
		if f.Class == 0 && f.Kind == 0 && f.Source == 0 {
			pick.Succeeded(target)
			return strings.Join(append(log, word+"+"), " ")
		}
		log = append(log, word)
		pick.Failed(target, failure.Rule(&f))
	}
	return strings.Join(append(log, "!"), " ")
}

func (w *world) expect(cands []routing.Candidate, up upstream, want string) {
	w.t.Helper()
	if got := w.serve(cands, Request{}, up); got != want {
		w.t.Errorf("tried %s, want %s", got, want)
	}
}

func TestFailoverOrder(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 a2 b1 | c1")
	// The first key of the first channel, as long as it is well.
	for range 3 {
		w.expect(cands, nil, "a1+")
	}
	// Key faults rotate keys, channel faults channels, in order.
	w.expect(cands, upstream{"a1": rateLimited}, "a1 a2+")
	w.expect(cands, nil, "a2+")
	w.expect(cands, upstream{"a": unreachable}, "a2 b1+")
	w.expect(cands, upstream{"b": unreachable}, "b1 c1+")
	w.sleep(time.Hour)
	w.expect(cands, nil, "a1+")
}

func TestMoves(t *testing.T) {
	f := func(spec string, up upstream, want string) {
		t.Helper()
		newWorld(t).expect(channels(spec), up, want)
	}
	// Nothing moves on after a fault of the client.
	f("a1 a2 b1", upstream{"a": badRequest}, "a1 -")
	// A broken upstream gets a second chance after a pause, then others their first.
	f("a1 a2 b1", upstream{"a": broken}, "a1 a1~ b1+")
	f("a1 b1", upstream{"a": broken, "b": broken}, "a1 a1~ b1 b1~ !")
	f("a1", upstream{"a": broken}, "a1 a1~ -")
	// With one channel, its other keys are tried although it cools, three attempts in all.
	f("a1 a2 a3 a4", upstream{"a": overloaded}, "a1 a2 a3 -")
	f("a1 a2 a3 a4", upstream{"a": broken}, "a1 a1~ a2 -")
	// What all keys of a channel share is tried once.
	f("a1 a2 b1", upstream{"a": unreachable}, "a1 b1+")
	f("a1 a2 b1", upstream{"a": noSuchModel}, "a1 b1+")
	f("a1 a2", upstream{"a": unsupported}, "a1 -")
	// No target comes twice.
	f("a1 a2 b1", upstream{"a": keyRefused, "b": keyRefused}, "a1 a2 b1 -")
	f("a1 a2 b1", upstream{"a": cut, "b": cut}, "a1 b1 a2 -")
	f("", nil, "-")
}

func TestAdapterThatFailedIsLeftOut(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 b1 c1")
	cands[1].Channel.Adapter = cands[0].Channel.Adapter
	w.expect(cands, upstream{"a": trapped, "b": trapped}, "a1 c1+")
	// Only in that request.
	w.expect(cands, nil, "a1+")
}

func TestModelUnknownConcernsOneModel(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 a2 b1")
	other := channels("a1 a2 b1")
	for i := range other {
		other[i].Model = "other"
	}
	w.expect(cands, upstream{"a": noSuchModel}, "a1 b1+")
	w.expect(cands, nil, "b1+")
	w.expect(other, nil, "a1+")
	w.sleep(10 * time.Minute)
	w.expect(cands, nil, "a1+")
	// A route may name one channel for two models: the second is tried.
	twice := append(channels("a1"), channels("a1")...)
	twice[1].Model = "smaller"
	w = newWorld(t)
	pick := w.Begin(twice, Request{})
	defer pick.End()
	first, _, _ := pick.Next()
	pick.Failed(first, failure.Rule(&noSuchModel))
	if second, _, found := pick.Next(); !found || second.Model != "smaller" {
		t.Errorf("second target %+v", second)
	}
}

func TestScopes(t *testing.T) {
	other := channels("a1 a2 b1")
	for i := range other {
		other[i].Model = "other"
	}
	f := func(fault failure.Fault, sameModel, otherModel string) {
		t.Helper()
		w := newWorld(t)
		w.serve(channels("a1 a2 b1"), Request{}, upstream{"a1": fault})
		w.expect(channels("a1 a2 b1"), nil, sameModel)
		w.expect(other, nil, otherModel)
	}
	f(rateLimited, "a2+", "a1+")
	f(keyForbidden, "a2+", "a1+")
	f(keyRefused, "a2+", "a2+")
	f(outOfQuota, "a2+", "a2+")
	f(overloaded, "b1+", "a1+")
	f(cut, "b1+", "b1+")
}

func TestNothingThatClientsDoCools(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 b1")
	for range 5 {
		w.expect(cands, upstream{"a": badRequest}, "a1 -")
	}
	w.expect(cands, nil, "a1+")
	// Nor what a side request meets; but it sees the health of others.
	for _, f := range []failure.Fault{noSuchModel, keyRefused, broken, unreachable} {
		w.serve(cands, Request{Side: true}, upstream{"a": f})
	}
	w.expect(cands, nil, "a1+")
	w.serve(cands, Request{}, upstream{"a": keyRefused})
	if got := w.serve(cands, Request{Side: true}, nil); got != "b1+" {
		t.Errorf("a side request tried %s", got)
	}
	// And its success heals nothing.
	w.serve(channels("a1"), Request{Side: true}, nil)
	w.expect(cands, nil, "b1+")
}

func TestCooldownGrowsAndHeals(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 b1")
	var last time.Duration
	for n := range 12 {
		if n == 0 {
			w.expect(cands, upstream{"a": overloaded}, "a1 b1+")
		}
		began := w.clock
		for w.serve(cands, Request{}, nil) == "b1+" {
			w.sleep(100 * time.Millisecond)
			if w.clock.Sub(began) > 2*time.Minute {
				t.Fatal("the cooldown has no end")
			}
		}
		rested := w.clock.Sub(began)
		full := min(10*time.Second<<n, time.Minute)
		if rested < full/2 || rested > full+time.Second {
			t.Errorf("failure %d rested %v, want %v to %v", n+1, rested, full/2, full)
		}
		last = rested
		// That probe succeeded and cleared all; fail as often again, each time when the rest is over.
		for range n + 2 {
			if got := w.serve(cands, Request{}, upstream{"a": overloaded}); got != "a1 b1+" {
				t.Fatalf("tried %s", got)
			}
			w.sleep(time.Minute)
		}
		w.sleep(-time.Minute)
	}
	if last < 30*time.Second {
		t.Errorf("the last rest was %v", last)
	}
}

func TestOldFailuresAreForgotten(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 b1")
	for range 8 {
		w.serve(cands, Request{}, upstream{"a": overloaded})
		w.sleep(time.Minute)
	}
	w.sleep(time.Hour)
	w.serve(cands, Request{}, upstream{"a": overloaded})
	w.sleep(10 * time.Second)
	w.expect(cands, nil, "a1+")
}

func TestHalfOpenLetsOneThrough(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 b1")
	w.expect(cands, upstream{"a": overloaded}, "a1 b1+")
	w.sleep(10 * time.Second)
	probe := w.Begin(cands, Request{})
	target, _, _ := probe.Next()
	if target.Key.ID != "a1" {
		t.Fatalf("the probe went to %s", target.Key.ID)
	}
	for range 3 {
		w.expect(cands, nil, "b1+")
	}
	// A probe that ends without a verdict leaves the place to another.
	probe.End()
	probe = w.Begin(cands, Request{})
	defer probe.End()
	if target, _, _ = probe.Next(); target.Key.ID != "a1" {
		t.Fatalf("the second probe went to %s", target.Key.ID)
	}
	probe.Succeeded(target)
	w.expect(cands, nil, "a1+")
}

func TestOneOldSuccessHealsNothing(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 b1")
	long := w.Begin(cands, Request{})
	defer long.End()
	target, _, _ := long.Next()
	w.sleep(time.Second)
	w.expect(cands, upstream{"a": keyRefused}, "a1 b1+")
	w.sleep(time.Second)
	long.Succeeded(target)
	w.expect(cands, nil, "b1+")
}

// A burst that fails together is one failure: 100 streams that break at once must not rest a channel for a minute.
func TestBurstCountsOnce(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 b1")
	var picks []*Pick
	var targets []Target
	for range 100 {
		p := w.Begin(cands, Request{})
		t, _, _ := p.Next()
		picks, targets = append(picks, p), append(targets, t)
	}
	w.sleep(time.Second)
	for i, p := range picks {
		p.Failed(targets[i], failure.Rule(&cut))
		p.End()
		w.sleep(time.Millisecond)
	}
	w.sleep(time.Second)
	w.expect(cands, nil, "a1+")
}

func TestLeastBad(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 b1 c1")
	w.expect(cands, upstream{"a": unreachable, "b": outOfQuota, "c": keyRefused}, "a1 b1 c1 -")
	// Cooling comes before out of quota, and refused keys not at all; nothing waits.
	w.expect(cands, nil, "a1+")
	w.expect(cands, upstream{"a": keyRefused, "b": outOfQuota}, "a1 b1 -")
	w.expect(cands, nil, "b1+") // a success clears the quota
	w.expect(cands, nil, "b1+")
}

func TestLeastBadIsTheSoonest(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 b1")
	w.expect(cands, upstream{"a": overloaded, "b": unreachable}, "a1 b1 -")
	w.expect(cands, nil, "b1+")
}

func TestLoneKeyThatFailsOnce(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1")
	for _, f := range []failure.Fault{overloaded, unreachable, cut, rateLimited, outOfQuota, noSuchModel} {
		w.serve(cands, Request{}, upstream{"a": f})
		w.expect(cands, nil, "a1+")
	}
}

func TestInvalidLastKeyOnceASecond(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1")
	up := upstream{"a": keyRefused}
	w.expect(cands, up, "a1 -")
	tries := 0
	for range 100 {
		if w.serve(cands, Request{}, up) != "-" {
			tries++
		}
		w.sleep(100 * time.Millisecond)
	}
	if tries < 9 || tries > 11 {
		t.Errorf("%d tries in 10 s", tries)
	}
	w.sleep(time.Second)
	// Once it serves again, it is healthy.
	w.expect(cands, nil, "a1+")
	w.expect(cands, nil, "a1+")
	// Disabled keys are no candidates at all.
	none := channels("a1")
	none[0].Keys = nil
	w.expect(none, nil, "-")
}

func TestInvalidKeyIsProbedAfterTenMinutes(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 a2")
	w.expect(cands, upstream{"a1": keyRefused}, "a1 a2+")
	w.sleep(10*time.Minute - time.Second)
	w.expect(cands, nil, "a2+")
	w.sleep(time.Second)
	w.expect(cands, upstream{"a1": keyRefused}, "a1 a2+")
	w.expect(cands, nil, "a2+")
}

func TestRetryAfter(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 b1")
	up := upstream{"a": wait(rateLimited, 30*time.Second), "b": wait(overloaded, 20*time.Second)}
	w.expect(cands, up, "a1 b1 -")
	// While both times run, nothing is tried, and the soonest end is known.
	w.expect(cands, nil, "-")
	pick := w.Begin(cands, Request{})
	if _, _, found := pick.Next(); found || pick.RetryAfter() != 20*time.Second {
		t.Errorf("found %v, retry after %v", found, pick.RetryAfter())
	}
	pick.End()
	// Two seconds before, a request waits for it; once it is over, none does.
	w.sleep(18 * time.Second)
	w.expect(cands, nil, "b1~+")
	w.sleep(10 * time.Second)
	w.expect(cands, nil, "a1+")
}

func TestShortRetryAfterIsWaitedOutOnce(t *testing.T) {
	w := newWorld(t)
	up := upstream{"a": wait(rateLimited, time.Second)}
	w.expect(channels("a1"), up, "a1 a1~ -")
	w.sleep(time.Minute)
	// Not while something else can serve, be it less than well.
	w.expect(channels("a1 b1"), up, "a1 b1+")
	w = newWorld(t)
	w.serve(channels("b1"), Request{}, upstream{"b": unreachable})
	w.expect(channels("a1 b1"), up, "a1 b1+")
}

func TestRetryAfterUnknown(t *testing.T) {
	w := newWorld(t)
	pick := w.Begin(nil, Request{})
	if _, _, found := pick.Next(); found || pick.RetryAfter() != 0 {
		t.Errorf("nothing to try: %v", pick.RetryAfter())
	}
	pick.End()
	pick = w.Begin(channels("a1"), Request{})
	defer pick.End()
	target, _, _ := pick.Next()
	pick.Failed(target, failure.Rule(&unreachable))
	if _, _, found := pick.Next(); found {
		t.Fatal("a target came twice")
	}
	seen := map[time.Duration]bool{}
	for range 20 {
		d := pick.RetryAfter()
		if d < time.Second || d > 5*time.Second {
			t.Errorf("retry after %v", d)
		}
		seen[d] = true
	}
	if len(seen) < 10 {
		t.Error("the wait is not jittered")
	}
}

// A quota that resets, lying upstreams and hours of faults: every healthy key serves again within its bound.
func TestHealsWithinBounds(t *testing.T) {
	for name, f := range map[string]struct {
		fault failure.Fault
		bound time.Duration
	}{
		"quota": {outOfQuota, 30 * time.Minute}, "key": {keyRefused, 10 * time.Minute}, "model": {noSuchModel, 10 * time.Minute},
		"lying": {wait(rateLimited, 1000*time.Hour), 10 * time.Minute}, "overloaded": {overloaded, time.Minute}, "broken": {broken, time.Minute},
		"cut": {cut, 30 * time.Second}, "limited": {rateLimited, 5 * time.Minute},
	} {
		w := newWorld(t)
		cands := channels("a1 b1")
		for range 200 { // hours of trouble
			w.serve(cands, Request{}, upstream{"a": f.fault})
			w.sleep(time.Minute)
		}
		w.serve(cands, Request{}, upstream{"a": f.fault})
		w.sleep(f.bound + time.Second)
		if got := w.serve(cands, Request{}, nil); got != "a1+" {
			t.Errorf("%s: after %v tried %s", name, f.bound, got)
		}
	}
}

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

func TestRetryBudget(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 b1")
	var picks []*Pick
	retried := 0
	for range 50 {
		p := w.Begin(cands, Request{})
		picks = append(picks, p)
		target, _, _ := p.Next()
		p.Failed(target, failure.Rule(&unreachable))
	}
	for _, p := range picks {
		if _, _, found := p.Next(); found {
			retried++
		}
	}
	if retried != 10 {
		t.Errorf("%d of 50 requests were at a further attempt, want a fifth", retried)
	}
	for _, p := range picks {
		p.End()
	}
	if w.budget != (budget{}) {
		t.Errorf("budget %+v", w.budget)
	}
	// A quiet proxy may always retry.
	w.sleep(time.Hour)
	w.expect(cands, upstream{"a": unreachable}, "a1 b1+")
}

func TestModelRecordsAreBounded(t *testing.T) {
	w := newWorld(t)
	for i := range 5 * maxModels {
		cands := channels("a1 a2")
		cands[0].Model = fmt.Sprint("model-", i)
		w.serve(cands, Request{}, upstream{"a": rateLimited})
		w.serve(cands, Request{}, upstream{"a": noSuchModel})
		w.sleep(time.Second)
	}
	a := w.channels["a"]
	if n := len(a.models); n > maxModels {
		t.Errorf("%d records of the channel", n)
	}
	if n := len(a.keys["a1"].models); n > maxModels {
		t.Errorf("%d records of the key", n)
	}
}

// Whatever happens, counts return to zero and no target comes twice but for its one second chance.
func TestHammer(t *testing.T) {
	b := New(time.Now, rand.Float64)
	cands := channels("a1 a2 b1 c1 c2 | d1")
	faults := []failure.Fault{
		rateLimited, overloaded, broken, keyRefused, keyForbidden, outOfQuota, badRequest, noSuchModel, unsupported, cut, unreachable,
		trapped, wait(rateLimited, time.Second), wait(overloaded, 0),
	}
	strategies := []config.Strategy{config.Failover, config.RoundRobin, config.Random}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(g), 0))
			for range 500 {
				p := b.Begin(cands, Request{Strategy: strategies[rnd.IntN(3)], Side: rnd.IntN(10) == 0})
				seen := map[string]int{}
				for range 10 {
					target, _, found := p.Next()
					if !found {
						p.RetryAfter()
						break
					}
					if seen[target.Key.ID]++; seen[target.Key.ID] > 2 {
						t.Errorf("%s came %d times", target.Key.ID, seen[target.Key.ID])
					}
					if rnd.IntN(3) == 0 {
						p.Succeeded(target)
						break
					}
					p.Failed(target, failure.Rule(&faults[rnd.IntN(len(faults))]))
				}
				p.End()
			}
		})
	}
	wg.Wait()
	if b.budget != (budget{}) {
		t.Errorf("budget %+v", b.budget)
	}
	for name, c := range b.channels {
		if c.inFlight != 0 || c.whole.prober != nil {
			t.Errorf("channel %s: %d in flight, prober %v", name, c.inFlight, c.whole.prober)
		}
		for id, k := range c.keys {
			if k.inFlight != 0 || k.whole.prober != nil {
				t.Errorf("key %s: %d in flight, prober %v", id, k.inFlight, k.whole.prober)
			}
			for model, h := range k.models {
				if h.prober != nil {
					t.Errorf("key %s, %s is still probed", id, model)
				}
			}
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
