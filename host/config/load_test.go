package config

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func noEnv(string) (string, bool) { return "", false }

func mapEnv(env map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
}

// files is a folder in memory.
type files map[string]string

func (f files) open(path string) (io.ReadCloser, error) {
	text, ok := f[path]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

// onlyFile opens one real file.
func onlyFile(name string) func(string) (io.ReadCloser, error) {
	return func(path string) (io.ReadCloser, error) {
		if path != name {
			return nil, fs.ErrNotExist
		}
		return os.Open(path)
	}
}

// load loads a text with an environment and no files.
func load(text string, env map[string]string) (*Config, Report) {
	return Load(LoadOptions{Source: []byte(text), LookupEnv: mapEnv(env), Open: files{}.open})
}

// must loads a text that has to be fine, warnings aside.
func must(t *testing.T, text string, env map[string]string) *Config {
	t.Helper()
	c, report := load(text, env)
	if report.Failed() {
		t.Fatalf("%s\n%v", text, report)
	}
	return c
}

func TestLoadEverything(t *testing.T) {
	data, err := os.ReadFile("testdata/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	folder := files{
		"etc/plugins.yaml":    string(data),
		"etc/.env":            "TEAM_KEY=canary-team-key\nBASE=api.example.com\n",
		"etc/secrets/key.txt": "\uFEFFcanary-file-key\r\n",
	}
	c, report := Load(LoadOptions{Path: "etc/plugins.yaml", Open: folder.open, LookupEnv: noEnv})
	if len(report.Problems) > 0 {
		t.Fatal(report)
	}
	ch := c.Channels[0]
	f := func(what string, got, want any) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	f("listen", c.Server.Listen, "0.0.0.0:8080")
	f("queue.wait", c.Server.Queue.Wait, 250*time.Millisecond)
	f("body_limit", c.Server.BodyLimit, Size(8<<20))
	f("state_dir", c.Server.StateDir, "/var/lib/claude-proxy")
	f("plugins.dir", c.Plugins.Dir, "etc/wasm")
	f("trusted_proxies[1]", c.Server.TrustedProxies[1].String(), "192.0.2.7/32")
	f("client key", c.Auth.Keys[0].Key.Reveal(), "canary-team-key")
	f("client key ref", c.Auth.Keys[0].Ref, "${TEAM_KEY}")
	f("modules limit kept", c.Plugins.Modules[0].Limits.InstancesMax, 8)
	f("modules limit changed", c.Plugins.Modules[0].Limits.Memory, Size(128<<20))
	f("base_url", ch.BaseURL, "https://api.example.com/v1")
	f("file key", ch.Keys[0].Secret.Reveal(), "canary-file-key")
	f("file key ref", ch.Keys[0].Ref, "file:secrets/key.txt")
	f("long key", ch.Keys[1].Weight, 3)
	f("merged timeout", ch.Timeouts.Connect, 2*time.Second)
	f("default timeout", ch.Timeouts.Whole, 10*time.Minute)
	f("own timeout", ch.Timeouts.Idle, 30*time.Second)
	f("header", ch.Headers[1].Value.Reveal(), "canary-team-key")
	f("proxy", ch.ProxyURL.URL().Host, "proxy.internal:1080")
	f("number as text", ch.Tags[1], "2024")
	f("channel line", ch.Line > 0, true)
	f("second channel", c.Channels[1].Timeouts.Connect, 2*time.Second)
	f("options", string(ch.Options),
		`{"zeta":1,"alpha":{"a":true,"b":null,"c":[1.5,"x","1_0",16,10]},"big":123456789012345678901234567890,"exp":1e3,"env":"api.example.com","html":"<&>","date":"2024-01-02"}`)
	order := make([]string, 0, 3)
	for _, m := range ch.Models {
		order = append(order, m.Pattern+">"+m.Model)
	}
	if want := []string{"z-*>one", "a-*>two", "m>three"}; !slices.Equal(order, want) {
		t.Errorf("models: got %q, want %q", order, want)
	}
	f("routes in order", c.Routing.Models[0].Pattern+" "+c.Routing.Models[1].Pattern, "zz* aa*")
	f("origin", c.Origin("server.listen"), Origin{Source: FromFile, Line: 6})
}

func TestLoadFiles(t *testing.T) {
	// No file at all.
	_, report := Load(LoadOptions{LookupEnv: noEnv, Open: files{}.open})
	if !report.Has(CodeUnreadable) || report.Err() == nil {
		t.Errorf("missing file: %v", report)
	}
	// No file, and that is fine.
	c, report := Load(LoadOptions{Optional: true, LookupEnv: mapEnv(map[string]string{"PORT": "4000"}), Open: files{}.open})
	if report.Failed() || c.Server.Listen != "127.0.0.1:4000" {
		t.Errorf("optional file: %v", report)
	}
	// A file that is too large, and a source that is.
	big := "version: 1\n" + strings.Repeat("#", maxFile)
	if _, report = Load(LoadOptions{Path: "p", LookupEnv: noEnv, Open: files{"p": big}.open}); !report.Has(CodeUnreadable) {
		t.Errorf("large file: %v", report)
	}
	if _, report = load(big, nil); !report.Has(CodeUnreadable) {
		t.Errorf("large source: %v", report)
	}
	// A file that cannot be read says why and not where it is twice.
	denied := func(path string) (io.ReadCloser, error) {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("permission denied")}
	}
	_, report = Load(LoadOptions{Path: "p.yaml", DotEnv: "e", LookupEnv: noEnv, Open: denied})
	if got := report.String(); got != "p.yaml  cannot be read: permission denied\ne  cannot be read: permission denied" {
		t.Errorf("unreadable: %q", got)
	}
}

