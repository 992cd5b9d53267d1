package config

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestValues(t *testing.T) {
	const text = `version: 1
server: { listen: "127.0.0.1:1", queue: { wait: 90s }, trusted_proxies: [10.0.0.0/8] }
auth: { keys: [ { name: me, key: canary-client-0123456789, models: [a, b] } ] }
routing: { models: { "z*": [ { channel: main, model: x } ], "a*": [ { channel: main } ] } }
plugins: { modules: { acme: { limits: { memory: 32MiB } } } }
channels:
  - name: main
    adapter: openai
    base_url: https://a.example
    keys: [ canary-upstream-0123456789 ]
    headers: { x-gateway: canary-header-0123456789 }
    proxy_url: http://user:canary-password@proxy.example
    options: { a: [1, 2] }
    timeouts: { whole: 90m }
`
	cfg, report := Load(LoadOptions{Path: t.TempDir() + "/plugins.yaml", Source: []byte(text), LookupEnv: func(name string) (string, bool) {
		return "2", name == "MAX_CONCURRENT_REQUESTS"
	}})
	if cfg == nil {
		t.Fatal(report.Err())
	}
	values := map[string]Value{}
	for _, v := range cfg.Values() {
		if !json.Valid(v.JSON) || v.Default != nil && !json.Valid(v.Default) {
			t.Errorf("%s is no JSON: %s, %s", v.Path, v.JSON, v.Default)
		}
		if strings.Contains(string(v.JSON), "canary") {
			t.Errorf("%s gives a secret away: %s", v.Path, v.JSON)
		}
		if _, twice := values[v.Path]; twice {
			t.Errorf("%s is there twice", v.Path)
		}
		values[v.Path] = v
	}
	f := func(path, value, def, origin string) {
		t.Helper()
		v, ok := values[path]
		if !ok {
			t.Errorf("%s is not there", path)
			return
		}
		if string(v.JSON) != value || string(v.Default) != def || v.Origin.Source.String()+v.Origin.Name != origin {
			t.Errorf("%s is %s, default %s, from %s%s", path, v.JSON, v.Default, v.Origin.Source, v.Origin.Name)
		}
	}
	f("server.listen", `"127.0.0.1:1"`, `"127.0.0.1:3000"`, "file")
	f("server.queue.wait", `"1m30s"`, `"5s"`, "file")
	f("server.queue.length", `100`, `100`, "default")
	f("server.body_limit", `"32MiB"`, `"32MiB"`, "default")
	f("server.max_concurrent_requests", `2`, `1000`, "environmentMAX_CONCURRENT_REQUESTS")
	f("server.trusted_proxies", `["10.0.0.0/8"]`, `[]`, "file")
	f("auth.keys[me].models", `["a","b"]`, "", "file")
	f("auth.keys[me].key", `"…6789"`, "", "file")
	f("auth.keys[me].expires", `""`, "", "default")
	f("routing.models", `{"z*":[{"channel":"main","model":"x"}],"a*":[{"channel":"main","model":""}]}`, `{}`, "file")
	f("channels[main].options", `{"a":[1,2]}`, "", "file")
	f("channels[main].proxy_url", `"http://user:xxxxx@proxy.example"`, "", "file")
	f("channels[main].timeouts.whole", `"1h30m"`, "", "file")
	if v := values["plugins.modules"]; !strings.HasPrefix(string(v.JSON), `{"acme":{"sha256":"","limits":{"memory":"32MiB",`) {
		t.Errorf("plugins.modules is %s", v.JSON)
	}
	if v := values["channels[main].headers"]; string(v.JSON) != `{"x-gateway":"…6789"}` {
		t.Errorf("headers are %s", v.JSON)
	}
}
