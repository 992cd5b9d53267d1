package balance

import (
	"fmt"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/routing"
)

// maxAttempts is the default of routing.attempts.
const maxAttempts = 4

// trouble says what the key of a target answers at a moment: nil is an answer.
type trouble func(at time.Duration, target *Target) *failure.Fault

// watched is a world that notes which key served when.
type watched struct {
	*world
	start  time.Time
	served map[string][]time.Duration
	// refused are the times of requests that nobody served, with what the balancer said about when to come back.
	refused []time.Duration
	told    []time.Duration
}

func watch(t *testing.T) *watched {
	w := newWorld(t)
	return &watched{world: w, start: w.clock, served: map[string][]time.Duration{}}
}

func (w *watched) age() time.Duration { return w.clock.Sub(w.start) }

// request is one request as the relay runs it. It returns the key that served, "" for none.
func (w *watched) request(cands []routing.Candidate, r Request, answers trouble) string {
	pick := w.Begin(cands, r)
	defer pick.End()
	for range maxAttempts {
		target, pause, ok := pick.Next()
		if !ok {
			break
		}
		w.sleep(pause)
		f := answers(w.age(), &target)
		if f == nil {
			pick.Succeeded(target)
			w.served[target.Key.ID] = append(w.served[target.Key.ID], w.age())
			return target.Key.ID
		}
		ruling := failure.Rule(f)
		pick.Failed(target, ruling)
		if ruling.Move == failure.Stop {
			return "stopped"
		}
	}
	w.refused = append(w.refused, w.age())
	w.told = append(w.told, pick.RetryAfter())
	return ""
}

// run sends a request every step until the age is reached.
func (w *watched) run(until, step time.Duration, cands []routing.Candidate, r Request, answers trouble) {
	for w.age() < until {
		next := w.clock.Add(step)
		w.request(cands, r, answers)
		if w.clock.Before(next) {
			w.clock = next
		}
	}
}

// firstAfter is how long after a moment a key served for the first time.
func (w *watched) firstAfter(key string, at time.Duration) time.Duration {
	for _, x := range w.served[key] {
		if x >= at {
			return x - at
		}
	}
	return 1000 * time.Hour
}

// between makes a key fail in one way from one age to another.
func between(key string, from, to time.Duration, f failure.Fault) trouble {
	return func(at time.Duration, target *Target) *failure.Fault {
		if at < from || at >= to || target.Key.ID != key && target.Channel.Name != key {
			return nil
		}
		return &f
	}
}

func all(list ...trouble) trouble {
	return func(at time.Duration, target *Target) *failure.Fault {
		for _, x := range list {
			if f := x(at, target); f != nil {
				return f
			}
		}
		return nil
	}
}

// Hours in which one key or channel is in one kind of trouble for half an hour: nobody is refused, and when the trouble is
// over the key serves again within the bound of that kind.
func TestHealthyKeysServeAgain(t *testing.T) {
	tooLong := wait(rateLimited, 73*365*24*time.Hour) // U31: a date in 2099
	for _, c := range []struct {
		name  string
		fault failure.Fault
		bound time.Duration
	}{
		{"U01 429 for 20 s", wait(rateLimited, 20*time.Second), 20 * time.Second},
		{"U02 429", rateLimited, 5 * time.Minute},
		{"U03 529", overloaded, time.Minute},
		{"U04 500", broken, time.Minute},
		{"U05 401", keyRefused, 10 * time.Minute},
		{"U05 403", keyForbidden, 10 * time.Minute},
		{"U06 quota until its reset", outOfQuota, 30 * time.Minute},
		{"U06 quota, told when", wait(outOfQuota, 90*time.Second), 90 * time.Second},
		{"U08 model missing", noSuchModel, 10 * time.Minute},
		{"U10 unreachable", unreachable, time.Minute},
		{"U10 offline", failure.Fault{Kind: failure.KindOffline}, 5 * time.Second},
		{"U14 cut", cut, 30 * time.Second},
		{"U31 lying Retry-After", tooLong, 10 * time.Minute},
		{"O04 out of files", failure.Fault{Kind: failure.KindLocal}, 0},
		{"P01 trap", trapped, 0},
	} {
		for _, strategy := range []config.Strategy{config.Failover, config.RoundRobin, config.Random, config.LeastBusy, config.Fastest} {
			t.Run(fmt.Sprintf("%s/%s", c.name, strategy), func(t *testing.T) {
				w := watch(t)
				const from, to = time.Hour, 90 * time.Minute
				w.run(3*time.Hour, 2*time.Second, channels("a1 b1 c1"), Request{Strategy: strategy}, between("a1", from, to, c.fault))
				// Others than failover come round to a healthy key only so often.
				slack := map[config.Strategy]time.Duration{config.Failover: 2 * time.Second, config.Fastest: 5 * time.Minute}[strategy]
				if slack == 0 {
					slack = time.Minute
				}
				if again := w.firstAfter("a1", to); again > c.bound+slack {
					t.Errorf("the key served again after %s, the bound is %s", again, c.bound)
				}
				if len(w.refused) > 0 {
					t.Errorf("%d requests were refused, the first at %s", len(w.refused), w.refused[0])
				}
			})
		}
	}
}

