// Package app joins the parts of the proxy into a running server.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/claude-proxy/claude-proxy/host/admission"
	"github.com/claude-proxy/claude-proxy/host/balance"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/httpapi"
	"github.com/claude-proxy/claude-proxy/host/limits"
	"github.com/claude-proxy/claude-proxy/host/overload"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/host/telemetry"
)

// Limits of the listener. The write side has no limit of its own: every write has one.
const (
	headerTimeout  = 10 * time.Second
	keepAlive      = 120 * time.Second
	maxHeaderBytes = 64 << 10
	// lastWords is how long streams that outlive the drain have to write their error event.
	lastWords = 2 * time.Second
)

// App is a proxy that is ready to serve.
type App struct {
	cfg      *config.Config
	hub      *telemetry.Hub
	log      *slog.Logger
	current  atomic.Pointer[snapshot]
	handler  http.Handler
	balancer *balance.Balancer
	health   *healthFile
	memory   *overload.Monitor
	// server is there while Serve runs.
	server   atomic.Pointer[http.Server]
	draining atomic.Bool
}

// Options are what New needs besides a configuration.
type Options struct {
	Log      *slog.Logger
	Registry *registry.Registry
	// Version is shown to clients and upstreams.
	Version string
	// Memory looks at the memory of the process; nil looks for real, see overload.Memory.
	Memory func() overload.Sample
	// PluginChanged is told of each plugin whose state changed; see registry.Settings. May be nil.
	PluginChanged func(registry.PluginInfo)
}

// New puts a configuration to work and lets the registry load the plugins that it names. It opens no socket. The registry
// stays the caller's, who closes it after the last request.
func New(cfg *config.Config, o Options) (*App, error) {
	a := &App{cfg: cfg}
	a.hub = telemetry.New(cfg, telemetry.Options{Log: o.Log, Version: o.Version, Health: a.channelHealth})
	a.log = slog.New(a.hub.Handler(o.Log.Handler()))
	s, err := build(cfg, o.Registry, o.Version)
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
	relayed := relay.New(func() *relay.Snapshot { return a.current.Load().relay }, a.balancer, observer{a.hub, limiter})
	a.handler = httpapi.New(httpapi.Options{
		Snapshot:  func() *httpapi.Snapshot { return a.current.Load().http },
		Relay:     relayed,
		Limits:    limiter,
		Gate:      admission.New(cfg.Server.MaxConcurrentRequests, cfg.Server.Queue.Length, cfg.Server.Queue.Wait),
		Strangers: limits.NewStrangers(time.Now),
		Shedding:  func() bool { return a.memory.Level() >= overload.Hard },
		Ready:     a.ready,
		Refused:   a.refused,
		Metrics:   a.hub.Metrics(),
		Local:     a.hub.Local,
		Panicked: func(id string, value any, stack []byte) {
			a.log.Error("a handler panicked", "id", id, "panic", fmt.Sprint(value), "stack", string(stack))
		},
		Version: o.Version,
	}, cfg.Server.HealthPath)
	return a, nil
}

// Telemetry is what the proxy tells of its requests.
func (a *App) Telemetry() *telemetry.Hub { return a.hub }

// Demo says that no channel is defined and the implicit demo channel answers.
func (a *App) Demo() bool { return a.current.Load().http.Demo }

// Handler is the whole HTTP surface, for tests that need no socket.
func (a *App) Handler() http.Handler { return a.handler }

// Listen opens the configured address. When the port is taken, the error says what to do.
func Listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("cannot listen on %s: the address is in use, perhaps by another copy of this program\n  try: PORT=3001 claude-proxy   (or set server.listen in plugins.yaml)", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", addr, err)
	}
	return l, nil
}

// Serve serves on l until stop is cancelled, then lets live requests finish for the configured drain time. What is left
// after it ends with an error event. A nil error means that the server stopped because it was asked to.
func (a *App) Serve(stop context.Context, l net.Listener) error {
	base, kill := context.WithCancelCause(context.Background())
	defer kill(nil)
	defer a.keepHealth()()
	go a.memory.Watch(base)
	srv := &http.Server{
		Handler:           a.handler,
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       keepAlive,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	a.server.Store(srv)
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-stop.Done():
	}
	a.draining.Store(true)
	a.log.Info("stopping: no new requests, live ones may finish", "drain_timeout", a.cfg.Server.DrainTimeout)
	ctx, cancel := context.WithTimeout(context.Background(), a.cfg.Server.DrainTimeout)
	defer cancel()
	err := srv.Shutdown(ctx)
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	a.log.Warn("ending the requests that are still live")
	kill(relay.ErrDraining)
	last, cancelLast := context.WithTimeout(context.Background(), lastWords)
	defer cancelLast()
	if err := srv.Shutdown(last); err != nil {
		return errors.Join(err, srv.Close())
	}
	return nil
}
