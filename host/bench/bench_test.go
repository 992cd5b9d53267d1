package bench

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

func TestMedian(t *testing.T) {
	f := func(want float64, list ...float64) {
		t.Helper()
		if got := median(list); got != want {
			t.Errorf("median of %v is %v", list, got)
		}
	}
	f(0)
	f(3, 3)
	f(2, 3, 1, 2)
	f(2.5, 4, 1, 2, 3)
}

// turns are rounds of a hundred requests of so many µs each.
func turns(micros ...int) []Turn {
	var list []Turn
	for _, m := range micros {
		list = append(list, Turn{Requests: 100, CPU: time.Duration(m) * 100 * time.Microsecond, Latencies: []time.Duration{time.Duration(m) * time.Millisecond}})
	}
	return list
}

// A ratio compares targets within each round, since the rounds of a busy machine have little in common.
func TestCompare(t *testing.T) {
	figures := func(name string, micros ...int) Figures { return (&target{name: name, turns: turns(micros...)}).sum() }
	row := Row{Scenario: Scenario{Name: "x", Events: 10, Budget: 1.5}, Targets: []Figures{figures(bareGo, 100, 1000, 50), figures(ours, 200, 2000, 101)}}
	row.compare()
	if row.Ratio != 2 || row.Targets[0].CPUMicros != 100 || row.Targets[1].CPUMicrosEvent != 20 {
		t.Errorf("%+v", row)
	}
	report := Report{Rows: []Row{row}}
	if over := report.Over(); len(over) != 1 || over[0] != "x: the ratio is 2.00, the budget 1.5" {
		t.Errorf("over: %q", over)
	}
	row = Row{Scenario: Scenario{Name: "y", P99Budget: 3}, Targets: []Figures{figures(direct, 1, 2), figures(bareGo, 2, 3), figures(ours, 4, 5)}}
	row.compare()
	if row.Ratio != 3 || row.RatioP99 != 3 {
		t.Errorf("added latency: %+v", row)
	}
	if text := (&Report{Rows: []Row{row}}).Markdown(); !strings.Contains(text, "| bare | 2") || !strings.Contains(text, "added 3.00 / 3.00") || strings.Contains(text, "| direct |") {
		t.Errorf("markdown:\n%s", text)
	}
	// Of another gateway nothing is known but what it does; budgets are not about it.
	row = Row{Scenario: Scenario{Name: "z", Text: "z", Budget: 1.5}, Targets: []Figures{figures(bareGo, 1), figures(ours, 2), figures(against, 4)}}
	row.compare()
	if text := (&Report{Rows: []Row{row}}).Markdown(); !strings.Contains(text, "| z | against | 4 | 2 | 0.50 | – | – / 0 |") {
		t.Errorf("markdown:\n%s", text)
	}
}

// Deltas are late by as much as they came after they were due; what counts is the difference within each round.
func TestLate(t *testing.T) {
	figures := func(name string, rounds ...time.Duration) Figures {
		list := turns(1, 1, 1)
		for i, late := range rounds {
			list[i].Late = []time.Duration{time.Millisecond, time.Millisecond, late}
		}
		return (&target{name: name, turns: list}).sum()
	}
	row := Row{Scenario: Scenario{Name: "z", LateBudget: 50}, Targets: []Figures{
		figures(bareGo, 5*time.Millisecond, 500*time.Millisecond, 9*time.Millisecond),
		figures(ours, 65*time.Millisecond, 501*time.Millisecond, 70*time.Millisecond)}}
	row.compare()
	report := Report{Rows: []Row{row}}
	if over := report.Over(); len(over) != 1 || over[0] != "z: how much later deltas come at p99, in ms, is 60.00, the budget 50" {
		t.Errorf("over: %q", over)
	}
	if text := report.Markdown(); !strings.Contains(text, "| 1.00 / 1.00, 9.00 / 70.00 (+60.00) |") {
		t.Errorf("markdown:\n%s", text)
	}
}

// Every answer is checked: a status, a length, a text or an end that is not right is an error.
func TestCheck(t *testing.T) {
	w := expectation{unit: " token", count: 2, end: "end", length: 15}
	f := func(ok bool, status int, answer string) {
		t.Helper()
		if err := w.check(status, []byte(answer)); (err == nil) != ok {
			t.Errorf("%d %q: %v", status, answer, err)
		}
	}
	f(true, 200, " token tokenend")
	f(false, 500, " token tokenend")
	f(false, 200, " token tokenend ")
	f(false, 200, " token xtokeend")
	f(false, 200, " token tokenenx")
}

