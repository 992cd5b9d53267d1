package balance

import (
	"encoding/binary"
	"hash/maphash"
	"time"

	"github.com/claude-proxy/claude-proxy/host/routing"
)

// maxBonds is how many conversations each of the two generations of bonds holds, at about 60 bytes each.
const maxBonds = 1 << 14

// bond is where a conversation was served last, so that it finds the prompt cache of the upstream again.
type bond struct {
	channel *channelState
	key     *keyState
	used    time.Time
}

// bonds are kept in two generations: when the young one is full it becomes the old one, which is dropped. What is in use
// moves to the young one again, so what goes is what was not used for long.
type bonds struct{ young, old map[uint64]bond }

// find returns the bond of a conversation, if it was used after since.
func (b *bonds) find(conversation uint64, since time.Time) bond {
	have, found := b.young[conversation]
	if !found {
		have = b.old[conversation]
	}
	if !have.used.After(since) {
		return bond{}
	}
	return have
}

func (b *bonds) keep(conversation uint64, x bond) {
	if _, found := b.young[conversation]; !found && len(b.young) >= maxBonds || b.young == nil {
		b.old, b.young = b.young, make(map[uint64]bond)
	}
	b.young[conversation] = x
}

// conversation is what a bond is found by. Upstreams cache by model, so each model has bonds of its own.
func (b *Balancer) conversation(r *Request) uint64 {
	var h maphash.Hash
	h.SetSeed(b.seed)
	h.WriteString(r.Model)
	h.WriteByte(0)
	if r.Session != "" {
		h.WriteString(r.Session)
		return h.Sum64()
	}
	var prefix [9]byte // one more, so that it is no session's
	binary.LittleEndian.PutUint64(prefix[1:], r.Prefix)
	h.Write(prefix[:])
	return h.Sum64()
}

// bonded returns the target that the conversation was served by last, if it belongs to this channel and is fit.
func (p *Pick) bonded(c *routing.Candidate, cs *channelState, now time.Time) (Target, bool) {
	if cs != p.bond.channel {
		return Target{}, false
	}
	for _, k := range c.Keys {
		if cs.keys[k.ID] == p.bond.key {
			t := p.target(c, cs, k)
			return t, p.isFit(&t, now)
		}
	}
	return Target{}, false
}
