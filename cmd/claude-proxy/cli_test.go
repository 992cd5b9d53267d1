package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/config"
)

// shell runs commands in a folder of their own and looks for canaries in what they say.
type shell struct {
	t   *testing.T
	dir string
}

func newShell(t *testing.T) *shell {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, name := range []string{"PROXY_ACCESS_KEY", "OPENAI_API_KEY", "PORT", "HOST", "ENV", "NODE_ENV", "LOG_LEVEL"} {
		t.Setenv(name, "")
	}
	return &shell{t, dir}
}

// run runs a command that must end with this code, with this standard input.
func (s *shell) run(code int, stdin string, args ...string) (out, err string) {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	got := runWith(s.t.Context(), args, strings.NewReader(stdin), &stdout, &stderr)
	if got != code {
		s.t.Errorf("%v ends with %d, not %d:\n%s%s", args, got, code, &stdout, &stderr)
	}
	for _, text := range []string{stdout.String(), stderr.String()} {
		if strings.Contains(text, "canary") {
			s.t.Errorf("%v shows a key:\n%s", args, text)
		}
	}
	return stdout.String(), stderr.String()
}

func (s *shell) ok(args ...string) string {
	s.t.Helper()
	out, _ := s.run(0, "", args...)
	return out
}

func (s *shell) file(name string) string {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

func (s *shell) put(name, text string) {
	s.t.Helper()
	if err := os.MkdirAll(filepath.Dir(filepath.Join(s.dir, name)), 0o700); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// has checks that a text holds all of these.
func has(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("%q is missing in:\n%s", w, text)
		}
	}
}

// The whole life of a channel by commands: created, given keys, tested, reordered, a model mapped, switched off, removed;
// comments stay where they are.
func TestCLIChannelLife(t *testing.T) {
	s := newShell(t)
	up := says(t, "hello")
	s.put("plugins.yaml", "version: 1\n# mine\nlog: { level: warn } # quiet\n")
	s.run(0, upstreamKey+"\n"+secondKey+"\n", "channels", "add", "main", "--adapter", "openai", "--base-url", up.URL, "--stdin", "--map", "claude-*=gpt-4o")
	has(t, s.file("plugins.yaml"), "# mine\nlog: { level: warn } # quiet\n", "  - name: main\n", "keys: [\"${MAIN_KEY}\", \"${MAIN_KEY_2}\"]", "claude-*: gpt-4o")
	has(t, s.file(".env"), "MAIN_KEY="+upstreamKey+"\n", "MAIN_KEY_2="+secondKey+"\n")
	if info, err := os.Stat(".env"); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	s.ok("channels", "add", "spare", "--provider", "openai", "--env", "OPENAI_API_KEY")
	out := s.ok("channels", "list")
	has(t, out, "main", "2/2", "spare", "0/1")

	out = s.ok("channels", "test", "main", "--json")
	var tests []testRow
	if err := json.Unmarshal([]byte(out), &tests); err != nil || len(tests) != 2 || tests[0].Verdict != "ok" || tests[1].Verdict != "ok" || tests[0].Total <= 0 {
		t.Errorf("%v:\n%s", err, out)
	}
	s.ok("channels", "add", "dead", "--adapter", "openai", "--base-url", "http://127.0.0.1:1")
	out, _ = s.run(1, "", "channels", "test", "dead", "--model", "m")
	has(t, out, "failed")
	s.ok("channels", "remove", "dead")

	s.ok("channels", "move", "spare", "--before", "main", "--priority", "0")
	if text := s.file("plugins.yaml"); strings.Index(text, "name: spare") > strings.Index(text, "name: main") || !strings.Contains(text, "priority: 0") {
		t.Errorf("not moved:\n%s", text)
	}
	s.ok("channels", "map", "main", "*haiku*=gpt-5-mini")
	s.ok("channels", "set", "main", "weight=3", "timeouts.idle=5m", "tags=[a, b]")
	has(t, s.file("plugins.yaml"), `"*haiku*": gpt-5-mini`, "weight: 3", "idle: 5m", "tags: [a, b]")
	s.ok("channels", "map", "main", "--remove", "*haiku*")
	s.ok("channels", "disable", "main")
	has(t, s.file("plugins.yaml"), "enabled: false")
	s.ok("channels", "enable", "main")

	_, said := s.run(0, "", "channels", "remove", "spare")
	has(t, said, "channel spare removed")
	if strings.Contains(s.file("plugins.yaml"), "spare") {
		t.Error("the channel is still there")
	}
	// A mistake changes nothing.
	before := s.file("plugins.yaml")
	_, said = s.run(2, "", "channels", "set", "main", "weight=-1")
	has(t, said, "is less than 1", "nothing was saved")
	out, _ = s.run(0, "", "channels", "set", "main", "weight=9", "--dry-run")
	has(t, out, "-    weight: 3", "+    weight: 9")
	s.run(1, "", "channels", "set", "main", "keys=[x]")
	s.run(1, "", "channels", "disable", "nobody")
	if s.file("plugins.yaml") != before {
		t.Error("a command that failed changed the file")
	}
}

