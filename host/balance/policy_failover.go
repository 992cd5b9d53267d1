package balance

import "github.com/claude-proxy/claude-proxy/host/config"

// option is one channel, or one key of a channel, that a strategy may choose.
type option struct {
	weight int
	load   *load
}

// chooser is a strategy: it picks one of several options that are equally good otherwise. It is called with at least one
// option, first for the channels of a tier and then for the keys of the chosen channel, under the balancer's lock.
type chooser func(options []option, rnd func() float64) int

// chooserOf returns the strategy of that name. Strategies that are not built yet spread as round-robin does.
func chooserOf(s config.Strategy) chooser {
	switch s {
	case config.Random:
		return random
	case config.RoundRobin, config.LeastBusy, config.Fastest:
		return roundRobin
	}
	return nil // failover: the first that is fit
}
