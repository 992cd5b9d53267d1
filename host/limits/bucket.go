package limits

import (
	"time"

	"golang.org/x/time/rate"
)

// maxDebt is how many bucketfuls a bucket may be in debt, so that no mistake of an upstream's count shuts a key out for
// days.
const maxDebt = 60

// bucket is a token bucket that holds what one period allows and fills up within it. The zero value allows everything.
type bucket struct {
	limiter *rate.Limiter
	size    int
	period  time.Duration
}

// set makes size per period the limit; a size of 0 is none. What was taken stays taken.
func (b *bucket) set(now time.Time, size int, period time.Duration) {
	if b.size == size && b.period == period {
		return
	}
	b.size, b.period = size, period
	if size == 0 {
		b.limiter = nil
		return
	}
	every := rate.Limit(float64(size) / period.Seconds())
	if b.limiter == nil {
		b.limiter = rate.NewLimiter(every, size)
		return
	}
	b.limiter.SetLimitAt(now, every)
	b.limiter.SetBurstAt(now, size)
}

// nearly is what is missing of one when the time that wait told is over, after rounding.
const nearly = 1e-6

// wait is how long it takes until there is one to take; 0 when there is.
func (b *bucket) wait(now time.Time) time.Duration {
	if b.limiter == nil {
		return 0
	}
	missing := 1 - b.limiter.TokensAt(now)
	if missing < nearly {
		return 0
	}
	return time.Duration(missing / float64(b.limiter.Limit()) * float64(time.Second))
}

// take takes one of what wait found.
func (b *bucket) take(now time.Time) {
	if b.limiter != nil {
		b.limiter.ReserveN(now, 1)
	}
}

// spend takes n, into debt if it must.
func (b *bucket) spend(now time.Time, n int64) {
	if b.limiter == nil {
		return
	}
	room := b.limiter.TokensAt(now) + maxDebt*float64(b.size)
	for n = min(n, int64(room)); n > 0; {
		part := min(n, int64(b.size)) // the most that one reservation may hold
		b.limiter.ReserveN(now, int(part))
		n -= part
	}
}

// full says that nothing was taken lately.
func (b *bucket) full(now time.Time) bool {
	return b.limiter == nil || b.limiter.TokensAt(now) >= float64(b.size)
}
