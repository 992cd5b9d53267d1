package adaptertest

import (
	"math/rand/v2"
	"sync"

	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// random is the source of a check's choices, the same in each run.
func random(seed int) *rand.Rand { return rand.New(rand.NewPCG(uint64(seed), 0x9E3779B97F4A7C15)) }

// pure plays the case again: on the same channel, on a channel of its own, and between the steps of other exchanges.
func (b *bench) pure() {
	if !b.same(checkPure, "the same call again", b.play(play{})) {
		return
	}
	fresh := NewSuite(b.s.runner, nil, b.s.options)
	ch, err := fresh.channel(b.c.options)
	if err != nil {
		b.fault(checkPure, "the same options again are refused: %v", err)
		return
	}
	if !b.same(checkPure, "the same call on a channel that was configured again", b.c.play(ch, play{})) {
		return
	}
	call := b.c.call
	call.ID = "req_another"
	if !b.same(checkPure, "between the steps of the same case under another id", b.interleave(b.c.start(b.ch, play{call: &call}))) {
		return
	}
	other, err := b.s.channel(b.other.options)
	if err != nil {
		b.fault(checkPure, "case %s: %v", b.other.Name, err)
		return
	}
	if b.same(checkPure, "between the steps of case "+b.other.Name, b.interleave(b.other.start(other, play{}))) {
		b.together(other)
	}
}

// together plays the case in several goroutines at once, with another case between them. Under the race detector this also
// finds adapters that write to what they share.
func (b *bench) together(other runner.Channel) {
	const players = 4
	played := make([]*traced, players)
	var wait sync.WaitGroup
	for i := range played {
		wait.Go(func() { played[i] = b.c.play(b.ch, play{}) })
		wait.Go(func() { b.other.play(other, play{}) })
	}
	wait.Wait()
	b.r.Exchanges += 2 * players
	for _, u := range played {
		if !b.same(checkPure, "in several goroutines at once", u) {
			return
		}
	}
}

// interleave plays the case step by step in turn with another exchange.
func (b *bench) interleave(y *exchange) *traced {
	b.r.Exchanges += 2
	x := b.c.start(b.ch, play{})
	for more, other := true, true; more || other; {
		if more {
			more = x.step()
		}
		if other {
			other = y.step()
		}
	}
	return &x.t
}

// lifetime destroys everything that an adapter was given as soon as the call is over.
func (b *bench) lifetime() {
	b.same(checkLifetime, "with everything destroyed after each call", b.play(play{destroy: true}))
}

// split cuts the stream anywhere and gives the events in batches of any size.
func (b *bench) split() {
	if !b.c.streamed() || b.t.local {
		return
	}
	for _, batch := range []struct {
		n    int
		what string
	}{{7, "events in batches of 7"}, {-1, "all events in one batch"}} {
		u := b.play(play{batch: batch.n})
		if u.late > 0 {
			b.fault(checkSplit, "%s: ops behind done, for events behind the end of the answer", batch.what)
			return
		}
		if !b.same(checkSplit, batch.what, u) {
			return
		}
	}
	for seed := range b.s.options.Seeds {
		if !b.same(checkSplit, "the stream in random pieces", b.play(play{slices: random(seed), batch: -2, destroy: true})) {
			return
		}
	}
}

// guest gives the body as a plugin gets it.
func (b *bench) guest() {
	if b.c.body != nil {
		b.same(checkGuest, "with the body in the form that a plugin gets", b.play(play{guest: true}))
	}
}
