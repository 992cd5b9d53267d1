package adaptertest

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/render"
)

const (
	// mostCuts bounds the events after which a long stream is cut.
	mostCuts = 100
	// shortStream is the length in bytes up to which a stream is cut after every byte.
	shortStream = 8 << 10
)

// cut ends the stream early. Only an answer that misses nothing but usage may be called complete.
func (b *bench) cut() {
	if !b.c.streamed() || b.t.local {
		return
	}
	all, err := cutFrames(b.c.answer, b.c.data, nil)
	if err != nil {
		return
	}
	for _, k := range sample(len(all), mostCuts) {
		for _, reason := range []adapter.EndReason{adapter.EOF, adapter.Cut} {
			if !b.cutAt(all[:k], reason) {
				return
			}
		}
	}
	if len(b.c.data) > shortStream {
		return
	}
	for i := range b.c.data {
		part, err := cutFrames(b.c.answer, b.c.data[:i], nil)
		if err != nil || isPrefix(part, all) { // nothing new: the bytes lie between two events
			continue
		}
		if !b.cutAt(part, adapter.Cut) {
			return
		}
	}
}

// sample is the numbers below n, at most most of them, evenly spread.
func sample(n, most int) (list []int) {
	for i := range min(n, most) {
		list = append(list, i*n/min(n, most))
	}
	return list
}

func isPrefix(part, all []frame) bool {
	if len(part) > len(all) {
		return false
	}
	for i, f := range part {
		if f.name != all[i].name || !bytes.Equal(f.data, all[i].data) {
			return false
		}
	}
	return true
}

// cutAt plays only these events, then the end. It reports and says false when that went wrong.
func (b *bench) cutAt(events []frame, reason adapter.EndReason) bool {
	u := b.play(play{frames: slices.Concat([]frame{}, events), end: &endAt{len(events), reason}})
	message := failureFault(u)
	switch {
	case message != "":
	case u.done && !b.complete(u):
		message = "the answer is called complete"
	case u.done:
		message = b.c.renderFault(u)
	}
	if message == "" {
		return true
	}
	b.r.add(Finding{Check: checkCut, Message: "the stream ended (" + reason.String() + ") after " + plural(len(events), "event") + ": " + message, Actual: ops.Dump(u.ops)})
	return false
}

// complete says whether a play that was cut short has all that the recorded one has, but for usage.
func (b *bench) complete(u *traced) bool {
	if b.t.done {
		return bytes.Equal(b.c.withoutUsage(b.t), b.c.withoutUsage(u))
	}
	return stopSeen(b.t.ops)
}

// stopSeen says whether the ops tell why the model stopped.
func stopSeen(b []byte) bool {
	for {
		o, rest, ok := ops.Split(b)
		if !ok {
			return false
		}
		if o.Code == ops.Stop {
			return true
		}
		b = rest
	}
}

// withoutUsage is the answer as a whole message without its usage; nil when the ops are refused.
func (c *Case) withoutUsage(t *traced) []byte {
	b, err := renderOps(render.NewWhole(c.meta()), t.ops, 0)
	if err != nil {
		return nil
	}
	var message map[string]json.RawMessage
	if json.Unmarshal(b, &message) != nil {
		return nil
	}
	delete(message, "usage")
	b, _ = json.Marshal(message) // a map of valid raw messages always marshals
	return b
}
