// Package telemetry says what the proxy does: in log lines, metrics, live events and records of recent exchanges, none of
// which hold a secret.
package telemetry

import (
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/relay"
)

// Hub sees every request and tells of it in all the ways of this package. It is safe for concurrent use, and nothing of
// it waits for those who listen.
type Hub struct {
	now      func() time.Time
	log      *slog.Logger
	settings atomic.Pointer[settings]
	feed     feed
	meters   *meters
	captures captures
	short    func() bool

	mu     sync.Mutex
	live   map[string]*Exchange
	recent ring
	series series
	totals totals
}

var _ relay.Observer = (*Hub)(nil)

// Options are what New needs besides a configuration.
type Options struct {
	// Log takes the lines about requests. What else is logged reaches the hub's subscribers through Handler.
	Log *slog.Logger
	// Version is the program's version.
	Version string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Health and Plugins are asked when metrics are read; nil means that there is nothing to tell.
	Health  func() []ChannelHealth
	Plugins func() []PluginHealth
	// Short says that memory is short, so that nothing is captured; nil means never.
	Short func() bool
}

// settings are what the hub takes from a configuration.
type settings struct {
	log     config.Log
	trusted []netip.Prefix
	names   labels
}

// New returns a hub for this configuration.
func New(cfg *config.Config, o Options) *Hub {
	h := &Hub{now: o.Now, log: o.Log, short: o.Short, live: make(map[string]*Exchange)}
	if h.now == nil {
		h.now = time.Now
	}
	h.series.born = h.now()
	h.meters = newMeters(h, &o)
	h.configure(cfg)
	return h
}

// configure takes over a configuration.
func (h *Hub) configure(cfg *config.Config) {
	h.settings.Store(&settings{log: cfg.Log, trusted: slices.Clone(cfg.Server.TrustedProxies), names: labelsOf(cfg)})
	h.mu.Lock()
	h.recent.resize(cfg.Log.Recent)
	h.mu.Unlock()
}

// Reloaded tells of an attempt to put a configuration to work: cfg is the one in force afterwards, err says why it is the
// old one, and detail is what subscribers get; nil for nothing more.
func (h *Hub) Reloaded(cfg *config.Config, err error, detail any) {
	h.meters.reloaded(h.now(), err)
	if err == nil {
		h.configure(cfg)
	}
	h.Publish(Reload, detail)
}

// Started implements relay.Observer.
func (h *Hub) Started(call *relay.Call) relay.Trace {
	e := begin(call)
	h.mu.Lock()
	h.live[call.ID] = e
	h.series.enter(h.now())
	h.mu.Unlock()
	if h.feed.heard() {
		h.Publish(RequestStarted, *e)
	}
	return h.trace(call)
}

// Ended implements relay.Observer.
func (h *Hub) Ended(r *relay.Record) {
	set := h.settings.Load()
	h.mu.Lock()
	begun := h.live[r.Call.ID]
	h.mu.Unlock()
	if begun == nil {
		panic("BUG: a request ended that had not started")
	}
	done := *begun // readers may be copying the one that is under way
	done.end(r)
	capture := h.captured(r, &done)
	h.mu.Lock()
	delete(h.live, done.ID)
	h.series.leave(h.now(), &done)
	h.totals.add(&done)
	h.recent.add(&done)
	h.mu.Unlock()
	h.meters.ended(r, &done, &set.names)
	if h.feed.heard() {
		h.Publish(RequestEnded, done)
	}
	logRequest(h.log, set.log.Requests, set.log.Responses, r)
	if capture != nil && covers(set.log.Bodies, &done) {
		logBodies(h.log, r.Call.ID, capture.view())
	}
}

// Refusal is a request that was turned away before it was served.
type Refusal struct {
	ID string
	// Client is the client key's name, "" where none was accepted.
	Client string
	Method string
	Path   string
	Answer *failure.Answer
}

// Refused tells of a request that was turned away. Those without a valid key are counted and logged but do not push
// others out of the list of recent ones, since anybody can send them.
func (h *Hub) Refused(r Refusal) {
	now := h.now()
	e := &Exchange{
		ID: r.ID, Time: now, Client: r.Client, Op: r.Path, Outcome: refusedAs(r.Answer), Status: r.Answer.Status,
		Message: r.Answer.Message, Attempts: []Attempt{}, Tokens: Tokens{-1, -1, -1, -1},
	}
	h.meters.refused(e.Outcome)
	h.mu.Lock()
	h.series.refuse(now, e)
	h.totals.add(e)
	if r.Client != "" {
		h.recent.add(e)
	}
	h.mu.Unlock()
	if h.feed.heard() && r.Client != "" {
		h.Publish(RequestEnded, *e)
	}
	if set := h.settings.Load(); set.log.Requests || set.log.Responses {
		h.log.Info("request refused", "id", r.ID, "client", r.Client, "method", r.Method, "path", r.Path, "status", r.Answer.Status,
			"type", r.Answer.Type, "message", r.Answer.Message)
	}
}

// Live returns the requests under way, oldest first.
func (h *Hub) Live() []Exchange {
	h.mu.Lock()
	list := make([]Exchange, 0, len(h.live))
	for _, e := range h.live {
		list = append(list, *e)
	}
	h.mu.Unlock()
	slices.SortFunc(list, func(a, b Exchange) int { return a.Time.Compare(b.Time) })
	now := h.now()
	for i := range list {
		list[i].TotalMS = milliseconds(now.Sub(list[i].Time))
	}
	return list
}

// Recent returns the exchanges that the filter lets through, newest first.
func (h *Hub) Recent(f Filter) []Exchange {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.recent.find(&f)
}

// Get returns one exchange that is recent or under way.
func (h *Hub) Get(id string) (Exchange, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e := h.live[id]; e != nil {
		return *e, true
	}
	return h.recent.get(id)
}
