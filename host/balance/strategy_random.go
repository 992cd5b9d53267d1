package balance

// random takes each option with a probability in proportion to its weight.
func random(options []option, rnd func() float64) int {
	total := 0
	for _, o := range options {
		total += o.weight
	}
	at := int(rnd() * float64(total))
	for i, o := range options {
		if at -= o.weight; at < 0 {
			return i
		}
	}
	return len(options) - 1
}
