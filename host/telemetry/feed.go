package telemetry

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// EventType says what an event tells of.
type EventType string

const (
	// RequestStarted and RequestEnded carry an Exchange.
	RequestStarted EventType = "request_started"
	RequestEnded   EventType = "request_ended"
	// Health carries all channels ([]ChannelHealth): something was learnt about one of them or its keys.
	Health EventType = "health"
	// Reload carries what Reloaded was given: a configuration was put to work, or could not be.
	Reload EventType = "reload"
	// Plugin carries a registry.PluginInfo: a plugin was loaded, replaced, removed, or failed.
	Plugin EventType = "plugin"
	// Log carries a LogLine: a warning or an error.
	Log EventType = "log"
)

// Event is something that happened.
type Event struct {
	// Seq counts the events since the program started. A gap means that events were lost, or not asked for.
	Seq  uint64    `json:"seq"`
	Time time.Time `json:"time"`
	Type EventType `json:"type"`
	Data any       `json:"data,omitempty"`
	// Lost is how many events this subscriber has missed in all, as far as was known when this one was queued for it.
	Lost uint64 `json:"lost,omitempty"`
}

// queueLength is how many events wait for a subscriber before the oldest are given up.
const queueLength = 256

// feed hands events to subscribers. Its zero value is ready.
type feed struct {
	seq  atomic.Uint64
	lost atomic.Uint64
	// listeners is the number of subscribers, so that nobody has to prepare what no one hears.
	listeners atomic.Int32

	mu   sync.Mutex
	subs map[*subscriber]struct{}
}

type subscriber struct {
	queue chan Event
	types []EventType
	lost  uint64
}

// heard says whether anybody listens.
func (f *feed) heard() bool { return f.listeners.Load() > 0 }

// Heard says whether there is a subscriber, for those whose events take some work.
func (h *Hub) Heard() bool { return h.feed.heard() }

// Publish tells all subscribers. data must not be changed afterwards and must hold no secret.
func (h *Hub) Publish(t EventType, data any) {
	h.feed.publish(Event{Time: h.now(), Type: t, Data: data})
}

// Subscribe returns a channel of the events of these types (none: all) from now on, until ctx ends; then it is closed. Who
// reads it too slowly loses the oldest of 256, and Event.Lost counts them.
func (h *Hub) Subscribe(ctx context.Context, types ...EventType) <-chan Event {
	return h.feed.subscribe(ctx, types, queueLength)
}

func (f *feed) subscribe(ctx context.Context, types []EventType, length int) <-chan Event {
	s := &subscriber{queue: make(chan Event, length), types: types}
	f.mu.Lock()
	if f.subs == nil {
		f.subs = make(map[*subscriber]struct{})
	}
	f.subs[s] = struct{}{}
	f.listeners.Add(1)
	f.mu.Unlock()
	context.AfterFunc(ctx, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.subs, s)
		f.listeners.Add(-1)
		close(s.queue)
	})
	return s.queue
}

func (f *feed) publish(e Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e.Seq = f.seq.Add(1)
	for s := range f.subs {
		if len(s.types) > 0 && !slices.Contains(s.types, e.Type) {
			continue
		}
		f.lost.Add(s.send(e))
	}
}

// send never waits: it makes room by taking the oldest away. It returns how many it took.
func (s *subscriber) send(e Event) (lost uint64) {
	for {
		e.Lost = s.lost
		select {
		case s.queue <- e:
			return lost
		default:
		}
		select {
		case <-s.queue:
			s.lost++
			lost++
		default: // the reader took one meanwhile
		}
	}
}
