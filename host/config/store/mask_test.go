package store

import (
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/config"
)

const secretive = `version: 1
# sk-canary000000000001 was the old one
x-shared: &keys [ canary-2-0123456789, "${A}" ]
x-base: &base { api_key: 'canary-3' }
auth:
  keys:
    - { name: me, key: canary-4 }   # key: canary-5
channels:
  - name: main
    adapter: openai
    base_url: https://a.example
    proxy_url: http://user:canary-6@proxy.example:3128
    headers: { x-org: "canary-7", x-ref: "${B}" }
    options: { api_token: canary-8, plain: words, pasted: sk-canary000000000009 }
    keys:
      - canary-10
      - "canary \"11\""
      - 'canary''12'
      - key: canary-13
        label: team
      - ${OPENAI_KEY}
      - file:/run/secrets/key
      - |
        canary-14
  - name: other
    adapter: openai
    base_url: https://b.example
    keys: *keys
plugins:
  modules: { acme: { sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef } }
#      - key: "canary-15"
# - AIzacanary0000000016
`

func TestMasked(t *testing.T) {
	s, _ := open(t, secretive)
	masked := s.Masked([]byte(secretive))
	if strings.Contains(string(masked), "canary") {
		t.Errorf("secrets are shown:\n%s", masked)
	}
	for _, kept := range []string{"name: main", "https://a.example", "${A}", "${B}", "${OPENAI_KEY}", "file:/run/secrets/key", "plain: words", "label: team", "sha256: 0123456789abcdef", "x-org: \"hidden:"} {
		if !strings.Contains(string(masked), kept) {
			t.Errorf("%s is hidden:\n%s", kept, masked)
		}
	}
	back, err := s.Unmasked(masked, []byte(secretive))
	if err != nil || string(back) != secretive {
		t.Errorf("%v:\n%s", err, back)
	}
	// What was changed around them stays changed.
	edited := strings.Replace(string(masked), "name: main", "name: first", 1)
	if back, err := s.Unmasked([]byte(edited), []byte(secretive)); err != nil || string(back) != strings.Replace(secretive, "name: main", "name: first", 1) {
		t.Errorf("%v:\n%s", err, back)
	}
	// Another store's stand-ins, and those of secrets that are gone, explain nothing.
	other, _ := open(t, secretive)
	if _, err := other.Unmasked(masked, []byte(secretive)); err == nil {
		t.Error("the stand-ins of one store work in another")
	}
	if _, err := s.Unmasked(masked, []byte("version: 1\n")); err == nil {
		t.Error("stand-ins without a secret are taken")
	}
	// A broken file shows no value at all.
	broken := strings.Replace(secretive, "channels:", "channels: [", 1)
	if masked := s.Masked([]byte(broken)); strings.Contains(string(masked), "canary") {
		t.Errorf("secrets of a broken file are shown:\n%s", masked)
	}
}

func FuzzMasked(f *testing.F) {
	f.Add(secretive)
	f.Add("a: &x sk-0123456789\nb: *x\n")
	f.Add("- \"a\n")
	f.Fuzz(func(t *testing.T, src string) {
		if strings.Contains(src, standIn) {
			return
		}
		s, _ := open(t, "")
		if back, err := s.Unmasked(s.Masked([]byte(src)), []byte(src)); err != nil || string(back) != src {
			t.Fatalf("%q comes back as %q: %v", src, back, err)
		}
	})
}

// conf loads a configuration with one channel for each line given.
func conf(t *testing.T, lines ...string) *config.Config {
	t.Helper()
	cfg, report := config.Load(config.LoadOptions{Path: "plugins.yaml", Source: []byte("version: 1\nauth: { keys: [ { name: me, key: client-secret-1 } ] }\nchannels:\n  - " + strings.Join(lines, "\n  - ") + "\n"),
		DotEnv: "none", LookupEnv: func(name string) (string, bool) { return map[string]string{"A": "secret-aaaa"}[name], name == "A" }})
	if cfg == nil {
		t.Fatal(report)
	}
	return cfg
}

func TestCarriesKeysAway(t *testing.T) {
	const home = `{ name: main, adapter: openai, base_url: "https://a.example/v1", keys: [ secret-1234, "${A}" ], headers: { x-gate: gate-secret, x-color: blue } }`
	old := conf(t, home)
	f := func(want string, lines ...string) {
		t.Helper()
		if got := strings.Join(CarriesKeysAway(old, conf(t, lines...)), " "); got != want {
			t.Errorf("%v: got %q, want %q", lines, got, want)
		}
	}
	change := func(from, to string) string { return strings.Replace(home, from, to, 1) }
	f("", home)
	// The path, the port that was meant anyway, the name and the adapter are free.
	f("", change("/v1", "/v2"))
	f("", change("a.example", "A.example:443"))
	f("", change("main", "renamed"), change("main", "copy"))
	f("main", change("https:", "http:"))
	f("main", change("a.example", "evil.example"))
	f("main", change("a.example", "a.example:8443"))
	f("main", change("keys:", "proxy_url: \"http://evil:1\", keys:"))
	f("main", change("keys:", "insecure_skip_verify: true, keys:"))
	// A new channel with a known key, by value or by reference, and a known header value.
	f("evil", home, `{ name: evil, adapter: openai, base_url: "https://evil", keys: [ secret-1234 ] }`)
	f("evil", home, `{ name: evil, adapter: openai, base_url: "https://evil", keys: [ "${A}" ] }`)
	f("evil", home, `{ name: evil, adapter: openai, base_url: "https://evil", keys: [ new ], headers: { x: gate-secret } }`)
	f("evil", home, `{ name: evil, adapter: openai, base_url: "https://evil", keys: [ client-secret-1 ] }`)
	// Renamed and moved at once.
	f("renamed", strings.Replace(change("a.example", "evil.example"), "main", "renamed", 1))
	// Keys of its own may go anywhere.
	f("", home, `{ name: new, adapter: openai, base_url: "https://new", keys: [ fresh-1234 ], headers: { x-color: blue } }`)
}

func TestCheckReferences(t *testing.T) {
	const old = "version: 1\nserver: { state_dir: \"${S}\" }\nchannels:\n  - { name: a, keys: [ \"${A}\" ] }\n  - { name: b, keys: [ k ] }\n"
	f := func(from, to, want string) {
		t.Helper()
		err := CheckReferences([]byte(old), []byte(strings.Replace(old, from, to, 1)), []string{"FREE"})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s → %s: %v", from, to, err)
		}
	}
	f("k ]", "k, x ]", "")
	f("k ]", "\"${FREE}\" ]", "")
	f("k ]", "\"${A}\" ]", "${A} in channels[b]")
	f("k ]", "\"file:/etc/shadow\" ]", "file:/etc/shadow in channels[b]")
	f("k ]", "\"Bearer ${HOME}\" ]", "${HOME}")
	f("name: b", "name: b, base_url: \"https://x/${A}\"", "${A}")
	f("${S}", "${A}", "${A} in server")
	f("name: a", "name: a, description: \"${A}\"", "")
	f("version: 1", "version: 1\nx-anchor: &k \"${PATH}\"", "${PATH} in x-anchor")
	f("name: a", "name: c", "${A} in channels[c]")
}
