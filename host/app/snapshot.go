package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/claude-proxy/claude-proxy/host/auth"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/demo"
	"github.com/claude-proxy/claude-proxy/host/httpapi"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/host/routing"
	"github.com/claude-proxy/claude-proxy/host/upstream"
)

// snapshot is one configuration put to work: what the HTTP surface sees of it and what the relay sees.
type snapshot struct {
	// config is what the file says; the others see the demo channel where it has none.
	config *config.Config
	http   *httpapi.Snapshot
	relay  *relay.Snapshot
	holds  holds
}

// release lets go of the adapters of a snapshot that another one replaced. Requests under way are not disturbed.
func (s *snapshot) release(reg *registry.Registry) {
	for _, c := range s.relay.Channels {
		reg.Unbind(c.Adapter)
	}
}

// build puts a configuration to work. Nothing of it touches the network. The snapshot is to be released when it has been
// replaced. previous is the one that it replaces, or nil: channels that are made the same way keep their connections.
func build(cfg *config.Config, reg *registry.Registry, version string, previous *snapshot) (s *snapshot, err error) {
	asWritten := cfg
	isDemo := len(cfg.Channels) == 0
	if isDemo {
		copied := *cfg
		copied.Channels = []config.Channel{demo.Channel()}
		cfg = &copied
	}
	principals, err := auth.New(cfg.Auth.Keys, time.Now)
	if err != nil {
		return nil, err
	}
	routes := routing.New(cfg)
	channels := make(map[string]*relay.Channel, len(cfg.Channels))
	s = &snapshot{
		config: asWritten, holds: newHolds(),
		http:  &httpapi.Snapshot{Config: cfg, Principals: principals, Routes: routes, Demo: isDemo},
		relay: &relay.Snapshot{Config: cfg, Routes: routes, Channels: channels},
	}
	defer func() {
		if err != nil {
			s.release(reg)
		}
	}()
	for i := range cfg.Channels {
		c := &cfg.Channels[i]
		binding, err := reg.Bind(c.Name, c.Adapter, c.Options)
		if err != nil {
			return s, fmt.Errorf("channel %s: %w", c.Name, err)
		}
		channels[c.Name] = &relay.Channel{Config: c, Adapter: binding, Secrets: secrets(c), Demo: isDemo}
		options := upstream.Options{UserAgent: "claude-proxy/" + version, Previous: previous.client(c.Name)}
		if isDemo {
			options.Transport = demo.Transport{}
		}
		if channels[c.Name].Upstream, err = upstream.New(c, options); err != nil {
			return s, fmt.Errorf("channel %s: %w", c.Name, err)
		}
	}
	return s, nil
}

// client is the client of a channel, nil where there is none.
func (s *snapshot) client(channel string) *upstream.Client {
	if s == nil || s.relay.Channels[channel] == nil {
		return nil
	}
	return s.relay.Channels[channel].Upstream
}

// close ends what the snapshot held and its successor does not use: no request is served with it any more.
func (s *snapshot) close(reg *registry.Registry, successor *snapshot) {
	s.release(reg)
	for name, c := range s.relay.Channels {
		if !c.Upstream.Shares(successor.client(name)) {
			c.Upstream.Close()
		}
	}
}

// secrets lists what must never show up in anything that this channel's upstream makes us say.
func secrets(c *config.Channel) []string {
	var list []string
	for _, k := range c.Keys {
		if !k.Secret.Empty() {
			list = append(list, k.Secret.Reveal())
		}
	}
	for _, h := range c.Headers {
		if !h.Value.Empty() {
			list = append(list, h.Value.Reveal())
		}
	}
	return list
}

// LoadPlugins lets a registry load the plugins of a configuration for a command that runs no proxy, until all are loaded or
// refused; ctx bounds the wait. What is not loaded by then is missing.
func LoadPlugins(ctx context.Context, cfg *config.Config, reg *registry.Registry) {
	reg.Use(plugins(cfg, Options{Registry: reg, Log: slog.New(slog.DiscardHandler)}))
	// Whoever needs a plugin that is not there says so.
	_ = reg.Settled(ctx)
}

// Channel makes one channel of a configuration work by itself, apart from any proxy that runs, for a test of it. Plugins
// are loaded first where the channel needs one; ctx bounds the wait. release lets go of it.
func Channel(ctx context.Context, cfg *config.Config, c *config.Channel, reg *registry.Registry, version string) (ch *relay.Channel, release func(), err error) {
	if _, known := reg.Manifest(c.Adapter); !known {
		LoadPlugins(ctx, cfg, reg)
	}
	binding, err := reg.Bind(c.Name, c.Adapter, c.Options)
	if err != nil {
		return nil, nil, err
	}
	client, err := upstream.New(c, upstream.Options{UserAgent: "claude-proxy/" + version})
	if err != nil {
		reg.Unbind(binding)
		return nil, nil, err
	}
	return &relay.Channel{Config: c, Adapter: binding, Upstream: client, Secrets: secrets(c)},
		func() { client.Close(); reg.Unbind(binding) }, nil
}
