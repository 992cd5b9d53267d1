package config

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// searchBudget is how many bytes may be parsed again to find where a file goes
// wrong: a 1000-line file of 60 KB stays well below.
const searchBudget = 64 << 20

// syntaxProblem words an error of the YAML parser and finds its place: the
// parser tells a line that may be the start of the block around the mistake, or
// one too low, and no column.
func (s *source) syntaxProblem(data []byte, err error) *Problem {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	line := 1
	if m := regexp.MustCompile(`^line (\d+): `).FindStringSubmatch(message); m != nil {
		message = message[len(m[0]):]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
	}
	parses := func(prefix string) bool {
		var n yaml.Node
		return yaml.Unmarshal([]byte(prefix), &n) == nil
	}
	if found, ok := firstBadLine(string(data), s.lines, parses); ok {
		line = found
	}
	line = min(max(line, 1), max(len(s.lines), 1))
	text := ""
	if len(s.lines) > 0 {
		text = s.lines[line-1]
	}
	p, at := explainSyntax(message, text)
	if at < 0 {
		at = len(text) - len(strings.TrimLeftFunc(text, unicode.IsSpace))
	}
	return s.at(line, 1+utf8.RuneCountInString(text[:at]), p)
}

// firstBadLine returns the line after the longest run of lines from the top
// that is fine by itself. That is where an open quote or bracket starts, or
// where a line does not fit to those before it. ok is false where the search
// would cost too much.
func firstBadLine(data string, lines []string, fine func(prefix string) bool) (line int, ok bool) {
	if len(lines)*len(data)/2 > searchBudget {
		return 0, false
	}
	ends := make([]int, 0, len(lines))
	for i, end := 0, 0; i < len(lines); i++ {
		end += len(lines[i])
		ends = append(ends, end)
		if rest := data[end:]; strings.HasPrefix(rest, "\r\n") {
			end += 2
		} else if rest != "" {
			_, size := utf8.DecodeRuneInString(rest)
			end += size
		}
	}
	for i := len(lines) - 1; i > 0; i-- {
		if fine(data[:ends[i-1]]) {
			return i + 1, true
		}
	}
	return 1, true
}

// explainSyntax says in other words what the parser says. Its messages are a
// fixed set; the few that quote the file are not passed on. at is the likely
// offset in text, -1 for its start.
func explainSyntax(message, text string) (p Problem, at int) {
	p, at = Problem{Code: CodeSyntax}, -1
	indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
	has := func(part string) bool { return strings.Contains(message, part) }
	switch {
	case strings.Contains(indent, "\t"):
		p.Message, p.Hint = "a tab cannot indent", "use spaces"
	case has("mapping values are not allowed"):
		at = strings.LastIndex(text, ": ")
		p.Message = `a ": " stands where no key can be`
		p.Hint = `put the value in quotes, or check the indentation of this line and the one before`
	case has("cannot start any token"):
		p.Message, p.Hint = "a value cannot start with this character", "put the value in quotes"
	case has("unexpected end of stream"), has("document indicator"):
		at = strings.IndexAny(text, `"'`)
		p.Message = "a quote that opens here is not closed"
	case has("',' or ']'"), has("',' or '}'"), has("expected node content") && strings.ContainsAny(text, "[{"):
		at = strings.IndexAny(text, "[{")
		p.Message = "a [ or { is not closed, or a comma is missing or too many"
	case has("expected ':'"):
		p.Message, p.Hint = `a ":" is missing after the key`, "write `name: value`"
	case has("did not find expected"):
		p.Message, p.Hint = "this line does not fit to the ones before", "check its indentation"
	case has("unknown escape"), has("hexdecimal"), has("hexadecimal"):
		p.Message = `a backslash in "…" does not start an escape that YAML knows`
		p.Hint = `use '…', or write \\`
	case has("unknown anchor"):
		p.Message, p.Hint = "a * refers to an anchor that is not defined above", "put the value in quotes if the * is part of it"
	case has("exceeded max depth"):
		p.Message = "the file is nested too deeply"
	default:
		p.Message = "the file is not YAML here"
	}
	return p, at
}
