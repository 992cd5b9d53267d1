package app

import (
	"fmt"

	"github.com/claude-proxy/claude-proxy/host/balance"
	"github.com/claude-proxy/claude-proxy/host/httpapi"
	"github.com/claude-proxy/claude-proxy/host/overload"
)

// ready lists what has to hold for the proxy to take new requests. Upstreams that fail at the moment do not make it unready:
// another copy of it would fare no better.
func (a *App) ready() []httpapi.Check {
	running := httpapi.Check{Name: "running", OK: !a.draining.Load(), Detail: "takes new requests"}
	if !running.OK {
		running.Detail = "the proxy is stopping"
	}
	level := a.memory.Level()
	return []httpapi.Check{
		running,
		{Name: "configuration", OK: true, Detail: "loaded"}, // without one the program does not run
		a.usable(),
		{Name: "memory", OK: level < overload.Hard, Detail: "pressure: " + level.String()},
	}
}

// usable counts the channels that could serve: enabled, with an adapter that is there and a key that was not refused.
func (a *App) usable() httpapi.Check {
	s, usable := a.current.Load(), 0
	for _, c := range a.balancer.Status(s.relay.Config.Channels) {
		switch c.State {
		case balance.Disabled, balance.Invalid:
			continue
		}
		if s.relay.Channels[c.Channel].Adapter.Available() {
			usable++
		}
	}
	return httpapi.Check{Name: "channels", OK: usable > 0, Detail: fmt.Sprintf("%d of %d usable", usable, len(s.relay.Config.Channels))}
}

// pressed reacts to a new level of memory: under pressure idle connections are closed and none is kept.
func (a *App) pressed(level overload.Level, s overload.Sample) {
	if d := a.doors.Load(); d != nil {
		d.keepAlive(level == overload.None)
	}
	if level == overload.None {
		a.log.Info("memory is no longer short", "used_mib", s.Used>>20, "limit_mib", s.Limit>>20)
		return
	}
	a.log.Warn("memory is short", "level", level.String(), "used_mib", s.Used>>20, "limit_mib", s.Limit>>20,
		"try", "give the process more memory, or lower server.max_concurrent_requests")
}

// Pressure is how much the proxy has to save. Captures of bodies, which are dispensable, stop at overload.Soft.
func (a *App) Pressure() overload.Level { return a.memory.Level() }
