package balance

// leastBusy takes the option with the fewest attempts under way for its weight: weight 3 carries three times what weight 1
// does. Options that are equally busy take turns, so that a quiet proxy spreads its requests too.
func leastBusy(options []option, _ func() float64) int {
	least := &options[0]
	for i := range options {
		if o := &options[i]; lighter(o, least) {
			least = o
		}
	}
	return takeTurns(options, func(o *option) bool { return !lighter(least, o) })
}

// lighter compares attempts under way for each unit of weight, multiplied crosswise.
func lighter(a, b *option) bool { return a.load.inFlight*b.weight < b.load.inFlight*a.weight }
