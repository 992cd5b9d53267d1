package failure

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestParseRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	f := func(ms, after, date string, want time.Duration, ok bool) {
		t.Helper()
		got, gotOK := ParseRetryAfter(ms, after, date, now)
		if got != want || gotOK != ok {
			t.Errorf("ParseRetryAfter(%q, %q, %q) = %v %v, want %v %v", ms, after, date, got, gotOK, want, ok)
		}
	}
	const s = time.Second
	f("", "20", "", 20*s, true)
	f("", " 20 ", "", 20*s, true)
	f("", "1.5", "", 1500*time.Millisecond, true)
	f("", ".5", "", s, true)
	f("2500", "", "", 2500*time.Millisecond, true)
	f("2500", "9", "", 2500*time.Millisecond, true)
	f("junk", "9", "", 9*s, true)
	f("1234.5", "", "", 1234500*time.Microsecond, true)
	// U31: absurd times are clamped.
	f("", "0", "", s, true)
	f("", "-20", "", s, true)
	f("", "99999999999999999999999999", "", 10*time.Minute, true)
	f("", "Tue, 24 Nov 2099 12:00:00 GMT", "", 10*time.Minute, true)
	f("", "Tue, 24 Nov 1970 12:00:00 GMT", "", s, true)
	// Dates count from the upstream's clock.
	f("", "Tue, 24 Nov 2026 12:00:30 GMT", "", 30*s, true)
	f("", "Tue, 24 Nov 2026 15:00:30 GMT", "Tue, 24 Nov 2026 15:00:00 GMT", 30*s, true)
	f("", "Tue, 24 Nov 2026 12:00:30 GMT", "junk", 30*s, true)
	f("", "Tuesday, 24-Nov-26 12:00:30 GMT", "", 30*s, true)
	f("", "Tue Nov 24 12:00:30 2026", "", 30*s, true)
	// Junk says nothing.
	for _, junk := range []string{"", "soon", "1e9", "inf", "NaN", "0x10", "1,5", "--", ".", "1 2", strings.Repeat("9", 100)} {
		f("", junk, "", 0, false)
	}
}

func FuzzParseRetryAfter(f *testing.F) {
	f.Add("1", "2", "Tue, 24 Nov 2026 12:00:30 GMT")
	f.Add("", "Tue, 24 Nov 2026 12:00:30 GMT", "")
	f.Fuzz(func(t *testing.T, ms, after, date string) {
		d, ok := ParseRetryAfter(ms, after, date, time.Unix(1e9, 0))
		if ok && (d < MinRetryAfter || d > MaxRetryAfter) || !ok && d != 0 {
			t.Errorf("%v %v", d, ok)
		}
	})
}

func TestScrub(t *testing.T) {
	const key = "canary-upstream-key-0123456789"
	f := func(in, want string) {
		t.Helper()
		if got := string(Scrub([]byte(in), []string{key, "", "abc", "with/slash\"quote"})); got != want {
			t.Errorf("Scrub(%q)\n got %q\nwant %q", in, got, want)
		}
	}
	f("nothing here", "nothing here")
	f("key "+key+" is bad", "key [redacted] is bad")
	f(key+key, "[redacted]")
	f("x"+key, "x[redacted]")
	// Upstreams quote keys cut short.
	f("provided: canary-u****6789. You", "provided: [redacted] You")
	f("provided: canary-upstre… is", "provided: [redacted]… is")
	f("a canary sang", "a canary sang")
	// Escaped forms.
	f(`{"m":"with\/slash\"quote"}`, `{"m":"[redacted]"}`)
	f(`{"m":"with/slash\"quote"}`, `{"m":"[redacted]"}`)
	f("?key=with%2Fslash%22quote&x", "?key=[redacted]&x")
	// What looks like a credential, known or not.
	f("sk-proj-abcdefgh1234 end", "[redacted] end")
	f("task-force-of-many-men", "task-force-of-many-men")
	f("AIzaSyA1234567890 end", "[redacted] end")
	f("Authorization: Bearer abc.def-ghi_jkl=", "Authorization: [redacted]")
	f("authorization: bearer   abcdefghijk", "authorization: [redacted]")
	f("the bearer of news", "the bearer of news")
	f("sk-short", "sk-short")
	// Too short to be looked for.
	f("abc", "abc")
}

func TestScrubReturnsItsInput(t *testing.T) {
	in := []byte("nothing to hide")
	if out := Scrub(in, []string{"canary-upstream-key"}); &out[0] != &in[0] {
		t.Error("a clean text was copied")
	}
	in = []byte("canary-upstream-key")
	Scrub(in, []string{"canary-upstream-key"})
	if string(in) != "canary-upstream-key" {
		t.Errorf("the input was changed: %s", in)
	}
}

func FuzzScrub(f *testing.F) {
	f.Add("canary-upstream-key/1", "x canary-upstream-key/1 y", 3)
	f.Add("kkkk", "kkkkkkkkk", 1)
	f.Fuzz(func(t *testing.T, secret, text string, cut int) {
		if len(secret) < leastSecret {
			return
		}
		cut = min(max(cut, 0), len(text))
		out := Scrub([]byte(text[:cut]+secret+text[cut:]), []string{secret})
		// The replacement may complete a secret that is part of it.
		if bytes.Contains(out, []byte(secret)) && !strings.Contains(redacted, secret) && !overlaps(redacted, secret) {
			t.Errorf("%q survives in %q", secret, out)
		}
		body, err := json.Marshal(map[string]string{"m": text[:cut] + secret + text[cut:]})
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(Scrub(body, []string{secret})) && !strings.ContainsAny(secret, `"\{}:,`) {
			t.Errorf("JSON broken: %s → %s", body, Scrub(body, []string{secret}))
		}
	})
}

// overlaps says whether a secret may arise from the replacement and its surroundings.
func overlaps(replacement, secret string) bool {
	for i := 1; i < len(secret); i++ {
		if strings.HasSuffix(replacement, secret[:i]) || strings.HasPrefix(replacement, secret[i:]) {
			return true
		}
	}
	return false
}
