package balance

// roundRobin takes turns in proportion to the weights and as evenly as they allow: weights 2 and 1 give a b a, not a a b.
// Each option gains its weight, the richest is taken and pays for all. Options that are left out for a while neither gain
// nor owe anything.
func roundRobin(options []option, _ func() float64) int {
	best, total := 0, int64(0)
	for i, o := range options {
		o.load.current += int64(o.weight)
		total += int64(o.weight)
		if o.load.current > options[best].load.current {
			best = i
		}
	}
	options[best].load.current -= total
	return best
}
