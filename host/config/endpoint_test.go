package config

import (
	"strings"
	"testing"
)

func TestEndpoint(t *testing.T) {
	f := func(base, path, want string) {
		t.Helper()
		c := Channel{Name: "main", BaseURL: base}
		u, err := c.Endpoint(path)
		if err != nil {
			t.Errorf("%s + %s: %v", base, path, err)
			return
		}
		if got := u.String(); got != want {
			t.Errorf("%s + %s: got %s, want %s", base, path, got, want)
		}
	}
	// With the version and without it, with a slash at the end and without.
	for _, base := range []string{"https://api.openai.com", "https://api.openai.com/", "https://api.openai.com/v1", "https://api.openai.com/v1/"} {
		f(base, "/v1/chat/completions", "https://api.openai.com/v1/chat/completions")
		f(base, "/v1/messages?beta=true", "https://api.openai.com/v1/messages?beta=true")
		f(base, "/v1/models", "https://api.openai.com/v1/models")
		f(base, "/v1", "https://api.openai.com/v1")
	}
	// The base decides which version.
	f("https://generativelanguage.googleapis.com", "/v1beta/models/x:generateContent", "https://generativelanguage.googleapis.com/v1beta/models/x:generateContent")
	f("https://generativelanguage.googleapis.com/v1beta", "/v1beta/models/x:streamGenerateContent?alt=sse", "https://generativelanguage.googleapis.com/v1beta/models/x:streamGenerateContent?alt=sse")
	f("https://generativelanguage.googleapis.com/v1alpha", "/v1beta/models/x:generateContent", "https://generativelanguage.googleapis.com/v1alpha/models/x:generateContent")
	f("https://open.bigmodel.cn/api/paas/v4", "/v1/chat/completions", "https://open.bigmodel.cn/api/paas/v4/chat/completions")
	f("https://ark.cn-beijing.volces.com/api/v3", "/v1/chat/completions", "https://ark.cn-beijing.volces.com/api/v3/chat/completions")
	f("http://localhost:11434", "/v1/chat/completions", "http://localhost:11434/v1/chat/completions")
	f("https://openrouter.ai/api/v1", "/v1/messages", "https://openrouter.ai/api/v1/messages")
	f("https://api.deepseek.com/anthropic", "/v1/messages", "https://api.deepseek.com/anthropic/v1/messages")
	// A version that is not at the end does not count, but below "openai".
	f("https://gateway.ai.cloudflare.com/v1/account/gateway/anthropic", "/v1/messages", "https://gateway.ai.cloudflare.com/v1/account/gateway/anthropic/v1/messages")
	f("https://gateway.ai.cloudflare.com/v1/account/gateway/openai", "/v1/chat/completions", "https://gateway.ai.cloudflare.com/v1/account/gateway/openai/chat/completions")
	f("https://generativelanguage.googleapis.com/v1beta/openai/", "/v1/chat/completions", "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions")
	f("https://x.openai.azure.com/openai", "/v1/chat/completions", "https://x.openai.azure.com/openai/v1/chat/completions")
	// What is no version stays.
	f("https://x/v", "/v1/a", "https://x/v/v1/a")
	f("https://x/version1", "/v1/a", "https://x/version1/v1/a")
	f("https://x/v1", "/a/v1", "https://x/v1/a/v1")
	f("https://x/v1", "/V1/a", "https://x/v1/V1/a")
	// Escapes, signs and queries come through as they are.
	f("https://x/v1", "/v1/models/a%2Fb:generateContent", "https://x/v1/models/a%2Fb:generateContent")
	f("https://x/a%20b", "/v1/c", "https://x/a%20b/v1/c")
	f("https://x", "/v1/models/claude@20240620:rawPredict", "https://x/v1/models/claude@20240620:rawPredict")
	f("https://x", "/v1/a?b=c%2Fd&e=//../@f", "https://x/v1/a?b=c%2Fd&e=//../@f")
	f("https://[::1]:8443/v1", "/v1/a", "https://[::1]:8443/v1/a")
	f("HTTPS://X.example/v1", "/v1/a", "https://X.example/v1/a")
}

// TestEndpointRefuses: an adapter cannot leave the channel's host.
func TestEndpointRefuses(t *testing.T) {
	c := must(t, "version: 1\nchannels: [ { name: main, adapter: openai, base_url: https://good.example/v1 } ]", nil).Channels[0]
	f := func(path, want string) {
		t.Helper()
		u, err := c.Endpoint(path)
		if err == nil {
			t.Errorf("%q: got %s", path, u)
			return
		}
		for _, part := range []string{want, "the adapter returned", `channel "main"`} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q: wants %q in %v", path, part, err)
			}
		}
	}
	f("", "does not start with a slash")
	f("v1/messages", "does not start with a slash")
	f("?a=b", "does not start with a slash")
	f("https://evil.example/v1", "does not start with a slash")
	f("@evil.example/v1", "does not start with a slash")
	f(".evil.example", "does not start with a slash")
	f(":80/v1", "does not start with a slash")
	f("//evil.example/v1", "names a host")
	f("/user@evil.example/v1", "names a user")
	f("/v1//evil.example", "empty segment")
	f("/v1/../admin", "dot segment")
	f("/..", "dot segment")
	f("/v1/./a", "dot segment")
	f("/v1/%2e%2E/admin", "dot segment")
	f("/v1/a%2f..%2fadmin", "dot segment")
	f("/v1/%zz", "bad escape")
	f("/v1/%0d%0aHost:%20evil", "not allowed")
	f("/v1/a\r\nHost: evil", "not allowed")
	f("/v1/a\x00", "not allowed")
	f("/v1/a b", "not allowed")
	f(`/v1\evil`, "not allowed")
	f("/v1/%5cevil", "not allowed")
	f("/v1/a#b", "not allowed")
	f("/v1/a?b#c", "not allowed")
	f("/v1/a?b=\r\n", "not allowed")
	f("/v1/模", "not allowed")
}

func TestEndpointWithoutLoad(t *testing.T) {
	c := Channel{Name: "main", BaseURL: "https://user:canary@x"}
	if _, err := c.Endpoint("/v1/a"); err == nil || !strings.Contains(err.Error(), `channel "main": base_url holds a user`) || strings.Contains(err.Error(), "canary") {
		t.Errorf("got %v", err)
	}
}

func FuzzEndpoint(f *testing.F) {
	for _, seed := range []string{"/v1/messages?beta=true", "//x", "/v1/%2e%2e/x", "/a@b", "/v1beta/models/x:y", "/\r\n"} {
		f.Add(seed)
	}
	base, err := ParseBase("https://good.example:8443/api/v1")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path string) {
		u, err := base.Join(path)
		if err != nil {
			return
		}
		text := u.String()
		if u.Host != "good.example:8443" || u.User != nil || !strings.HasPrefix(text, "https://good.example:8443/api/v1") ||
			strings.ContainsAny(text, "\r\n #") || strings.Contains(u.Path, "/../") {
			t.Errorf("%q: %s", path, text)
		}
	})
}

func BenchmarkEndpoint(b *testing.B) {
	base, err := ParseBase("https://api.openai.com/v1")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := base.Join("/v1/chat/completions"); err != nil {
			b.Fatal(err)
		}
	}
}
