package openaiold_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestReadmeOptions makes sure that the table of options is the schema's, and the table of presets names each.
func TestReadmeOptions(t *testing.T) {
	all := properties(t)
	text := read(t, "README.md")
	_, table, _ := strings.Cut(text, "## Options")
	table, _, _ = strings.Cut(table, "\n## ")
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (.*) \\| (.*) \\|$").FindAllStringSubmatch(table, -1) {
		p, ok := all[m[1]]
		if !ok || seen[m[1]] {
			t.Errorf("there is no option %s, or it stands twice", m[1])
		}
		seen[m[1]] = true
		if m[3] != p.Description {
			t.Errorf("%s is said to be %q, the schema says %q", m[1], m[3], p.Description)
		}
		for _, word := range slices.Concat(p.Enum, p.Items.Enum) {
			if !strings.Contains(m[2], "`"+word+"`") {
				t.Errorf("%s: %s is missing", m[1], word)
			}
		}
	}
	if len(seen) != len(all) {
		t.Errorf("%d options stand in the table, there are %d", len(seen), len(all))
	}
	_, presets, _ := strings.Cut(text, "## Presets")
	presets, _, _ = strings.Cut(presets, "\n## ")
	for _, name := range all["preset"].Enum {
		if !regexp.MustCompile("(?m)^\\| .*`" + name + "`.* \\|").MatchString(presets) {
			t.Errorf("preset %s is missing", name)
		}
	}
}

func read(t testing.TB, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
