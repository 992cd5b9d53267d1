package config

import (
	"strings"
	"testing"
)

func TestSettings(t *testing.T) {
	c, report := load(`version: 1
server: { listen: "127.0.0.1:4000" }
auth: { keys: [ { name: me, key: canary-client-key-1234 } ] }
routing: { models: { "a*": [ { channel: main, model: m } ] } }
channels:
  - name: main
    adapter: openai
    base_url: https://x
    keys: [ "${ONE}", { key: canary-upstream-1234567, label: two } ]
    models: { "claude-*": gpt }
    headers: { x-secret: canary-header-value-12 }
    proxy_url: http://u:canary-proxy@p:1
`, map[string]string{"ONE": "canary-one-12345678", "LOG_LEVEL": "warn"})
	if report.Failed() {
		t.Fatal(report)
	}
	got := map[string]Setting{}
	var all strings.Builder
	for _, s := range c.Settings() {
		got[s.Path] = s
		all.WriteString(s.Path + " " + s.Value + "\n")
	}
	if strings.Contains(all.String(), "canary") {
		t.Errorf("secrets are shown:\n%s", all.String())
	}
	f := func(path, value string, source Source, name string, line int) {
		t.Helper()
		if s, ok := got[path]; !ok || s.Value != value || s.Origin != (Origin{source, name, line}) {
			t.Errorf("%s: %+v", path, s)
		}
	}
	f("server.listen", "127.0.0.1:4000", FromFile, "", 2)
	f("server.request_timeout", "3m", FromDefault, "", 0)
	f("log.level", "warn", FromEnv, "LOG_LEVEL", 0)
	f("auth.keys[me].key", "…1234", FromFile, "", 3)
	f("channels[main].weight", "1", FromDefault, "", 0)
	f("channels[main].models", "{claude-*: gpt}", FromFile, "", 10)
	f("channels[main].headers", "{x-secret: …e-12}", FromFile, "", 11)
	id := c.Channels[0].Keys[0].ID
	if s := got["channels[main].keys["+id+"].key"]; s.Value != "${ONE}" {
		t.Errorf("%+v", s)
	}
}
