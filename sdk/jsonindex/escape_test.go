package jsonindex

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// checkEscaping compares every function on the inside of strings with encoding/json or an obvious loop.
func checkEscaping(t testing.TB, s []byte) {
	t.Helper()
	escaped := AppendEscaped([]byte("dst"), s)[3:]
	var meaning string
	if err := json.Unmarshal(append(append([]byte(`"`), escaped...), '"'), &meaning); err != nil {
		t.Fatalf("AppendEscaped(%q) = %q: %v", s, escaped, err)
	}
	repaired := string([]rune(string(s))) // one U+FFFD for each invalid byte
	if meaning != repaired || !utf8.Valid(escaped) {
		t.Fatalf("AppendEscaped(%q) means %q", s, meaning)
	}
	if got := EscapedSize(s); got != len(escaped) {
		t.Fatalf("EscapedSize(%q) = %d, want %d", s, got, len(escaped))
	}
	exact := make([]byte, 0, len(escaped))
	if in := AppendEscaped(exact, s); !bytes.Equal(in, escaped) || len(in) > 0 && &in[0] != &exact[:1][0] {
		t.Fatalf("AppendEscaped(%q) leaves a buffer that is large enough", s)
	}
	if got := AppendUnescaped([]byte("dst"), escaped); string(got) != "dst"+repaired {
		t.Fatalf("AppendUnescaped(%q) = %q", escaped, got)
	}
	if !unescapedIs(escaped, []byte(repaired)) || unescapedIs(escaped, []byte(repaired+"x")) {
		t.Fatalf("unescapedIs(%q) is wrong", escaped)
	}
	// s itself taken for the inside of a string
	quoted := append(append([]byte(`"`), s...), '"')
	ok := json.Valid(quoted) && utf8.Valid(s)
	if EscapedOK(s) != ok {
		t.Fatalf("EscapedOK(%q) = %v", s, !ok)
	}
	if ok {
		if err := json.Unmarshal(quoted, &meaning); err != nil {
			t.Fatal(err)
		}
		if got := AppendUnescaped(nil, s); string(got) != meaning {
			t.Fatalf("AppendUnescaped(%q) = %q, want %q", s, got, meaning)
		}
	} else {
		AppendUnescaped(nil, s) // must not panic
		unescapedIs(s, s)
	}
	want := bytes.IndexFunc(s, func(r rune) bool { return r < 0x20 || r == '"' || r == '\\' || r >= utf8.RuneSelf })
	if want < 0 {
		want = len(s)
	}
	if got := Special(s); got != want {
		t.Fatalf("Special(%q) = %d, want %d", s, got, want)
	}
}

func TestEscaping(t *testing.T) {
	for c := range 256 { // every byte at every place of a word
		for n := range 18 {
			s := bytes.Repeat([]byte("x"), 17)
			if n < len(s) {
				s[n] = byte(c)
			}
			checkEscaping(t, s)
			checkEscaping(t, s[:n])
			s[0], s[n/2] = byte(c), '"'
			checkEscaping(t, s)
		}
	}
	for _, s := range []string{
		"", "\\", `\u`, `\u00`, `\u00zz`, `\ud83d`, `\ud83d\`, `\ud83d\u`, `\ud83d\ude00`, `\x`, "é", "\xe9", "日本語\n日本語", "\u2028",
		strings.Repeat("\x01", 40), strings.Repeat("\"", 100), strings.Repeat("a\n", 100), strings.Repeat("x", 100) + "\xff" + strings.Repeat("é", 50),
	} {
		checkEscaping(t, []byte(s))
	}
}

func TestEscapeLen(t *testing.T) {
	f := func(s string, want int) {
		t.Helper()
		if got := EscapeLen([]byte(s)); got != want {
			t.Errorf("%q: got %d, want %d", s, got, want)
		}
	}
	f("", 0)
	f("n", 0)
	f(`\`, 0)
	f(`\nx`, 2)
	f(`\/`, 2)
	f(`\a`, 0)
	f(`\u00eF`, 6)
	f(`\u00e`, 0)
	f(`\u00eg`, 0)
	f(`\U00e0`, 0)
	f("\\u00\x11\x11", 0)
}
