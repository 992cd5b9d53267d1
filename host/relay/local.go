package relay

import (
	"fmt"
	"strconv"

	"github.com/claude-proxy/claude-proxy/host/balance"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/routing"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
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
	return found, nil
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

// counts says whether an upstream among the candidates counts tokens itself.
func (x *exchange) counts(candidates []routing.Candidate) bool {
	for _, c := range candidates {
		lease, err := x.snap.Channels[c.Channel.Name].Adapter.Lease()
		if err != nil {
			continue
		}
		offers := lease.Manifest.Offers(adapter.CountTokens)
		lease.Release()
		if offers {
			return true
		}
	}
	return false
}

// estimate answers count_tokens where no upstream can, and says that it is an estimate.
func (x *exchange) estimate() {
	x.out.describe([]adapter.Header{{Name: "x-claude-proxy-estimate", Value: "input_tokens"}})
	x.out.whole(200, "application/json", appendCount(nil, estimateTokens(x.call.Doc))) // a client that left is recorded by the answer
}

func appendCount(dst []byte, n int64) []byte {
	dst = append(dst, `{"input_tokens":`...)
	dst = strconv.AppendInt(dst, n, 10)
	return append(dst, '}')
}

// estimateTokens guesses the input tokens of a request from its size, biased high: four bytes of JSON are one token, and
// what lies in long strings beyond their head, mostly pictures, counts once per 400 bytes, at most 1600 tokens each.
func estimateTokens(doc *jsonindex.Doc) int64 {
	if doc == nil {
		return 0
	}
	text := int64(len(doc.Src))
	var long int64
	for _, x := range doc.Ext {
		text -= int64(x.Len)
		long += min(int64(x.Len)/400+1, 1600)
	}
	return text/4 + long + 1
}
