package openairesponses_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadmePitfalls holds the table of pitfalls and the cases together: each number stands there once, with cases that
// exist or a reason, and each case that is named by a number stands at its number.
func TestReadmePitfalls(t *testing.T) {
	rows := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\| (C\d{3}) \| (.*) \|$`).FindAllStringSubmatch(readme(t), -1) {
		if _, ok := rows[m[1]]; ok {
			t.Errorf("%s stands twice", m[1])
		}
		rows[m[1]] = m[2]
	}
	name := regexp.MustCompile("`([a-z0-9-]+)`")
	for n := 1; n <= 135; n++ {
		number := fmt.Sprintf("C%03d", n)
		row, ok := rows[number]
		if !ok {
			t.Errorf("%s is missing", number)
			continue
		}
		if strings.HasPrefix(row, "– ") {
			continue
		}
		cases := name.FindAllStringSubmatch(row, -1)
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
		if number, _, ok := strings.Cut(base, "-"); ok && regexp.MustCompile(`^c\d{3}$`).MatchString(number) &&
			!strings.Contains(rows[strings.ToUpper(number)], "`"+base+"`") {
			t.Errorf("%s does not stand at %s", base, strings.ToUpper(number))
		}
	}
}

// TestReadmeLosses makes sure that the table of losses names every loss that a case shows. Fields that nobody knows are
// called own there.
func TestReadmeLosses(t *testing.T) {
	named := map[string]string{}
	row := regexp.MustCompile("(?m)^\\| (`.*`.*) \\| ([a-z, ]+) \\| .* \\|$")
	for _, m := range row.FindAllStringSubmatch(readme(t), -1) {
		for _, path := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(m[1], -1) {
			named[path[1]] += m[2]
		}
	}
	check := func(file, kind, path string) {
		if strings.HasSuffix(path, "own") || path == "messages.name" {
			return
		}
		if !strings.Contains(named[path], kind) {
			t.Errorf("%s: the table has no row for %s as %s", filepath.Base(file), path, kind)
		}
	}
	begin := regexp.MustCompile(`(?ms)^-- losses --\n(.*?)^-- `)
	answer := regexp.MustCompile(`(?m)^loss (\w+) "([^"]*)"`)
	for _, file := range caseFiles(t) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if m := begin.FindSubmatch(text); m != nil {
			for line := range strings.Lines(string(m[1])) {
				kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
				path, _, _ := strings.Cut(rest, ": ")
				check(file, kind, path)
			}
		}
		for _, m := range answer.FindAllSubmatch(text, -1) {
			check(file, string(m[1]), string(m[2]))
		}
	}
}

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func caseFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	return files
}