// A lone key that fails once, in whichever way: the next request is served, whenever it comes. Only a Retry-After is waited
// for, and a refused key is tried once a second.
func TestLoneKeyThatFailsOnceWhenever(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault failure.Fault
		bound time.Duration
	}{
		{"429", rateLimited, 0}, {"429 for 30 s", wait(rateLimited, 30*time.Second), 30 * time.Second}, {"529", overloaded, 0},
		{"500", broken, 0}, {"401", keyRefused, time.Second}, {"403", keyForbidden, time.Second}, {"402", outOfQuota, 0},
		{"404", noSuchModel, 0}, {"unreachable", unreachable, 0}, {"cut", cut, 0}, {"trap", trapped, 0},
	} {
		for _, pause := range []time.Duration{0, time.Millisecond, 500 * time.Millisecond, 3 * time.Second, time.Minute, time.Hour} {
			w := watch(t)
			cands := channels("a1")
			failed := false
			answers := func(time.Duration, *Target) *failure.Fault {
				if failed {
					return nil
				}
				failed = true
				return &c.fault
			}
			for range 5 {
				w.request(cands, Request{}, answers)
				w.sleep(pause)
			}
			w.refused = append(w.refused, 0, 0) // the one that failed is refused too, unless it moved on to itself
			if pause >= c.bound && len(w.refused) > 3 {
				t.Errorf("%s, then every %s: refused at %v", c.name, pause, w.refused)
			}
			// Refused locally, a request hears when to come back, and that is true.
			if c.bound > time.Second && pause == 0 {
				for i, told := range w.told[1:] {
					if told <= 0 || told > c.bound {
						t.Errorf("%s: refusal %d told %s", c.name, i, told)
					}
				}
				w.sleep(w.told[len(w.told)-1])
				if w.request(cands, Request{}, answers) != "a1" {
					t.Errorf("%s: not served when the time told was over", c.name)
				}
			}
		}
	}
}

// What says nothing about a channel changes nothing: client faults in a row, a count_tokens that the upstream does not know.
func TestHealthIsNotPoisoned(t *testing.T) {
	w := watch(t)
	cands := channels("a1 b1")
	cfg := configured(cands)
	for range 5 {
		if got := w.request(cands, Request{}, func(time.Duration, *Target) *failure.Fault { return &badRequest }); got != "stopped" {
			t.Fatal(got)
		}
	}
	for _, f := range []failure.Fault{noSuchModel, keyRefused, broken, overloaded, rateLimited, outOfQuota, unreachable} {
		for range 5 {
			w.request(cands, Request{Side: true}, func(time.Duration, *Target) *failure.Fault { return &f })
		}
	}
	if got := states(w.Status(cfg)); got != "a ok, a1 ok; b ok, b1 ok" {
		t.Error(got)
	}
	w.refused = nil
	w.run(time.Hour, time.Second, cands, Request{}, func(time.Duration, *Target) *failure.Fault { return nil })
	if len(w.served["b1"]) > 0 || len(w.refused) > 0 {
		t.Errorf("b served %d, %d were refused", len(w.served["b1"]), len(w.refused))
	}
}

// Six hours in which four keys of two channels fall into trouble of all kinds, at random and also all at once. A request is
// refused only when no key could have served it, or only such as had asked to wait.
func TestNothingRefusedThatCouldBeServed(t *testing.T) {
	ofKey := []failure.Fault{rateLimited, keyRefused, keyForbidden, outOfQuota}
	ofChannel := []failure.Fault{overloaded, broken, noSuchModel, cut, unreachable, {Kind: failure.KindOffline}, {Source: failure.Channel, Kind: failure.KindTimeout}}
	for seed := range 8 {
		w := watch(t)
		for range seed * 100 {
			w.rnd()
		}
		cands := channels("a1 a2 b1 b2")
		var list []trouble
		for _, key := range []string{"a1", "a2", "b1", "b2", "a", "b"} {
			kinds := ofKey
			if len(key) == 1 {
				kinds = ofChannel
			}
			for at := time.Duration(0); at < 6*time.Hour; {
				at += time.Duration(w.rnd() * float64(20*time.Minute))
				length := time.Duration(w.rnd() * float64(10*time.Minute))
				list = append(list, between(key, at, at+length, kinds[int(w.rnd()*float64(len(kinds)))]))
				at += length
			}
		}
		answers := all(list...)
		able := func(at time.Duration) string {
			for i := range cands {
				for _, k := range cands[i].Keys {
					if answers(at, &Target{Channel: cands[i].Channel, Key: k}) == nil {
						return k.ID
					}
				}
			}
			return ""
		}
		strategy := []config.Strategy{config.Failover, config.RoundRobin, config.Random, config.LeastBusy}[seed%4]
		unserved, wrong := 0, 0
		w.run(6*time.Hour, 3*time.Second, cands, Request{Strategy: strategy, Affinity: seed%2 == 0, TTL: time.Hour, Session: "s", Model: "m"}, answers)
		for _, at := range w.refused {
			unserved++
			if key := able(at); key != "" && able(at-500*time.Millisecond) != "" {
				wrong++
				t.Logf("seed %d: refused at %s although %s could have served", seed, at, key)
			}
		}
		if wrong > 0 {
			t.Errorf("seed %d: %d of %d refusals were wrong", seed, wrong, unserved)
		}
		if unserved == 0 {
			t.Errorf("seed %d: there never was trouble everywhere", seed)
		}
	}
}
