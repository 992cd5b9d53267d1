package registry

import (
	"fmt"
	"testing"
	"time"
)

func TestBreaker(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	b := &breaker{now: func() time.Time { return now }}
	f := func(client string, request uint64, want time.Duration) {
		t.Helper()
		if got := b.fault(client, request); got != want || b.open() != (want > 0) {
			t.Errorf("%s %d: paused for %v, want %v; open %t", client, request, got, want, b.open())
		}
	}
	// One client alone, whatever it sends, cannot do it within a minute, nor the same request from many.
	for i := range uint64(100) {
		f("evil", i, 0)
	}
	for i := range 100 {
		f(fmt.Sprint("c", i), 7, 0)
	}
	// Requests 0 and 7 counted. A third one does it.
	f("me", 8, time.Second)
	if got := b.until(); !got.Equal(now.Add(time.Second)) {
		t.Errorf("until %v", got)
	}
	// After the pause the next failure is enough, of a client that did not count just now; the pause doubles up to a minute.
	now = now.Add(time.Second)
	f("evil", 200, 0)
	for _, want := range []time.Duration{2, 4, 8, 16, 32, 60, 60} {
		f(fmt.Sprint("later", want, now), 9, want*time.Second)
		now = now.Add(want * time.Second)
	}
	// A success ends it all.
	b.worked()
	f("x", 1, 0)
	f("y", 2, 0)
	// What failed long ago does not count.
	now = now.Add(breakWindow)
	f("x", 3, 0)
	f("y", 4, 0)
	f("z", 5, time.Second)
	// Successes of requests that began before the pause do not end it.
	b.worked()
	if !b.open() {
		t.Error("the pause was cut short")
	}
}
