package httpapi

import (
	"net/url"
	"strings"
	"testing"
)

func TestTidy(t *testing.T) {
	f := func(path, want string) {
		t.Helper()
		if got := tidy(path); got != want {
			t.Errorf("%q became %q, want %q", path, got, want)
		}
	}
	f("/", "/")
	f("//", "/")
	f("", "")
	f("/v1/messages", "/v1/messages")
	f("//v1///messages//", "/v1/messages")
	f("/v1/messages/", "/v1/messages")
}

func TestPaginate(t *testing.T) {
	ids := strings.Fields("a b c d e")
	f := func(query, want string, wantMore bool) {
		t.Helper()
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		page, more, refusal := paginate(ids, q)
		got := strings.Join(page, " ")
		if refusal != nil {
			got = refusal.Message
		}
		if !strings.Contains(got, want) || more != wantMore {
			t.Errorf("%s: %q, more %v; want %q, %v", query, got, more, want, wantMore)
		}
	}
	f("", "a b c d e", false)
	f("limit=2", "a b", true)
	f("limit=2&after_id=b", "c d", true)
	f("limit=2&after_id=c", "d e", false)
	f("after_id=e", "", false)
	f("limit=2&before_id=d", "b c", true)
	f("limit=9&before_id=b", "a", false)
	f("limit=1000", "a b c d e", false)
	f("limit=0", "limit", false)
	f("limit=1001", "limit", false)
	f("limit=x", "limit", false)
	f("after_id=z", "after_id", false)
	f("before_id=z", "before_id", false)
}

func TestPrintable(t *testing.T) {
	f := func(s, want string) {
		t.Helper()
		if got := printable(s); got != want {
			t.Errorf("%q became %q, want %q", s, got, want)
		}
	}
	f("/v1/x", "/v1/x")
	f("a\r\nb\x00\x7f", "ab")
	f(strings.Repeat("ü", 80), strings.Repeat("ü", 50)+"…")
}

func TestRequestIDs(t *testing.T) {
	seen := map[string]bool{}
	for range 10_000 {
		id := newRequestID()
		if len(id) != 26 || !strings.HasPrefix(id, "req_") || seen[id] {
			t.Fatalf("id %q", id)
		}
		seen[id] = true
	}
}
