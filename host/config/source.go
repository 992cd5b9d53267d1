package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// maxFile is the largest plugins.yaml that is looked at, in bytes.
const maxFile = 4 << 20

// source is a parsed file and what is needed to show its lines.
type source struct {
	name  string
	lines []string
	root  *yaml.Node
	// nodes is how many nodes the tree has, aliases counted once.
	nodes int
	// byLine holds the scalars by the line they start on, in column order.
	byLine map[int][]*yaml.Node
	// safe are the scalars that are known not to be secrets.
	safe map[*yaml.Node]bool
}

// parse reads data as one YAML document with a mapping at its top. The problem
// has a place always; the source can show lines even then.
func parse(name string, data []byte) (*source, *Problem) {
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	s := &source{name: name, lines: splitLines(string(data)), safe: make(map[*yaml.Node]bool)}
	if p := s.checkText(data); p != nil {
		return s, p
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		return s, s.empty()
	} else if err != nil {
		return s, s.syntaxProblem(data, err)
	}
	root := document.Content[0]
	if root.Kind == yaml.ScalarNode && root.ShortTag() == "!!null" {
		return s, s.empty()
	}
	var second yaml.Node
	if err := decoder.Decode(&second); err == nil {
		line, col := 1, 1
		if len(second.Content) > 0 {
			line, col = second.Content[0].Line, second.Content[0].Column
		}
		return s, s.at(line, col, Problem{Code: CodeSyntax,
			Message: "a second document starts here: everything belongs into one",
			Hint:    `remove the "---" line between the two`})
	} else if !errors.Is(err, io.EOF) {
		return s, s.syntaxProblem(data, err)
	}
	if root.Kind != yaml.MappingNode {
		return s, s.at(root.Line, root.Column, Problem{Code: CodeType,
			Message: "the file must hold settings, as `name: value`, and here is " + kindOf(root),
			Try:     "version: 1"})
	}
	s.root, s.byLine = root, make(map[int][]*yaml.Node)
	s.index(root)
	return s, nil
}

func (s *source) empty() *Problem {
	return s.at(1, 1, Problem{Code: CodeEmpty, Message: "the file is empty", Try: "version: 1"})
}

// checkText refuses what no editor writes, before YAML sees it.
func (s *source) checkText(data []byte) *Problem {
	// A file system that lost power leaves zeros behind.
	if len(bytes.Trim(data, "\x00 \t\r\n")) == 0 {
		return s.empty()
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return s.at(1, 1, Problem{Code: CodeSyntax, Message: "the file is UTF-16", Hint: "save it as UTF-8"})
	}
	for i, line := range s.lines {
		col := 0
		for offset, r := range line {
			col++
			if r == utf8.RuneError && !strings.HasPrefix(line[offset:], "\uFFFD") {
				return s.at(i+1, col, Problem{Code: CodeSyntax, Message: "the text is not UTF-8 here", Hint: "save the file as UTF-8"})
			}
			if r < ' ' && r != '\t' || r == 0x7f {
				return s.at(i+1, col, Problem{Code: CodeSyntax,
					Message: fmt.Sprintf("a control character (0x%02x) stands here", r)})
			}
		}
	}
	return nil
}

// index notes every scalar of the tree by its line. Aliases are not followed.
func (s *source) index(n *yaml.Node) {
	s.nodes++
	if n.Kind == yaml.ScalarNode {
		s.byLine[n.Line] = append(s.byLine[n.Line], n)
	}
	for _, child := range n.Content {
		s.index(child)
	}
}

// at completes a problem with its place, which is kept inside the file whatever
// a parser says.
func (s *source) at(line, col int, p Problem) *Problem {
	line = min(max(line, 1), max(len(s.lines), 1))
	text := ""
	if len(s.lines) > 0 {
		text = s.lines[line-1]
	}
	p.File, p.Line, p.Col = s.name, line, min(max(col, 1), utf8.RuneCountInString(text)+1)
	return &p
}

// splitLines cuts text where YAML does, so that its line numbers fit: at LF,
// CR, CRLF, and the line breaks that only Unicode knows. The breaks are not
// part of the lines.
func splitLines(text string) []string {
	var lines []string
	start := 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if r == '\r' && strings.HasPrefix(text[i:], "\r\n") {
			size = 2
		}
		switch r {
		case '\n', '\r', '\u0085', '\u2028', '\u2029':
			lines = append(lines, text[start:i])
			start = i + size
		}
		i += size
	}
	if start < len(text) {
		lines = append(lines, text[start:])
	}
	return lines
}

// kindOf names what a node is, for a person.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!bool":
		return "true or false"
	case "!!int", "!!float":
		return "a number"
	default:
		return "text"
	}
}
