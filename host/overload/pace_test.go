package overload

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
)

func TestPercent(t *testing.T) {
	f := func(live uint64, want int) {
		t.Helper()
		if got := percent(live); got != want {
			t.Errorf("GOGC for %d MiB is %d, want %d", live>>20, got, want)
		}
	}
	f(0, 400)
	f(1<<20, 400)
	f(4<<20, 125)
	f(16<<20, 50)
	f(40<<20, 35)
	f(1<<30, 25)
	f(1<<40, 25)
}

// The pace follows what is live, from one collection to the next.
func TestPace(t *testing.T) {
	t.Setenv("GOGC", "")
	was := debug.SetGCPercent(100)
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
		if set() == percent(64<<20) {
			break
		}
		runtime.Gosched() // cleanups run on a goroutine of their own
	}
	if got, want := set(), percent(64<<20); got > want {
		t.Errorf("GOGC is %d with 64 MiB held, want %d or less", got, want)
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
