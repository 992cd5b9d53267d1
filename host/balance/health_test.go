package balance

import (
	"fmt"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/failure"
)

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
