package balance

const (
	// retryShare is the part of the live requests that may be at a further attempt, so that an upstream in trouble does not
	// see its load multiplied; retryFloor is what a quiet proxy may always do.
	retryShare = 0.2
	retryFloor = 3
)

// budget counts live requests and those of them that are at a further attempt. The balancer's lock guards it.
type budget struct{ active, retries int }

// take reserves a further attempt and says whether there was one left.
func (b *budget) take() bool {
	if b.retries >= max(retryFloor, int(retryShare*float64(b.active))) {
		return false
	}
	b.retries++
	return true
}
