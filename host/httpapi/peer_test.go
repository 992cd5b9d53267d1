package httpapi

import (
	"net/http/httptest"
	"net/netip"
	"testing"
)

// C16: a forwarded address counts only from proxies that are trusted, and of a chain only the part that they wrote.
func TestPeer(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	f := func(remote string, headers []string, want string) {
		t.Helper()
		r := httptest.NewRequest("POST", "/v1/messages", nil)
		r.RemoteAddr = remote
		for _, h := range headers {
			r.Header.Add("X-Forwarded-For", h)
		}
		got := peer(r, trusted)
		if want == "" && got.IsValid() || want != "" && got.String() != want {
			t.Errorf("%s %q: %s, want %s", remote, headers, got, want)
		}
	}
	f("192.0.2.7:1234", nil, "192.0.2.7")
	f("[::ffff:192.0.2.7]:1234", nil, "192.0.2.7")
	f("192.0.2.7:1234", []string{"198.51.100.1"}, "192.0.2.7") // anyone can write this
	f("10.1.2.3:1234", nil, "10.1.2.3")
	f("10.1.2.3:1234", []string{"198.51.100.1"}, "198.51.100.1")
	f("10.1.2.3:1234", []string{"1.1.1.1, 198.51.100.1"}, "198.51.100.1") // the client wrote the first
	f("10.1.2.3:1234", []string{"1.1.1.1", "198.51.100.1", "10.9.9.9"}, "198.51.100.1")
	f("[fd00::1]:1234", []string{"2001:db8::1"}, "2001:db8::1")
	f("10.1.2.3:1234", []string{"198.51.100.1:4711"}, "198.51.100.1")
	f("10.1.2.3:1234", []string{"[2001:db8::1]:4711"}, "2001:db8::1")
	f("10.1.2.3:1234", []string{"198.51.100.1, nonsense"}, "10.1.2.3")
	f("10.1.2.3:1234", []string{"nonsense, 10.9.9.9"}, "10.9.9.9")
	f("10.1.2.3:1234", []string{""}, "10.1.2.3")
	f("@", []string{"198.51.100.1"}, "")
}
