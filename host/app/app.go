// Package app joins the parts of the proxy into a running server.
package app

import (
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/claude-proxy/claude-proxy/host/admin"
	"github.com/claude-proxy/claude-proxy/host/admission"
	"github.com/claude-proxy/claude-proxy/host/balance"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/store"
	"github.com/claude-proxy/claude-proxy/host/httpapi"
	"github.com/claude-proxy/claude-proxy/host/limits"
	"github.com/claude-proxy/claude-proxy/host/overload"
	"github.com/claude-proxy/claude-proxy/host/pages"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/host/telemetry"
)

// App is a proxy that is ready to serve.
type App struct {
	options  Options
	hub      *telemetry.Hub
	log      *slog.Logger
	current  atomic.Pointer[snapshot]
	handler  http.Handler
	admin    *admin.API // nil where there is none
	balancer *balance.Balancer
	health   *healthFile
	memory   *overload.Monitor
	gate     *admission.Gate
	reloads  reloads
	retired  retired
	// doors is there while Serve runs.
	doors    atomic.Pointer[doors]
	draining atomic.Bool
}

// Options are what New needs besides a configuration.
type Options struct {
	Log      *slog.Logger
	Registry *registry.Registry
	// Version is shown to clients and upstreams.
	Version string
	// Load reads the configuration once more for Reload, with the flags of the program; nil makes Reload an error.
	Load func() (*config.Config, config.Report)
	// Reloaded is told of every attempt to put a changed configuration to work, before Reload returns; may be nil.
	Reloaded func(ReloadResult)
	// Files is plugins.yaml for the admin API, whose Load must agree with the other one; nil means no admin API.
	Files *store.Store
	// UseLog changes level and format of the log; may be nil.
	UseLog func(config.Log, config.Environment)
	// UI is the built web UI; nil where the program has none.
	UI fs.FS
	// Memory looks at the memory of the process; nil looks for real, see overload.Memory.
	Memory func() overload.Sample
	// InterpretPlugins runs plugins without machine code; see wasm.Config.
	InterpretPlugins bool
	// PluginChanged is told of each plugin whose state changed; see registry.Settings. May be nil.
	PluginChanged func(registry.PluginInfo)
}

// New puts a configuration to work and lets the registry load the plugins that it names. It opens no socket. The registry
// stays the caller's, who closes it after the last request.
func New(cfg *config.Config, o Options) (*App, error) {
	a := &App{}
	a.hub = telemetry.New(cfg, telemetry.Options{
		Log: o.Log, Version: o.Version, Health: a.channelHealth,
		Plugins: func() []telemetry.PluginHealth { return pluginHealth(o.Registry) },
		Short:   func() bool { return a.memory.Level() != overload.None },
	})
	o.PluginChanged = a.pluginChanged(o.PluginChanged)
	a.options = o
	a.log = slog.New(a.hub.Handler(o.Log.Handler()))
	s, err := build(cfg, o.Registry, o.Version, nil)
	if err != nil {
		return nil, err
	}
	a.current.Store(s)
	o.Registry.Use(plugins(cfg, o))
	a.balancer = balance.New(time.Now, rand.Float64)
	a.health = &healthFile{path: filepath.Join(cfg.Server.StateDir, healthName), balancer: a.balancer, log: o.Log}
	a.health.restore()
	if o.Memory == nil {
		o.Memory = overload.Memory()
	}
	a.memory = overload.New(o.Memory, a.pressed)
	limiter := limits.New(time.Now)
	relayed := relay.New(func() *relay.Snapshot { return a.current.Load().relay }, a.balancer, &observer{Hub: a.hub, app: a, limits: limiter})
	a.gate = admission.New(cfg.Server.MaxConcurrentRequests, cfg.Server.Queue.Length, cfg.Server.Queue.Wait)
	surface := httpapi.Options{
		Snapshot:  func() *httpapi.Snapshot { return a.current.Load().http },
		Relay:     relayed,
		Limits:    limiter,
		Gate:      a.gate,
		Strangers: limits.NewStrangers(time.Now),
		Shedding:  func() bool { return a.memory.Level() >= overload.Hard },
		Ready:     a.ready,
		Refused:   a.refused,
		Metrics:   a.hub.Metrics(),
		Admin:     a.adminMaker(),
		Local:     a.hub.Local,
		Panicked: func(id string, value any, stack []byte) {
			a.log.Error("a handler panicked", "id", id, "panic", fmt.Sprint(value), "stack", string(stack))
		},
		Version: o.Version,
	}
	if o.UI != nil {
		if surface.UI, err = pages.New(o.UI); err != nil {
			return nil, err
		}
	}
	a.handler = a.holding(httpapi.New(surface))
	return a, nil
}

// Telemetry is what the proxy tells of its requests.
func (a *App) Telemetry() *telemetry.Hub { return a.hub }

// Config is the configuration in force. It never changes; after a reload there is another one.
func (a *App) Config() *config.Config { return a.current.Load().config }

// Demo says that no channel is defined and the implicit demo channel answers.
func (a *App) Demo() bool { return a.current.Load().http.Demo }

// Handler is the whole HTTP surface, for tests that need no socket.
func (a *App) Handler() http.Handler { return a.handler }
