package telemetry

import "time"

// Buckets of the two series that are kept: the last hour finely, the last day coarsely.
const (
	fineStep, fineSize     = 10 * time.Second, 360
	coarseStep, coarseSize = 5 * time.Minute, 288
)

// Range names a series.
type Range string

const (
	LastHour Range = "1h"
	LastDay  Range = "24h"
)

// Series is what happened in each of a row of equal times, oldest first. All its slices have the same length. The last
// point is of a time that is still running.
type Series struct {
	// Start is when the first point begins; each is StepSeconds long.
	Start       time.Time `json:"start"`
	StepSeconds int       `json:"step_seconds"`
	// Requests counts the requests that ended, by outcome.
	Requests map[Outcome][]int64 `json:"requests"`
	// FirstByteP50 and FirstByteP95 are milliseconds, within about a tenth; -1 where nothing was answered.
	FirstByteP50 []float64 `json:"first_byte_p50_ms"`
	FirstByteP95 []float64 `json:"first_byte_p95_ms"`
	// Tokens are those of the requests that ended, by input, output, cache_read and cache_write.
	Tokens map[string][]int64 `json:"tokens"`
	// InFlight is the most requests that were under way at once.
	InFlight []int64 `json:"in_flight"`
}

// tokenTypes are the kinds of tokens, in the order of charts and metrics.
var tokenTypes = [...]string{"input", "output", "cache_read", "cache_write"}

func (t *Tokens) byType() [len(tokenTypes)]int64 {
	return [...]int64{t.Input, t.Output, t.CacheRead, t.CacheWrite}
}

// series keeps both rows. Its owner locks.
type series struct {
	born   time.Time
	level  int64
	fine   row
	coarse row
}

// row is a ring of buckets; bucket n is the time [n·step, n·step+step) since 1970. A time in which nothing happened has
// none.
type row struct {
	buckets []*bucket
	// newest is the number of the newest bucket.
	newest int64
}

type bucket struct {
	number    int64
	outcomes  [len(Outcomes)]int64
	tokens    [len(tokenTypes)]int64
	firstByte durations
	// before is how many requests were under way when it began, most the most at once.
	before, most int64
}

func (s *series) enter(now time.Time) {
	s.each(now, func(b *bucket) { b.most = max(b.most, s.level+1) })
	s.level++
}

func (s *series) leave(now time.Time, e *Exchange) {
	s.each(now, func(b *bucket) { b.count(e) })
	s.level--
}

// refuse counts a request that never was under way.
func (s *series) refuse(now time.Time, e *Exchange) {
	s.each(now, func(b *bucket) { b.outcomes[e.Outcome.index()]++ })
}

func (b *bucket) count(e *Exchange) {
	b.outcomes[e.Outcome.index()]++
	for i, n := range e.Tokens.byType() {
		b.tokens[i] += max(n, 0)
	}
	if e.Outcome == OK && e.Op == "messages" {
		b.firstByte.add(e.FirstByteMS)
	}
}

func (s *series) each(now time.Time, f func(*bucket)) {
	for _, b := range [...]*bucket{s.fine.at(now, fineStep, fineSize, s.level), s.coarse.at(now, coarseStep, coarseSize, s.level)} {
		f(b)
	}
}

// at finds the bucket of now. level is how many requests are under way.
func (r *row) at(now time.Time, step time.Duration, size int, level int64) *bucket {
	if r.buckets == nil {
		r.buckets = make([]*bucket, size)
	}
	n := now.UnixNano() / int64(step)
	n = max(n, r.newest) // a clock that was set back
	r.newest = n
	b := r.buckets[n%int64(size)]
	if b == nil || b.number != n {
		b = &bucket{number: n, before: level, most: level}
		r.buckets[n%int64(size)] = b
	}
	return b
}

// Series returns the series of a range; points from before the program started are left out.
func (h *Hub) Series(r Range) Series {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := &h.series
	s.each(h.now(), func(*bucket) {})
	if r == LastDay {
		return s.coarse.series(coarseStep, s.born)
	}
	return s.fine.series(fineStep, s.born)
}

func (r *row) series(step time.Duration, born time.Time) Series {
	size := int64(len(r.buckets))
	first := max(r.newest-size+1, born.UnixNano()/int64(step))
	points := int(r.newest - first + 1)
	out := Series{
		Start: time.Unix(0, first*int64(step)).UTC(), StepSeconds: int(step / time.Second),
		Requests: make(map[Outcome][]int64, len(Outcomes)), Tokens: make(map[string][]int64, len(tokenTypes)),
		FirstByteP50: make([]float64, points), FirstByteP95: make([]float64, points), InFlight: make([]int64, points),
	}
	for _, o := range Outcomes {
		out.Requests[o] = make([]int64, points)
	}
	for _, t := range tokenTypes {
		out.Tokens[t] = make([]int64, points)
	}
	var none bucket
	// Backwards, since how many were under way in a time without events is known from the bucket after it.
	for i := points - 1; i >= 0; i-- {
		b := r.buckets[(first+int64(i))%size]
		if b == nil || b.number != first+int64(i) {
			none.most = none.before
			b = &none
		}
		none.before = b.before
		out.put(i, b)
	}
	return out
}

func (s *Series) put(i int, b *bucket) {
	for k, o := range Outcomes {
		s.Requests[o][i] = b.outcomes[k]
	}
	for k, t := range tokenTypes {
		s.Tokens[t][i] = b.tokens[k]
	}
	s.FirstByteP50[i], s.FirstByteP95[i] = b.firstByte.quantile(0.5), b.firstByte.quantile(0.95)
	s.InFlight[i] = b.most
}
