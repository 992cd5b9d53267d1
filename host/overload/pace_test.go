package overload

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

func TestPercent(t *testing.T) {
	f := func(live uint64, want, busy int) {
		t.Helper()
		if got := percent(live, time.Second); got != want {
			t.Errorf("GOGC for %d MiB is %d, want %d", live>>20, got, want)
		}
		if got := percent(live, time.Millisecond); got != busy {
			t.Errorf("GOGC for %d MiB is %d where much garbage is made, want %d", live>>20, got, busy)
		}
	}
	f(0, 400, 400)
	f(1<<20, 400, 400)
	f(4<<20, 120, 120)
	f(16<<20, 45, 100)
	f(40<<20, 30, 100)
	f(1<<30, 20, 100)
	f(1<<40, 20, 100)
}

// The pace follows what is live, from one collection to the next.
func TestPace(t *testing.T) {
	t.Setenv("GOGC", "")
	was := debug.SetGCPercent(150)
	defer debug.SetGCPercent(was)
	set := func() int {
		sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		metrics.Read(sample)
		return int(sample[0].Value.Uint64())
	}
	Pace()
	held := make([]byte, 64<<20)
	for range 1000 {
		runtime.GC()
		if set() == 100 {
			break
		}
		runtime.Gosched() // cleanups run on a goroutine of their own
	}
	if got := set(); got != 100 {
		t.Errorf("GOGC is %d with 64 MiB held and many collections, want 100", got)
	}
	runtime.KeepAlive(held)
}

// GOGC is the user's word.
func TestPaceLeavesGOGCAlone(t *testing.T) {
	t.Setenv("GOGC", "77")
	was := debug.SetGCPercent(77)
	defer debug.SetGCPercent(was)
	Pace()
	if got := debug.SetGCPercent(77); got != 77 {
		t.Errorf("GOGC is %d", got)
	}
}
