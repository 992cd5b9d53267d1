// Package pattern matches model names the way plugins.yaml writes them: text
// in which * stands for any run of characters, the empty one too. Everything
// else is literal and case counts.
package pattern

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxLength is the longest pattern in bytes; no model name comes near it.
const maxLength = 512

// Pattern is one compiled pattern. The zero value matches only the empty name.
// It is immutable and shared by goroutines.
type Pattern struct {
	text string
	// parts are the literals between the stars: one part means no star.
	parts    []string
	literals int
}

// Compile checks and compiles text. A "!" has no meaning here and is refused at
// the start, so that an exclude cannot be taken for a name; see [CompileSet].
func Compile(text string) (Pattern, error) {
	switch {
	case text == "":
		return Pattern{}, errors.New("is empty")
	case len(text) > maxLength:
		return Pattern{}, errors.New("is longer than 512 bytes")
	case text[0] == '!':
		return Pattern{}, errors.New(`starts with "!", which only a list understands`)
	case !utf8.ValidString(text):
		return Pattern{}, errors.New("is not valid UTF-8")
	}
	for _, r := range text {
		if unicode.IsSpace(r) || unicode.IsControl(r) {
			return Pattern{}, errors.New("holds a space or a control character")
		}
	}
	p := Pattern{text: text, parts: strings.Split(text, "*")}
	for _, part := range p.parts {
		p.literals += utf8.RuneCountInString(part)
	}
	return p, nil
}

// String returns the text the pattern was compiled from.
func (p Pattern) String() string { return p.text }

// Literal reports whether the pattern has no star, so that it is a name.
func (p Pattern) Literal() bool { return len(p.parts) <= 1 }

// Literals returns the number of characters that are not stars. Of several
// patterns that match, the one with most of them wins.
func (p Pattern) Literals() int { return p.literals }

// Match reports whether the whole of name fits. It does not allocate.
func (p Pattern) Match(name string) bool {
	if len(p.parts) <= 1 {
		return name == p.text
	}
	first, last := p.parts[0], p.parts[len(p.parts)-1]
	name, ok := strings.CutPrefix(name, first)
	if !ok {
		return false
	}
	if name, ok = strings.CutSuffix(name, last); !ok {
		return false
	}
	// Between two stars the earliest place is as good as any later one.
	for _, part := range p.parts[1 : len(p.parts)-1] {
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name = name[i+len(part):]
	}
	return true
}

// Best returns the index of the pattern that wins for name: the one with the
// most literal characters, the earlier one on a tie; -1 where none matches.
func Best(patterns []Pattern, name string) int {
	best := -1
	for i, p := range patterns {
		if (best < 0 || p.literals > patterns[best].literals) && p.Match(name) {
			best = i
		}
	}
	return best
}

// Set is a list of patterns some of which exclude. The zero value allows every
// name. It is immutable and shared by goroutines.
type Set struct {
	include, exclude []Pattern
}

// CompileSet compiles a list in which "!" starts a pattern that excludes. The
// error names the entry that is wrong.
func CompileSet(list []string) (Set, error) {
	var s Set
	for _, text := range list {
		p, excludes, err := CompileEntry(text)
		switch {
		case err != nil:
			return Set{}, errors.New("pattern " + quote(text) + " " + err.Error())
		case excludes:
			s.exclude = append(s.exclude, p)
		default:
			s.include = append(s.include, p)
		}
	}
	return s, nil
}

// CompileEntry compiles one entry of a list and reports whether it excludes.
func CompileEntry(text string) (p Pattern, excludes bool, err error) {
	text, excludes = strings.CutPrefix(text, "!")
	if excludes && text == "" {
		return Pattern{}, true, errors.New(`excludes nothing: a pattern must follow the "!"`)
	}
	p, err = Compile(text)
	return p, excludes, err
}

// Allows reports whether name may pass: no entry excludes it, and some entry
// includes it or the list has no including entry at all. It does not allocate.
func (s Set) Allows(name string) bool {
	for _, p := range s.exclude {
		if p.Match(name) {
			return false
		}
	}
	for _, p := range s.include {
		if p.Match(name) {
			return true
		}
	}
	return len(s.include) == 0
}

// Names returns the including entries that are plain names, in list order: what
// a list of models can show. The caller owns the slice.
func (s Set) Names() []string {
	var names []string
	for _, p := range s.include {
		if p.Literal() && s.Allows(p.text) {
			names = append(names, p.text)
		}
	}
	return names
}

// quote shortens what a person typed for an error.
func quote(text string) string {
	const shown = 40
	if r := []rune(text); len(r) > shown {
		text = string(r[:shown]) + "…"
	}
	return `"` + text + `"`
}
