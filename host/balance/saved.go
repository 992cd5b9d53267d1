package balance

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/claude-proxy/claude-proxy/host/failure"
)

const (
	// savedVersion is the format of what Save writes.
	savedVersion = 1
	// maxRest is the longest time out that Restore believes in: no ruling gives more.
	maxRest = 30 * time.Minute
	// maxSavedFailures bounds failures in a row; beyond, cooldowns have stopped to grow.
	maxSavedFailures = 64
)

// saved is the health of everything that is not well, for the next start of the program. Times are by the wall clock.
type saved struct {
	Version  int                      `json:"version"`
	Saved    time.Time                `json:"saved"`
	Channels map[string]*savedChannel `json:"channels"`
}

type savedChannel struct {
	savedRecord
	Keys map[string]*savedRecord `json:"keys,omitempty"`
}

type savedRecord struct {
	Whole  *savedHealth            `json:"whole,omitempty"`
	Models map[string]*savedHealth `json:"models,omitempty"`
}

type savedHealth struct {
	State    string    `json:"state"`
	Failures int       `json:"failures"`
	Since    time.Time `json:"since"`
	Until    time.Time `json:"until"`
	Explicit bool      `json:"explicit,omitempty"`
	Reason   string    `json:"reason,omitempty"`
}

// Save writes what is known against channels and keys as JSON, by their stable names. It holds no secret.
func (b *Balancer) Save() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	s := saved{Version: savedVersion, Saved: now, Channels: make(map[string]*savedChannel)}
	for name, cs := range b.channels {
		c := &savedChannel{savedRecord: cs.record.save(now), Keys: make(map[string]*savedRecord)}
		for id, ks := range cs.keys {
			if k := ks.record.save(now); !k.empty() {
				c.Keys[id] = &k
			}
		}
		if !c.empty() || len(c.Keys) > 0 {
			s.Channels[name] = c
		}
	}
	text, err := json.MarshalIndent(s, "", "\t")
	if err != nil {
		panic("BUG: health does not encode: " + err.Error()) // strings, numbers and times of this century
	}
	return append(text, '\n')
}

func (r *savedRecord) empty() bool { return r.Whole == nil && len(r.Models) == 0 }

// save leaves out what is over: a restart forgets it.
func (r *record) save(now time.Time) savedRecord {
	var s savedRecord
	if r.whole.failures > 0 && r.whole.until.After(now) {
		s.Whole = r.whole.save()
	}
	for model, h := range r.models {
		if h.failures == 0 || !h.until.After(now) {
			continue
		}
		if s.Models == nil {
			s.Models = make(map[string]*savedHealth)
		}
		s.Models[model] = h.save()
	}
	return s
}

func (h *health) save() *savedHealth {
	return &savedHealth{State: h.state.String(), Failures: h.failures, Since: h.at.UTC(), Until: h.until.UTC(), Explicit: h.explicit, Reason: h.reason}
}

// Restore takes over what Save wrote, as far as its time is not over. It is for a balancer that has served nothing yet. On
// an error nothing is taken over. Times out beyond what any ruling gives are cut, so that a clock that was wrong, or a file
// that was edited, keeps nothing away for long.
func (b *Balancer) Restore(text []byte) error {
	var s saved
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	if s.Version != savedVersion {
		return fmt.Errorf("its version is %d, this program knows %d", s.Version, savedVersion)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	for name, c := range s.Channels {
		if c == nil {
			continue
		}
		cs := &channelState{record: c.restore(now), keys: make(map[string]*keyState)}
		for id, k := range c.Keys {
			if k != nil {
				cs.keys[id] = &keyState{record: k.restore(now)}
			}
		}
		b.channels[name] = cs
	}
	return nil
}

func (s *savedRecord) restore(now time.Time) record {
	var r record
	if s.Whole != nil {
		r.whole = s.Whole.restore(now)
	}
	for model, saved := range s.Models {
		if saved == nil {
			continue
		}
		if h := saved.restore(now); h.failures > 0 {
			*r.models.of(model) = h
		}
	}
	return r
}

// restore gives the zero health for what is over or makes no sense.
func (s *savedHealth) restore(now time.Time) health {
	state := failure.OK
	for _, x := range [...]failure.State{failure.Cooling, failure.Quota, failure.Invalid} {
		if x.String() == s.State {
			state = x
		}
	}
	rest := s.Until.Sub(now)
	if state == failure.OK || s.Failures < 1 || rest <= 0 {
		return health{}
	}
	h := health{
		failures: min(s.Failures, maxSavedFailures), state: state, until: now.Add(min(rest, maxRest)), explicit: s.Explicit, reason: s.Reason,
	}
	// now has a monotonic part, which times of a file have not; a failure of the future would outlive every success.
	h.at = now.Add(-max(now.Sub(s.Since), 0))
	return h
}
