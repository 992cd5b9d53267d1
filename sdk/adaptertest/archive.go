package adaptertest

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// archive is a txtar file: a comment, then named sections. See https://pkg.go.dev/golang.org/x/tools/txtar.
type archive struct {
	comment  string
	sections []section
}

type section struct {
	name string
	data string
}

// parseArchive never fails: what precedes the first marker line is the comment.
func parseArchive(data []byte) *archive {
	a := &archive{}
	into := &a.comment
	for len(data) > 0 {
		line := data
		if i := bytes.IndexByte(data, '\n'); i >= 0 {
			line = data[:i+1]
		}
		data = data[len(line):]
		if name, ok := marker(line); ok {
			a.sections = append(a.sections, section{name: name})
			into = &a.sections[len(a.sections)-1].data
			continue
		}
		*into += string(line)
	}
	return a
}

// marker reads a line such as "-- name --".
func marker(line []byte) (name string, ok bool) {
	s := strings.TrimRight(string(line), "\r\n")
	if !strings.HasPrefix(s, "-- ") || !strings.HasSuffix(s, " --") || len(s) < len("--  --") {
		return "", false
	}
	name = strings.TrimSpace(s[len("-- ") : len(s)-len(" --")])
	return name, name != ""
}

// format writes the archive so that parseArchive reads it back.
func (a *archive) format() []byte {
	var b bytes.Buffer
	b.WriteString(withNewline(a.comment))
	for _, s := range a.sections {
		fmt.Fprintf(&b, "-- %s --\n%s", s.name, withNewline(s.data))
	}
	return b.Bytes()
}

func withNewline(s string) string {
	if s != "" && !strings.HasSuffix(s, "\n") {
		s += "\n"
	}
	return s
}

const quotedSuffix = ".quoted"

// get is the content of a section, decoded where it stands quoted.
func (a *archive) get(name string) (content string, ok bool, err error) {
	for _, s := range a.sections {
		switch s.name {
		case name:
			return s.data, true, nil
		case name + quotedSuffix:
			content, err = unquoteLines(s.data)
			if err != nil {
				err = fmt.Errorf("section %s: %w", s.name, err)
			}
			return content, true, err
		}
	}
	return "", false, nil
}

// set replaces a section's content or adds the section. Text that would not survive in plain form is quoted.
func (a *archive) set(name, content string) {
	s := section{name, content}
	if !plain(content) {
		s = section{name + quotedSuffix, quoteLines(content)}
	}
	for i := range a.sections {
		if n := a.sections[i].name; n == name || n == name+quotedSuffix {
			a.sections[i] = s
			return
		}
	}
	a.sections = append(a.sections, s)
}

func (a *archive) remove(name string) {
	kept := a.sections[:0]
	for _, s := range a.sections {
		if s.name != name && s.name != name+quotedSuffix {
			kept = append(kept, s)
		}
	}
	a.sections = kept
}

// plain says whether text can stand in a section as it is.
func plain(text string) bool {
	if text == "" || !strings.HasSuffix(text, "\n") || strings.ContainsRune(text, '\r') {
		return false
	}
	for _, line := range strings.SplitAfter(text, "\n") {
		if _, is := marker([]byte(line)); is {
			return false
		}
	}
	return true
}

func unquoteLines(text string) (string, error) {
	var b strings.Builder
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		s, err := strconv.Unquote(line)
		if err != nil {
			return "", fmt.Errorf("line %d is no Go string literal: %s", n+1, line)
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

func quoteLines(text string) string {
	var b strings.Builder
	for _, line := range strings.SplitAfter(text, "\n") {
		if line != "" {
			b.WriteString(strconv.Quote(line) + "\n")
		}
	}
	return b.String()
}
