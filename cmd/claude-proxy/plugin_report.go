package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
)

// write is the judgement for people: the levels, then everything that is wrong.
func (j *judgement) write(out io.Writer) error {
	in := j.Plugin
	title := in.File
	if m := in.Manifest; m != nil {
		title = strings.TrimSpace(m.Name + " " + m.Version)
	}
	fmt.Fprintf(out, "%s  abi %s, %s, sha256 %.12s\n", title, strings.Join(in.ABI, ", "), bytesText(int64(in.Size)), in.SHA256)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	var exchanges, most, memory int64
	for _, l := range j.Levels {
		about := fmt.Sprintf("%d cases", l.Cases)
		switch {
		case l.Standing == adaptertest.Skipped:
			about = ""
		case l.Wrong > 0:
			about = fmt.Sprintf("%d of %d cases wrong", l.Wrong, l.Cases)
		case l.Standing == adaptertest.Open:
			about += "; none shows an answer: add one to testdata"
		}
		fmt.Fprintf(w, "  %d %s\t%s\t%s\n", l.Level, l.Title, l.Standing, about)
		exchanges += int64(l.Exchanges)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, r := range j.Reports {
		most, memory = max(most, r.Cost.Instructions), max(memory, r.Cost.Memory)
	}
	for _, r := range j.Reports {
		if r.Refused != "" {
			fmt.Fprintf(out, "  refused: %s: %s\n", r.Case, r.Refused)
		}
	}
	j.findings(out)
	_, err := fmt.Fprintf(out, "%s; %d exchanges in %s, at most %s instructions each, %s of memory\n", j.result(), exchanges,
		j.Time.Round(time.Millisecond), countText(most), bytesText(memory))
	return err
}

func (j *judgement) result() string {
	switch {
	case !j.Verdict.OK():
		return "FAIL"
	case j.Reached < 0:
		return "ok" // a choice of cases reaches nothing
	case !j.OK:
		return fmt.Sprintf("FAIL: level %d reached, another one asked for", j.Reached)
	}
	return fmt.Sprintf("ok: level %d reached", j.Reached)
}

// findings writes what is wrong, case by case.
func (j *judgement) findings(out io.Writer) {
	for _, r := range j.Reports {
		if r.OK() {
			continue
		}
		fmt.Fprintf(out, "\nFAIL %s (level %d)\n", nameOf(r), r.Level)
		for _, f := range r.Findings {
			fmt.Fprintf(out, "  %s\n", strings.ReplaceAll(strings.TrimRight(f.String(), "\n"), "\n", "\n  "))
		}
	}
}

func nameOf(r *adaptertest.Report) string {
	if r.Case == "" {
		return "the adapter as a whole"
	}
	return r.Case
}

// writeProgress is the line of one case.
func writeProgress(out io.Writer, r *adaptertest.Report) {
	state := "ok"
	switch {
	case !r.OK():
		state = "FAIL"
	case r.Refused != "":
		state = "refused"
	}
	fmt.Fprintf(out, "  %-7s L%d %-36s %9s instructions  %8s  %6d exchanges  %s\n", state, r.Level, nameOf(r), countText(r.Cost.Instructions),
		bytesText(r.Cost.Memory), r.Exchanges, r.Cost.Time.Round(time.Millisecond))
}
