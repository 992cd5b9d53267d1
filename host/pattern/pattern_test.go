package pattern

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

func compile(t testing.TB, text string) Pattern {
	t.Helper()
	p, err := Compile(text)
	if err != nil {
		t.Fatalf("Compile(%q): %v", text, err)
	}
	return p
}

func TestMatch(t *testing.T) {
	f := func(pattern, name string, want bool) {
		t.Helper()
		if got := compile(t, pattern).Match(name); got != want {
			t.Errorf("%q matches %q: got %v, want %v", pattern, name, got, want)
		}
	}
	// No star: the name itself, and case counts.
	f("gpt-5", "gpt-5", true)
	f("gpt-5", "gpt-5-mini", false)
	f("gpt-5", "GPT-5", false)
	f("gpt-5", "", false)
	// A star at an end, at both, alone.
	f("claude-*", "claude-opus-4", true)
	f("claude-*", "claude-", true)
	f("claude-*", "claude", false)
	f("*-mini", "gpt-5-mini", true)
	f("*-mini", "gpt-5-mini-x", false)
	f("*haiku*", "claude-haiku-4-5", true)
	f("*haiku*", "haiku", true)
	f("*", "", true)
	f("*", "anything/at:all", true)
	// Stars inside; literals must not overlap.
	f("claude-*-haiku*", "claude-3-5-haiku-20241022", true)
	f("claude-*-haiku*", "claude-haiku", false)
	f("a*a", "a", false)
	f("a*a", "aa", true)
	f("ab*ba", "aba", false)
	f("a*b*c", "a-b-b-c", true)
	f("a*b*c", "a-c-b", false)
	f("*ab*ab*", "abab", true)
	f("*ab*ab*", "aab", false)
	f("a**b", "ab", true)
	// Slashes, dots, question marks and brackets are nothing special.
	f("qwen/*", "qwen/qwen3-coder", true)
	f("gpt-4.1", "gpt-4x1", false)
	f("m?", "mx", false)
	f("m[ab]", "ma", false)
	// Characters, not bytes.
	f("模型-*", "模型-大", true)
}

func TestCompileRefuses(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if _, err := Compile(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Compile(%q): got %v, want %q", text, err, want)
		}
	}
	f("", "is empty")
	f("!gpt", "starts with")
	f("a b", "space")
	f("a\tb", "space")
	f("a\x00", "control")
	f("\xff", "UTF-8")
	f(strings.Repeat("a", maxLength+1), "longer")
}

func TestBest(t *testing.T) {
	f := func(name string, want int, list ...string) {
		t.Helper()
		patterns := make([]Pattern, len(list))
		for i, text := range list {
			patterns[i] = compile(t, text)
		}
		if got := Best(patterns, name); got != want {
			t.Errorf("Best(%q, %q): got %d, want %d", list, name, got, want)
		}
	}
	// Nothing to choose from, nothing that matches.
	f("gpt-5", -1)
	f("gpt-5", -1, "claude-*", "gpt-4*")
	// More literal characters win wherever they stand.
	f("gpt-5-mini", 1, "gpt-*", "gpt-5-*")
	f("gpt-5-mini", 0, "gpt-5-*", "gpt-*")
	f("gpt-5-mini", 2, "*", "*mini", "gpt-5*")
	// A tie goes to the earlier one.
	f("gpt-5-mini", 0, "gpt-*", "*mini")
	f("gpt-5-mini", 0, "*mini", "gpt-*")
	f("gpt-5", 0, "gpt-5*", "gpt-5")
	// Characters count, not bytes: é is one.
	f("éa", 0, "é*", "*a")
}

func TestSet(t *testing.T) {
	f := func(name string, want bool, list ...string) {
		t.Helper()
		s, err := CompileSet(list)
		if err != nil {
			t.Fatalf("CompileSet(%q): %v", list, err)
		}
		if got := s.Allows(name); got != want {
			t.Errorf("%q allows %q: got %v, want %v", list, name, got, want)
		}
	}
	// An empty list allows everything.
	f("gpt-5", true)
	// Includes alone.
	f("gpt-5", true, "gpt-*", "claude-*")
	f("o3", false, "gpt-*", "claude-*")
	// Excludes alone allow the rest.
	f("gpt-5", true, "!claude-*")
	f("claude-opus", false, "!claude-*")
	// An exclude wins over every include, wherever it stands.
	f("gpt-5-mini", false, "gpt-*", "!*-mini")
	f("gpt-5-mini", false, "!*-mini", "gpt-5-mini")
	f("gpt-5", true, "!*-mini", "gpt-*")
}

func TestCompileSetRefuses(t *testing.T) {
	f := func(want string, list ...string) {
		t.Helper()
		if _, err := CompileSet(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("CompileSet(%q): got %v, want %q", list, err, want)
		}
	}
	f(`pattern "!" excludes nothing`, "gpt-*", "!")
	f(`pattern "!!a" starts with`, "!!a")
	f(`pattern "" is empty`, "")
	f("…", strings.Repeat("x", 600))
}

func TestNames(t *testing.T) {
	s, err := CompileSet([]string{"gpt-5", "claude-*", "!gpt-4*", "gpt-4o", "o3"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.Names(), []string{"gpt-5", "o3"}; !slices.Equal(got, want) {
		t.Errorf("Names: got %q, want %q", got, want)
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	s, err := CompileSet([]string{"claude-*-haiku*", "gpt-*", "!*-mini"})
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() { s.Allows("claude-3-5-haiku-20241022") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzMatch holds the matcher against a regular expression.
func FuzzMatch(f *testing.F) {
	f.Add("claude-*-haiku*", "claude-3-5-haiku")
	f.Add("a*a*a", "aaa")
	f.Add("**", "")
	f.Fuzz(func(t *testing.T, text, name string) {
		p, err := Compile(text)
		if err != nil || strings.ContainsRune(name, '\uFFFD') || len(text)+len(name) > 200 {
			t.Skip()
		}
		parts := strings.Split(text, "*")
		for i, part := range parts {
			parts[i] = regexp.QuoteMeta(part)
		}
		want := regexp.MustCompile(`(?s)\A` + strings.Join(parts, `.*`) + `\z`).MatchString(name)
		if got := p.Match(name); got != want {
			t.Errorf("%q matches %q: got %v, want %v", text, name, got, want)
		}
	})
}
