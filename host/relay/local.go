package relay

import (
	"fmt"
	"slices"

	"github.com/claude-proxy/claude-proxy/host/balance"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/routing"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// candidates lists the channels that may serve the call, best first, or says why there is none.
func (x *exchange) candidates() ([]routing.Candidate, *failure.Answer) {
	c := x.call
	if !c.Principal.MayUse(c.Head.Model) {
		return nil, failure.Forbidden(fmt.Sprintf("this key may not use the model %q", c.Head.Model))
	}
	if c.Channel != "" {
		if !c.Principal.PickChannel {
			return nil, failure.Forbidden("this key may not pick a channel; leave out the header x-claude-proxy-channel")
		}
		one, ok := x.snap.Routes.Picked(c.Channel, c.Head.Model)
		if !ok {
			return nil, failure.NotFound(fmt.Sprintf("there is no enabled channel named %q", c.Channel))
		}
		return []routing.Candidate{one}, nil
	}
	found := x.snap.Routes.Candidates(c.Head.Model)
	if len(found) == 0 {
		return nil, failure.NotFound(x.snap.Routes.Missing(c.Head.Model))
	}
	return x.able(found), nil
}

// able leaves out the channels whose adapter is not there: trying them would cost each request a retry. When no channel is
// left, all stay, and the failure says what is missing.
func (x *exchange) able(all []routing.Candidate) []routing.Candidate {
	absent := func(c routing.Candidate) bool { return !x.snap.Channels[c.Channel.Name].Adapter.Available() }
	if !slices.ContainsFunc(all, absent) {
		return all
	}
	if some := slices.DeleteFunc(slices.Clone(all), absent); len(some) > 0 {
		return some
	}
	return all
}

// spread says how the targets of the call are chosen among the candidates.
func (x *exchange) spread(candidates []routing.Candidate) balance.Request {
	c, cfg := x.call, &x.snap.Config.Routing
	r := balance.Request{
		Strategy: cfg.Strategy, Side: c.Op != adapter.Messages, Stream: c.Head.Stream,
		Affinity: cfg.Affinity == config.AffinityAuto, TTL: cfg.AffinityTTL, Session: c.Session, Model: c.Head.Model,
	}
	if r.Affinity && r.Session == "" && balance.Choice(candidates) {
		r.Prefix = c.Head.PrefixHash()
	}
	return r
}
