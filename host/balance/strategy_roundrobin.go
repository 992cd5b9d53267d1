package balance

// roundRobin takes turns in proportion to the weights and as evenly as they allow: weights 2 and 1 give a b a, not a a b.
// Each option gains its weight, the richest is taken and pays for all. Options that are left out for a while neither gain
// nor owe anything.
func roundRobin(options []option, _ func() float64) int {
	return takeTurns(options, func(*option) bool { return true })
}

// takeTurns is roundRobin among some of the options, of which there must be one.
func takeTurns(options []option, among func(*option) bool) int {
	best, total := -1, int64(0)
	for i := range options {
		o := &options[i]
		if !among(o) {
			continue
		}
		o.load.current += int64(o.weight)
		total += int64(o.weight)
		if best < 0 || o.load.current > options[best].load.current {
			best = i
		}
	}
	options[best].load.current -= total
	return best
}
