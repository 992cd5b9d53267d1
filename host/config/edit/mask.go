package edit

import (
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/claude-proxy/claude-proxy/host/config"
)

// Mask replaces every secret that a text holds by what hide returns for it: the keys of channels and clients, values of
// headers, passwords in proxy_url, and whatever looks like a credential elsewhere, comments included. References such as
// ${NAME} and file:PATH stay. hide is given the secret as it is written, without quotes. A text that cannot be parsed is
// hidden line by line.
func Mask(src string, hide func(secret string) string) string {
	d, err := parse([]byte(src))
	if err != nil {
		return maskLines(src, hide)
	}
	var cuts []stretch
	if d.root != nil {
		d.secrets(d.root, nil, &cuts)
	}
	for i := range d.lines {
		cuts = d.inComment(i, cuts)
	}
	slices.SortFunc(cuts, func(a, b stretch) int { return a.from - b.from })
	var out strings.Builder
	if d.bom {
		out.WriteString(byteOrderMark)
	}
	done := 0
	for _, c := range cuts {
		if c.from < done {
			continue
		}
		out.WriteString(d.src[done:c.from])
		out.WriteString(hide(d.src[c.from:c.to]))
		done = c.to
	}
	out.WriteString(d.src[done:])
	return out.String()
}

// stretch is a part of the text.
type stretch struct{ from, to int }

// secrets gathers the scalars that hold a secret.
func (d *document) secrets(n *yaml.Node, at place, cuts *[]stretch) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			// A key may be a secret that was pasted to the wrong place.
			if config.LooksSecret(key.Value) {
				d.hide(key, cuts)
			}
			d.secrets(n.Content[i+1], at.with(key.Value), cuts)
		}
	case yaml.SequenceNode:
		for i, c := range n.Content {
			d.secrets(c, at.with(i), cuts)
		}
	case yaml.AliasNode:
		d.secrets(n.Alias, at, cuts)
	case yaml.ScalarNode:
		if holdsSecret(patternOf(at), n.Value) {
			d.hide(n, cuts)
		}
	}
}

// holdsSecret reports whether the value at a pattern is, or holds, a secret. Outside the known places, as in anchors under
// x- keys, the words of the last name and the look of the value tell.
func holdsSecret(pattern, value string) bool {
	if value == "" || reference(value) {
		return false
	}
	switch pattern {
	case "channels[].keys[]", "channels[].keys[].key", "auth.keys[].key", "channels[].headers.*":
		return true
	case "channels[].proxy_url":
		return strings.Contains(value, "@")
	case "plugins.modules.*.sha256":
		return false
	}
	last := strings.ToLower(pattern[strings.LastIndexByte(pattern, '.')+1:])
	for _, word := range []string{"key", "token", "secret", "password", "authorization", "headers"} {
		if strings.HasPrefix(pattern, "x-") && strings.Contains(last, word) ||
			strings.HasPrefix(pattern, "channels[].options.") && strings.HasSuffix(strings.TrimRight(last, "[]"), word) {
			return true
		}
	}
	return config.LooksSecret(value)
}

// reference: the text is nothing but a reference.
func reference(value string) bool {
	return strings.HasPrefix(value, "file:") ||
		strings.HasPrefix(value, "${") && strings.IndexByte(value, '}') == len(value)-1
}

// hide notes the text of a scalar without its quotes.
func (d *document) hide(n *yaml.Node, cuts *[]stretch) {
	from, to := d.content(n), d.end(n, -1)
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
		from, to = from+1, to-1
	}
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		from = d.next(d.line(from))
		from += len(d.src[from:]) - len(strings.TrimLeft(d.src[from:], " "))
	}
	if from < to {
		*cuts = append(*cuts, stretch{from, to})
	}
}

// inComment gathers the words of a comment that look like a credential, and what a key that is commented out holds.
func (d *document) inComment(i int, cuts []stretch) []stretch {
	text := d.text(i)
	at := strings.Index(text, "#")
	for at >= 0 && at > 0 && text[at-1] != ' ' && text[at-1] != '\t' {
		next := strings.Index(text[at+1:], "#")
		if next < 0 {
			return cuts
		}
		at += next + 1
	}
	if at < 0 {
		return cuts
	}
	start := d.lines[i]
	for j := at; j < len(text); {
		for j < len(text) && strings.ContainsRune(" \t\"',[]{}", rune(text[j])) {
			j++
		}
		k := j
		for k < len(text) && !strings.ContainsRune(" \t\"',[]{}", rune(text[k])) {
			k++
		}
		word := text[j:k]
		if config.LooksSecret(word) || j > at && strings.HasSuffix(strings.TrimRight(text[at:j], " \"'"), "key:") && !strings.HasPrefix(word, "$") && word != "" && !reference(word) {
			cuts = append(cuts, stretch{start + j, start + k})
		}
		j = k
	}
	return cuts
}

// shown is what of a line says nothing: indentation, dashes, and a key that looks like one of the file format.
var shown = regexp.MustCompile(`^[ \t]*(?:#+[ \t]*)?(?:-[ \t]+)*(?:[a-z_]{1,24}:(?:[ \t]+|$))?`)

// maskLines hides all but the shape of a text.
func maskLines(src string, hide func(string) string) string {
	var out strings.Builder
	for line := range strings.SplitAfterSeq(src, "\n") {
		text := strings.TrimRight(line, "\r\n")
		kept := shown.FindString(text)
		out.WriteString(kept)
		if kept != text {
			out.WriteString(hide(text[len(kept):]))
		}
		out.WriteString(line[len(text):])
	}
	return out.String()
}
