package balance

import (
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
)

// channelState is what is known of a channel, by its name.
type channelState struct {
	load
	record
	keys map[string]*keyState
}

// keyState is what is known of a key of a channel, by its id.
type keyState struct {
	load
	record
	// refused is when it was last refused, or last used although it had been.
	refused time.Time
}

// record is the health of a channel or key: as a whole, and by upstream model.
type record struct {
	whole  health
	models modelHealth
}

// reset forgets everything and says whether there was anything.
func (r *record) reset() bool {
	known := r.whole.failures > 0 || len(r.models) > 0
	*r = record{}
	return known
}

// load is what strategies and limits go by, and what people see of it.
type load struct {
	// inFlight counts attempts under way.
	inFlight int
	// current is the balance of round-robin.
	current int64
	// recent counts the attempts of the last minute, side requests left out.
	recent minute
	// paces are what fastest goes by.
	paces paces
	// counts and pace are for people.
	counts counts
	pace   pace
}

// counts add up what became of attempts.
type counts struct {
	attempts, succeeded, failed int64
	last                        time.Time
}

func (l *load) traffic() Traffic {
	return Traffic{
		InFlight: l.inFlight, Attempts: l.counts.attempts, Succeeded: l.counts.succeeded, Failed: l.counts.failed,
		LastUsed: l.counts.last, FirstByte: time.Duration(l.pace.seconds * float64(time.Second)),
	}
}

// channel returns the state of a channel and makes it where it is new.
func (b *Balancer) channel(c *config.Channel) *channelState {
	s := b.channels[c.Name]
	if s == nil {
		s = &channelState{keys: make(map[string]*keyState)}
		b.channels[c.Name] = s
	}
	return s
}

func (s *channelState) key(k *config.Key) *keyState {
	ks := s.keys[k.ID]
	if ks == nil {
		ks = &keyState{}
		s.keys[k.ID] = ks
	}
	return ks
}

// maxModels bounds the records of one channel or key, since clients may choose the names of models.
const maxModels = 256

// modelHealth is health by upstream model. Only models that failed have a record.
type modelHealth map[string]*health

// of returns the record of a model, making one and, when there are too many, giving up the one that heals soonest.
func (m *modelHealth) of(model string) *health {
	if h := (*m)[model]; h != nil {
		return h
	}
	if *m == nil {
		*m = make(modelHealth)
	}
	if len(*m) >= maxModels {
		oldest := ""
		for name, h := range *m {
			if oldest == "" || h.until.Before((*m)[oldest].until) {
				oldest = name
			}
		}
		delete(*m, oldest)
	}
	h := &health{}
	(*m)[model] = h
	return h
}

// healths calls f for each record that speaks of the target.
func (t *Target) healths(f func(*health)) {
	f(&t.channel.whole)
	f(&t.key.whole)
	if h := t.channel.models[t.Model]; h != nil {
		f(h)
	}
	if h := t.key.models[t.Model]; h != nil {
		f(h)
	}
}
