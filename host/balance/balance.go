// Package balance chooses the channel and key of each attempt and keeps the health that the choice rests on.
//
// One [Balancer] lives as long as the program. It knows channels and keys by their stable names only, so health survives
// a changed configuration and never changes one. Each request opens a [Pick], which hands out targets until the relay
// has an answer or nothing is left to try.
package balance

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/routing"
)

// Balancer is safe for concurrent use.
type Balancer struct {
	now  func() time.Time
	rnd  func() float64
	born time.Time
	seed maphash.Seed

	mu       sync.Mutex
	channels map[string]*channelState
	bonds    bonds
	budget   budget
	// changes counts what was learnt or forgotten about health.
	changes uint64
}

// New returns a balancer to which everything is healthy. now is its clock; rnd gives random numbers in [0, 1) and is
// called under the balancer's lock.
func New(now func() time.Time, rnd func() float64) *Balancer {
	return &Balancer{now: now, rnd: rnd, born: now(), seed: maphash.MakeSeed(), channels: make(map[string]*channelState)}
}

// Request says how the targets of one request are chosen.
type Request struct {
	// Strategy spreads requests over channels of one tier and over the keys of a channel; "" is failover.
	Strategy config.Strategy
	// Side marks count_tokens, models and probes: they use health but never change it.
	Side bool
	// Stream says that the client asked for an event stream; fastest tells the two apart.
	Stream bool

	// Affinity keeps a conversation on its channel and key for TTL after each request of it, for the sake of the upstream's
	// prompt cache. It never keeps a request from moving on: what cools, was refused, is full or has a better tier beside it
	// counts more, and so does the order of channels under failover.
	Affinity bool
	TTL      time.Duration
	// Session names the conversation; where it is "", Prefix does, a hash of its beginning. Model is the client's name for
	// the model, of which each has its own bond.
	Session, Model string
	Prefix         uint64
}

// Target is what one attempt uses.
type Target struct {
	Channel *config.Channel
	// Key is never nil; of a channel without keys it has an empty secret.
	Key *config.Key
	// Model is the upstream's name for the model, MaxOutputTokens its cap on this channel, 0 for none.
	Model           string
	MaxOutputTokens int64

	channel *channelState
	key     *keyState
	began   time.Time
}

// same says whether two targets are one channel, key and model.
func (t *Target) same(o *Target) bool {
	return t.channel == o.channel && t.key == o.key && t.Model == o.Model
}

// Begin opens the choice for one request. The caller ends it by End, always. candidates are read-only and may be none.
func (b *Balancer) Begin(candidates []routing.Candidate, r Request) *Pick {
	p := &Pick{b: b, candidates: candidates, strategy: r.Strategy, choose: chooserOf(r.Strategy), side: r.Side, stream: r.Stream}
	if p.sticks = r.Affinity && Choice(candidates); p.sticks {
		p.conversation = b.conversation(&r)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.budget.active++
	if p.sticks {
		p.bond = b.bonds.find(p.conversation, b.now().Add(-r.TTL))
	}
	return p
}

// Choice says whether the candidates leave anything to choose, so that affinity can mean something.
func Choice(candidates []routing.Candidate) bool {
	return len(candidates) > 1 || len(candidates) == 1 && len(candidates[0].Keys) > 1
}