// F19: a key that was typed goes into .env, which git does not see, and the file refers to it.
func TestCLIF19KeysGoToDotEnv(t *testing.T) {
	s := newShell(t)
	s.put(".git/HEAD", "ref: refs/heads/main\n")
	s.put("plugins.yaml", "version: 1\nchannels:\n  - name: main\n    adapter: openai\n    base_url: https://x.example\n    keys:\n      - canary-inline-000000001   # the first\n")
	s.run(0, "canary-added-00000000001\n", "keys", "add", "main", "--stdin", "--label", "team")
	has(t, s.file("plugins.yaml"), "# the first", "- key: ${MAIN_KEY}\n        label: team")
	has(t, s.file(".gitignore"), "/.env\n")
	out := s.ok("keys", "list", "main")
	has(t, out, "…0001", "${MAIN_KEY}", "team")
	// The key of .env is changed there.
	s.run(0, "canary-rotated-0000000001", "keys", "rotate", "main", "team", "--stdin")
	has(t, s.file(".env"), "MAIN_KEY=canary-rotated-0000000001")
	// That of the file becomes a reference; its comment stays.
	cfg, _ := config.Load(config.LoadOptions{})
	s.run(0, "canary-moved-000000000001", "keys", "rotate", "main", cfg.Channels[0].Keys[0].ID, "--stdin")
	has(t, s.file("plugins.yaml"), "- ${MAIN_KEY_2}   # the first")
	s.ok("keys", "remove", "main", "team")
	if strings.Contains(s.file("plugins.yaml"), "team") {
		t.Error("the key is still there")
	}
	// Clients.
	var stdout, stderr bytes.Buffer
	if code := runWith(t.Context(), []string{"keys", "add", "--client", "laptop", "--admin"}, strings.NewReader(""), &stdout, &stderr); code != 0 {
		t.Fatal(&stderr)
	}
	secret := strings.TrimSpace(stdout.String())
	cfg, _ = config.Load(config.LoadOptions{})
	if len(cfg.Auth.Keys) != 1 || cfg.Auth.Keys[0].Key.Reveal() != secret || !cfg.Auth.Keys[0].Admin || !strings.HasPrefix(secret, "cp-") {
		t.Errorf("%+v", cfg.Auth.Keys)
	}
	has(t, s.ok("keys", "list", "--json"), `"of": "client"`, `"id": "laptop"`)
	s.ok("keys", "remove", "--client", "laptop")
	// Nothing is asked without a terminal.
	_, said := s.run(2, "", "keys", "add", "main")
	has(t, said, "--stdin")
}

func TestCLIInit(t *testing.T) {
	s := newShell(t)
	if err := os.Mkdir(".git", 0o700); err != nil {
		t.Fatal(err)
	}
	_, said := s.run(2, "", "init")
	has(t, said, "only at a terminal", "try:")
	s.run(0, "canary-first-key-00000001", "init", "--provider", "deepseek", "--stdin")
	has(t, s.file("plugins.yaml"), "$schema=.claude-proxy/plugins.schema.json", "# routing:", "channels:\n  - name: deepseek", "${DEEPSEEK_KEY}")
	has(t, s.file(".env"), "DEEPSEEK_KEY=canary-first-key-00000001")
	has(t, s.file(".gitignore"), "/.env\n", "/.claude-proxy/\n")
	has(t, s.file(".claude-proxy/plugins.schema.json"), `"$schema"`)
	has(t, s.ok("validate", "--strict"), "plugins.yaml: ok, 1 channels, 0 client keys")
	_, said = s.run(1, "", "init", "--provider", "openai", "--env", "X")
	has(t, said, "has channels already", "channels add")
	// Into the shipped file, which is all comments.
	shipped, err := os.ReadFile(filepath.Join(s.repository(), "plugins.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	s.put("plugins.yaml", string(shipped))
	s.ok("init", "--provider", "claude", "--env", "ANTHROPIC_API_KEY")
	if text := s.file("plugins.yaml"); len(text) < len(shipped) || !strings.Contains(text, "name: claude") {
		t.Error("the shipped file lost something")
	}
}

// repository is the root of the source.
func (s *shell) repository() string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "..", "..")
}

