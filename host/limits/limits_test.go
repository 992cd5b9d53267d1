package limits

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/auth"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
)

// world is a limiter in simulated time.
type world struct {
	*Limiter
	t     *testing.T
	clock time.Time
	// shared is server.rate_limit.
	shared config.RateLimit
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, clock: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	w.Limiter = New(func() time.Time { return w.clock })
	return w
}

func (w *world) sleep(d time.Duration) { w.clock = w.clock.Add(d) }

// try is a request that ends at once. It returns what the client hears when it is refused, nil when it is not.
func (w *world) try(p *auth.Principal, side bool) *failure.Answer {
	a := w.Enter(p, w.shared, side)
	if a == nil {
		w.Leave(p, side)
	}
	return a
}

// tries counts how many of n requests at the same moment get in.
func (w *world) tries(p *auth.Principal, n int) int {
	in := 0
	for range n {
		if w.try(p, false) == nil {
			in++
		}
	}
	return in
}

func (w *world) expect(a *failure.Answer, wait time.Duration, words ...string) {
	w.t.Helper()
	if a == nil {
		w.t.Fatal("not refused")
	}
	if a.Status != 429 || a.Type != "rate_limit_error" || a.ShouldRetry != failure.Unset || a.RetryAfter != wait {
		w.t.Errorf("%d %s, retry after %v, want %v", a.Status, a.Type, a.RetryAfter, wait)
	}
	for _, word := range words {
		if !strings.Contains(a.Message, word) {
			w.t.Errorf("message %q says nothing of %q", a.Message, word)
		}
	}
}

func TestRequestsPerMinute(t *testing.T) {
	w := newWorld(t)
	p, other := &auth.Principal{Name: "p", RPM: 5}, &auth.Principal{Name: "other", RPM: 5}
	if got := w.tries(p, 5); got != 5 {
		t.Fatalf("%d of 5 got in", got)
	}
	w.expect(w.try(p, false), 12*time.Second, "5 requests a minute", "12s")
	if w.tries(other, 1) != 1 {
		t.Error("one key's limit concerns another")
	}
	// count_tokens is counted apart, by the same number.
	for range 5 {
		if a := w.try(p, true); a != nil {
			t.Fatal(a.Message)
		}
	}
	w.expect(w.try(p, true), 12*time.Second)
	// What was told is true, to the second; and refused requests cost nothing.
	w.sleep(11 * time.Second)
	w.expect(w.try(p, false), time.Second, "1s")
	w.tries(p, 100)
	w.sleep(time.Second)
	if got := w.tries(p, 3); got != 1 {
		t.Errorf("after the time that was told, %d got in", got)
	}
	// In the long run it is the limit, whatever the client does.
	in := 0
	for range 3600 {
		w.sleep(time.Second)
		in += w.tries(p, 3)
	}
	if in != 5*60 {
		t.Errorf("%d requests in an hour", in)
	}
	w.sleep(time.Hour)
	if got := w.tries(p, 20); got != 5 {
		t.Errorf("%d at once after a pause", got)
	}
}

func TestTokensPerMinute(t *testing.T) {
	w := newWorld(t)
	p := &auth.Principal{Name: "p", TokensPerMinute: 6000} // 100 a second
	if w.tries(p, 10) != 10 {
		t.Error("refused before anything was spent")
	}
	w.Spend(p, 5999)
	if w.tries(p, 1) != 1 {
		t.Error("refused with a token left")
	}
	// The last request goes over the limit; what comes after waits until that is made up for.
	w.Spend(p, 2000)
	w.expect(w.try(p, false), 20*time.Second, "6000 tokens a minute", "20s")
	if w.try(p, true) != nil {
		t.Error("count_tokens waits for tokens")
	}
	w.sleep(20 * time.Second)
	if w.tries(p, 1) != 1 {
		t.Error("still refused after the time that was told")
	}
	w.Spend(p, 0)
	w.Spend(p, -5)
	// A debt is honoured up to an hour; the header says what clients sit out, the text the truth.
	w.Spend(p, 1e12)
	w.expect(w.try(p, false), time.Minute, "1h0m1s")
	w.sleep(time.Hour + time.Second)
	if w.tries(p, 1) != 1 {
		t.Error("refused after an hour")
	}
	// Without the limit nothing counts.
	free := &auth.Principal{Name: "free"}
	w.Spend(free, 1e12)
	w.tries(free, 1)
	w.Spend(free, 1e12)
	if w.tries(free, 100) != 100 {
		t.Error("a key without limits was refused")
	}
}

func TestConcurrency(t *testing.T) {
	w := newWorld(t)
	p := &auth.Principal{Name: "p", MaxConcurrent: 2}
	for range 2 {
		if a := w.Enter(p, w.shared, false); a != nil {
			t.Fatal(a.Message)
		}
	}
	w.expect(w.Enter(p, w.shared, false), busyRetry, "2 requests at a time")
	if w.try(p, true) != nil {
		t.Error("count_tokens waits for streams")
	}
	w.Leave(p, false)
	if a := w.Enter(p, w.shared, false); a != nil {
		t.Errorf("refused although one had left: %s", a.Message)
	}
	// A limit that comes later counts what is under way; one that goes lets in.
	lower := &auth.Principal{Name: "p", MaxConcurrent: 1}
	w.Leave(p, false)
	w.expect(w.Enter(lower, w.shared, false), busyRetry)
	if a := w.Enter(&auth.Principal{Name: "p"}, w.shared, false); a != nil {
		t.Error(a.Message)
	}
}

