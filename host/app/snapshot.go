package app

import (
	"fmt"
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
	http  *httpapi.Snapshot
	relay *relay.Snapshot
}

// build puts a configuration to work. Nothing of it touches the network.
func build(cfg *config.Config, reg *registry.Registry, version string) (*snapshot, error) {
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
	for i := range cfg.Channels {
		c := &cfg.Channels[i]
		binding, err := reg.Bind(c.Adapter, c.Options)
		if err != nil {
			return nil, fmt.Errorf("channel %s: %w", c.Name, err)
		}
		options := upstream.Options{UserAgent: "claude-proxy/" + version}
		if isDemo {
			options.Transport = demo.Transport{}
		}
		client, err := upstream.New(c, options)
		if err != nil {
			return nil, fmt.Errorf("channel %s: %w", c.Name, err)
		}
		channels[c.Name] = &relay.Channel{Config: c, Adapter: binding, Upstream: client, Secrets: secrets(c), Demo: isDemo}
	}
	return &snapshot{
		http:  &httpapi.Snapshot{Config: cfg, Principals: principals, Routes: routes, Demo: isDemo},
		relay: &relay.Snapshot{Config: cfg, Routes: routes, Channels: channels},
	}, nil
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
