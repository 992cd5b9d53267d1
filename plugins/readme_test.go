package plugins_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/plugins"
)

// pitfalls is how many numbers the list has.
const pitfalls = 135

var (
	code     = regexp.MustCompile("`([^`]+)`")
	numbered = regexp.MustCompile(`(?m)^\| (C\d{3}) \| (.*) \|$`)
	caseNo   = regexp.MustCompile(`^c\d{3}-`)
)

// TestPitfalls holds the list of pitfalls, the tables of all adapters, and the cases and tests that they name together.
func TestPitfalls(t *testing.T) {
	list := rows(t, "README.md")
	held := map[string]bool{}
	for _, name := range builtin() {
		for number, row := range rows(t, name+"/README.md") {
			if list[number] == "" {
				t.Errorf("%s: the list has no number %s", name, number)
			}
			held[number] = casesOf(t, name, number, row) || held[number]
		}
	}
	for number, row := range list {
		_, outside, ok := strings.Cut(row, " | ")
		switch {
		case !ok:
			t.Errorf("%s: a column is missing", number)
		case strings.HasPrefix(outside, "– "):
		case outside == "adapters":
			if !held[number] {
				t.Errorf("%s: no adapter has a case", number)
			}
		default:
			testsOf(t, number, outside)
		}
	}
}

// rows is a table by number: each stands there once, in order.
func rows(t *testing.T, file string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for i, m := range numbered.FindAllStringSubmatch(read(t, file), -1) {
		if want := fmt.Sprintf("C%03d", i+1); m[1] != want {
			t.Fatalf("%s: %s stands where %s should", file, m[1], want)
		}
		all[m[1]] = m[2]
	}
	if len(all) != pitfalls {
		t.Fatalf("%s: %d numbers, want %d", file, len(all), pitfalls)
	}
	return all
}

// casesOf looks up what a row of an adapter's table names, and says whether that is a case.
func casesOf(t *testing.T, name, number, row string) bool {
	if strings.HasPrefix(row, "– ") {
		return false
	}
	cases := code.FindAllStringSubmatch(row, -1)
	if len(cases) == 0 {
		t.Errorf("%s: %s names neither a case nor a reason", name, number)
	}
	for _, c := range cases {
		if _, err := os.Stat(caseFile(name, c[1])); err != nil {
			t.Errorf("%s: %s: %v", name, number, err)
		}
	}
	return len(cases) > 0
}

