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

func (b *Balancer) inFlightAt(c *config.Channel) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.channel(c).inFlight
}

// Whatever happens, counts return to zero and no target comes twice but for its one second chance.
func TestHammer(t *testing.T) {
	b := New(time.Now, rand.Float64)
	cands := channels("a1 a2 b1 c1 c2 | d1")
	faults := []failure.Fault{
		rateLimited, overloaded, broken, keyRefused, keyForbidden, outOfQuota, badRequest, noSuchModel, unsupported, cut, unreachable,
		trapped, wait(rateLimited, time.Second), wait(overloaded, 0),
	}
	strategies := []config.Strategy{config.Failover, config.RoundRobin, config.Random, config.LeastBusy, config.Fastest}
	cands[0].Channel.Limits = config.Limits{MaxConcurrent: 2, RPM: 300}
	cands[2].Keys[0].MaxConcurrent, cands[2].Keys[1].RPM = 1, 100
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(g), 0))
			for range 500 {
				p := b.Begin(cands, Request{
					Strategy: strategies[rnd.IntN(5)], Side: rnd.IntN(10) == 0, Stream: rnd.IntN(2) == 0,
					Affinity: rnd.IntN(2) == 0, TTL: time.Second, Session: fmt.Sprint(rnd.IntN(20)),
				})
				seen := map[string]int{}
				for range 10 {
					target, _, found := p.Next()
					if !found {
						p.RetryAfter()
						break
					}
					if target.Channel.Name == "a" && b.inFlightAt(target.Channel) > 2 {
						t.Error("channel a is over its limit")
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
			for _, p := range k.paces {
				if p.waiting != 0 {
					t.Errorf("key %s: %d wait for their first content", id, p.waiting)
				}
			}
			for model, h := range k.models {
				if h.prober != nil {
					t.Errorf("key %s, %s is still probed", id, model)
				}
			}
		}
	}
}
