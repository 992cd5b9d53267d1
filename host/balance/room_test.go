package balance

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
)

// No sixty seconds see more than the limit, what is refused is told the right time, and the limit is nearly used up.
func TestMinuteIsStrict(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for _, limit := range []int{1, 2, 7, 60, 500} {
		var m minute
		var times []time.Duration
		now, refused := time.Duration(0), 0
		for now < 2*time.Hour {
			free := m.free(limit, now)
			if free > now {
				refused++
				if later := m; later.free(limit, free-1) != free || later.free(limit, free) != free {
					t.Fatalf("limit %d: told %v at %v", limit, free, now)
				}
				if free-now > time.Minute+2*minuteStep {
					t.Fatalf("limit %d: told to wait %v", limit, free-now)
				}
			} else {
				m.add(now)
				times = append(times, now)
			}
			now += time.Duration(rnd.ExpFloat64() * float64(time.Minute) / float64(limit) / 3)
			if rnd.IntN(100*limit) == 0 {
				now += time.Duration(rnd.IntN(300)) * time.Second
			}
		}
		for i := limit; i < len(times); i++ {
			if times[i]-times[i-limit] < time.Minute {
				t.Fatalf("limit %d: %d attempts within %v", limit, limit+1, times[i]-times[i-limit])
			}
		}
		if least := limit * 80; len(times) < least || refused == 0 {
			t.Errorf("limit %d: %d attempts in two hours, want %d or more; refused %d", limit, len(times), least, refused)
		}
	}
}

func TestFullTargetsAreLeftOut(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 a2 b1 | c1")
	cands[0].Channel.Limits.RPM = 3
	cands[0].Keys[0].RPM = 2
	cands[1].Keys[0].RPM = 1
	// Key, channel, tier: each moves on to the next when it is full.
	for _, want := range []string{"a1+", "a1+", "a2+", "b1+", "c1+", "c1+"} {
		w.expect(cands, nil, want)
	}
	// It says nothing about health.
	for name, c := range w.channels {
		if c.whole.failures != 0 || len(c.models) != 0 {
			t.Errorf("%s: %+v", name, c.whole)
		}
	}
	w.sleep(64 * time.Second)
	w.expect(cands, nil, "a1+")
	// Attempts that fail count, and a second chance does not go beyond the limit.
	w.sleep(2 * time.Minute)
	w.expect(cands, upstream{"a": broken}, "a1 a1~ b1+")
	w.sleep(2 * time.Minute)
	cands[0].Keys[0].RPM = 1
	w.expect(cands, upstream{"a": broken}, "a1 b1+")
}

func TestFullForTheMinute(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 b1")
	cands[0].Channel.Limits.RPM, cands[1].Channel.Limits.RPM = 1, 1
	w.expect(cands, nil, "a1+")
	w.sleep(10 * time.Second)
	w.expect(cands, nil, "b1+")
	w.sleep(10 * time.Second)
	pick := w.Begin(cands, Request{})
	_, _, found := pick.Next()
	told := pick.RetryAfter()
	pick.End()
	if found || told < 40*time.Second || told > 44*time.Second {
		t.Errorf("found %v, retry after %v", found, told)
	}
	// What was told is true.
	w.sleep(told - 1)
	w.expect(cands, nil, "a1~+")
	// Two seconds are waited out, by as many as there is room for.
	w = newWorld(t)
	cands = channels("a1")
	cands[0].Channel.Limits.RPM = 2
	w.expect(cands, nil, "a1+")
	w.expect(cands, nil, "a1+")
	w.sleep(62 * time.Second)
	waited := 0
	for range 5 {
		p := w.Begin(cands, Request{})
		if _, pause, found := p.Next(); found {
			if waited++; pause <= 0 || pause > maxWait {
				t.Errorf("a pause of %v", pause)
			}
		}
		p.End()
	}
	if waited != 2 {
		t.Errorf("%d waited for 2 places", waited)
	}
	// A target that cools is used rather than waited for; one without a limit at once.
	w = newWorld(t)
	cands = channels("a1 b1 c1")
	cands[0].Channel.Limits.RPM = 1
	w.expect(cands, upstream{"a": unreachable, "b": unreachable}, "a1 b1 c1+")
	w.expect(cands[:2], nil, "b1+")
}

func TestFullAtOnce(t *testing.T) {
	for _, s := range []config.Strategy{config.Failover, config.RoundRobin, config.Random, config.LeastBusy, config.Fastest} {
		w := newWorld(t)
		cands := channels("a1 a2 b1")
		cands[0].Channel.Limits.MaxConcurrent = 3
		cands[0].Keys[0].MaxConcurrent = 1
		cands[1].Keys[0].MaxConcurrent = 2
		var got []string
		var picks []*Pick
		for range 6 {
			p := w.Begin(cands, Request{Strategy: s, Side: len(picks)%2 == 1}) // side requests count here
			target, pause, found := p.Next()
			if !found {
				if d := p.RetryAfter(); d < time.Second || d > 2*time.Second {
					t.Errorf("%s: retry after %v", s, d)
				}
				p.End()
				continue
			}
			if pause != 0 {
				t.Errorf("%s: a pause of %v", s, pause)
			}
			got, picks = append(got, target.Key.ID), append(picks, p)
		}
		slices.Sort(got)
		if want := []string{"a1", "a2", "a2", "b1", "b1"}; !slices.Equal(got, want) {
			t.Errorf("%s: under way at %v, want %v", s, got, want)
		}
		picks[0].End()
		p := w.Begin(cands, Request{Strategy: s})
		if _, _, found := p.Next(); !found {
			t.Errorf("%s: a place that was left is not given away", s)
		}
		p.End()
	}
}

// Side requests neither use up the minute nor are held up by it.
func TestSideRequestsAreNotCountedByTheMinute(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1")
	cands[0].Keys[0].RPM = 1
	for range 3 {
		if got := w.serve(cands, Request{Side: true}, nil); got != "a1+" {
			t.Errorf("tried %s", got)
		}
	}
	w.expect(cands, nil, "a1+")
	w.expect(cands, nil, "-")
	if got := w.serve(cands, Request{Side: true}, nil); got != "a1+" {
		t.Errorf("tried %s", got)
	}
}

// A key that was refused is not tried for want of room elsewhere more often than for any other reason.
func TestRefusedKeyBesideAFullOne(t *testing.T) {
	w := newWorld(t)
	cands := channels("a1 a2")
	cands[0].Keys[1].MaxConcurrent = 1
	w.expect(cands, upstream{"a1": keyRefused}, "a1 a2+")
	busy := w.Begin(cands, Request{})
	defer busy.End()
	busy.Next()
	w.sleep(time.Second)
	w.expect(cands, upstream{"a": keyRefused}, "a1 -")
	w.expect(cands, upstream{"a": keyRefused}, "-")
}
