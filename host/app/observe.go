package app

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/claude-proxy/claude-proxy/host/auth"
	"github.com/claude-proxy/claude-proxy/host/balance"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/limits"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/host/telemetry"
)

// observer passes on what requests came to.
type observer struct {
	*telemetry.Hub
	app    *App
	limits *limits.Limiter
	// known is what the balancer had learnt when subscribers were told last.
	known atomic.Uint64
}

func (o *observer) Ended(r *relay.Record) {
	o.limits.Spend(r.Call.Principal, r.Spent())
	o.Hub.Ended(r)
	if n := o.app.balancer.Changes(); o.known.Swap(n) != n && o.Heard() {
		o.Publish(telemetry.Health, o.app.channelHealth())
	}
}

func (a *App) refused(id string, p *auth.Principal, r *http.Request, f *failure.Answer) {
	refusal := telemetry.Refusal{ID: id, Method: r.Method, Path: r.URL.Path, Answer: f}
	if p != nil {
		refusal.Client = p.Name
	}
	a.hub.Refused(refusal)
}

// channelHealth is the balancer's knowledge as metrics show it.
func (a *App) channelHealth() []telemetry.ChannelHealth {
	now := time.Now()
	rest := func(until time.Time) time.Duration { return max(until.Sub(now), 0) }
	var list []telemetry.ChannelHealth
	for _, s := range a.balancer.Status(a.current.Load().relay.Config.Channels) {
		c := telemetry.ChannelHealth{Channel: s.Channel, Up: s.State == balance.OK, InFlight: s.InFlight}
		for _, k := range s.Keys {
			c.Keys = append(c.Keys, telemetry.KeyHealth{Key: k.ID, State: string(k.State), Cooldown: max(rest(k.Until), rest(s.Until))})
		}
		list = append(list, c)
	}
	return list
}

// pluginHealth is the registry's knowledge of plugins as metrics show it.
func pluginHealth(reg *registry.Registry) []telemetry.PluginHealth {
	var list []telemetry.PluginHealth
	for _, p := range reg.Plugins() {
		if p.Builtin {
			continue
		}
		list = append(list, telemetry.PluginHealth{
			Plugin: p.Name, Up: p.State == registry.Active, Calls: p.Calls, Faults: p.Stats.Faults, Busy: p.Stats.Busy,
			Replays: p.Stats.Replays, Lost: p.Stats.Lost, Instances: p.Stats.Instances, Exchanges: p.Stats.Exchanges, MemoryBytes: p.Stats.Memory,
		})
	}
	return list
}

// pluginChanged tells subscribers, and then whoever else wants to know.
func (a *App) pluginChanged(next func(registry.PluginInfo)) func(registry.PluginInfo) {
	return func(p registry.PluginInfo) {
		a.hub.Publish(telemetry.Plugin, p)
		if next != nil {
			next(p)
		}
	}
}
