package edit

import (
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

func isFlow(n *yaml.Node) bool {
	return n.Style&yaml.FlowStyle != 0 && (n.Kind == yaml.MappingNode || n.Kind == yaml.SequenceNode)
}

// isBlock: a mapping or list that is written line by line.
func isBlock(n *yaml.Node) bool {
	return n.Style&yaml.FlowStyle == 0 && (n.Kind == yaml.MappingNode || n.Kind == yaml.SequenceNode)
}

// implicit: a null that is not written at all.
func implicit(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Value == "" && n.ShortTag() == "!!null"
}

// content is where a node's own text starts, after its anchor and tag.
func (d *document) content(n *yaml.Node) int {
	at := d.offset(n)
	if n.Kind == yaml.AliasNode {
		return at
	}
	for at < len(d.src) && (d.src[at] == '&' || d.src[at] == '!') {
		for at < len(d.src) && !strings.ContainsRune(" \t\r\n", rune(d.src[at])) {
			at++
		}
		if isBlock(n) || implicit(n) {
			continue
		}
		at = d.skip(at)
	}
	return at
}

// skip passes white space, line breaks and comments.
func (d *document) skip(at int) int {
	for at < len(d.src) {
		switch c := d.src[at]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			at++
		case c == '#':
			at = d.lineEnd(d.line(at))
		default:
			return at
		}
	}
	return at
}

// end is the byte after a node's text. home is the column of the block mapping or list around it, -1 for none.
func (d *document) end(n *yaml.Node, home int) int {
	switch {
	case n.Kind == yaml.AliasNode:
		return d.word(d.offset(n))
	case isFlow(n):
		at := d.content(n) + 1
		for i, c := range n.Content {
			if n.Kind == yaml.SequenceNode || i%2 == 1 {
				at = d.end(c, home)
			} else {
				at = d.colon(c) + 1
			}
		}
		for {
			if at = d.skip(at); at >= len(d.src) {
				return at
			}
			at++
			if d.src[at-1] != ',' {
				return at
			}
		}
	case isBlock(n):
		own := d.home(n)
		last := n.Content[len(n.Content)-1]
		if implicit(last) && last.Anchor == "" {
			if n.Kind == yaml.MappingNode {
				return d.colon(n.Content[len(n.Content)-2]) + 1
			}
			return d.offset(last)
		}
		return d.end(last, own)
	}
	return d.scalarEnd(n, home)
}

// home is the column at which the entries of a block mapping or list stand.
func (d *document) home(n *yaml.Node) int {
	if n.Kind == yaml.MappingNode {
		return d.column(d.offset(n.Content[0]))
	}
	return d.column(d.dash(n.Content[0]))
}

// word passes what has no white space and no mark of a flow in it.
func (d *document) word(at int) int {
	for at < len(d.src) && !strings.ContainsRune(" \t\r\n,[]{}", rune(d.src[at])) {
		at++
	}
	return at
}

// colon is the ":" after a key.
func (d *document) colon(key *yaml.Node) int {
	at := d.end(key, -1)
	for at < len(d.src) && d.src[at] != ':' {
		at++
	}
	return at
}

// dash is the "-" before an entry of a block list, -1 where none is found.
func (d *document) dash(item *yaml.Node) int {
	at := d.offset(item)
	for i := d.line(at); i >= 0; i-- {
		text := d.src[d.lines[i]:min(at, d.lineEnd(i))]
		if at > d.lineEnd(i) { // a line above: it may end with a comment
			if strings.HasPrefix(strings.TrimLeft(text, " "), "#") {
				continue
			}
			if k := strings.Index(text, " #"); k >= 0 {
				text = text[:k]
			}
		}
		if text = strings.TrimRight(text, " \t"); text == "" {
			continue
		}
		if strings.HasSuffix(text, "-") {
			return d.lines[i] + len(text) - 1
		}
		return -1
	}
	return -1
}

func (d *document) scalarEnd(n *yaml.Node, home int) int {
	at := d.content(n)
	switch {
	case implicit(n) || at >= len(d.src):
		return at
	case n.Style&yaml.DoubleQuotedStyle != 0:
		for at++; at < len(d.src) && d.src[at] != '"'; at++ {
			if d.src[at] == '\\' {
				at++
			}
		}
		return min(at+1, len(d.src))
	case n.Style&yaml.SingleQuotedStyle != 0:
		for at++; at < len(d.src); at++ {
			if d.src[at] == '\'' {
				if !strings.HasPrefix(d.src[at+1:], "'") {
					break
				}
				at++
			}
		}
		return min(at+1, len(d.src))
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return d.literalEnd(at, home)
	}
	return d.plainEnd(at, n.Value)
}

// plainEnd follows a plain scalar, whose lines the parser has joined.
func (d *document) plainEnd(at int, value string) int {
	for value != "" && at < len(d.src) {
		r, size := utf8.DecodeRuneInString(value)
		if r != ' ' && r != '\n' || strings.HasPrefix(d.src[at:], value[:size]) && !d.breaks(at) {
			at, value = at+size, value[size:]
			continue
		}
		breaks := 0
		for at < len(d.src) && strings.ContainsRune(" \t\r\n", rune(d.src[at])) {
			if d.src[at] == '\n' || d.src[at] == '\r' && !strings.HasPrefix(d.src[at:], "\r\n") {
				breaks++
			}
			at++
		}
		value = value[min(max(breaks-1, 1), len(value)):]
	}
	return at
}

// breaks: only white space is left of the line.
func (d *document) breaks(at int) bool {
	return strings.TrimLeft(d.src[at:d.lineEnd(d.line(at))], " \t") == ""
}

// literalEnd is the end of the last line of a block scalar whose header stands at at.
func (d *document) literalEnd(at, home int) int {
	i := d.line(at)
	header, _, _ := strings.Cut(d.src[at:d.lineEnd(i)], " ")
	indent := -1
	for _, c := range header {
		if c >= '1' && c <= '9' {
			indent = max(home, 0) + int(c-'0')
		}
	}
	end := d.lineEnd(i)
	for i++; i < len(d.lines); i++ {
		text := d.text(i)
		blank := strings.TrimLeft(text, " ") == ""
		by := len(text) - len(strings.TrimLeft(text, " "))
		if !blank && indent < 0 {
			if by <= home {
				return end
			}
			indent = by
		}
		switch {
		case !blank && by < indent:
			return end
		case !blank || strings.Contains(header, "+") && d.lines[i] < len(d.src):
			end = d.lineEnd(i)
		}
	}
	return end
}
