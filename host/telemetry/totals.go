package telemetry

// Totals counts requests since the program started.
type Totals struct {
	// Requests counts those that ended, by outcome.
	Requests map[Outcome]int64
	// Tokens are those that upstreams reported.
	Tokens Tokens
	// Live is how many requests are under way.
	Live int
}

// totals counts for one hub, which locks.
type totals struct {
	outcomes [len(Outcomes)]int64
	tokens   Tokens
}

func (t *totals) add(e *Exchange) {
	t.outcomes[e.Outcome.index()]++
	t.tokens.Input += max(e.Tokens.Input, 0)
	t.tokens.Output += max(e.Tokens.Output, 0)
	t.tokens.CacheRead += max(e.Tokens.CacheRead, 0)
	t.tokens.CacheWrite += max(e.Tokens.CacheWrite, 0)
}

// Totals returns the counts so far.
func (h *Hub) Totals() Totals {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := Totals{Requests: make(map[Outcome]int64, len(Outcomes)), Tokens: h.totals.tokens, Live: len(h.live)}
	for i, o := range Outcomes {
		out.Requests[o] = h.totals.outcomes[i]
	}
	return out
}
