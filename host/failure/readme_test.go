package failure

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the tables of README.md")

// The tables of README.md are those of the code.
func TestReadme(t *testing.T) {
	old, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	text := splice(t, string(old), "attempts", attemptsTable())
	text = splice(t, text, "refusals", refusalsTable())
	if *update {
		if err := os.WriteFile("README.md", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if text != string(old) {
		t.Error("README.md does not show the tables of the code; run go test ./host/failure -update")
	}
}

// splice puts table between the marks named for it.
func splice(t *testing.T, text, name, table string) string {
	t.Helper()
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->"
	head, rest, ok := strings.Cut(text, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("README.md has no marks for %s", name)
	}
	return head + begin + table + end + tail
}

func attemptsTable() string {
	var b strings.Builder
	b.WriteString("| fault | when | next | skips | health | for | if it is final | retry | catalogue |\n|---|---|---|---|---|---|---|---|---|\n")
	for id := range rows {
		r := &table[id]
		next, skips, health, cooldown := r.ruling.Move.String(), r.ruling.Skip.String(), "", ""
		if r.ruling.Move == Stop {
			skips = ""
		}
		if r.ruling.Pause > 0 {
			next += " after " + length(r.ruling.Pause)
		}
		if r.ruling.State != OK {
			health = r.ruling.Scope.String() + " " + r.ruling.State.String()
			cooldown = length(r.ruling.Cooldown)
			if r.ruling.Limit > 0 {
				cooldown += " to " + length(r.ruling.Limit)
			}
			if r.waits {
				cooldown += ", or Retry-After"
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %d %s | %s | %s |\n",
			r.name, r.when, next, skips, health, cooldown, r.status, r.typ, retryWord(r.retry), r.numbers)
	}
	return b.String()
}

func refusalsTable() string {
	var b strings.Builder
	b.WriteString("| when | answer | retry | closes | catalogue |\n|---|---|---|---|---|\n")
	for id := range refusals {
		r := &refusalTable[id]
		closes := ""
		if r.close {
			closes = "yes"
		}
		fmt.Fprintf(&b, "| %s | %d %s | %s | %s | %s |\n", r.when, r.status, r.typ, retryWord(r.retry), closes, r.numbers)
	}
	return b.String()
}

func retryWord(t Tristate) string {
	switch t {
	case Yes:
		return "true"
	case No:
		return "false"
	}
	return ""
}

// length writes a duration without the zeros of String.
func length(d time.Duration) string {
	switch {
	case d >= time.Minute && d%time.Minute == 0:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	case d >= time.Second && d%time.Second == 0:
		return strconv.Itoa(int(d/time.Second)) + " s"
	}
	return d.String()
}
