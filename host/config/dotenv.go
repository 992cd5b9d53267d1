package config

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/joho/godotenv"
)

// maxDotEnv is the largest .env that is read, in bytes.
const maxDotEnv = 256 << 10

// dotEnv is what a .env file sets.
type dotEnv struct {
	values map[string]string
	// lines holds where each name is set, the last place where there are more.
	lines map[string]int
}

// assignment is a line of .env that sets a variable. The name and the value's
// beginning are all that is needed of it; godotenv reads the value.
var assignment = regexp.MustCompile(`^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*[=:]\s*(.*)$`)

// parseDotEnv reads the text of a .env file. Its problems have a line and no
// snippet: every line of .env may hold a secret.
func parseDotEnv(file string, data []byte) (dotEnv, []Problem) {
	env := dotEnv{lines: make(map[string]int)}
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	at := func(line int, p Problem) []Problem {
		p.File, p.Line, p.Col = file, max(line, 1), 1
		return []Problem{p}
	}
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return env, at(1, Problem{Code: CodeSyntax, Message: "the file is UTF-16", Hint: "save it as UTF-8"})
	}
	text := strings.ReplaceAll(string(data), "\r\n", "\n")
	lines := splitLines(text)
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		for i, line := range lines {
			if !utf8.ValidString(line) || strings.ContainsRune(line, 0) {
				return env, at(i+1, Problem{Code: CodeSyntax, Message: "the text is not UTF-8 here", Hint: "save the file as UTF-8"})
			}
		}
	}
	values, err := godotenv.Unmarshal(text)
	_, nameless := values[""]
	if err != nil || nameless {
		line, _ := firstBadLine(text, lines, func(prefix string) bool {
			values, err := godotenv.Unmarshal(prefix)
			_, nameless := values[""]
			return err == nil && !nameless
		})
		// The parser's own message quotes the file.
		return env, at(line, Problem{Code: CodeSyntax, Message: "this line does not set a variable, or its quote is not closed", Allowed: "NAME=value"})
	}
	env.values = values
	var problems []Problem
	for i, line := range lines {
		m := assignment.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if _, ok := values[m[1]]; !ok {
			continue
		}
		env.lines[m[1]] = i + 1
		if lost := lostDollar(m[2], values); lost {
			problems = append(problems, at(i+1, Problem{Severity: Warning, Code: CodeReference, Path: m[1],
				Message: "a $ and what follows it were taken for a variable that this file does not set",
				Hint:    "put the value in single quotes if the $ is part of it"})...)
		}
	}
	return env, problems
}

// dollar is what godotenv takes for a variable in a value.
var dollar = regexp.MustCompile(`(\\?)\$(\(?)\{?([A-Z0-9_]+)`)

// lostDollar reports whether the value that starts with text lost a part that
// looked like a variable.
func lostDollar(text string, values map[string]string) bool {
	if strings.HasPrefix(text, "'") {
		return false
	}
	if at := strings.Index(text, " #"); at >= 0 && !strings.HasPrefix(text, `"`) {
		text = text[:at]
	}
	for _, m := range dollar.FindAllStringSubmatch(text, -1) {
		if _, ok := values[m[3]]; !ok && m[1] == "" && m[2] == "" {
			return true
		}
	}
	return false
}