func TestCLIValidate(t *testing.T) {
	s := newShell(t)
	s.put("plugins.yaml", "version: 1\nserver: { lisen: x }\nchannels:\n  - { name: a, adapter: openai, base_url: https://x, keys: [ canary-bad key ] }\n")
	_, said := s.run(2, "", "validate")
	has(t, said, "plugins.yaml:2:11", `did you mean "listen"?`)
	out, _ := s.run(2, "", "validate", "-o", "json")
	has(t, out, `"ok": false`, `"line": 2`, `"code": "unknown-key"`)
	out, _ = s.run(2, "", "validate", "-o", "github")
	has(t, out, "::error file=plugins.yaml,line=2,col=11::")
	s.put("plugins.yaml", "version: 1\nchannels: [ { name: a, adapter: openai, base_url: https://x, keys: [ \"${CANARY_UNSET}\" ] } ]\n")
	out, _ = s.run(0, "", "validate")
	has(t, out, "ok, 1 channels")
	s.run(1, "", "validate", "--strict")
	s.run(2, "", "validate", "-o", "xml")
	s.run(2, "", "validate", "extra")
	s.run(2, "", "validate", "--nosuch")
	s.run(2, "", "nosuch")
	s.run(2, "", "validate", "-c", "none.yaml")
}

// A plugin checks the options of its channels like a built-in adapter.
func TestCLIValidatePlugin(t *testing.T) {
	module := builtinPlugin(t, "openaiold")
	s := newShell(t)
	s.put("plugins/acme.wasm", string(module))
	file := func(options string) {
		s.put("plugins.yaml", "version: 1\nplugins: { cache_dir: cache }\nchannels:\n  - { name: a, adapter: acme, base_url: https://x, keys: [ canary-a-00000001 ], options: "+options+" }\n")
	}
	file("{ preset: deepseek }")
	_, said := s.run(0, "", "validate", "--strict")
	if strings.Contains(said, "unavailable") {
		t.Errorf("the plugin is there: %s", said)
	}
	file("{ nonsense: 1 }")
	_, said = s.run(2, "", "validate")
	has(t, said, "plugins.yaml:4:", `the adapter "acme" refuses them`, "nonsense")
	if err := os.Remove("plugins/acme.wasm"); err != nil {
		t.Fatal(err)
	}
	_, said = s.run(0, "", "validate")
	has(t, said, "unavailable until plugins/acme.wasm is there")
}

func TestCLIConfig(t *testing.T) {
	s := newShell(t)
	t.Setenv("LOG_LEVEL", "warn")
	s.put("plugins.yaml", "version: 1\nserver: { listen: \"127.0.0.1:4000\" }\nchannels: [ { name: a, adapter: openai, base_url: https://x, keys: [ canary-inline-0000001 ] } ]\n")
	out := s.ok("config", "show", "--origins")
	has(t, out, "server.listen", "127.0.0.1:4000", "file line 2", "environment LOG_LEVEL", "…0001")
	if strings.Contains(out, "request_timeout") {
		t.Error("defaults are shown")
	}
	has(t, s.ok("config", "show", "--all"), "server.request_timeout: 3m\n")
	has(t, s.ok("config", "show", "--json"), `"path": "log.level"`, `"source": "environment"`, `"name": "LOG_LEVEL"`)
	has(t, s.ok("config", "schema"), `"$defs"`, `"preset"`)

	s.run(1, "", "config", "rollback")
	s.ok("channels", "set", "a", "weight=2")
	s.ok("channels", "set", "a", "weight=3")
	has(t, s.ok("config", "history"), "cli", "channel a: weight 2 → 3", "as it was found")
	has(t, s.ok("config", "diff"), "weight: 2", "weight: 3", "hidden:")
	out, _ = s.run(0, "", "config", "rollback", "--dry-run")
	has(t, out, "+")
	s.ok("config", "rollback")
	has(t, s.file("plugins.yaml"), "weight: 2")
	s.ok("config", "rollback", "4")
	if strings.Contains(s.file("plugins.yaml"), "weight") {
		t.Error("not the first version")
	}
	s.run(1, "", "config", "rollback", "nosuch")
}

