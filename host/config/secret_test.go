package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

func TestSecretShown(t *testing.T) {
	f := func(secret, want string) {
		t.Helper()
		if got := NewSecret(secret).String(); got != want {
			t.Errorf("%q: got %q, want %q", secret, got, want)
		}
	}
	f("", "")
	f("a", "…")
	f("twelve-chars", "…")
	f("thirteen-char", "…char")
	f("sk-ant-api03-abcdefgh", "…efgh")
	f("密钥密钥密钥密钥密钥密钥密", "…钥密钥密")
}

// TestSecretsDoNotPrint tries every way to print a value with secrets in it.
func TestSecretsDoNotPrint(t *testing.T) {
	const secret, password = "canary-secret-0123456789", "canary-password-0123456789"
	u, err := url.Parse("http://user:" + password + "@proxy:8080")
	if err != nil {
		t.Fatal(err)
	}
	type hidden struct {
		s Secret
		p ProxyURL
	}
	channel := Channel{Keys: []Key{{Secret: NewSecret(secret)}}, Headers: []Header{{"x", NewSecret(secret)}}, ProxyURL: ProxyURL{u}}
	config := &Config{Auth: Auth{Keys: []ClientKey{{Name: "a", Key: NewSecret(secret)}}}, Channels: []Channel{channel}}
	var out bytes.Buffer
	for _, v := range []any{NewSecret(secret), ProxyURL{u}, channel, &channel, config, hidden{NewSecret(secret), ProxyURL{u}}, map[string]Secret{"a": NewSecret(secret)}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10.3s", "%p"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		out.Write(text)
		if text, err = yaml.Marshal(v); err != nil {
			t.Error(err)
		}
		out.Write(text)
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
	}
	for _, canary := range []string{secret, password, "canary", fmt.Sprintf("%x", "canary"), fmt.Sprintf("%X", "canary"), "0123"} {
		if strings.Contains(out.String(), canary) {
			t.Errorf("%q shows up in\n%s", canary, out.String())
		}
	}
	if !strings.Contains(out.String(), "…6789") {
		t.Error("not even the tail is shown")
	}
}

func TestSecretEqual(t *testing.T) {
	s := NewSecret("canary")
	if !s.Equal("canary") || s.Equal("canarY") || s.Equal("") || (Secret{}).Equal("") {
		t.Error("Equal is wrong")
	}
	if s.Reveal() != "canary" || (Secret{}).Reveal() != "" || s.Empty() || !NewSecret("").Empty() {
		t.Error("Reveal or Empty is wrong")
	}
}

func TestSamples(t *testing.T) {
	f := func(secret string, want bool) {
		t.Helper()
		if got := isSample(secret); got != want {
			t.Errorf("%q: got %v", secret, got)
		}
	}
	for _, s := range []string{"your-api-key", "your-proxy-access-key", "YOUR_API_KEY", "your-super-strong-secret-key", "changeme",
		"sk-xxx", "sk-xxxxxxxxxxxx", "sk-ant-xxxxxxxx", "xxxx-xxxx", "sk-…", "sk-...", "<your key>", "<key>", "sk-your-openai-key", "test", "123456", "****"} {
		f(s, true)
	}
	for _, s := range []string{"canary-client-key", "sk-proj-abc", "x", "xx-y", "AIzaSyCanary", "mysecret", "test-me-please", "12345678901"} {
		f(s, false)
	}
}

// TestNoSecretInProblems puts a canary to every place of a broken file where a
// secret could be pasted.
func TestNoSecretInProblems(t *testing.T) {
	const canary = "canary-4711-secret"
	for _, text := range []string{
		"auth: { keys: [ { name: a, kye: canary-4711-secret } ] }",
		"auth: { keys: [ canary-4711-secret ] }",
		"auth: { keys: canary-4711-secret }",
		"auth: canary-4711-secret",
		"auth: { keys: [ { canary-4711-secret: x } ] }",
		"auth: { keys: [ { name: a, key: [canary-4711-secret] } ] }",
		"auth: { keys: [ { name: a, key: 'canary-4711-secret with space', rpm: x } ] }",
		"auth: { keys: [ { name: a, key: canary-4711-secret }, { name: a, key: canary-4711-secret } ] }",
		"auth:\n  keys:\n    - name: a   # canary-4711-secret\n      kee: x",
		"auth:\n  keys:\n    - name: a\n      key: >-\n        canary-4711-secret\n       more\n      rpm: -1",
		"auth:\n  keys:\n    - name: a\n      key: \"canary-4711-secret",
		"auth:\n  keys:\n    - name: a\n      key: canary-4711-secret: x",
		"auth:\n  keys:\n\t- canary-4711-secret",
		"auth: { keys: [ { name: a, key: canary-4711-secret, rpm: -1 }",
		"auth: { keys: [ { name: a, key: &k canary-4711-secret, rpm: -1 } ] }",
		"auth: { keys: [ { name: a, key: !!str canary-4711-secret, rpm: -1 } ] }",
		"auth: { keys: [ { name: a, key: !x canary-4711-secret, rpm: -1 } ] }",
		"auth: *canary-4711-secret",
		"channels: [ { name: a, keys: [ \"canary-4711-secret\\q\" ] } ]",
		"channels: [ { name: a, keys: [ canary-4711-secret, canary-4711-secret ] } ]",
		"channels: [ { name: a, keys: { canary-4711-secret: } } ]",
		"channels: [ { name: a, headers: { authorization: canary-4711-secret, x-a: \"canary-4711-secret\\n\" } } ]",
		"channels: [ { name: a, base_url: https://canary-4711-secret@x } ]",
		"channels: [ { name: a, base_url: https://x/?key=canary-4711-secret } ]",
		"channels: [ { name: a, base_url: \"https://canary-4711-secret x\" } ]",
		"channels: [ { name: a, proxy_url: ftp://u:canary-4711-secret@x } ]",
		"channels: [ { name: a, proxy_url: \"http://u:canary-4711-secret@x y\" } ]",
		"channels: [ { name: a, options: { token: canary-4711-secret, x: .nan } } ]",
		"channels: [ { name: a, options: canary-4711-secret } ]",
		"channels: [ { name: a, adapter: \"${SECRET}\", base_url: \"${SECRET}\", weight: \"${SECRET}\", loss: \"${SECRET}\" } ]",
		"log: { level: \"${SECRET}\", recent: \"x${SECRET}\" }",
		"server: { listen: \"${SECRET}\", state_dir: \"${SECRET}\", cors: { origins: [\"${SECRET}\"] } }",
		"unknown: canary-4711-secret",
		"unknown: [ a, canary-4711-secret ]",
	} {
		_, report := load("version: 1\n"+text+"\n", map[string]string{"SECRET": canary, "PROXY_ACCESS_KEY": "canary-4711-secret x"})
		if !report.Failed() {
			t.Errorf("%s: no error", text)
		}
		for _, p := range append(report.Problems, report.Notes...) {
			if all := fmt.Sprintf("%+v\n%s", p, p); strings.Contains(all, "4711") {
				t.Errorf("%s\nleaks in\n%s", text, all)
			}
		}
	}
}
