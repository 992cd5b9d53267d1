package balance

import (
	"strings"
	"testing"
	"time"
)

// restarted is the world of a program that starts again after d with what the old one saved.
func restarted(w *world, d time.Duration) *world {
	w.t.Helper()
	text := w.Save()
	if strings.Contains(string(text), "canary-") {
		w.t.Errorf("a secret is saved:\n%s", text)
	}
	next := newWorld(w.t)
	next.clock = w.clock.Add(d)
	if err := next.Restore(text); err != nil {
		w.t.Fatalf("%v\n%s", err, text)
	}
	return next
}

// O02: what cools, lacks quota or was refused stays so over a restart, for as long as it would have without one.
func TestHealthOutlivesARestart(t *testing.T) {
	cands := channels("a1 a2 a3 b1")
	cfg := configured(cands)
	w := newWorld(t)
	w.serve(cands, Request{}, upstream{"a1": keyRefused, "a2": wait(rateLimited, 90*time.Second), "a3": outOfQuota})
	before := states(w.Status(cfg))
	if before != "a ok, a1 invalid, a2 ok m:cooling, a3 quota; b ok, b1 ok" {
		t.Fatal(before)
	}
	w = restarted(w, time.Second)
	if got := states(w.Status(cfg)); got != before {
		t.Errorf("after a restart: %s", got)
	}
	if got := w.Status(cfg)[0].Keys[0].Reason; got != "key refused (401)" {
		t.Error(got)
	}
	w.expect(cands, nil, "b1+")
	// The order in which keys are tried is the configuration's, before and after.
	w.sleep(89 * time.Second)
	w.expect(cands, nil, "a2+")
	// What heals at its time heals at the same time without the program running.
	w = restarted(w, 10*time.Minute)
	w.expect(cands, nil, "a1+")
	if got := states(w.Status(cfg)); got != "a ok, a1 ok, a2 ok, a3 quota; b ok, b1 ok" {
		t.Error(got)
	}
	if text := string(restarted(w, time.Hour).Save()); strings.Contains(text, "a3") {
		t.Errorf("what is over is saved:\n%s", text)
	}
}

// A restored probe is as single as any, and a success clears what was restored.
func TestRestoredHealthHeals(t *testing.T) {
	cands := channels("a1 b1")
	w := newWorld(t)
	for range 5 {
		w.serve(cands, Request{}, upstream{"a": overloaded})
		w.sleep(time.Minute)
	}
	w.serve(cands, Request{}, upstream{"a": overloaded})
	w = restarted(w, time.Second)
	w.expect(cands, nil, "b1+")
	w.sleep(time.Minute)
	probe := w.Begin(cands, Request{})
	target, _, _ := probe.Next()
	if target.Key.ID != "a1" {
		t.Fatal(target.Key.ID)
	}
	w.expect(cands, nil, "b1+")
	probe.Succeeded(target)
	probe.End()
	w.expect(cands, nil, "a1+")
}

func TestRestoreDistrusts(t *testing.T) {
	const head = `{"version":1,"channels":{"a":{"keys":{"a1":{"whole":`
	f := func(text string, clean bool, rest time.Duration) {
		t.Helper()
		w := newWorld(t)
		cands := channels("a1")
		cfg := configured(cands)
		if err := w.Restore([]byte(text)); (err == nil) != clean {
			t.Errorf("%s\n%v", text, err)
		}
		k := w.Status(cfg)[0].Keys[0]
		if got := k.Until.Sub(w.clock); rest > 0 && got != rest || rest == 0 && k.State != OK {
			t.Errorf("%s\nrests %s, %s", text, got, k.State)
		}
		w.sleep(rest)
		w.expect(cands, nil, "a1+")
		if s := w.Status(cfg)[0].Keys[0]; s.State != OK {
			t.Errorf("%s\na success left %+v", text, s)
		}
	}
	f("", false, 0)
	f("{", false, 0)
	f(`{"version":2,"channels":{}}`, false, 0)
	f(`{"version":1}`, true, 0)
	f(`{"version":1,"channels":{"a":null,"b":{"keys":{"x":null},"models":{"m":null}}}}`, true, 0)
	// The clock was wrong when it was written, or somebody edited it.
	f(head+`{"state":"cooling","failures":1,"since":"2099-01-01T00:00:00Z","until":"2099-01-01T00:00:00Z"}}}}}}`, true, maxRest)
	f(head+`{"state":"invalid","failures":9999999,"since":"2026-11-24T11:59:00Z","until":"2026-11-24T12:00:05Z"}}}}}}`, true, 5*time.Second)
	f(head+`{"state":"cooling","failures":1,"until":"2026-11-24T11:00:00Z"}}}}}}`, true, 0)
	f(head+`{"state":"on holiday","failures":1,"until":"2026-11-24T12:01:00Z"}}}}}}`, true, 0)
	f(head+`{"state":"cooling","failures":-1,"until":"2026-11-24T12:01:00Z"}}}}}}`, true, 0)
}

func FuzzRestore(f *testing.F) {
	f.Add([]byte(`{"version":1,"saved":"2026-11-24T12:00:00Z","channels":{"a":{"keys":{"a1":{"whole":{"state":"invalid","failures":1,
		"since":"2026-11-24T12:00:00Z","until":"2026-11-24T12:10:00Z","explicit":true,"reason":"key refused (401)"}}}}}}`))
	f.Add([]byte(`{"version":1,"channels":{"a":{"models":{"m":{"state":"cooling","failures":3,"until":"2026-11-24T12:01:00Z"}}}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		w := newWorld(t)
		if w.Restore(text) != nil {
			return
		}
		// Whatever was restored, a key serves again within the bound.
		w.sleep(maxRest)
		w.expect(channels("a1"), nil, "a1+")
		if err := newWorld(t).Restore(w.Save()); err != nil {
			t.Error(err)
		}
	})
}