// The bodies are what they say they are.
func TestBodies(t *testing.T) {
	f := func(name string, body func(bool) string, size int) {
		t.Helper()
		for _, stream := range []bool{false, true} {
			text := body(stream)
			if size > 0 && (len(text) < size*9/10 || len(text) > size*11/10+500) {
				t.Errorf("%s has %d bytes, not about %d", name, len(text), size)
			}
			if _, err := jsonindex.Parse([]byte(text), jsonindex.ClientMode()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			var head struct {
				Model  string
				Stream bool
			}
			if err := json.Unmarshal([]byte(text), &head); err != nil || head.Model != modelSlot || head.Stream != stream {
				t.Errorf("%s: %+v %v", name, head, err)
			}
		}
	}
	f("small", small, 0)
	f("agent", agent(30<<10), 30<<10)
	f("images", images(1<<20), 1<<20)
	f("chat", chat(10<<20), 10<<20)
	f("chat", chat(1<<10), 1<<10)
}

// The names of scenarios are those of the command line.
func TestPick(t *testing.T) {
	seen := make(map[string]bool)
	for _, name := range Names() {
		if seen[name] {
			t.Errorf("two scenarios are named %s", name)
		}
		seen[name] = true
	}
	if list, err := pick([]string{"rate", "small"}); err != nil || len(list) != 2 || list[0].Name != "rate" {
		t.Errorf("%v %v", list, err)
	}
	if _, err := pick([]string{"nothing"}); err == nil || !strings.Contains(err.Error(), "pass-small") {
		t.Errorf("%v", err)
	}
}

func TestUsage(t *testing.T) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		t.Skip("the system has no /proc")
	}
	before := cpu(os.Getpid())
	for x := 0; cpu(os.Getpid()) == before; x++ { // until the counter moves
	}
	if size := rss(os.Getpid(), "VmRSS"); size < 1 || size > 1e5 {
		t.Errorf("resident size %v", size)
	}
	srv := httptest.NewServer(nil)
	defer srv.Close()
	if pid := pidOf(srv.URL); pid != os.Getpid() {
		t.Errorf("the server is in process %d, not in %d", pid, os.Getpid())
	}
	if pid := pidOf("nonsense"); pid != 0 {
		t.Errorf("nonsense is process %d", pid)
	}
}

// A plot is XML with all lines and points in it.
func TestSVG(t *testing.T) {
	c := Curve{Name: "n", Title: "A & B", X: "bytes", Y: "µs"}
	c.add("one", 1000, 10)
	c.add("one", 10000, 100)
	c.add("two", 1000, 20)
	c.add("two", 10000, 2000)
	c.add("none", 1000, 0) // has no place on a logarithmic axis
	text := string(c.SVG())
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
	}
	if strings.Count(text, "<circle") != 4 || strings.Contains(text, "NaN") || strings.Contains(text, "Inf") || !strings.Contains(text, "A &amp; B") {
		t.Errorf("plot:\n%s", text)
	}
	if got := fmt.Sprintf("%.2f %.2f", c.Lines[0].growth(), c.Lines[1].growth()); got != "1.00 2.00" {
		t.Errorf("growth: %s", got)
	}
	if got := CurvesMarkdown([]Curve{c}, "plots"); !strings.Contains(got, "| [A & B](plots/n.svg) by bytes | two | 1000: 20 µs | 10000: 2000 µs | 2.00 |") {
		t.Errorf("table:\n%s", got)
	}
}

// The committed ceilings name scenarios, and what is above one is told.
func TestCeilings(t *testing.T) {
	c, err := LoadCeilings("ceilings.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Scenarios()) != len(c) || c["small"].Request == 0 || c["stream-200"].Event == 0 {
		t.Errorf("ceilings: %v", c)
	}
	report := Report{Rows: []Row{{Scenario: Scenario{Name: "stream-200"}, Targets: []Figures{{Target: ours, Allocations: 200, AllocationsEvent: 1}}}}}
	if got := (Ceilings{"stream-200": {Request: 200, Event: 1}}).Above(&report); len(got) != 0 {
		t.Errorf("above: %q", got)
	}
	if got := (Ceilings{"stream-200": {Request: 199, Event: 0.9}}).Above(&report); len(got) != 2 {
		t.Errorf("above: %q", got)
	}
}
