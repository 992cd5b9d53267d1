package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// maxProblems is how many problems one report holds. Nobody reads more, and a
// hostile file must not make a list larger than itself.
const maxProblems = 100

// Report is everything [Load] has to say. It is a plain value of the caller.
type Report struct {
	// Problems are the errors and warnings in the order of the file, those of
	// the environment and the flags after them.
	Problems []Problem
	// Notes are for information.
	Notes []Problem
}

// Failed reports whether there is an error.
func (r Report) Failed() bool { return slices.ContainsFunc(r.Problems, isError) }

func isError(p Problem) bool { return p.Severity == Error }

// Warnings returns the problems that are no errors. The caller owns the slice.
func (r Report) Warnings() []Problem {
	return slices.DeleteFunc(slices.Clone(r.Problems), isError)
}

// Has reports whether there is a problem of this kind.
func (r Report) Has(code Code) bool {
	return slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Code == code })
}

// Err returns nil where no error was found, else an error whose text is all of
// them, as a terminal shows them.
func (r Report) Err() error {
	if !r.Failed() {
		return nil
	}
	return reportError{r}
}

// String returns all problems, not the notes, as a terminal shows them.
func (r Report) String() string {
	lines := make([]string, len(r.Problems))
	for i, p := range r.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

type reportError struct{ report Report }

func (e reportError) Error() string { return e.report.String() }

// collector gathers the problems of one Load.
type collector struct {
	problems []Problem
	notes    []Problem
	// dropped counts the problems beyond maxProblems, worst is the most severe
	// of them.
	dropped int
	worst   Severity
	seen    map[Problem]bool
}

func newCollector() *collector {
	return &collector{worst: Note, seen: make(map[Problem]bool)}
}

// add takes p in. What is wrong in an anchored part is told once, however
// often the part is used.
func (c *collector) add(p Problem) {
	same := Problem{Code: p.Code, File: p.File, Line: p.Line, Col: p.Col, Message: p.Message}
	if p.Line > 0 && c.seen[same] {
		return
	}
	if c.full(p.Severity) {
		return
	}
	list := &c.problems
	if p.Severity == Note {
		list = &c.notes
	}
	c.seen[same] = true
	*list = append(*list, p)
}

// full reports whether one more problem would be dropped, and counts it then. To
// ask it first saves the work of wording a problem that nobody sees.
func (c *collector) full(severity Severity) bool {
	if severity == Note {
		return len(c.notes) >= maxProblems
	}
	if len(c.problems) < maxProblems {
		return false
	}
	c.dropped++
	c.worst = min(c.worst, severity)
	return true
}

// failed reports whether an error was gathered so far.
func (c *collector) failed() bool { return slices.ContainsFunc(c.problems, isError) }

// report sorts what was gathered. Problems of a file come in its order; the
// sort is stable, so those of one place keep the order in which they were found.
func (c *collector) report(file string) Report {
	byPlace := func(a, b Problem) int {
		return cmp.Or(rank(a, file)-rank(b, file), a.Line-b.Line, a.Col-b.Col)
	}
	slices.SortStableFunc(c.problems, byPlace)
	slices.SortStableFunc(c.notes, byPlace)
	if c.dropped > 0 {
		last := c.problems[len(c.problems)-1]
		c.problems = append(c.problems, Problem{
			Code: CodeLimit, File: last.File, Line: last.Line, Col: last.Col,
			Severity: c.worst,
			Message:  fmt.Sprintf("%d more problems are not shown", c.dropped),
		})
	}
	return Report{Problems: c.problems, Notes: c.notes}
}

// rank puts plugins.yaml first, then .env, then what has no lines.
func rank(p Problem, file string) int {
	switch {
	case p.File == file:
		return 0
	case p.Line > 0:
		return 1
	default:
		return 2
	}
}
