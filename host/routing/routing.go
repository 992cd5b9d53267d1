// Package routing says which channels may serve a model, and under which name.
//
// A [Table] is built once from a configuration and replaced whole with it. Explicit routes (routing.models) come first:
// of those that match, the one with the most literal characters decides alone, and the order of its targets takes the
// place of priorities. Without one, every enabled channel that serves the name is a candidate, by priority and then in
// file order.
package routing

import (
	"slices"
	"strings"
	"sync"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/pattern"
)

// Candidate is one channel that may serve a model. It is read-only and shared.
type Candidate struct {
	Channel *config.Channel
	// Model is the upstream's name for the model.
	Model string
	// MaxOutputTokens is the configured cap for Model on this channel; 0 means none.
	MaxOutputTokens int64
	// Keys are the enabled keys of the channel that may be used for Model, in file order. A channel that lists no keys has
	// one with an empty secret; a channel none of whose keys is usable has none.
	Keys []*config.Key
	// Tier groups candidates of one priority, counted from 0, the first to be used. Targets of an explicit route are one
	// tier, in order.
	Tier int
	// Explicit says that a route or the client itself named the channel.
	Explicit bool
}

const (
	// maxCached bounds the answers that are kept. Clients choose the names.
	maxCached = 1024
	// maxName is the longest model name that is kept, in bytes.
	maxName = 256
)

// Table routes models. It is safe for concurrent use.
type Table struct {
	channels []*channel // by priority, then in file order
	byName   map[string]*channel
	routes   []route
	patterns []pattern.Pattern // of routes
	names    []string

	mu     sync.RWMutex
	cached map[string][]Candidate
}

type channel struct {
	config *config.Channel
	tier   int
	serves pattern.Set
	rename []pattern.Pattern
	limits []pattern.Pattern
	keys   []key
}

type key struct {
	config *config.Key
	models pattern.Set
}

type route struct {
	text    string
	targets []target
}

type target struct {
	channel *channel
	model   string
}

// New builds the table for a checked configuration, which must not change afterwards.
func New(cfg *config.Config) *Table {
	t := &Table{byName: make(map[string]*channel, len(cfg.Channels)), cached: make(map[string][]Candidate)}
	for i := range cfg.Channels {
		c := newChannel(&cfg.Channels[i])
		t.byName[c.config.Name] = c
		t.channels = append(t.channels, c)
	}
	slices.SortStableFunc(t.channels, func(a, b *channel) int { return a.config.Priority - b.config.Priority })
	for i, c := range t.channels[min(1, len(t.channels)):] {
		c.tier = t.channels[i].tier
		if c.config.Priority != t.channels[i].config.Priority {
			c.tier++
		}
	}
	for _, r := range cfg.Routing.Models {
		compiled := route{text: r.Pattern}
		for _, g := range r.Targets {
			if c := t.byName[g.Channel]; c != nil {
				compiled.targets = append(compiled.targets, target{channel: c, model: g.Model})
			}
		}
		t.routes = append(t.routes, compiled)
		t.patterns = append(t.patterns, compile(r.Pattern))
	}
	t.names = t.literalNames(cfg)
	return t
}

func newChannel(cfg *config.Channel) *channel {
	c := &channel{config: cfg, serves: compileSet(cfg.Serves)}
	for _, m := range cfg.Models {
		c.rename = append(c.rename, compile(m.Pattern))
	}
	for _, m := range cfg.Limits.Models {
		c.limits = append(c.limits, compile(m.Pattern))
	}
	for i := range cfg.Keys {
		k := &cfg.Keys[i]
		if k.Enabled && !k.Secret.Empty() {
			c.keys = append(c.keys, key{config: k, models: compileSet(k.Models)})
		}
	}
	if len(cfg.Keys) == 0 {
		keyless := config.DefaultKey()
		c.keys = []key{{config: &keyless}}
	}
	return c
}

func compile(text string) pattern.Pattern {
	p, err := pattern.Compile(text)
	if err != nil {
		panic("BUG: the configuration was not checked: pattern " + text + " " + err.Error())
	}
	return p
}

func compileSet(list []string) pattern.Set {
	s, err := pattern.CompileSet(list)
	if err != nil {
		panic("BUG: the configuration was not checked: " + err.Error())
	}
	return s
}

// Candidates returns the channels that may serve the model, best first; none when there is no such channel. The slice is
// shared and must not be changed.
func (t *Table) Candidates(model string) []Candidate {
	t.mu.RLock()
	found, ok := t.cached[model]
	t.mu.RUnlock()
	if ok {
		return found
	}
	found = t.find(model)
	if len(found) == 0 || len(model) > maxName {
		return found
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.cached) >= maxCached {
		clear(t.cached)
	}
	// The name may point into a request body that is reused.
	t.cached[strings.Clone(model)] = found
	return found
}

func (t *Table) find(model string) []Candidate {
	// What the candidates keep of the name must outlive the request too.
	model = strings.Clone(model)
	var found []Candidate
	if i := pattern.Best(t.patterns, model); i >= 0 {
		for _, g := range t.routes[i].targets {
			if g.channel.config.Enabled {
				c := g.channel.candidate(model, g.model)
				c.Tier, c.Explicit = 0, true
				found = append(found, c)
			}
		}
		return found
	}
	for _, c := range t.channels {
		if c.config.Enabled && c.serves.Allows(model) {
			found = append(found, c.candidate(model, ""))
		}
	}
	return found
}

// Picked returns the channel that a client named itself, whatever it serves. ok is false when no enabled channel has that
// name.
func (t *Table) Picked(name, model string) (c Candidate, ok bool) {
	ch := t.byName[name]
	if ch == nil || !ch.config.Enabled {
		return Candidate{}, false
	}
	c = ch.candidate(strings.Clone(model), "")
	c.Tier, c.Explicit = 0, true
	return c, true
}

// candidate fills in what the channel makes of the model; upstream is the name that a route gives it, "" for none.
func (c *channel) candidate(model, upstream string) Candidate {
	if upstream == "" {
		upstream = model
		if i := pattern.Best(c.rename, model); i >= 0 {
			upstream = c.config.Models[i].Model
		}
	}
	out := Candidate{Channel: c.config, Model: upstream, Tier: c.tier, MaxOutputTokens: int64(c.config.Limits.MaxOutputTokens)}
	if i := pattern.Best(c.limits, upstream); i >= 0 {
		out.MaxOutputTokens = int64(c.config.Limits.Models[i].MaxOutputTokens)
	}
	for _, k := range c.keys {
		if k.models.Allows(upstream) {
			out.Keys = append(out.Keys, k.config)
		}
	}
	return out
}
