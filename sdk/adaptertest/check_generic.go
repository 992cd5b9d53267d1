package adaptertest

import (
	"bytes"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// taken checks that a generic request is taken, or refused so that another channel may serve it. Plain text is never
// refused.
func (b *bench) taken() {
	f := b.t.fail
	if !b.c.generic || b.t.at != atBegin || f == nil {
		return
	}
	plain := b.r.Level <= 2 || b.r.Level == 5
	switch {
	case plain:
		b.r.add(Finding{Check: checkTaken, Message: "every adapter takes text", Actual: failureText(f, b.t.at)})
	case f.Class != adapter.Unsupported:
		b.r.add(Finding{Check: checkTaken, Message: "the request is legal: what this upstream cannot express is refused with class unsupported", Actual: failureText(f, b.t.at)})
	case f.Field == "":
		b.r.add(Finding{Check: checkTaken, Message: "a refusal names the field that it is about", Actual: failureText(f, b.t.at)})
	default:
		b.r.Refused = f.Error()
	}
}

// canary begins the strings of generic requests that have to get through.
const canary = "kit-"

// reach checks that each canary of a generic request stands in the upstream's request, or that a loss names its field.
func (b *bench) reach() {
	if !b.c.generic || b.t.fail != nil && b.t.at == atBegin || b.t.local || b.t.through || b.c.body == nil {
		return
	}
	doc, err := jsonindex.Parse(b.c.body, jsonindex.ClientMode())
	if err != nil {
		return
	}
	for i := range doc.Ents {
		text, ok := doc.Value(uint32(i)).Text()
		if !ok || !strings.HasPrefix(text, canary) || bytes.Contains(b.t.body, []byte(text)) {
			continue
		}
		path := doc.PathOf(uint32(i))
		if !named(withoutPositions(path), b.t.losses) {
			b.fault(checkReach, "%s does not reach the upstream, and no loss names it: %s", path, text)
		}
	}
}

// replay takes the adapter's memory away in the middle of a stream. An adapter that depends on its inputs alone goes on as
// if nothing had been.
func (b *bench) replay() {
	r, ok := b.s.runner.(runner.Restarter)
	if !ok || b.t.local || b.t.at == atBegin || b.c.answer == noAnswer {
		return
	}
	b.r.Exchanges++
	x := b.c.start(b.ch, play{})
	more := x.step()
	for n, middle := 0, len(x.todo)/2; more; n++ {
		if n == middle {
			r.Restart()
		}
		more = x.step()
	}
	b.same(checkReplay, "with its memory taken away in the middle", &x.t)
}
