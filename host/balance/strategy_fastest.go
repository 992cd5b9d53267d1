package balance

// exploreShare is the part of the requests that goes to the option that was measured the longest ago, so that one that was
// slow once is found out when it is so no longer.
const exploreShare = 1. / 20

// fastest takes the option that brings its first content the soonest. What was never measured is measured first, by one
// request at a time. Requests that still wait for their first content make an option look slower in proportion, since
// their own times are not known yet: otherwise all requests of a burst would go where the last one went well. Of two that
// are equally fast, one of weight 2 gets twice as many.
func fastest(options []option, rnd func() float64) int {
	if len(options) == 1 {
		return 0
	}
	best, stalest, fewest := -1, -1, 0
	for i := range options {
		o := &options[i]
		waiting := o.pace.waitingRequests()
		if waiting*options[fewest].weight < options[fewest].pace.waitingRequests()*o.weight {
			fewest = i
		}
		if !o.pace.known() {
			if waiting == 0 {
				return i
			}
			continue
		}
		if best < 0 || o.cost() < options[best].cost() {
			best = i
		}
		if waiting == 0 && (stalest < 0 || o.pace.at.Before(options[stalest].pace.at)) {
			stalest = i
		}
	}
	switch {
	case best < 0:
		return fewest // all are being measured for the first time
	case stalest >= 0 && rnd() < exploreShare:
		return stalest
	}
	return best
}

// cost is how long a further request would wait, by what is known.
func (o *option) cost() float64 {
	return o.pace.seconds * float64(o.pace.waiting+1) / float64(o.weight)
}
