package wasm

import (
	"testing"
	"time"
)

func TestCallTimes(t *testing.T) {
	var empty callTimes
	if got := empty.quantile(0.95); got != 0 {
		t.Errorf("nothing took %v", got)
	}
	for _, d := range []time.Duration{-1, 0, time.Microsecond, 19 * time.Microsecond, 333 * time.Microsecond, 7 * time.Millisecond, 2 * time.Second, 59 * time.Second} {
		var c callTimes
		for range 10 {
			c.add(d)
		}
		if got := c.quantile(0.95); d > 2*time.Microsecond && (got > d || got < d-d/4) || d <= 2*time.Microsecond && got > 2*time.Microsecond {
			t.Errorf("%v is counted as %v", d, got)
		}
	}
	var c callTimes
	for range 95 {
		c.add(20 * time.Microsecond)
	}
	for range 5 {
		c.add(time.Second)
	}
	if p95, p96 := c.quantile(0.95), c.quantile(0.96); p95 > 20*time.Microsecond || p96 < 700*time.Millisecond {
		t.Errorf("p95 %v, p96 %v", p95, p96)
	}
	c.add(time.Hour) // counts as the longest
	if n := testing.AllocsPerRun(100, func() { c.add(time.Millisecond) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
