package edit

import (
	"bytes"
	"encoding/json"
	"strings"

	"gopkg.in/yaml.v3"
)

// widest is how long a list may be that is written on one line, in bytes.
const widest = 72

// flat: a list of scalars only.
func flat(list []any) bool {
	for _, v := range list {
		switch v.(type) {
		case []any, object:
			return false
		}
	}
	return true
}

// block writes a value line by line at an indentation; a scalar is one line.
func (d *document) block(v any, indent int) []string {
	pad := strings.Repeat(" ", indent)
	switch v := v.(type) {
	case object:
		if len(v) == 0 {
			break
		}
		var lines []string
		for _, m := range v {
			lines = append(lines, d.memberLines(m, indent)...)
		}
		return lines
	case []any:
		if len(v) == 0 {
			break
		}
		var lines []string
		for _, item := range v {
			part := d.block(item, indent+2)
			part[0] = pad + "- " + strings.TrimLeft(part[0], " ")
			lines = append(lines, part...)
		}
		return lines
	default:
		return []string{pad + text(v, false, 0)}
	}
	return []string{pad + d.flow(v, nil)}
}

// memberLines writes a member of a mapping: on one line where it is short.
func (d *document) memberLines(m member, indent int) []string {
	start := strings.Repeat(" ", indent) + d.key(m.key, false) + ":"
	switch v := m.value.(type) {
	case object:
		if len(v) > 0 {
			return append([]string{start}, d.block(v, indent+d.indent)...)
		}
	case []any:
		if inline := d.flow(v, nil); len(v) == 0 || flat(v) && len(inline) <= widest {
			return []string{start + " " + inline}
		}
		return append([]string{start}, d.block(v, indent+d.indent)...)
	default:
		return []string{start + " " + text(v, false, 0)}
	}
	return []string{start + " {}"}
}

func (d *document) key(key string, inFlow bool) string { return text(key, inFlow, 0) }

// flow writes a value on one line. A text is quoted as old is.
func (d *document) flow(v any, old *yaml.Node) string {
	switch v := v.(type) {
	case object:
		if len(v) == 0 {
			return "{}"
		}
		parts := make([]string, len(v))
		for i, m := range v {
			parts[i] = d.key(m.key, true) + ": " + d.flow(m.value, nil)
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			parts[i] = d.flow(item, nil)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return text(v, true, quotes(old))
}

// quotes is how a text is quoted, 0 where it is not, or where there is none.
func quotes(old *yaml.Node) yaml.Style {
	if old == nil || old.Kind != yaml.ScalarNode {
		return 0
	}
	return old.Style & (yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle)
}

// text writes a scalar; the encoder knows when a text needs quotes.
func text(v any, inFlow bool, style yaml.Style) string {
	var n yaml.Node
	switch v := v.(type) {
	case json.Number:
		return string(v)
	case string:
		n.SetString(v)
		var plain yaml.Node
		if err := plain.Encode(v); err == nil && plain.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
			n.Style = yaml.DoubleQuotedStyle
		}
		if strings.ContainsAny(v, "\n\r\u0085\u2028\u2029") {
			n.Style = yaml.DoubleQuotedStyle
		} else if style != 0 {
			n.Style = style
		}
	default:
		if err := n.Encode(v); err != nil {
			panic("BUG: a scalar that YAML does not know")
		}
	}
	s := encoded(&n, inFlow)
	if strings.HasPrefix(s, "'") && style == 0 {
		n.Style = yaml.DoubleQuotedStyle // one kind of quotes in what is new
		s = encoded(&n, inFlow)
	}
	return s
}

// encoded is the text of a scalar as an entry of a list.
func encoded(n *yaml.Node, inFlow bool) string {
	list := yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{n}}
	prefix, suffix := "- ", "\n"
	if inFlow {
		list.Style, prefix, suffix = yaml.FlowStyle, "[", "]\n"
	}
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	// A scalar has a form in YAML always, and a buffer takes it.
	_ = encoder.Encode(&list)
	_ = encoder.Close()
	return strings.TrimSuffix(strings.TrimPrefix(out.String(), prefix), suffix)
}
