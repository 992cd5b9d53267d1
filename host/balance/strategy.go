package balance

import "github.com/claude-proxy/claude-proxy/host/config"

// option is one channel, or one key of a channel, that a strategy may choose.
type option struct {
	weight int
	load   *load
	// pace is what fastest knows of it; nil when nothing yet.
	pace *pace
}

// chooser is a strategy: it picks one of several options that are equally good otherwise. It is called with at least one
// option, first for the channels of a tier and then for the keys of the chosen channel, under the balancer's lock.
type chooser func(options []option, rnd func() float64) int

// chooserOf returns the strategy of that name.
func chooserOf(s config.Strategy) chooser {
	switch s {
	case config.Random:
		return random
	case config.RoundRobin:
		return roundRobin
	case config.LeastBusy:
		return leastBusy
	case config.Fastest:
		return fastest
	}
	return nil // failover: the first that is fit
}
