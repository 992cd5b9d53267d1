package config

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Severity is how much a [Problem] matters.
type Severity int

// The severities, the worst first.
const (
	// Error keeps the configuration from being used.
	Error Severity = iota
	// Warning is used as it stands and probably not what was meant.
	Warning
	// Note is information.
	Note
)

// String returns error, warning or note.
func (s Severity) String() string { return [...]string{"error", "warning", "note"}[s] }

// MarshalText returns the word of String.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Code names a kind of problem. Codes are stable, so that a program can branch
// on one and a UI can translate it.
type Code string

// The codes. Someone branches on CodeEmpty: an empty file is most likely being
// written at this moment, so a reload waits for it instead of complaining.
const (
	CodeEmpty      Code = "empty"
	CodeUnreadable Code = "unreadable"
	CodeSyntax     Code = "syntax"
	CodeUnknownKey Code = "unknown-key"
	CodeDuplicate  Code = "duplicate"
	CodeMissing    Code = "missing"
	CodeType       Code = "type"
	CodeValue      Code = "value"
	CodeReference  Code = "reference"
	CodeAccess     Code = "access"
	CodeAdapter    Code = "adapter"
	CodeLimit      Code = "limit"
)

// Problem is one thing that is wrong, or worth knowing, with its place. No
// field ever holds a secret.
type Problem struct {
	Severity Severity
	Code     Code
	// File is what a person would open: a path, ".env", or the name of an
	// environment variable or a flag. Line and Col count from 1, Col in
	// characters; both are 0 where File is a variable or a flag.
	File string
	Line int
	Col  int
	// Path is the place in the configuration, as "channels[2].adapter"; empty
	// for the document as a whole.
	Path string
	// Message says what is wrong, Found what stands there (empty where it may be
	// a secret), Allowed what may stand there.
	Message string
	Found   string
	Allowed string
	// Hint is a guess at what was meant, as `did you mean "openai"?`.
	Hint string
	// Try is a command or a line to type; often empty.
	Try string
	// Snippet is the line it is about; its zero value where there is none.
	Snippet Snippet
}

// Snippet is a source line with everything that may be a secret taken out, and
// the stretch of it that the problem is about, in characters from 0.
type Snippet struct {
	Text  string
	Start int
	Len   int
}

// String returns the problem as the lines a terminal shows, without a line
// break at the end:
//
//	plugins.yaml:41:14  channels[2].adapter: no adapter named "opnai"
//	   41 |     adapter: opnai
//	      |              ^^^^^  did you mean "openai"?  (allowed: claude, openai)
//	   try: claude-proxy validate
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Col)
	}
	b.WriteString("  ")
	if p.Severity != Error {
		b.WriteString(p.Severity.String() + ": ")
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)

	advice := p.Hint
	if p.Allowed != "" {
		if advice != "" {
			advice += "  "
		}
		advice += "(allowed: " + p.Allowed + ")"
	}
	if p.Snippet.Text != "" {
		number := fmt.Sprintf("%5d", p.Line)
		fmt.Fprintf(&b, "\n%s | %s", number, p.Snippet.Text)
		fmt.Fprintf(&b, "\n%s | %s%s", strings.Repeat(" ", utf8.RuneCountInString(number)),
			blank(p.Snippet.Text, p.Snippet.Start), strings.Repeat("^", max(p.Snippet.Len, 1)))
		if advice != "" {
			b.WriteString("  " + advice)
		}
	} else if advice != "" {
		b.WriteString("\n   " + advice)
	}
	if p.Try != "" {
		b.WriteString("\n   try: " + p.Try)
	}
	return b.String()
}

// blank returns the space that the first n characters of text take: tabs stay
// tabs, and a character of double width takes two.
func blank(text string, n int) string {
	var b strings.Builder
	for _, r := range text {
		if n--; n < 0 {
			break
		}
		switch {
		case r == '\t':
			b.WriteByte('\t')
		case wide(r):
			b.WriteString("  ")
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// wide reports whether a terminal gives r two columns: the CJK blocks, Hangul,
// full-width forms and emoji, which is what names and comments are written in.
func wide(r rune) bool {
	return r >= 0x1100 && r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 ||
		r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 ||
		r >= 0x1f300 && r <= 0x1faff || r >= 0x20000 && r <= 0x3fffd
}
