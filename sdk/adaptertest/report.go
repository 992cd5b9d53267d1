package adaptertest

import (
	"fmt"
	"strings"
	"time"
)

// Finding is one thing that is wrong.
type Finding struct {
	// Check is the name of the check; README.md lists them.
	Check string `json:"check"`
	// Section is the golden section it is about, "" for none.
	Section string `json:"section,omitempty"`
	// Message says what is wrong.
	Message string `json:"message"`
	// Expected and Actual are texts to compare; either may be empty.
	Expected string `json:"expected,omitempty"`
	Actual   string `json:"actual,omitempty"`
}

// String is the finding for people; differences stand as a diff.
func (f Finding) String() string {
	var b strings.Builder
	b.WriteString(f.Check)
	if f.Section != "" {
		fmt.Fprintf(&b, " %s", f.Section)
	}
	fmt.Fprintf(&b, ": %s\n", f.Message)
	switch {
	case f.Expected != "" && f.Actual != "":
		b.WriteString(diff(f.Expected, f.Actual))
	case f.Expected != "":
		b.WriteString(indent("- ", f.Expected))
	case f.Actual != "":
		b.WriteString(indent("+ ", f.Actual))
	}
	return b.String()
}

// Report is what checking one case gave.
type Report struct {
	// Case is the case's name; "" where the finding concerns the adapter as a whole.
	Case string `json:"case"`
	// Level is the part of the conformance kit that the case belongs to; see Case.Level.
	Level int `json:"level"`
	// Generic says that the case is the kit's own.
	Generic bool `json:"generic"`
	// Shown says that the adapter did what the level is about; a case that ends before any answer shows nothing.
	Shown bool `json:"shown"`
	// Refused is why the adapter does not take a generic case, "" where it does.
	Refused string `json:"refused,omitempty"`
	// Findings is everything that is wrong, in the order of the checks.
	Findings []Finding `json:"findings,omitempty"`
	// Exchanges is how many exchanges were run.
	Exchanges int  `json:"exchanges"`
	Cost      Cost `json:"cost"`
	// File is the case's file with the goldens as they came out; nil when the case could not be run.
	File []byte `json:"-"`
}

// Cost is what a case took.
type Cost struct {
	// Instructions is what one exchange executed; 0 where the runner does not count (runner.Metered).
	Instructions int64 `json:"instructions"`
	// Memory is the most bytes that the adapter had so far; 0 where the runner does not count.
	Memory int64 `json:"memory"`
	// Time is how long all checks of the case took, in nanoseconds.
	Time time.Duration `json:"time"`
}

func (r *Report) add(f Finding) { r.Findings = append(r.Findings, f) }

// OK says that nothing is wrong.
func (r *Report) OK() bool { return len(r.Findings) == 0 }

func indent(prefix, text string) string {
	return prefix + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+prefix) + "\n"
}

// diff is a line diff with two lines of context.
func diff(expected, actual string) string {
	const most = 2000 // lines of a text beyond which the middle is not compared line by line
	a, b := strings.Split(strings.TrimSuffix(expected, "\n"), "\n"), strings.Split(strings.TrimSuffix(actual, "\n"), "\n")
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var out []diffLine
	for _, s := range a[:head] {
		out = append(out, diffLine{' ', s})
	}
	x, y := a[head:len(a)-tail], b[head:len(b)-tail]
	if len(x) <= most && len(y) <= most {
		out = append(out, middle(x, y)...)
	} else {
		out = append(append(out, marked('-', x)...), marked('+', y)...)
	}
	for _, s := range a[len(a)-tail:] {
		out = append(out, diffLine{' ', s})
	}
	if head == len(a) && len(a) == len(b) {
		return "  (equal but for white space at the end)\n"
	}
	return contexts(out)
}

type diffLine struct {
	mark byte
	text string
}

func marked(mark byte, lines []string) (out []diffLine) {
	for _, s := range lines {
		out = append(out, diffLine{mark, s})
	}
	return out
}

// middle compares by the longest common subsequence.
func middle(a, b []string) (out []diffLine) {
	length := make([][]int32, len(a)+1)
	for i := range length {
		length[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			out = append(out, diffLine{' ', a[i]})
			i++
			j++
		case length[i+1][j] >= length[i][j+1]:
			out = append(out, diffLine{'-', a[i]})
			i++
		default:
			out = append(out, diffLine{'+', b[j]})
			j++
		}
	}
	return append(append(out, marked('-', a[i:])...), marked('+', b[j:])...)
}

// contexts prints what differs with its neighbourhood, long lines shortened around the difference's side.
func contexts(lines []diffLine) string {
	const around, longest = 2, 400
	var b strings.Builder
	gap := false
	for i, l := range lines {
		near := false
		for k := max(0, i-around); k <= min(len(lines)-1, i+around); k++ {
			near = near || lines[k].mark != ' '
		}
		if !near {
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteString("  ⋮\n")
		}
		gap = false
		text := l.text
		if len(text) > longest {
			text = fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(text[:longest], "�"), len(text))
		}
		fmt.Fprintf(&b, "%c %s\n", l.mark, text)
	}
	return b.String()
}