func TestWindow(t *testing.T) {
	w := newWorld(t)
	w.shared = config.RateLimit{Enabled: true, Window: 10 * time.Minute, MaxRequests: 20}
	p, other := &auth.Principal{Name: "p"}, &auth.Principal{Name: "other"}
	if got := w.tries(p, 30); got != 20 {
		t.Errorf("%d got in", got)
	}
	w.expect(w.try(p, true), 30*time.Second, "20 requests in 10m;")
	if got := w.tries(other, 30); got != 20 {
		t.Errorf("of another key %d got in", got)
	}
	w.shared.Enabled = false
	if got := w.tries(p, 30); got != 30 {
		t.Errorf("without the limit %d got in", got)
	}
	w.shared = config.RateLimit{Enabled: true, Window: 24 * time.Hour, MaxRequests: 1}
	w.tries(p, 1)
	w.expect(w.try(p, false), time.Minute, "24h")
	// Several limits at once: the longest wait is told, all are named, and none is used up by a refusal.
	w = newWorld(t)
	w.shared = config.RateLimit{Enabled: true, Window: time.Minute, MaxRequests: 3}
	p = &auth.Principal{Name: "p", RPM: 2, MaxConcurrent: 2}
	w.Enter(p, w.shared, false)
	w.Enter(p, w.shared, false)
	w.expect(w.try(p, false), 30*time.Second, "2 requests a minute and 2 requests at a time; try again in 30s")
}

// A limit that changes goes on from what was used.
func TestLimitsChange(t *testing.T) {
	w := newWorld(t)
	w.tries(&auth.Principal{Name: "p", RPM: 10}, 10)
	more := &auth.Principal{Name: "p", RPM: 60}
	w.expect(w.try(more, false), time.Second)
	w.sleep(10 * time.Second)
	if got := w.tries(more, 20); got != 10 {
		t.Errorf("after raising, %d got in", got)
	}
	w.sleep(time.Hour)
	if got := w.tries(&auth.Principal{Name: "p", RPM: 3}, 20); got != 3 {
		t.Errorf("after lowering, %d got in", got)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	w := newWorld(t)
	busy := &auth.Principal{Name: "busy", MaxConcurrent: 1}
	if w.Enter(busy, w.shared, false) != nil {
		t.Fatal("refused")
	}
	for i := range 50 * sweepFrom {
		w.tries(&auth.Principal{Name: fmt.Sprint(i), RPM: 60, TokensPerMinute: 10}, 1)
		w.sleep(100 * time.Millisecond)
	}
	if n := len(w.keys); n > 2*sweepFrom {
		t.Errorf("%d keys are remembered", n)
	}
	w.expect(w.Enter(busy, w.shared, false), busyRetry)
	w.Leave(busy, false)
}

func TestHammer(t *testing.T) {
	l := New(time.Now)
	shared := config.RateLimit{Enabled: true, Window: time.Second, MaxRequests: 1e6}
	var principals []*auth.Principal
	var underway [4]atomic.Int64
	for i := range underway {
		principals = append(principals, &auth.Principal{Name: fmt.Sprint(i), RPM: 1e8, TokensPerMinute: 1e9, MaxConcurrent: i + 1})
	}
	var wg sync.WaitGroup
	var in, out atomic.Int64
	for g := range 8 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(g), 1))
			for range 3000 {
				i, side := rnd.IntN(len(principals)), rnd.IntN(4) == 0
				p := principals[i]
				if l.Enter(p, shared, side) != nil {
					out.Add(1)
					continue
				}
				in.Add(1)
				if !side {
					if n := underway[i].Add(1); n > int64(p.MaxConcurrent) {
						t.Errorf("%d at a time, %d allowed", n, p.MaxConcurrent)
					}
					l.Spend(p, int64(rnd.IntN(1000)))
					underway[i].Add(-1)
				}
				l.Leave(p, side)
			}
		})
	}
	wg.Wait()
	for name, a := range l.keys {
		if a.underway != 0 {
			t.Errorf("%s: %d under way", name, a.underway)
		}
	}
	if in.Load() == 0 {
		t.Error("nobody got in")
	}
}

func BenchmarkEnter(b *testing.B) {
	l := New(time.Now)
	shared := config.RateLimit{Enabled: true, Window: time.Minute, MaxRequests: 1e9}
	p := &auth.Principal{Name: "p", RPM: 1e9, TokensPerMinute: 1e9, MaxConcurrent: 100}
	b.ReportAllocs()
	for b.Loop() {
		if a := l.Enter(p, shared, false); a != nil {
			b.Fatal(a.Message)
		}
		l.Spend(p, 1)
		l.Leave(p, false)
	}
}
