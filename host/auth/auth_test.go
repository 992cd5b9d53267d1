package auth

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func key(name, secret string) config.ClientKey {
	return config.ClientKey{Name: name, Key: config.NewSecret(secret), Enabled: true}
}

func table(t testing.TB) *Table {
	t.Helper()
	disabled := key("disabled", "canary-disabled-key")
	disabled.Enabled = false
	expired, soon := key("expired", "canary-expired-key"), key("soon", "canary-soon-key")
	expired.Expires, soon.Expires = noon, noon.Add(time.Second)
	limited := key("limited", "canary-limited-key")
	limited.Models = []string{"claude-*", "!claude-opus*"}
	admin := key("admin", "canary-admin-key")
	admin.Admin, admin.PickChannel, admin.RPM = true, true, 7
	tab, err := New([]config.ClientKey{admin, key("me", "canary-me-key"), disabled, expired, soon, limited, key("unset", "")},
		func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

func TestAuthenticate(t *testing.T) {
	tab := table(t)
	f := func(head, want string) {
		t.Helper()
		req, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET /?key=canary-me-key&api_key=canary-me-key HTTP/1.1\r\nHost: x\r\n" + head + "\r\n")))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if p := tab.Authenticate(req.Header); p != nil {
			got = p.Name
		}
		if got != want {
			t.Errorf("%q is %q, want %q", head, got, want)
		}
	}
	f("x-api-key: canary-me-key\r\n", "me")
	f("X-API-KEY:   canary-me-key  \r\n", "me")
	f("Authorization: Bearer canary-me-key\r\n", "me")
	f("authorization: bEARER   canary-me-key\r\n", "me")
	f("x-api-key: canary-admin-key\r\n", "admin")
	f("x-api-key: canary-soon-key\r\n", "soon")
	// C18: missing, unknown, disabled, expired, not configured.
	f("", "")
	f("x-api-key: \r\n", "")
	f("x-api-key: canary-unknown-key\r\n", "")
	f("x-api-key: canary-disabled-key\r\n", "")
	f("x-api-key: canary-expired-key\r\n", "")
	f("Authorization: Bearer\r\n", "")
	f("Authorization: Bearer \r\n", "")
	f("Authorization: canary-me-key\r\n", "")
	f("Authorization: Basic canary-me-key\r\n", "")
	f("x-api-key: Bearer canary-me-key\r\n", "")
	f("x-goog-api-key: canary-me-key\r\n", "") // C19: nor the query above
	// C20: either is enough, two identities are not.
	f("x-api-key: canary-me-key\r\nAuthorization: Bearer stale\r\n", "me")
	f("x-api-key: stale\r\nAuthorization: Bearer canary-me-key\r\n", "me")
	f("x-api-key: canary-me-key\r\nAuthorization: Bearer canary-me-key\r\n", "me")
	f("x-api-key: canary-me-key\r\nAuthorization: Bearer canary-admin-key\r\n", "")
	f("x-api-key: canary-me-key\r\nAuthorization: Bearer canary-disabled-key\r\n", "me")
	// Duplicates, lists and folded values (C15).
	f("x-api-key: canary-me-key\r\nx-api-key: canary-me-key\r\n", "")
	f("Authorization: Bearer canary-me-key\r\nAuthorization: Bearer canary-me-key\r\n", "")
	f("x-api-key: canary-me-key,canary-admin-key\r\n", "")
	f("x-api-key: canary-\r\n me-key\r\n", "")
	f("Authorization: Bearer canary-me-key\r\n x\r\n", "")
	f("x-api-key: canary-me-key x\r\n", "")
	f("x-api-key: "+strings.Repeat("x", maxKey+1)+"\r\n", "")
	f("x-api-key: canary-me-k\xffy\r\n", "")
}

func TestPrincipal(t *testing.T) {
	tab := table(t)
	p := tab.find("canary-admin-key", noon)
	if p == nil || !p.Admin || !p.PickChannel || p.RPM != 7 || !p.MayUse("anything") {
		t.Errorf("admin is %+v", p)
	}
	p = tab.find("canary-limited-key", noon)
	for model, want := range map[string]bool{"claude-sonnet-5": true, "claude-opus-5": false, "gpt-5": false} {
		if p.MayUse(model) != want {
			t.Errorf("limited may use %s: %v", model, !want)
		}
	}
	if tab.find("", noon) != nil {
		t.Error("the empty key is somebody")
	}
}

func TestNewRefuses(t *testing.T) {
	f := func(want string, keys ...config.ClientKey) {
		t.Helper()
		_, err := New(keys, time.Now)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("a key leaks: %v", err)
		}
	}
	f(`"a" and "b" are the same key`, key("a", "canary-same-key"), key("b", "canary-same-key"))
	bad := key("a", "canary-a-key")
	bad.Models = []string{"!"}
	f("models", bad)
}

func TestAuthenticateDoesNotAllocate(t *testing.T) {
	tab := table(t)
	h := http.Header{"X-Api-Key": {"canary-me-key"}, "Authorization": {"Bearer canary-me-key"}}
	if n := testing.AllocsPerRun(100, func() {
		if tab.Authenticate(h) == nil {
			t.Fatal("refused")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	tab := table(b)
	h := http.Header{"Authorization": {"Bearer canary-limited-key"}}
	b.ReportAllocs()
	for b.Loop() {
		if p := tab.Authenticate(h); p == nil || !p.MayUse("claude-sonnet-5") {
			b.Fatal("refused")
		}
	}
}