func TestPrecedence(t *testing.T) {
	f := func(want string, source Source, file, dotEnv, env, flag string) {
		t.Helper()
		folder := files{"plugins.yaml": "version: 1\n"}
		if file != "" {
			folder["plugins.yaml"] += "routing: { strategy: " + file + " }\n"
		}
		if dotEnv != "" {
			folder[".env"] = "LOAD_BALANCE_STRATEGY=" + dotEnv + "\n"
		}
		vars := map[string]string{}
		if env != "" {
			vars["LOAD_BALANCE_STRATEGY"] = env
		}
		var flags []Override
		if flag != "" {
			flags = []Override{{Path: "routing.strategy", Value: flag, Flag: "--strategy"}}
		}
		c, report := Load(LoadOptions{LookupEnv: mapEnv(vars), Open: folder.open, Flags: flags})
		if report.Failed() {
			t.Fatal(report)
		}
		if string(c.Routing.Strategy) != want || c.Origin("routing.strategy").Source != source {
			t.Errorf("got %s from %v, want %s from %v", c.Routing.Strategy, c.Origin("routing.strategy").Source, want, source)
		}
	}
	f("failover", FromDefault, "", "", "", "")
	f("random", FromFile, "random", "", "", "")
	f("round-robin", FromDotEnv, "random", "round-robin", "", "")
	f("fastest", FromEnv, "random", "round-robin", "fastest", "")
	f("least-busy", FromFlag, "random", "round-robin", "fastest", "least-busy")
	// An empty variable is no variable.
	f("round-robin", FromDotEnv, "random", "round-robin", " ", "")
	// Letter case of a variable does not count.
	f("random", FromEnv, "", "", "Random", "")
}