func TestCLIRouteExplain(t *testing.T) {
	s := newShell(t)
	s.put("plugins.yaml", `version: 1
auth: { keys: [ { name: me, key: canary-me-key-0000001, models: [ "claude-*" ] } ] }
routing: { models: { "claude-*-haiku*": [ { channel: b, model: small } ] } }
channels:
  - { name: a, adapter: openai, base_url: https://a, keys: [ canary-a-000000001, { key: canary-a2-00000001, models: [ "gpt-4*" ] } ], models: { "claude-*": gpt-5 } }
  - { name: b, adapter: openai, base_url: https://b, keys: [ canary-b-000000001 ] }
  - { name: c, adapter: openai, base_url: https://c, keys: [ canary-c-000000001 ], enabled: false }
`)
	out := s.ok("route", "explain", "--model", "claude-sonnet-5")
	has(t, out, "* priority", "gpt-5", "usable", "model_not_allowed", "disabled")
	has(t, s.ok("route", "explain", "--model", "claude-3-haiku", "--json"), `"rule": "route"`, `"chosen": true`, `"verdict": "not_in_route"`, `"model": "small"`)
	out, _ = s.run(1, "", "route", "explain", "--model", "gpt-5", "--client", "me")
	has(t, out, "refused: ")
	s.run(2, "", "route", "explain")
	_, said := s.run(3, "", "route", "explain", "--model", "x", "--live")
	has(t, said, "")
}

func TestCLISnippetAndRun(t *testing.T) {
	s := newShell(t)
	s.put("plugins.yaml", "version: 1\nserver: { listen: \"0.0.0.0:4123\" }\nauth: { keys: [ { name: me, key: \"${CANARY_CLIENT}\" } ] }\n")
	t.Setenv("CANARY_CLIENT", clientKey)
	has(t, s.ok("snippet"), "claude-code/bash", "python")
	var out bytes.Buffer
	if code := runWith(t.Context(), []string{"snippet", "claude-code", "--shell", "pwsh"}, strings.NewReader(""), &out, &out); code != 0 || strings.Contains(out.String(), clientKey) {
		t.Errorf("%d %s", code, &out)
	}
	has(t, out.String(), `$env:ANTHROPIC_BASE_URL = "http://127.0.0.1:4123"`)
	s.run(2, "", "snippet", "nosuch")
	if runtime.GOOS == "windows" {
		return
	}
	t.Setenv("ANTHROPIC_API_KEY", "other")
	out.Reset()
	code := runWith(t.Context(), []string{"run", "--", "sh", "-c", `echo "$ANTHROPIC_BASE_URL|$ANTHROPIC_AUTH_TOKEN|$ANTHROPIC_API_KEY"; exit 7`}, strings.NewReader(""), &out, &out)
	if want := "http://127.0.0.1:4123|" + clientKey + "|\n"; code != 7 || out.String() != want {
		t.Errorf("%d %q", code, &out)
	}
	s.run(1, "", "run", "--", "no-such-command-anywhere")
}

func TestCLIDoctor(t *testing.T) {
	s := newShell(t)
	up := says(t, "hello")
	s.put("plugins.yaml", "version: 1\nserver: { listen: \""+free(t)+"\" }\nchannels:\n  - { name: up, adapter: openai, base_url: \""+up.URL+"\", keys: [ canary-up-0000000001 ] }\n"+
		"  - { name: down, adapter: openai, base_url: \"http://127.0.0.1:1\", keys: [ canary-down-00000001 ] }\n")
	t.Setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:3000/v1")
	out, _ := s.run(1, "", "doctor")
	has(t, out, "ok       channel up", "failed   channel down", "ends in /v1", "is free", "ok       plugins.yaml")
	has(t, s.ok("doctor", "--offline", "--json"), `"check": "listen"`, `"state": "warning"`)
	if runtime.GOOS != "windows" {
		if err := os.Chmod("plugins.yaml", 0o644); err != nil {
			t.Fatal(err)
		}
		has(t, s.ok("doctor", "--offline"), "every user of this machine can read it", "chmod 600")
	}
	s.run(3, "", "reload")
	s.run(3, "", "status")
}

// O05: the exit code of a port in use, and what the version says.
func TestCLIVersion(t *testing.T) {
	s := newShell(t)
	has(t, s.ok("version", "--json"), `"version":`, `"platform":`)
	has(t, s.ok("completion", "bash"), "complete")
}
