package routing

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/config"
)

const explained = `version: 1
auth:
  keys:
    - { name: me, key: canary-me-0123456789 }
    - { name: small, key: canary-small-0123456789, models: ["*haiku*"] }
    - { name: off, key: canary-off-0123456789, enabled: false }
routing:
  models:
    "claude-*": [ { channel: second, model: big } ]
    "claude-*-haiku*": [ { channel: first, model: mini }, { channel: off }, { channel: keyless } ]
channels:
  - { name: first, adapter: openai, base_url: "https://a.example", keys: [ { key: canary-1-0123456789, label: one }, { key: canary-2-0123456789, label: two, models: [other] }, { key: canary-3-0123456789, label: three, enabled: false }, { key: "${UNSET}", label: four } ], priority: 2 }
  - { name: second, adapter: openai, base_url: "https://b.example", keys: [canary-4-0123456789], serves: ["*", "!secret*"] }
  - { name: off, adapter: openai, base_url: "https://c.example", enabled: false }
  - { name: keyless, adapter: openai, base_url: "http://127.0.0.1:1", keys: [ { key: canary-5-0123456789, models: [none] } ], serves: [nothing] }
`

func explainTable(t *testing.T) (*Table, *config.Config) {
	t.Helper()
	cfg, report := config.Load(config.LoadOptions{Path: t.TempDir() + "/plugins.yaml", Source: []byte(explained), LookupEnv: func(string) (string, bool) { return "", false }})
	if cfg == nil {
		t.Fatal(report.Err())
	}
	return New(cfg), cfg
}

func TestExplain(t *testing.T) {
	table, cfg := explainTable(t)
	f := func(q Question, refusal string, rules, channels []string) {
		t.Helper()
		e := table.Explain(q)
		if !strings.Contains(e.Refusal.String(), refusal) || refusal == "" && e.Refusal.Code != "" {
			t.Errorf("%s: refusal %q, want %q", q.Model, e.Refusal, refusal)
		}
		var gotRules, gotChannels []string
		for _, r := range e.Rules {
			text := r.Kind + " " + r.Name
			if r.Chosen {
				text += " !"
			}
			gotRules = append(gotRules, text)
		}
		for _, c := range e.Channels {
			text := fmt.Sprintf("%s %s", c.Channel.Name, c.Verdict)
			if c.Candidate.Channel != nil {
				text += " " + c.Candidate.Model
			}
			for _, k := range c.Keys {
				text += fmt.Sprintf(" %s:%s", k.Key.Label, k.Verdict)
			}
			gotChannels = append(gotChannels, text)
			if c.Verdict != Usable && c.Reason.String() == "" {
				t.Errorf("%s: %s is skipped without a reason", q.Model, c.Channel.Name)
			}
		}
		if !slices.Equal(gotRules, rules) || !slices.Equal(gotChannels, channels) {
			t.Errorf("%s:\n%q\n%q\nwant\n%q\n%q", q.Model, gotRules, gotChannels, rules, channels)
		}
		if text := fmt.Sprintf("%+v", e); strings.Contains(text, "canary") {
			t.Errorf("a key leaks: %s", text)
		}
	}
	ofFirst := func(verdict, model string) string {
		return "first usable " + model + " one:" + verdict + " two:model_not_allowed three:disabled four:not_configured"
	}
	routes := func(chosen ...string) []string { return chosen }
	// The route with the most literal characters decides alone; its order takes the place of priorities.
	f(Question{Model: "claude-3-haiku"}, "", routes("route claude-*", "route claude-*-haiku* !"),
		[]string{ofFirst("usable", "mini"), "keyless no_key claude-3-haiku :model_not_allowed", "second not_in_route", "off disabled"})
	f(Question{Model: "claude-opus"}, "", routes("route claude-* !", "route claude-*-haiku*"),
		[]string{"second usable big :usable", "first not_in_route", "off disabled", "keyless not_in_route"})
	// No route: priority, then the order of the file.
	priority := routes("route claude-*", "route claude-*-haiku*", "priority  !")
	f(Question{Model: "gpt"}, "", priority, []string{"second usable gpt :usable", ofFirst("usable", "gpt"), "off disabled", "keyless not_served"})
	f(Question{Model: "secret-1"}, "", priority, []string{ofFirst("usable", "secret-1"), "second not_served", "off disabled", "keyless not_served"})
	// The client picks, or may not.
	f(Question{Model: "gpt", Pick: "keyless"}, "", routes("pick_channel keyless !"),
		[]string{"keyless no_key gpt :model_not_allowed", "first not_in_route", "second not_in_route", "off disabled"})
	f(Question{Model: "gpt", Pick: "off"}, `no enabled channel named "off"`, routes("pick_channel off !"),
		[]string{"first not_in_route", "second not_in_route", "off disabled", "keyless not_in_route"})
	client := func(name string) *config.ClientKey {
		for i := range cfg.Auth.Keys {
			if cfg.Auth.Keys[i].Name == name {
				return &cfg.Auth.Keys[i]
			}
		}
		return nil
	}
	f(Question{Model: "gpt", Client: client("small")}, "may not use the model", append(routes("client_key small !"), priority...),
		[]string{"second usable gpt :usable", ofFirst("usable", "gpt"), "off disabled", "keyless not_served"})
	f(Question{Model: "gpt", Client: client("off")}, "disabled", append(routes("client_key off !"), priority...),
		[]string{"second usable gpt :usable", ofFirst("usable", "gpt"), "off disabled", "keyless not_served"})
	f(Question{Model: "gpt", Client: client("me"), Pick: "first"}, "may not pick", routes("client_key me !", "pick_channel first !"),
		[]string{ofFirst("usable", "gpt"), "second not_in_route", "off disabled", "keyless not_in_route"})
}

// What is explained is what happens.
func TestExplainAgrees(t *testing.T) {
	table, _ := explainTable(t)
	for _, model := range []string{"claude-3-haiku", "claude-opus", "gpt", "secret-1", "nothing", ""} {
		want := table.Candidates(model)
		e := table.Explain(Question{Model: model})
		for i, c := range want {
			if got := e.Channels[i].Candidate; got.Channel != c.Channel || got.Model != c.Model || got.Tier != c.Tier || len(got.Keys) != len(c.Keys) {
				t.Errorf("%s: place %d is %+v, want %+v", model, i, got, c)
			}
		}
		if n := len(e.Channels); n != 4 {
			t.Errorf("%s: %d channels are explained", model, n)
		}
		if (e.Refusal.Code == "") != (len(want) > 0) {
			t.Errorf("%s: refusal %q with %d candidates", model, e.Refusal, len(want))
		}
	}
}
