package telemetry

import "math"

// Durations are counted in steps that each are growth times as long as the one before, so a quantile is right within a
// tenth at any size.
const (
	shortest = 0.1 // milliseconds
	growth   = 1.2
	steps    = 96 // the last begins at about an hour
)

// durations is a histogram. The zero value is empty.
type durations struct {
	counts [steps]uint32
	total  uint32
}

func (d *durations) add(ms float64) {
	i := 0
	if ms > shortest {
		i = min(int(math.Log(ms/shortest)/math.Log(growth)), steps-1)
	}
	d.counts[i]++
	d.total++
}

// quantile is the duration in milliseconds that a share q of all does not exceed; -1 when there are none.
func (d *durations) quantile(q float64) float64 {
	if d.total == 0 {
		return -1
	}
	rank := uint32(math.Ceil(q * float64(d.total)))
	var seen uint32
	for i, n := range d.counts {
		if seen += n; seen >= rank {
			// the middle of the step, rounded to what it is worth
			return math.Round(shortest*math.Pow(growth, float64(i)+0.5)*100) / 100
		}
	}
	panic("BUG: a histogram counts less than its total")
}
