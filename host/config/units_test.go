package config

import (
	"slices"
	"testing"
	"time"
)

func TestSize(t *testing.T) {
	f := func(text string, want Size, shown string) {
		t.Helper()
		got, err := ParseSize(text)
		if err != nil || got != want || got.String() != shown {
			t.Errorf("%q: got %d %s %v, want %d %s", text, got, got, err, want, shown)
		}
	}
	f("0", 0, "0B")
	f("100", 100, "100B")
	f("100B", 100, "100B")
	f("64KiB", 64<<10, "64KiB")
	f("1024KiB", 1<<20, "1MiB")
	f("32 MiB", 32<<20, "32MiB")
	f("2GiB", 2<<30, "2GiB")
	f("3KB", 3000, "3000B")
	f("3kB", 3000, "3000B")
	f("5MB", 5e6, "5000000B")
	f("1GB", 1e9, "1000000000B")
	f(" -1KiB ", -1024, "-1KiB")
	for _, text := range []string{"", "MiB", "1.5MiB", "1 2", "1TiB", "0x10", "1e3", "9223372036854775807KiB", "99999999999999999999"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q: got %d", text, got)
		}
	}
}

func TestFormatDuration(t *testing.T) {
	f := func(d time.Duration, want string) {
		t.Helper()
		if got := FormatDuration(d); got != want {
			t.Errorf("%d: got %s, want %s", d, got, want)
		}
		if back, err := time.ParseDuration(FormatDuration(d)); err != nil || back != d {
			t.Errorf("%s reads back as %v, %v", want, back, err)
		}
	}
	f(0, "0s")
	f(500*time.Millisecond, "500ms")
	f(30*time.Second, "30s")
	f(time.Minute, "1m")
	f(90*time.Second, "1m30s")
	f(10*time.Minute, "10m")
	f(time.Hour, "1h")
	f(time.Hour+time.Second, "1h0m1s")
	f(100*time.Hour, "100h")
}

func TestClosest(t *testing.T) {
	f := func(word, want string, candidates ...string) {
		t.Helper()
		if got := closest(word, candidates); got != want {
			t.Errorf("%q among %q: got %q, want %q", word, candidates, got, want)
		}
	}
	f("opnai", "openai", "claude", "openai", "openaiold")
	f("Open-AI", "openai", "claude", "openai")
	f("mian", "main", "main")
	f("mainn", "main", "second", "main")
	f("anthropic", "claude", "claude", "openai")
	f("api_key", "keys", "keys", "key")
	f("api_key", "key", "key")
	f("cat", "", "dog", "mouse")
	f("", "", "a")
	f("x", "", "abc")
	f("a-very-long-name-that-has-nothing-to-do-with-anything-here-and-goes-on", "", "a")
	f("频道", "频到", "频到", "别的")
}

func TestSplitLines(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		if got := splitLines(text); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
	f("")
	f("a", "a")
	f("a\n", "a")
	f("a\n\n", "a", "")
	f("a\r\nb\rc\nd", "a", "b", "c", "d")
	f("a\u0085b\u2028c\u2029d", "a", "b", "c", "d")
	f("\n\r", "", "")
}

// TestBlank: a caret stands below its character, tabs and wide ones before it.
func TestBlank(t *testing.T) {
	f := func(text string, n int, want string) {
		t.Helper()
		if got := blank(text, n); got != want {
			t.Errorf("%q, %d: got %q, want %q", text, n, got, want)
		}
	}
	f("abc", 2, "  ")
	f("\ta b", 2, "\t ")
	f("频道x", 2, "    ")
	f("…x", 1, " ")
	f("a", 5, " ")
}

func TestLoopback(t *testing.T) {
	f := func(listen string, want bool) {
		t.Helper()
		if got := loopback(listen); got != want {
			t.Errorf("%s: got %v", listen, got)
		}
	}
	f("127.0.0.1:1", true)
	f("127.8.9.1:1", true)
	f("[::1]:1", true)
	f("[::ffff:127.0.0.1]:1", true)
	f("LocalHost:1", true)
	f(":1", false)
	f("0.0.0.0:1", false)
	f("[::]:1", false)
	f("192.168.1.2:1", false)
	f("localhost.example:1", false)
	f("nonsense", false)
}