// testsOf looks up the tests that a row of the list names.
func testsOf(t *testing.T, number, text string) {
	found := regexp.MustCompile("`([a-z/-]+)` ((?:Test|Fuzz)[A-Za-z0-9]+)").FindAllStringSubmatch(text, -1)
	for _, m := range found {
		sources, err := filepath.Glob(filepath.Join("..", m[1], "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		there := false
		for _, file := range sources {
			there = there || strings.Contains(read(t, file), "\nfunc "+m[2]+"(")
		}
		if !there {
			t.Errorf("%s: there is no %s in %s", number, m[2], m[1])
		}
	}
	if len(found) == 0 {
		t.Errorf("%s: %q names no test", number, text)
	}
}

// TestEveryNumberedCaseIsListed makes sure that a case named by a number stands at that number.
func TestEveryNumberedCaseIsListed(t *testing.T) {
	for _, name := range builtin() {
		table := rows(t, name+"/README.md")
		for _, base := range cases(t, name) {
			if caseNo.MatchString(base) && !strings.Contains(table[strings.ToUpper(base[:4])], "`"+base+"`") {
				t.Errorf("%s: %s does not stand at its number", name, base)
			}
		}
	}
}

// TestSilentDrops holds the table of what other converters drop and the cases together: each cell names cases, and a cell
// that speaks of the ledger or of a refusal names one that shows it.
func TestSilentDrops(t *testing.T) {
	_, table, _ := strings.Cut(read(t, "README.md"), "\n## Nothing is dropped in silence")
	table, _, _ = strings.Cut(table, "\n## ")
	var head []string
	fields := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		switch {
		case !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---"):
		case head == nil:
			head = cells
			for i := range head {
				head[i] = strings.TrimSpace(head[i])
			}
			if got := strings.Join(head[1:], " "); got != strings.Join(builtin(), " ") {
				t.Fatalf("columns %s", got)
			}
		case len(cells) != len(head):
			t.Errorf("%d cells in %s", len(cells), line)
		default:
			fields++
			for i, cell := range cells[1:] {
				checkDrop(t, head[i+1], cells[0], cell)
			}
		}
	}
	if fields < 14 {
		t.Errorf("only %d fields", fields)
	}
}

func checkDrop(t *testing.T, name, field, cell string) {
	named := 0
	ledger, refused := false, false
	for _, m := range code.FindAllStringSubmatch(cell, -1) {
		if _, err := os.Stat(caseFile(name, m[1])); err != nil {
			continue // a word of the upstream's
		}
		named++
		text := read(t, caseFile(name, m[1]))
		ledger = ledger || regexp.MustCompile(`(?m)^-- losses --\n[a-z]+ `).MatchString(text) || strings.Contains(text, "\nloss ")
		refused = refused || strings.Contains(text, "-- failure --\nat: begin")
	}
	switch {
	case named == 0:
		t.Errorf("%s, %s: no case", name, field)
	case strings.Contains(cell, "ledger") && !ledger:
		t.Errorf("%s, %s: no case shows a loss", name, field)
	case strings.Contains(cell, "refused") && !refused:
		t.Errorf("%s, %s: no case shows a refusal", name, field)
	case (strings.Contains(cell, "left out") || strings.Contains(cell, "dropped")) && !strings.Contains(cell, "ledger"):
		t.Errorf("%s, %s: dropped in silence", name, field)
	}
}

// TestLosses makes sure that an adapter's table of losses names every loss that a case shows. Fields that nobody knows are
// called own in the cases, and NAME.* stands for all members of NAME. openaiold refers to openai for what they share.
func TestLosses(t *testing.T) {
	also := map[string]string{"openaiold": "openai"}
	for _, name := range builtin() {
		named := lossTable(t, name)
		if other := also[name]; other != "" {
			for path, kinds := range lossTable(t, other) {
				named[path] += " " + kinds
			}
		}
		for _, base := range cases(t, name) {
			for _, l := range losses(read(t, caseFile(name, base))) {
				first, _, _ := strings.Cut(l.path, ".")
				if !strings.HasSuffix(l.path, "own") && !strings.Contains(named[l.path]+named[first+".*"], l.kind) {
					t.Errorf("%s: %s: the table has no row for %s as %s", name, base, l.path, l.kind)
				}
			}
		}
	}
}

// lossTable is what an adapter's README says about losses: the kinds of each path.
func lossTable(t *testing.T, name string) map[string]string {
	t.Helper()
	_, table, ok := strings.Cut(read(t, name+"/README.md"), "\n## Losses")
	table, _, _ = strings.Cut(table, "\n## ")
	if !ok {
		t.Fatalf("%s: no losses", name)
	}
	named := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| (`.*`.*) \\| ([a-z, ]+) \\| .* \\|$").FindAllStringSubmatch(table, -1) {
		for _, path := range code.FindAllStringSubmatch(m[1], -1) {
			named[path[1]] += " " + m[2]
		}
	}
	return named
}

type loss struct{ kind, path string }

// losses are all that a case shows, of the request and of the answer.
func losses(text string) (all []loss) {
	if m := regexp.MustCompile(`(?ms)^-- losses --\n(.*?)(^-- |\z)`).FindStringSubmatch(text); m != nil {
		for line := range strings.Lines(m[1]) {
			kind, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
			path, _, _ := strings.Cut(rest, ": ")
			all = append(all, loss{kind, path})
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^loss (\w+) "([^"]*)"`).FindAllStringSubmatch(text, -1) {
		all = append(all, loss{m[1], m[2]})
	}
	return all
}

func builtin() (names []string) {
	for _, m := range plugins.Builtin() {
		names = append(names, m.Manifest().Name)
	}
	return names
}

func caseFile(adapter, name string) string {
	return filepath.Join(adapter, "testdata", name+".txtar")
}

func cases(t *testing.T, adapter string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(caseFile(adapter, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no cases: %v", adapter, err)
	}
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".txtar"))
	}
	return names
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
