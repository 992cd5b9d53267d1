package routing

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/config"
)

// channel makes a channel with one key and the changes of edit.
func newConfig(name string, edit func(*config.Channel)) config.Channel {
	c := config.DefaultChannel()
	c.Name = name
	k := config.DefaultKey()
	k.ID, k.Secret = name+"-1", config.NewSecret("canary-"+name+"-key")
	c.Keys = []config.Key{k}
	if edit != nil {
		edit(&c)
	}
	return c
}

func serving(list ...string) func(*config.Channel) {
	return func(c *config.Channel) { c.Serves = list }
}

// show writes candidates as "channel:model/tier", with ! for explicit ones.
func show(found []Candidate) string {
	var parts []string
	for _, c := range found {
		mark := ""
		if c.Explicit {
			mark = "!"
		}
		parts = append(parts, fmt.Sprintf("%s%s:%s/%d", mark, c.Channel.Name, c.Model, c.Tier))
	}
	return strings.Join(parts, " ")
}

func TestCandidates(t *testing.T) {
	cfg := config.Default()
	cfg.Channels = []config.Channel{
		newConfig("any", func(c *config.Channel) { c.Priority = 9 }),
		newConfig("second", func(c *config.Channel) { c.Priority = 2; c.Serves = []string{"claude-*"} }),
		newConfig("first", func(c *config.Channel) {
			c.Serves = []string{"claude-*", "!claude-opus*"}
			c.Models = []config.ModelRule{
				{Pattern: "claude-*", Model: "general"},
				{Pattern: "claude-*-haiku*", Model: "small"},
				{Pattern: "*-haiku-5", Model: "never"}, // fewer literals than the one before
			}
		}),
		newConfig("also-first", serving("claude-*")),
		newConfig("off", func(c *config.Channel) { c.Enabled = false }),
		newConfig("picky", serving("gpt-5")),
	}
	cfg.Routing.Models = []config.Route{
		{Pattern: "fast*", Targets: []config.Target{{Channel: "picky", Model: "gpt-5-mini"}, {Channel: "off"}, {Channel: "first"}}},
		{Pattern: "fast-claude-*", Targets: []config.Target{{Channel: "any"}}},
		{Pattern: "dead", Targets: []config.Target{{Channel: "off"}}},
	}
	tab := New(cfg)
	f := func(model, want string) {
		t.Helper()
		for range 2 { // the second time from the cache
			if got := show(tab.Candidates(model)); got != want {
				t.Errorf("Candidates(%q) = %s, want %s", model, got, want)
			}
		}
	}
	// Priority, then file order; the rename with the most literals wins.
	f("claude-sonnet-5", "first:general/0 also-first:claude-sonnet-5/0 second:claude-sonnet-5/1 any:claude-sonnet-5/2")
	f("claude-x-haiku-5", "first:small/0 also-first:claude-x-haiku-5/0 second:claude-x-haiku-5/1 any:claude-x-haiku-5/2")
	f("claude-opus-5", "also-first:claude-opus-5/0 second:claude-opus-5/1 any:claude-opus-5/2")
	f("gpt-5", "picky:gpt-5/0 any:gpt-5/2")
	f("whatever", "any:whatever/2")
	// Routes come alone, in list order, with their own model or what the channel makes of the name.
	f("fast", "!picky:gpt-5-mini/0 !first:fast/0")
	f("fast-claude-haiku", "!any:fast-claude-haiku/0")
	// A route whose channels are disabled does not fall back to others.
	f("dead", "")
}

func TestPicked(t *testing.T) {
	cfg := config.Default()
	cfg.Channels = []config.Channel{
		newConfig("a", func(c *config.Channel) {
			c.Serves = []string{"x"}
			c.Models = []config.ModelRule{{Pattern: "m", Model: "upstream-m"}}
		}),
		newConfig("off", func(c *config.Channel) { c.Enabled = false }),
	}
	tab := New(cfg)
	if c, ok := tab.Picked("a", "m"); !ok || show([]Candidate{c}) != "!a:upstream-m/0" || len(c.Keys) != 1 {
		t.Errorf("Picked(a) = %+v %v", c, ok)
	}
	for _, name := range []string{"off", "none", ""} {
		if _, ok := tab.Picked(name, "m"); ok {
			t.Errorf("Picked(%q) succeeded", name)
		}
	}
}

func TestKeysAndLimits(t *testing.T) {
	cfg := config.Default()
	key := func(id string, edit func(*config.Key)) config.Key {
		k := config.DefaultKey()
		k.ID, k.Secret = id, config.NewSecret("canary-"+id)
		if edit != nil {
			edit(&k)
		}
		return k
	}
	cfg.Channels = []config.Channel{
		newConfig("pool", func(c *config.Channel) {
			c.Models = []config.ModelRule{{Pattern: "m-*", Model: "up-big"}}
			c.Keys = []config.Key{
				key("all", nil),
				key("off", func(k *config.Key) { k.Enabled = false }),
				key("unset", func(k *config.Key) { k.Secret = config.Secret{} }),
				key("big", func(k *config.Key) { k.Models = []string{"up-*"} }),
				key("client-name", func(k *config.Key) { k.Models = []string{"m-*"} }), // the upstream's name counts
				key("not-big", func(k *config.Key) { k.Models = []string{"!up-big"} }),
			}
			c.Limits.MaxOutputTokens = 100
			c.Limits.Models = []config.ModelLimit{{Pattern: "up-*", MaxOutputTokens: 7}}
		}),
		newConfig("keyless", func(c *config.Channel) { c.Keys = nil }),
		newConfig("dead", func(c *config.Channel) { c.Keys[0].Enabled = false }),
	}
	found := New(cfg).Candidates("m-1")
	ids := func(c Candidate) string {
		var list []string
		for _, k := range c.Keys {
			list = append(list, k.ID)
		}
		return strings.Join(list, " ")
	}
	if got := ids(found[0]); got != "all big" || found[0].MaxOutputTokens != 7 {
		t.Errorf("pool has keys %q, cap %d", got, found[0].MaxOutputTokens)
	}
	if len(found[1].Keys) != 1 || !found[1].Keys[0].Secret.Empty() || found[1].MaxOutputTokens != 0 {
		t.Errorf("keyless has %+v", found[1])
	}
	if len(found[2].Keys) != 0 {
		t.Errorf("dead has keys %q", ids(found[2]))
	}
	if other := New(cfg).Candidates("other"); other[0].MaxOutputTokens != 100 || ids(other[0]) != "all not-big" {
		t.Errorf("other: cap %d, keys %q", other[0].MaxOutputTokens, ids(other[0]))
	}
}

