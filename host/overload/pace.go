package overload

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// Garbage may pile up to garbageFloor bytes and a fifth (garbageShare) of what is live before it is collected. Go's own
// rule, as much garbage as there is live memory, suits those who make much of it. A large heap of ours is mostly thousands of
// streams that wait: they make little, so collecting early costs next to nothing and saves much. Where the last collection is
// less than rare ago, Go's rule holds.
const (
	garbageFloor = 4 << 20
	garbageShare = 0.2
	rare         = 100 * time.Millisecond
)

// Pace keeps garbage within these bounds from now on, unless GOGC says what the user wants.
func Pace() {
	if os.Getenv("GOGC") == "" {
		keepPace(pace{})
	}
}

// pace is what GOGC was set to, and when.
type pace struct {
	percent int
	at      time.Time
}

// keepPace sets GOGC by what is live, now and after each collection.
func keepPace(last pace) {
	next := pace{at: time.Now()}
	next.percent = percent(live(), next.at.Sub(last.at))
	if next.percent != last.percent {
		debug.SetGCPercent(next.percent)
	}
	// The cleanup of a thing that nobody holds runs after the next collection.
	runtime.AddCleanup(new(cycle), keepPace, next)
}

// cycle is collected with each cycle of the collector. It has a size and a pointer, so that it is alone in its memory.
type cycle struct{ _ *cycle }

// percent is the value of GOGC for so many live bytes, so long after the last collection. It moves in steps, since each change
// stops the program for a moment.
func percent(live uint64, since time.Duration) int {
	const step, usual = 5, 100
	p := min(int(100*garbageShare+100*garbageFloor/float64(max(live, 1)))/step*step, 400)
	if since < rare {
		return max(p, usual)
	}
	return p
}

// live is what the collector found alive last, stacks included: it paces itself by both.
func live() uint64 {
	samples := []metrics.Sample{{Name: metricLive}, {Name: "/gc/scan/stack:bytes"}}
	metrics.Read(samples)
	var sum uint64
	for _, s := range samples {
		if s.Value.Kind() == metrics.KindUint64 {
			sum += s.Value.Uint64()
		}
	}
	return sum
}
