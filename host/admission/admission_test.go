package admission

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func load(t *testing.T, g *Gate, taken, waiting int, refused int64) {
	t.Helper()
	a, b, c := g.Load()
	if a != taken || b != waiting || c != refused {
		t.Errorf("taken %d, waiting %d, refused %d; want %d, %d, %d", a, b, c, taken, waiting, refused)
	}
}

// C24: beyond the slots a short queue, beyond the queue a refusal at once.
func TestQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(1, 2, 5*time.Second)
		ctx := t.Context()
		if err := g.Enter(ctx); err != nil {
			t.Fatal(err)
		}
		var order []int
		var mu sync.Mutex
		for i := range 2 {
			go func() {
				if err := g.Enter(ctx); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				g.Leave()
			}()
			synctest.Wait()
		}
		load(t, g, 1, 2, 0)
		if err := g.Enter(ctx); !errors.Is(err, ErrFull) {
			t.Errorf("a full queue answered %v", err)
		}
		g.Leave()
		synctest.Wait()
		if len(order) != 2 || order[0] != 0 {
			t.Errorf("served in the order %v", order)
		}
		load(t, g, 0, 0, 1)
	})
}

func TestWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(1, 1, 5*time.Second)
		if err := g.Enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		started := time.Now()
		if err := g.Enter(t.Context()); !errors.Is(err, ErrFull) || time.Since(started) != 5*time.Second {
			t.Errorf("after %s: %v", time.Since(started), err)
		}
		gone, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		if err := g.Enter(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("a client that left: %v", err)
		}
		load(t, g, 1, 0, 1)
	})
}

func TestNoLimit(t *testing.T) {
	g := New(0, 0, 0)
	for range 10_000 {
		if err := g.Enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	load(t, g, 10_000, 0, 0)
}

// No slot is lost or given twice, whatever gives up when.
func TestHammer(t *testing.T) {
	g := New(3, 5, time.Millisecond)
	var inside, most atomic.Int64
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			for j := range 100 {
				ctx, cancel := context.WithTimeout(context.Background(), time.Duration((i*j)%7)*100*time.Microsecond)
				if g.Enter(ctx) == nil {
					if n := inside.Add(1); n > most.Load() {
						most.Store(n)
					}
					inside.Add(-1)
					g.Leave()
				}
				cancel()
			}
		})
	}
	wg.Wait()
	if most.Load() > 3 {
		t.Errorf("%d inside at once", most.Load())
	}
	taken, waiting, _ := g.Load()
	if taken != 0 || waiting != 0 {
		t.Errorf("taken %d, waiting %d after all left", taken, waiting)
	}
}