func TestReferences(t *testing.T) {
	const text = `version: 1
auth:
  keys:
    - { name: unset, key: "${NO_SUCH}" }
    - { name: both, key: "pre-${A}-${B}" }
    - { name: literal, key: "canary$${A}" }
channels:
  - name: c
    adapter: openai
    base_url: http://localhost
    keys: ["${NO_SUCH}", "${EMPTY}", "file:no-such", "${A}", "${A}", "sk-your-key-here", "${B}"]
`
	env := map[string]string{"A": "canary-a-key", "B": "canary-b-key", "EMPTY": ""}
	c, report := load(text, env)
	if report.Failed() {
		t.Fatal(report)
	}
	keys := c.Auth.Keys
	if keys[0].Usable() || keys[0].Reason == "" || keys[0].Ref != "${NO_SUCH}" {
		t.Errorf("unset client key: %+v", keys[0])
	}
	if !keys[1].Usable() || keys[1].Key.Reveal() != "pre-canary-a-key-canary-b-key" || keys[1].Ref != "…${A}…${B}" {
		t.Errorf("joined client key: %+v", keys[1])
	}
	if keys[2].Key.Reveal() != "canary${A}" || keys[2].Ref != "" {
		t.Errorf("escaped reference: %+v", keys[2])
	}
	up := c.Channels[0].Keys
	if len(up) != 6 {
		t.Fatalf("the twin stays: %d keys", len(up))
	}
	for i, enabled := range []bool{false, false, false, true, false, true} {
		if up[i].Enabled != enabled || up[i].Secret.Empty() == enabled || (up[i].Reason == "") != enabled {
			t.Errorf("key %d: %+v", i, up[i])
		}
	}
	if got := len(report.Warnings()); got != 6 {
		t.Errorf("%d warnings:\n%v", got, report)
	}
	// Ids are stable, distinct and tell nothing.
	again := must(t, text, env)
	seen := map[string]bool{}
	for i, k := range up {
		if k.ID != again.Channels[0].Keys[i].ID || seen[k.ID] || len(k.ID) != 12 {
			t.Errorf("id %q", k.ID)
		}
		seen[k.ID] = true
	}
}

func TestSourcesOfNull(t *testing.T) {
	// Headings without entries are as good as none.
	c := must(t, "version: 1\nserver:\nauth:\n  keys:\nrouting:\n  models:\nchannels:\nlog:\n", nil)
	if c.Server.Listen != Default().Server.Listen || c.Channels != nil {
		t.Errorf("got %+v", c)
	}
}

func TestNoNotes(t *testing.T) {
	// Every setting has an effect, so none is worth a note.
	for _, text := range []string{
		"server: { allowed_hosts: [proxy.example], trusted_proxies: [10.0.0.0/8], rate_limit: { enabled: true, max_requests: 5 } }",
		"plugins: { dir: elsewhere, modules: { acme: { limits: { log_rate: 0 } } } }\nlog: { bodies: errors, recent: 5 }",
	} {
		if _, report := load("version: 1\n"+text, nil); report.Failed() || len(report.Notes) > 0 {
			t.Errorf("%s: %v %v", text, report, report.Notes)
		}
	}
}

func TestAdapters(t *testing.T) {
	text := "version: 1\nchannels:\n" +
		"  - { name: a, adapter: acme, base_url: http://x }\n" +
		"  - { name: b, adapter: opnai, base_url: http://x }\n" +
		"  - { name: c, adapter: openai, base_url: http://x, options: { fine: true } }\n" +
		"  - { name: d, adapter: openai, base_url: http://x, options: { bad: true } }\n"
	var asked []string
	opts := LoadOptions{
		Source: []byte(text), LookupEnv: noEnv, Open: files{}.open,
		Adapters: []string{"openai", "claude"},
		CheckOptions: func(adapter string, options []byte) error {
			asked = append(asked, adapter+string(options))
			if strings.Contains(string(options), "bad") {
				return errors.New("bad is not an option")
			}
			return nil
		},
	}
	_, report := Load(opts)
	if want := []string{`openai{"fine":true}`, `openai{"bad":true}`}; !slices.Equal(asked, want) {
		t.Errorf("asked %q", asked)
	}
	if len(report.Problems) != 2 || report.Problems[0].Severity != Warning || report.Problems[0].Hint != `did you mean "openai"?` ||
		report.Problems[1].Severity != Error || report.Problems[1].Line != 6 {
		t.Errorf("problems:\n%v", report)
	}
	if len(report.Notes) != 1 || report.Notes[0].Path != "channels[0].adapter" {
		t.Errorf("notes: %v", report.Notes)
	}
	// Without a registry: the names of the documentation, and no notes.
	opts.Adapters, opts.CheckOptions = nil, nil
	c, report := Load(opts)
	if c == nil || len(report.Problems) != 1 || len(report.Notes) != 0 {
		t.Errorf("without a registry:\n%v\n%v", report, report.Notes)
	}
}
