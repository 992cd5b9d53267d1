package overload

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// Garbage may pile up to garbageFloor bytes and a quarter (garbageShare) of what is live before it is collected. Go's own
// rule, as much garbage as there is live memory, suits a small heap. A large one of ours is thousands of streams that wait:
// they make little garbage, so collecting early costs next to nothing and saves much.
const (
	garbageFloor = 4 << 20
	garbageShare = 0.25
)

// Pace keeps garbage within these bounds from now on, unless GOGC says what the user wants.
func Pace() {
	if os.Getenv("GOGC") == "" {
		keepPace(0)
	}
}

// keepPace sets GOGC, which was set to was before, by what is live, and again after each collection.
func keepPace(was int) {
	p := percent(live())
	if p != was {
		debug.SetGCPercent(p)
	}
	// The cleanup of a thing that nobody holds runs after the next collection.
	runtime.AddCleanup(new(cycle), keepPace, p)
}

// cycle is collected with each cycle of the collector. It has a size and a pointer, so that it is alone in its memory.
type cycle struct{ _ *cycle }

// percent is the value of GOGC for so many live bytes. It moves in steps, since each change stops the program for a moment.
func percent(live uint64) int {
	const step = 5
	p := 100*garbageShare + 100*garbageFloor/float64(max(live, 1))
	return min(int(p)/step*step, 400)
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
