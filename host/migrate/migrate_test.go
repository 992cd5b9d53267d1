package migrate

import (
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/config"
)

const usual = `{
  "upstream": [
    { "name": "OpenAI Main", "serviceType": "openai", "baseUrl": "https://api.openai.com", "apiKeys": ["sk-canary-one-0000000001", "sk-canary-two-0000000002"],
      "modelMapping": { "opus": "gpt-5", "claude-3-5-haiku": "gpt-5-mini" }, "description": "the house", "website": "https://platform.openai.com", "insecureSkipVerify": true },
    { "serviceType": "gemini", "baseUrl": "https://generativelanguage.googleapis.com/v1beta", "apiKeys": ["canary-gemini-key"] },
    { "name": "old box", "serviceType": "openaiold", "baseUrl": "http://10.0.0.5:8000/v1#", "apiKeys": ["sk-canary-one-0000000001"], "status": "disabled" },
    { "name": "old box", "serviceType": "claude", "baseUrl": "https://api.anthropic.com", "apiKeys": [] },
    { "name": "later", "serviceType": "responses", "baseUrls": ["https://a.example", "https://b.example"], "apiKeys": [" "] },
    { "name": "a/b?", "serviceType": "custom", "baseUrl": "https://c.example" },
    { "name": "empty", "serviceType": "openai", "baseUrl": "" }
  ],
  "currentUpstream": 1,
  "loadBalance": "round-robin"
}`

func TestRead(t *testing.T) {
	p, err := Read([]byte(usual), false, func(name string) bool { return name == "OLD_BOX_KEY" })
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(p.Text), "canary") || strings.Contains(strings.Join(p.Notes, ""), "canary") {
		t.Errorf("a key stands in the file or in a note:\n%s\n%v", p.Text, p.Notes)
	}
	cfg, report := config.Load(config.LoadOptions{Source: p.Text, DotEnv: "none", LookupEnv: func(name string) (string, bool) { v, ok := p.Variables[name]; return v, ok }})
	if cfg == nil || len(report.Problems) > 0 {
		t.Fatalf("%s\n%s", report, p.Text)
	}
	if len(cfg.Channels) != 6 || p.Channels != 6 || cfg.Routing.Strategy != config.RoundRobin {
		t.Fatalf("%d channels, %s", len(cfg.Channels), cfg.Routing.Strategy)
	}
	for i, want := range []struct {
		name, adapter, base string
		priority, keys      int
		enabled             bool
	}{
		{"OpenAI Main", "openai", "https://api.openai.com", 2, 2, true},
		{"gemini-2", "gemini", "https://generativelanguage.googleapis.com/v1beta", 1, 1, true},
		{"old box", "openaiold", "http://10.0.0.5:8000/v1", 2, 1, false},
		{"old box-2", "claude", "https://api.anthropic.com", 2, 0, true},
		{"later", "openairesponses", "https://a.example", 2, 0, true},
		{"a-b", "custom", "https://c.example", 2, 0, true},
	} {
		c := cfg.Channels[i]
		if c.Name != want.name || c.Adapter != want.adapter || c.BaseURL != want.base || c.Priority != want.priority || len(c.Keys) != want.keys || c.Enabled != want.enabled {
			t.Errorf("channel %d: %+v", i, c)
		}
	}
	first := cfg.Channels[0]
	if !first.InsecureSkipVerify || first.Description != "the house" || first.Website != "https://platform.openai.com" {
		t.Errorf("%+v", first)
	}
	if len(first.Models) != 2 || first.Models[0] != (config.ModelRule{Pattern: "*opus*", Model: "gpt-5"}) {
		t.Errorf("%+v", first.Models)
	}
	if k := first.Keys[0]; k.Secret.Reveal() != "sk-canary-one-0000000001" || k.Ref != "${OPENAI_MAIN_KEY}" {
		t.Errorf("%+v", k)
	}
	if strings.Join(p.Names, " ") != "OPENAI_MAIN_KEY OPENAI_MAIN_KEY_2 GEMINI_2_KEY" {
		t.Errorf("%v", p.Names)
	}
	notes := strings.Join(p.Notes, "\n")
	for _, want := range []string{"only the current channel (gemini-2)", "empty was left out", `type "custom"`, "2 addresses"} {
		if !strings.Contains(notes, want) {
			t.Errorf("no note says %q:\n%s", want, notes)
		}
	}
}

func TestReadInline(t *testing.T) {
	p, err := Read([]byte(usual), true, nil)
	if err != nil || len(p.Names) > 0 || !strings.Contains(string(p.Text), "sk-canary-one-0000000001") {
		t.Errorf("%v\n%s", err, p.Text)
	}
}

func TestReadMistakes(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if _, err := Read([]byte(text), false, nil); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", text, err)
		}
	}
	f("", "ends too early")
	f("{", "ends too early")
	f("canary", "not JSON")
	f(`{"upstream": "canary"}`, "upstream is not what it should be")
	f(`{"upstream": [ { "baseUrl": "https://x", "serviceType": "openai", "modelMapping": { "a": { "canary": 1 } } } ]}`, "modelMapping")
}

func FuzzRead(f *testing.F) {
	f.Add(usual)
	f.Add(`{"upstream":[{"serviceType":"openai","baseUrl":"https://x","apiKeys":["a b"],"modelMapping":{"x":"y"}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Read([]byte(text), true, nil)
		if err != nil {
			return
		}
		if _, report := config.Load(config.LoadOptions{Source: p.Text, DotEnv: "none", LookupEnv: func(string) (string, bool) { return "", false }}); report.Has(config.CodeSyntax) || report.Has(config.CodeUnknownKey) {
			t.Fatalf("%s\n%s", report, p.Text)
		}
	})
}
