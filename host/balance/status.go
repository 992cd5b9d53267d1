package balance

import (
	"cmp"
	"slices"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
)

// State is how a channel or key stands, in the words of the API and the UI.
type State string

const (
	// OK: nothing speaks against it.
	OK State = "ok"
	// Cooling: it failed and is left in peace until its time is over, or used when nothing better is there.
	Cooling State = "cooling"
	// Quota: its money or quota is used up.
	Quota State = "quota"
	// Invalid: its credential was refused.
	Invalid State = "invalid"
	// Disabled: the configuration switches it off.
	Disabled State = "disabled"
)

// Condition is a state with what is known of it.
type Condition struct {
	State State
	// Since is when the last failure was reported and Until when the time out is over; both are zero in the states ok and
	// disabled. An Until in the past means that the next request probes it.
	Since, Until time.Time
	// Reason says for people what went wrong, or why it is disabled. It holds no secret.
	Reason string
	// Failures counts those in a row.
	Failures int
}

// Traffic is what went through a channel or key since the program started, count_tokens and model lists left out.
type Traffic struct {
	// InFlight counts attempts under way.
	InFlight int
	// Attempts are all that were begun. Those that brought content Succeeded, whatever came later; those of which the
	// upstream, the way to it or the adapter was at fault Failed. Clients that left or asked for nonsense make neither.
	Attempts, Succeeded, Failed int64
	// LastUsed is when the last attempt began; zero means never.
	LastUsed time.Time
	// FirstByte is how long the first content takes: a moving average over all models. 0 means not known.
	FirstByte time.Duration
}

// ModelStatus is what is known against one upstream model of a channel or key.
type ModelStatus struct {
	Model string
	Condition
}

// KeyStatus is how a key of a channel is.
type KeyStatus struct {
	// ID and Label are those of config.Key.
	ID, Label string
	Condition
	Traffic
	// Models lists, by name, the upstream models for which the key is not ok.
	Models []ModelStatus
}

// ChannelStatus is how a channel is.
type ChannelStatus struct {
	Channel string
	// Condition is the channel's own or, when that is ok and no key is, that of the key which may serve the soonest.
	Condition
	Traffic
	// Models lists, by name, the upstream models for which the channel is not ok.
	Models []ModelStatus
	// Keys are in the order of the configuration.
	Keys []KeyStatus
}

// Status tells how these channels and their keys are, in their order. It never changes anything.
func (b *Balancer) Status(channels []config.Channel) []ChannelStatus {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]ChannelStatus, 0, len(channels))
	for i := range channels {
		c := &channels[i]
		s := b.channels[c.Name]
		if s == nil {
			s = &channelState{}
		}
		status := ChannelStatus{Channel: c.Name, Condition: s.whole.condition(), Traffic: s.traffic(), Models: s.models.status()}
		for k := range c.Keys {
			status.Keys = append(status.Keys, s.keyStatus(&c.Keys[k]))
		}
		switch {
		case !c.Enabled:
			status.Condition = Condition{State: Disabled, Reason: "disabled in the configuration"}
		case status.State == OK:
			status.Condition = ofKeys(status.Keys)
		}
		list = append(list, status)
	}
	return list
}

func (s *channelState) keyStatus(k *config.Key) KeyStatus {
	ks := s.keys[k.ID]
	if ks == nil {
		ks = &keyState{}
	}
	status := KeyStatus{ID: k.ID, Label: k.Label, Condition: ks.whole.condition(), Traffic: ks.traffic(), Models: ks.models.status()}
	if !k.Enabled {
		status.Condition = Condition{State: Disabled, Reason: cmp.Or(k.Reason, "disabled in the configuration")}
	}
	return status
}

// ofKeys is ok when any key is, or when there are none; else the condition of the key that may serve the soonest.
func ofKeys(keys []KeyStatus) Condition {
	order := []State{OK, Cooling, Quota, Invalid, Disabled}
	if len(keys) == 0 {
		return Condition{State: OK}
	}
	best := slices.MinFunc(keys, func(a, b KeyStatus) int {
		return cmp.Or(slices.Index(order, a.State)-slices.Index(order, b.State), a.Until.Compare(b.Until))
	})
	return best.Condition
}

func (h *health) condition() Condition {
	if h.failures == 0 {
		return Condition{State: OK}
	}
	return Condition{State: stateOf(h.state), Since: h.at, Until: h.until, Reason: h.reason, Failures: h.failures}
}

func stateOf(s failure.State) State { return State(s.String()) }

func (m modelHealth) status() []ModelStatus {
	list := make([]ModelStatus, 0, len(m))
	for model, h := range m {
		if h.failures > 0 {
			list = append(list, ModelStatus{Model: model, Condition: h.condition()})
		}
	}
	slices.SortFunc(list, func(a, b ModelStatus) int { return cmp.Compare(a.Model, b.Model) })
	return list
}

// Reset forgets what is known against a channel with all its keys, or against one key of it (by id; "" means all). It says
// whether anything was. Attempts under way may report new failures.
func (b *Balancer) Reset(channel, keyID string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.channels[channel]
	if s == nil {
		return false
	}
	known := false
	if keyID == "" {
		known = s.record.reset()
	}
	for id, ks := range s.keys {
		if keyID == "" || id == keyID {
			known = ks.record.reset() || known
			ks.refused = time.Time{}
		}
	}
	if known {
		b.changes++
	}
	return known
}

// Changes counts what was learnt or forgotten about health so far, for those who keep a copy of it.
func (b *Balancer) Changes() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changes
}
