package wasm

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// callTimes is a histogram of how long calls took. It has four steps for each doubling, so a quantile is right within an
// eighth, from a quarter of a microsecond up to a minute. Adding costs one atomic addition. The zero value is empty.
type callTimes [4 * 28]atomic.Uint32

// unit is what the first steps tell apart.
const unit = 8 // as a power of two, in nanoseconds

func (t *callTimes) add(d time.Duration) { t[stepOf(d)].Add(1) }

// stepOf is the step that a duration falls into: its octave, and the two bits below its highest.
func stepOf(d time.Duration) int {
	n := max(uint64(d)>>unit, 4)
	if d < 0 {
		n = 4
	}
	octave := bits.Len64(n) - 3 // 4 to 7 are the first
	return min(octave*4+int(n>>octave&3), len(callTimes{})-1)
}

// quantile is how long a share q of all calls took at most; 0 when there was none.
func (t *callTimes) quantile(q float64) time.Duration {
	var counts [len(callTimes{})]uint64
	var total uint64
	for i := range t {
		counts[i] = uint64(t[i].Load())
		total += counts[i]
	}
	var seen uint64
	for i, n := range counts {
		if seen += n; n > 0 && float64(seen) >= q*float64(total) {
			return time.Duration(uint64(4+i&3)<<(i/4)) << unit
		}
	}
	return 0
}
