package balance

import "time"

const (
	minuteStep = maxWait
	// minuteSlots are the steps of a minute, the one under way, and one more for attempts that are counted when their wait
	// begins.
	minuteSlots = int64(time.Minute/minuteStep) + 2
)

// minute counts attempts for a minute, in steps. A step counts until it is a minute old as a whole, so that no sixty seconds
// ever see more than the limit; a token bucket would let twice as many through after a pause, and upstreams that count by
// the minute would refuse them. Times are durations since any one moment.
type minute struct {
	// counts holds the steps that count, each at its number modulo their count.
	counts [minuteSlots]int32
	step   int64
	total  int
}

// turn lets go of what is too old. Time does not run backwards here.
func (m *minute) turn(now time.Duration) {
	step := int64(now / minuteStep)
	for n := min(step-m.step, minuteSlots); n > 0; n-- {
		m.step++
		slot := &m.counts[m.step%minuteSlots]
		m.total -= int(*slot)
		*slot = 0
	}
	m.step = max(m.step, step)
}

func (m *minute) add(now time.Duration) {
	m.turn(now)
	m.counts[m.step%minuteSlots]++
	m.total++
}

// free says when one more event stays within limit: now, or the end of the step with which enough of the others are
// forgotten. A limit of 0 is none.
func (m *minute) free(limit int, now time.Duration) time.Duration {
	if limit == 0 {
		return now
	}
	m.turn(now)
	left := m.total
	for step := m.step - minuteSlots + 1; left >= limit; step++ {
		left -= int(m.counts[(step+minuteSlots)%minuteSlots])
		if left < limit {
			return time.Duration(step+minuteSlots) * minuteStep
		}
	}
	return now
}