func TestModels(t *testing.T) {
	cfg := config.Default()
	cfg.Channels = []config.Channel{
		newConfig("a", func(c *config.Channel) {
			c.Serves = []string{"one", "two", "pattern-*", "!two"}
			c.Models = []config.ModelRule{{Pattern: "one", Model: "x"}, {Pattern: "not-served", Model: "y"}, {Pattern: "pattern-1", Model: "z"}}
		}),
		newConfig("off", func(c *config.Channel) { c.Enabled = false; c.Serves = []string{"hidden"} }),
		newConfig("b", serving("three", "one")),
	}
	cfg.Routing.Models = []config.Route{{Pattern: "routed", Targets: []config.Target{{Channel: "a"}}}, {Pattern: "r*", Targets: []config.Target{{Channel: "a"}}}}
	if got := strings.Join(New(cfg).Models(), " "); got != "routed one pattern-1 three" {
		t.Errorf("Models() = %s", got)
	}
}

func TestMissing(t *testing.T) {
	cfg := config.Default()
	cfg.Channels = []config.Channel{
		newConfig("a", serving("claude-sonnet-5", "claude-opus-5", "claude-haiku-5", "gpt-5")),
		newConfig("off", func(c *config.Channel) { c.Enabled = false; c.Serves = []string{"hidden"} }),
	}
	cfg.Routing.Models = []config.Route{{Pattern: "dead*", Targets: []config.Target{{Channel: "off"}}}}
	tab := New(cfg)
	f := func(model, want string) {
		t.Helper()
		if got := tab.Missing(model); got != want {
			t.Errorf("Missing(%.20q)\n got %s\nwant %s", model, got, want)
		}
		if len(tab.Candidates(model)) != 0 {
			t.Errorf("%q is not missing", model)
		}
	}
	f("claude-sonet-5", `no channel serves the model "claude-sonet-5"; did you mean "claude-sonnet-5"?`)
	f("claude-onus-5", `no channel serves the model "claude-onus-5"; did you mean "claude-opus-5"?`)
	f("gtp-5", `no channel serves the model "gtp-5"; did you mean "gpt-5"?`)
	f("opus", `no channel serves the model "opus"; did you mean "claude-opus-5"?`)
	f("mistral", `no channel serves the model "mistral"; GET /v1/models lists the names that are served`)
	f("", `no channel serves the model ""; GET /v1/models lists the names that are served`)
	f("hidden", `model "hidden": channel "off" would serve it but is disabled`)
	f("dead-model", `model "dead-model": every channel of the route "dead*" is disabled`)
	f(strings.Repeat("x", 100000), `no channel serves the model "`+strings.Repeat("x", maxCompared)+`…"; GET /v1/models lists the names that are served`)
}

func TestCacheIsBounded(t *testing.T) {
	cfg := config.Default()
	cfg.Channels = []config.Channel{newConfig("any", nil)}
	tab := New(cfg)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 2000 {
				name := fmt.Sprintf("model-%d-%d", g, i)
				if found := tab.Candidates(name); len(found) != 1 || found[0].Model != name {
					t.Errorf("Candidates(%s) = %v", name, found)
				}
			}
		})
	}
	wg.Wait()
	tab.Candidates(strings.Repeat("x", maxName+1))
	if n := len(tab.cached); n > maxCached {
		t.Errorf("%d cached", n)
	}
}

func TestKnownModelsDoNotAllocate(t *testing.T) {
	tab := New(twenty())
	if n := testing.AllocsPerRun(100, func() { tab.Candidates("claude-sonnet-5") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func twenty() *config.Config {
	cfg := config.Default()
	for i := range 20 {
		cfg.Channels = append(cfg.Channels, newConfig(fmt.Sprint("c", i), func(c *config.Channel) {
			c.Serves = []string{"claude-*", "gpt-*", "!*-preview"}
			c.Models = []config.ModelRule{{Pattern: "claude-*-haiku*", Model: "small"}, {Pattern: "claude-*", Model: "big"}}
		}))
	}
	return cfg
}

func BenchmarkCandidates(b *testing.B) {
	tab := New(twenty())
	b.Run("known", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			tab.Candidates("claude-sonnet-5")
		}
	})
	b.Run("new", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			tab.find("claude-sonnet-5")
		}
	})
	b.Run("missing", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			tab.Missing("mistral-large")
		}
	})
}
