package balance

import (
	"fmt"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/routing"
)

func sticky(s config.Strategy, session string) Request {
	return Request{Strategy: s, Affinity: true, TTL: time.Hour, Session: session, Model: "claude"}
}

// others puts requests of other conversations in between, so that no strategy comes round by itself.
func (w *world) others(cands []routing.Candidate, n int) {
	for range n {
		w.serve(cands, Request{Strategy: config.RoundRobin}, nil)
	}
}

func TestAffinitySticks(t *testing.T) {
	for _, s := range []config.Strategy{config.Failover, config.RoundRobin, config.Random, config.LeastBusy, config.Fastest} {
		w := newWorld(t)
		cands := channels("a1 a2 b1 b2 c1")
		places := map[string]bool{}
		for i := range 50 {
			session := fmt.Sprint("session-", i)
			first := w.serve(cands, sticky(s, session), nil)
			places[first] = true
			for j := range 3 {
				w.others(cands, j+1)
				w.sleep(50 * time.Minute)
				if got := w.serve(cands, sticky(s, session), nil); got != first {
					t.Fatalf("%s: %s was served by %s, then by %s", s, session, first, got)
				}
			}
		}
		if s != config.Failover && len(places) < 3 {
			t.Errorf("%s: all sessions are at %v", s, places)
		}
	}
}

func TestAffinityIsBySessionModelAndPrefix(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 b1 c1 d1 e1 f1 g1 h1")
	place := func(r Request) string { return w.serve(cands, r, nil) }
	f := func(r, other Request, same bool) {
		t.Helper()
		differ := false
		for i := range 8 {
			r.Session, other.Session = fmt.Sprint(r.Session, i), fmt.Sprint(other.Session, i)
			if r.Session[0] == '-' {
				r.Session, other.Session = "", ""
			}
			first := place(r)
			w.others(cands, 1)
			differ = differ || place(other) != first
		}
		if differ == same {
			t.Errorf("%+v and %+v are one conversation: %v, want %v", r, other, !differ, same)
		}
	}
	rr := sticky(config.RoundRobin, "s")
	model, prefix, session := rr, rr, rr
	model.Model, prefix.Prefix, session.Session = "other", 7, "other"
	f(rr, prefix, true) // the session counts alone
	f(rr, model, false)
	f(rr, session, false)
	one, two := sticky(config.RoundRobin, "-"), sticky(config.RoundRobin, "-")
	one.Prefix, two.Prefix = 1, 2
	f(one, two, false)
	f(one, one, true)
	off := rr
	off.Affinity = false
	f(rr, off, false)
}

func TestAffinityYields(t *testing.T) {
	r := sticky(config.RoundRobin, "s")
	// A target that cools, was refused, or knows no such model is left at once, and the conversation stays where it went.
	for name, f := range map[string]upstream{
		"cooling": {"a": overloaded}, "refused": {"a": keyRefused}, "model": {"a": noSuchModel}, "skipped": {"a": unsupported},
	} {
		w := newWorld(t)
		cands := channels("a1 b1")
		first := w.serve(cands, r, nil)
		if first != "a1+" {
			t.Fatalf("began at %s", first)
		}
		if got := w.serve(cands, r, f); got != "a1 b1+" {
			t.Errorf("%s: tried %s", name, got)
		}
		for range 5 {
			w.others(cands, 1)
			if got := w.serve(cands, r, nil); got != "b1+" {
				t.Errorf("%s: then tried %s", name, got)
			}
		}
	}
	// A full one is left for once: the conversation moves, since its next request may find it full again.
	w := newWorld(t)
	cands := channels("a1 b1")
	cands[0].Channel.Limits.MaxConcurrent = 1
	busy := w.Begin(cands, r)
	busy.Next()
	if got := w.serve(cands, r, nil); got != "b1+" {
		t.Errorf("beside a full channel: tried %s", got)
	}
	busy.End()
	// A better tier wins, and under failover an earlier channel; not another key of it.
	for _, s := range []config.Strategy{config.RoundRobin, config.Failover} {
		spec := "a1 a2 | b1"
		if s == config.Failover {
			spec = "a1 a2 b1"
		}
		w := newWorld(t)
		cands, r := channels(spec), sticky(s, "s")
		w.serve(cands, r, upstream{"a": unreachable})
		if got := w.serve(cands, r, nil); got != "b1+" {
			t.Errorf("%s: while a cools, tried %s", s, got)
		}
		w.sleep(10 * time.Minute)
		if got := w.serve(cands, r, nil); got[:1] != "a" {
			t.Errorf("%s: when a is well, tried %s", s, got)
		}
		w.serve(cands, r, upstream{"a1": rateLimited})
		w.sleep(10 * time.Minute)
		if got := w.serve(cands, r, nil); got != "a2+" {
			t.Errorf("%s: after a key rested, tried %s", s, got)
		}
	}
	// Nothing is refused for its sake when all cool.
	w = newWorld(t)
	cands = channels("a1 b1")
	w.serve(cands, r, upstream{"a": unreachable, "b": unreachable})
	if got := w.serve(cands, r, nil); got[len(got)-1] != '+' {
		t.Errorf("tried %s", got)
	}
}

func TestAffinityEnds(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 b1")
	r := sticky(config.RoundRobin, "s")
	first := w.serve(cands, r, nil)
	w.others(cands, 2)
	w.sleep(time.Hour)
	if got := w.serve(cands, r, nil); got == first {
		t.Error("an hour later it still sticks")
	}
	// A side request follows the conversation and does not move it.
	now := w.serve(cands, r, nil)
	side := r
	side.Side = true
	if got := w.serve(cands, side, nil); got != now {
		t.Errorf("a side request went to %s, the conversation is at %s", got, now)
	}
	w.serve(cands, side, upstream{now[:1]: unsupported})
	if got := w.serve(cands, r, nil); got != now {
		t.Errorf("a side request moved the conversation from %s to %s", now, got)
	}
}

// A new configuration has new values with the old names; where the place of a conversation is gone, it finds another.
func TestAffinitySurvivesReload(t *testing.T) {
	w := newWorld(t)
	r := sticky(config.RoundRobin, "s")
	w.others(channels("a1 b1 b2"), 1)
	first := w.serve(channels("a1 b1 b2"), r, nil)
	if first[:1] != "b" {
		t.Fatalf("began at %s", first)
	}
	for range 3 {
		if got := w.serve(channels("z1 a1 a2 b2 b1 c1"), r, nil); got != first {
			t.Errorf("after a reload %s, before it %s", got, first)
		}
	}
	if got := w.serve(channels("a1 c1"), r, nil); got[len(got)-1] != '+' {
		t.Errorf("without its channel: %s", got)
	}
}

func TestAffinityIsBounded(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 b1")
	live := sticky(config.RoundRobin, "live")
	first := w.serve(cands, live, nil)
	for i := range 5 * maxBonds {
		w.serve(cands, sticky(config.RoundRobin, fmt.Sprint(i)), nil)
		if i%(maxBonds/2) == 0 {
			if got := w.serve(cands, live, nil); got != first {
				t.Fatalf("after %d other conversations it moved from %s to %s", i, first, got)
			}
		}
	}
	if n := len(w.bonds.young) + len(w.bonds.old); n > 2*maxBonds {
		t.Errorf("%d bonds", n)
	}
	// With one target there is nothing to remember.
	w = newWorld(t)
	w.serve(channels("a1"), live, nil)
	if len(w.bonds.young) != 0 {
		t.Error("a bond without a choice")
	}
}
