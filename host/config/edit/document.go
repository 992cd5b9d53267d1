package edit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// maxText is the largest text that is edited, in bytes: what the configuration reads.
const maxText = 4 << 20

const byteOrderMark = "\uFEFF"

// document is a text with what it says and where.
type document struct {
	src  string
	bom  bool
	root *yaml.Node // nil where the text says nothing
	tree any
	// lines holds the offset of each line's first byte, and the end of the text.
	lines []int
	// lineBreak is how lines end.
	lineBreak string
	// indent is how far one level is indented.
	indent int
}

func parse(data []byte) (*document, error) {
	if len(data) > maxText {
		return nil, ErrByHand
	}
	src, bom := strings.CutPrefix(string(data), byteOrderMark)
	d := &document{src: src, bom: bom, lineBreak: "\n", indent: 2}
	d.cut()
	decoder := yaml.NewDecoder(bytes.NewReader([]byte(src)))
	var doc, second yaml.Node
	err := decoder.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return d, nil
	}
	if err != nil || len(doc.Content) != 1 {
		// The parser's own words may quote a secret.
		return nil, fmt.Errorf("%w: it is not valid YAML", ErrByHand)
	}
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, ErrByHand
	}
	if root := doc.Content[0]; root.Kind == yaml.MappingNode {
		d.root = root
	} else if root.ShortTag() != "!!null" {
		return nil, ErrByHand
	}
	if d.root == nil {
		return d, nil
	}
	d.tree, err = new(reader).tree(d.root)
	d.indent = d.indentOf(d.root)
	return d, err
}

func (d *document) bytes() []byte {
	if d.bom {
		return []byte(byteOrderMark + d.src)
	}
	return []byte(d.src)
}

// cut finds the lines as the parser counts them: LF, CR, CRLF and the breaks that only Unicode knows.
func (d *document) cut() {
	d.lines = []int{0}
	for i := 0; i < len(d.src); {
		r, size := utf8.DecodeRuneInString(d.src[i:])
		if r == '\r' && strings.HasPrefix(d.src[i:], "\r\n") {
			size = 2
		}
		switch r {
		case '\n', '\r', '\u0085', '\u2028', '\u2029':
			if len(d.lines) == 1 && size == 2 && r == '\r' {
				d.lineBreak = "\r\n"
			}
			d.lines = append(d.lines, i+size)
		}
		i += size
	}
}

// offset is the byte at which a node starts; its anchor or tag where it has one.
func (d *document) offset(n *yaml.Node) int {
	at := d.lines[min(n.Line-1, len(d.lines)-1)]
	for range n.Column - 1 {
		_, size := utf8.DecodeRuneInString(d.src[at:])
		at += size
	}
	return at
}

// line is the number of the line that holds the byte, from 0.
func (d *document) line(at int) int {
	low, high := 0, len(d.lines)
	for high-low > 1 {
		if mid := (low + high) / 2; d.lines[mid] <= at {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

// text is line number i without its break.
func (d *document) text(i int) string { return d.src[d.lines[i]:d.lineEnd(i)] }

// lineEnd is where line number i ends, before its break.
func (d *document) lineEnd(i int) int {
	if i+1 >= len(d.lines) {
		return len(d.src)
	}
	return d.lines[i] + len(strings.TrimRight(d.src[d.lines[i]:d.lines[i+1]], "\r\n\u0085\u2028\u2029"))
}

// next is where the line after number i starts, or the end of the text.
func (d *document) next(i int) int {
	if i+1 >= len(d.lines) {
		return len(d.src)
	}
	return d.lines[i+1]
}

// column is how many bytes stand before this one on its line. Indentation is ASCII, so bytes are what counts.
func (d *document) column(at int) int { return at - d.lines[d.line(at)] }

// indentOf finds how far the first nested mapping of a text is indented; 2 where there is none.
func (d *document) indentOf(n *yaml.Node) int {
	if n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle == 0 {
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			if value.Kind == yaml.MappingNode && value.Style&yaml.FlowStyle == 0 && value.Line > key.Line {
				if by := value.Column - key.Column; by > 0 && by <= 8 && value.Anchor == "" {
					return by
				}
			}
		}
	}
	for _, c := range n.Content {
		if by := d.indentOf(c); by != 2 {
			return by
		}
	}
	return 2
}

// node returns the node at a place and those around it, outermost first. It stops at an alias, and where the place is
// one of a merge; then rest is what is left of the place.
func (d *document) node(at place) (chain []*yaml.Node, rest place) {
	n := d.root
	chain = []*yaml.Node{n}
	for i, s := range at {
		switch {
		case n.Kind == yaml.MappingNode:
			k := memberOf(n, s.(string))
			if k < 0 {
				return chain, at[i:]
			}
			n = n.Content[k+1]
		case n.Kind == yaml.SequenceNode:
			n = n.Content[s.(int)]
		default:
			return chain, at[i:]
		}
		chain = append(chain, n)
	}
	return chain, nil
}

// memberOf returns the place of a mapping's own key among its content, -1 where it has none.
func memberOf(n *yaml.Node, key string) int {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Kind == yaml.ScalarNode && n.Content[i].Value == key && n.Content[i].ShortTag() != "!!merge" {
			return i
		}
	}
	return -1
}
