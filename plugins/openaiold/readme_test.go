package openaiold_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	code     = regexp.MustCompile("`([^`]+)`")
	numbered = regexp.MustCompile(`^c\d{3}-`)
)

// TestReadmePitfalls holds the table of pitfalls and the cases together: each number stands there once, with cases that
// exist or a reason, and each case that is named by a number stands at its number.
func TestReadmePitfalls(t *testing.T) {
	rows := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\| (C\d{3}) \| (.*) \|$`).FindAllStringSubmatch(read(t, "README.md"), -1) {
		if _, ok := rows[m[1]]; ok {
			t.Errorf("%s stands twice", m[1])
		}
		rows[m[1]] = m[2]
	}
	for n := 1; n <= 135; n++ {
		number := fmt.Sprintf("C%03d", n)
		row := rows[number]
		if strings.HasPrefix(row, "– ") {
			continue
		}
		cases := code.FindAllStringSubmatch(row, -1)
		if len(cases) == 0 {
			t.Errorf("%s names neither a case nor a reason", number)
		}
		for _, c := range cases {
			if _, err := os.Stat(filepath.Join("testdata", c[1]+".txtar")); err != nil {
				t.Errorf("%s: %v", number, err)
			}
		}
	}
	for _, file := range caseFiles(t) {
		base := strings.TrimSuffix(filepath.Base(file), ".txtar")
		if numbered.MatchString(base) && !strings.Contains(rows[strings.ToUpper(base[:4])], "`"+base+"`") {
			t.Errorf("%s does not stand at its number", base)
		}
	}
}

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

// TestReadmeLosses makes sure that the table of losses, or that of openai, names every loss that a case shows. Fields that
// nobody knows are called own in the cases.
func TestReadmeLosses(t *testing.T) {
	named := map[string]string{}
	row := regexp.MustCompile("(?m)^\\| (`.*`.*) \\| ([a-z, ]+) \\| .* \\|$")
	for _, text := range []string{read(t, "README.md"), read(t, "../openai/README.md")} {
		for _, m := range row.FindAllStringSubmatch(text, -1) {
			for _, path := range code.FindAllStringSubmatch(m[1], -1) {
				named[path[1]] += m[2] + " "
			}
		}
	}
	if len(named) < 30 {
		t.Fatalf("only %d paths are named", len(named))
	}
	begin := regexp.MustCompile(`(?ms)^-- losses --\n(.*?)(^-- |\z)`)
	answer := regexp.MustCompile(`(?m)^loss (\w+) "([^"]*)"`)
	for _, file := range caseFiles(t) {
		text := read(t, file)
		check := func(kind, path string) {
			if !strings.HasSuffix(path, "own") && !strings.Contains(named[path], kind) {
				t.Errorf("%s: the table has no row for %s as %s", filepath.Base(file), path, kind)
			}
		}
		if m := begin.FindStringSubmatch(text); m != nil {
			for line := range strings.Lines(m[1]) {
				kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
				path, _, _ := strings.Cut(rest, ": ")
				check(kind, path)
			}
		}
		for _, m := range answer.FindAllStringSubmatch(text, -1) {
			check(m[1], m[2])
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

func caseFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	return files
}
