package config

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// maxSnippet is the longest line that is shown, in characters.
const maxSnippet = 160

// snippet returns line number line with col, counted from 1, marked. What is
// shown is an allow-list: punctuation, and the scalars that the decoder knows
// to be no secrets. Comments and all else become "…".
func (s *source) snippet(line, col int) Snippet {
	if line > len(s.lines) {
		return Snippet{}
	}
	// Of a very long line only a stretch is looked at. What it cuts into is not
	// a whole scalar and therefore masked.
	text, first := window(s.lines[line-1], col-1-2*maxSnippet, col-1+2*maxSnippet)
	col -= first
	scalars := s.byLine[line]
	scalars = scalars[sort.Search(len(scalars), func(i int) bool { return scalars[i].Column > first }):]
	var (
		out   []rune
		shown Snippet
		words map[string]bool
	)
	if first > 0 {
		out = append(out, '…')
	}
	if s.root == nil {
		words = vocabulary()
	}
	mark := func(from, to int, as []rune) {
		if from <= col-1 && col-1 < to {
			shown.Start, shown.Len = len(out), len(as)
		}
		out = append(out, as...)
	}
	for i := 0; i < len(text); {
		for len(scalars) > 0 && scalars[0].Column-1-first < i {
			scalars = scalars[1:]
		}
		switch c := text[i]; {
		case c == '#' && (i == 0 || unicode.IsSpace(text[i-1])):
			text = text[:i]
		case len(scalars) > 0 && scalars[0].Column-1-first == i:
			end, exact := scalarEnd(text, i, scalars[0])
			as := text[i:end]
			if !exact || !s.safe[scalars[0]] {
				as = masked(as)
			}
			mark(i, end, as)
			i = end
		case unicode.IsSpace(c) || strings.ContainsRune("-:,[]{}?\"'|>", c):
			mark(i, i+1, text[i:i+1])
			i++
		default:
			end := i + 1
			for end < len(text) && !unicode.IsSpace(text[end]) && !strings.ContainsRune(",[]{}\"'", text[end]) {
				end++
			}
			as := []rune("…")
			if word, colon := strings.CutSuffix(string(text[i:end]), ":"); words[word] {
				as = []rune(word)
				if colon {
					as = append(as, ':')
				}
			}
			mark(i, end, as)
			i = end
		}
	}
	out = []rune(strings.TrimRightFunc(string(out), unicode.IsSpace))
	if shown.Len == 0 || shown.Start >= len(out) {
		shown.Start, shown.Len = min(max(shown.Start, 0), len(out)), 1
	}
	return cut(out, shown)
}

// window returns the characters of line from from to to, and the number of those
// before them.
func window(line string, from, to int) (text []rune, first int) {
	first = max(from, 0)
	n := 0
	for _, r := range line {
		if n >= to {
			break
		}
		if n >= first {
			text = append(text, r)
		}
		n++
	}
	return text, first
}

// cut shortens a line to what fits around its mark.
func cut(text []rune, s Snippet) Snippet {
	if from := s.Start - maxSnippet/2; from > 0 {
		text, s.Start = append([]rune("…"), text[from:]...), s.Start-from+1
	}
	if len(text) > maxSnippet {
		text = append(text[:maxSnippet:maxSnippet], '…')
	}
	s.Len = max(min(s.Len, len(text)-s.Start), 1)
	s.Text = string(text)
	return s
}

// masked keeps the quotes of a scalar and nothing else.
func masked(text []rune) []rune {
	if n := len(text); n >= 2 && (text[0] == '"' || text[0] == '\'') {
		if text[n-1] == text[0] {
			return []rune{text[0], '…', text[0]}
		}
		return []rune{text[0], '…'}
	}
	return []rune("…")
}

// scalarEnd returns where the scalar that starts at text[start] ends on this
// line. A place that holds more than the scalar (an anchor or a tag before it)
// is not exact and counts to the end of the line, so that too much is masked
// rather than too little.
func scalarEnd(text []rune, start int, n *yaml.Node) (end int, exact bool) {
	switch first := text[start]; first {
	case '"', '\'':
		for i := start + 1; i < len(text); i++ {
			switch {
			case first == '"' && text[i] == '\\':
				i++
			case text[i] != first:
			case first == '\'' && i+1 < len(text) && text[i+1] == first:
				i++
			default:
				return i + 1, true
			}
		}
		return len(text), true
	}
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return start + 1, true
	}
	end = start
	rest := n.Value
	for end < len(text) {
		r, size := utf8.DecodeRuneInString(rest)
		if size == 0 || r != text[end] {
			break
		}
		rest = rest[size:]
		end++
	}
	if end == start {
		return len(text), false
	}
	return end, true
}
