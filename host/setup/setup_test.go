package setup

import (
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/edit"
	"github.com/claude-proxy/claude-proxy/host/provider"
)

// Every provider makes a file that can be used, with its comments in place.
func TestStart(t *testing.T) {
	for _, p := range provider.List() {
		c := Of(p)
		if p.ID == "custom" {
			c.BaseURL = "https://llm.example/v1"
		}
		if p.KeyVariable != "" {
			c.Keys = []string{"${" + p.KeyVariable + "}"}
		}
		text, err := edit.Apply(Start("x.json"), []edit.Edit{c.Edit("")}, nil)
		if err != nil {
			t.Fatalf("%s: %v", p.ID, err)
		}
		cfg, report := config.Load(config.LoadOptions{Source: text, DotEnv: "none", LookupEnv: func(name string) (string, bool) { return "canary-key", name == p.KeyVariable }})
		if cfg == nil || len(report.Problems) > 0 || len(cfg.Channels) != 1 || cfg.Channels[0].Name != p.ID {
			t.Fatalf("%s:\n%s\n%s", p.ID, report, text)
		}
		if !strings.HasPrefix(string(text), "# yaml-language-server: $schema=x.json\n# The configuration") || !strings.Contains(string(text), "in this order.\nchannels:\n  - name: "+p.ID) {
			t.Errorf("%s:\n%s", p.ID, text)
		}
	}
}

func TestVariable(t *testing.T) {
	f := func(channel string, n int, want string) {
		t.Helper()
		if got := Variable(channel, n, func(s string) bool { return s == "TAKEN_KEY" }); got != want {
			t.Errorf("%s: %s, want %s", channel, got, want)
		}
	}
	f("openai-main", 1, "OPENAI_MAIN_KEY")
	f("openai-main", 3, "OPENAI_MAIN_KEY_3")
	f("taken", 1, "TAKEN_KEY_2")
	f("9router", 1, "CHANNEL_9ROUTER_KEY")
	f("月之暗面", 1, "CHANNEL_KEY")
}
