package edit

import (
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// part is one entry of a mapping or list in the text: a member's key and value, or an item. In block style it includes
// the dash, the comment lines that stand directly above it with its indentation, and those below it that are indented
// deeper.
type part struct {
	// head is where the comment lines above start, start where the entry itself does; end is after the entry's text, tail
	// after the comment lines below.
	head, start, end, tail int
	node, value            *yaml.Node
}

// parts returns the entries of a mapping or list in the order of the text.
func (d *document) parts(n *yaml.Node) ([]part, error) {
	var list []part
	step := 1
	if n.Kind == yaml.MappingNode {
		step = 2
	}
	home := -1
	if isBlock(n) {
		home = d.home(n)
	}
	for i := 0; i+step <= len(n.Content); i += step {
		p := part{node: n.Content[i], value: n.Content[i+step-1]}
		p.start = d.offset(p.node)
		if isBlock(n) && step == 1 {
			if p.start = d.dash(p.node); p.start < 0 {
				return nil, ErrByHand
			}
		}
		switch {
		case implicit(p.value) && p.value.Anchor == "" && step == 2:
			p.end = d.colon(p.node) + 1
		default:
			p.end = d.end(p.value, home)
		}
		p.head, p.tail = p.start, p.end
		if isBlock(n) {
			if d.column(p.start) != home || p.end > len(d.src) || p.end < p.start {
				return nil, ErrByHand
			}
			p.end = d.lineEnd(d.line(p.end))
			p.tail = d.below(p.end, home)
			floor := 0
			if len(list) > 0 {
				floor = list[len(list)-1].tail
			}
			p.head = d.above(p.start, floor)
		}
		list = append(list, p)
	}
	return list, nil
}

// above is where the comment lines start that stand directly above start, not before floor.
func (d *document) above(start, floor int) int {
	home := d.column(start)
	if strings.TrimLeft(d.src[d.lines[d.line(start)]:start], " ") != "" {
		return start // something else stands before it on its line
	}
	for i := d.line(start) - 1; i >= 0 && d.lines[i] >= floor; i-- {
		text := d.text(i)
		if len(text)-len(strings.TrimLeft(text, " ")) != home || !strings.HasPrefix(text[min(home, len(text)):], "#") {
			break
		}
		start = d.lines[i] + home
	}
	return start
}

// below is the end of the last comment line after end that is indented deeper than home, with only blank lines and such
// comments between.
func (d *document) below(end, home int) int {
	for i := d.line(end) + 1; i < len(d.lines); i++ {
		text := strings.TrimLeft(d.text(i), " ")
		by := len(d.text(i)) - len(text)
		switch {
		case strings.HasPrefix(text, "#") && by > home:
			end = d.lineEnd(i)
		case text != "":
			return end
		}
	}
	return end
}

// cutting replaces a stretch of the text.
func (d *document) cutting(from, to int, text string) string { return d.src[:from] + text + d.src[to:] }

// splice makes one step in the text.
func (d *document) splice(s *step) (string, error) {
	if d.root == nil {
		return d.begin(s)
	}
	chain, rest := d.node(s.at)
	if len(rest) > 0 {
		return d.override(s, chain, s.at[:len(s.at)-len(rest)], rest)
	}
	n := chain[len(chain)-1]
	if n.Kind == yaml.AliasNode && (s.kind == replace || s.kind == add) {
		return d.put(chain, s.at, lookup(s.on(d.tree), s.at))
	}
	switch s.kind {
	case replace:
		if len(s.at) == 0 {
			return d.clear(s.value)
		}
		return d.put(chain, s.at, s.value)
	case add:
		if hollow(lookup(d.tree, s.at)) {
			if len(s.at) == 0 {
				return "", ErrByHand
			}
			return d.put(chain, s.at, lookup(s.on(d.tree), s.at))
		}
		if s.key != "" {
			return d.addMember(n, s)
		}
		return d.addItem(n, s)
	case remove:
		return d.remove(chain[len(chain)-2], n)
	default:
		return d.move(chain[len(chain)-2], n, s.before)
	}
}

// clear takes the last setting out of a text.
func (d *document) clear(value any) (string, error) {
	if !hollow(value) || len(d.root.Content) != 2 {
		return "", ErrByHand
	}
	return d.remove(d.root, d.root.Content[1])
}

// override handles a place that an alias or a merge leads to: the nearest thing that is written out gets its own text.
func (d *document) override(s *step, chain []*yaml.Node, at, rest place) (string, error) {
	want := s.on(d.tree)
	n := chain[len(chain)-1]
	if n.Kind == yaml.AliasNode {
		return d.put(chain, at, lookup(want, at))
	}
	if s.kind != replace && len(rest) == 1 && s.kind != add {
		return "", ErrByHand // what a merge brings cannot be taken away
	}
	name := rest[0].(string)
	return d.addMember(n, &step{kind: add, at: at, key: name, before: -1, value: lookup(want, at.with(name))})
}

// begin writes the first setting of a text that has none.
func (d *document) begin(s *step) (string, error) {
	o, ok := s.on(object(nil)).(object)
	if !ok || len(s.at) > 0 {
		return "", ErrByHand
	}
	text := d.src
	if text != "" && !strings.HasSuffix(text, "\n") {
		text += d.lineBreak
	}
	lines := d.block(o, 0)
	return text + strings.Join(lines, d.lineBreak) + d.lineBreak, nil
}

// put writes a value where another one stands.
func (d *document) put(chain []*yaml.Node, at place, value any) (string, error) {
	old, home := chain[len(chain)-1], chain[len(chain)-2]
	list, err := d.parts(home)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(list, func(p part) bool { return p.value == old })
	p := list[i]
	inFlow := slices.ContainsFunc(chain[:len(chain)-1], isFlow)
	if inFlow {
		return d.putInline(p, old, home, d.flow(value, old)), nil
	}
	long, multi := value.([]any)
	_, isObject := value.(object)
	if isObject && !hollow(value) || multi && !hollow(value) && (!isFlow(old) || !flat(long)) {
		return d.putBlock(p, old, home, value), nil
	}
	if _, isList := value.([]any); isList || isObject {
		return d.putInline(p, old, home, d.flow(value, nil)), nil
	}
	return d.putInline(p, old, home, text(value, false, quotes(old))), nil
}

// putInline writes a value that takes no lines of its own.
func (d *document) putInline(p part, old, home *yaml.Node, text string) string {
	if isBlock(old) || old.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		return d.putAfter(p, old, home, " "+text, nil)
	}
	if implicit(old) && old.Anchor == "" {
		at := p.start + 1 // after the dash
		if home.Kind == yaml.MappingNode {
			at = d.colon(p.node) + 1
		}
		return d.cutting(at, at, " "+text)
	}
	from := d.content(old)
	return d.cutting(from, d.end(old, -1), text)
}

// putBlock writes a mapping or list line by line.
func (d *document) putBlock(p part, old, home *yaml.Node, value any) string {
	column := d.home(home)
	if home.Kind == yaml.SequenceNode {
		// After the dash, the first line stands where the old value did.
		gap := 2
		if !implicit(old) && d.line(d.offset(old)) == d.line(p.start) {
			gap = d.offset(old) - p.start
		}
		lines := d.block(value, column+gap)
		lines[0] = strings.Repeat(" ", gap-1) + strings.TrimLeft(lines[0], " ")
		return d.putAfter(p, old, home, lines[0], lines[1:])
	}
	return d.putAfter(p, old, home, "", d.block(value, column+d.indent))
}

// putAfter takes the old value away and writes first after the key or dash, and lines below that line. A comment at its
// end stays there.
func (d *document) putAfter(p part, old, home *yaml.Node, first string, lines []string) string {
	at := p.start + 1
	if home.Kind == yaml.MappingNode {
		at = d.colon(p.node) + 1
	}
	below := d.lineEnd(d.line(at))
	kept := d.src[at:below]
	after := below
	switch {
	case implicit(old):
	case d.line(d.offset(old)) > d.line(at) || isBlock(old) && home.Kind == yaml.MappingNode:
		after = d.end(old, d.home(home)) // the old value had lines of its own
		after = d.lineEnd(d.line(after))
		if old.Anchor != "" {
			kept = d.src[at:below]
		}
	default:
		end := d.end(old, d.home(home))
		kept = d.src[end:d.lineEnd(d.line(end))]
		after = d.lineEnd(d.line(end))
	}
	if strings.TrimSpace(kept) == "" {
		kept = ""
	}
	var b strings.Builder
	b.WriteString(d.src[:at])
	b.WriteString(first)
	b.WriteString(kept)
	for _, l := range lines {
		b.WriteString(d.lineBreak + l)
	}
	b.WriteString(d.src[after:])
	return b.String()
}

// addMember writes a new member of a mapping.
func (d *document) addMember(n *yaml.Node, s *step) (string, error) {
	list, err := d.parts(n)
	if err != nil {
		return "", err
	}
	if isFlow(n) {
		text := d.key(s.key, true) + ": " + d.flow(s.value, nil)
		if len(list) == 0 {
			at := d.content(n) + 1
			return d.cutting(at, at, " "+text), nil
		}
		at := list[len(list)-1].end
		return d.cutting(at, at, ", "+text), nil
	}
	lines := d.block(object{{s.key, s.value}}, d.home(n))
	if len(s.at) == 0 {
		if at, ok := d.heading(list, s.key); ok {
			return d.cutting(at, at, strings.Join(lines, d.lineBreak)+d.lineBreak), nil
		}
	}
	return d.insertLines(list[len(list)-1].end, lines), nil
}

// heading finds where the file shows a top-level setting as a comment, so that the live one can stand above it.
func (d *document) heading(list []part, key string) (at int, ok bool) {
	for i := range d.lines {
		text := strings.TrimPrefix(strings.TrimPrefix(d.text(i), "#"), " ")
		if !strings.HasPrefix(d.text(i), "#") || !strings.HasPrefix(text, key+":") {
			continue
		}
		inside := func(p part) bool { return d.lines[i] >= p.start && d.lines[i] < p.end }
		if d.lines[i] > list[0].start && !slices.ContainsFunc(list, inside) {
			return d.lines[i], true
		}
	}
	return 0, false
}

// insertLines writes lines below the line that ends at end.
func (d *document) insertLines(end int, lines []string) string {
	return d.cutting(end, end, d.lineBreak+strings.Join(lines, d.lineBreak))
}

// addItem writes a new item of a list.
func (d *document) addItem(n *yaml.Node, s *step) (string, error) {
	list, err := d.parts(n)
	if err != nil {
		return "", err
	}
	if isFlow(n) {
		text := d.flow(s.value, nil)
		if s.before >= 0 {
			at := list[s.before].start
			return d.cutting(at, at, text+", "), nil
		}
		at := list[len(list)-1].end
		return d.cutting(at, at, ", "+text), nil
	}
	home, gap := d.home(n), d.gap(list)
	lines := d.block(s.value, home+1+gap)
	lines[0] = strings.Repeat(" ", home) + "-" + strings.Repeat(" ", gap) + strings.TrimLeft(lines[0], " ")
	apart := d.apart(list)
	if s.before < 0 {
		if apart {
			lines = append([]string{""}, lines...)
		}
		return d.insertLines(list[len(list)-1].tail, lines), nil
	}
	at := list[s.before].head
	if strings.TrimLeft(d.src[d.lines[d.line(at)]:at], " ") != "" {
		return "", ErrByHand // a list in a list, whose dashes share a line
	}
	at = d.lines[d.line(at)]
	if apart {
		lines = append(lines, "")
	}
	return d.cutting(at, at, strings.Join(lines, d.lineBreak)+d.lineBreak), nil
}

// gap is the white space between the dash and the item in this list.
func (d *document) gap(list []part) int {
	for _, p := range list {
		if at := d.offset(p.node); !implicit(p.node) && d.line(at) == d.line(p.start) && at > p.start+1 {
			return min(at-p.start-1, 8)
		}
	}
	return 1
}

// apart: blank lines stand between the items of this list.
func (d *document) apart(list []part) bool {
	if len(list) < 2 {
		return false
	}
	between := d.src[list[len(list)-2].tail:list[len(list)-1].head]
	return strings.Count(between, "\n") > 1
}

// remove takes an entry away.
func (d *document) remove(home, value *yaml.Node) (string, error) {
	list, err := d.parts(home)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(list, func(p part) bool { return p.value == value })
	if i < 0 {
		return "", ErrByHand
	}
	p := list[i]
	if isFlow(home) {
		return d.removeInline(list, i), nil
	}
	first := d.lines[d.line(p.start)]
	if strings.TrimLeft(d.src[first:p.start], " ") != "" {
		// It follows a dash: the next entry moves up, unless a comment stands between.
		to := d.skipBlank(p.tail)
		if d.src[p.end:p.tail] != "" || i+1 < len(list) && to != list[i+1].start {
			return d.cutting(p.start, p.end, ""), nil
		}
		return d.cutting(p.start, to, ""), nil
	}
	return d.cutting(first, d.next(d.line(p.tail)), ""), nil
}

func (d *document) skipBlank(at int) int {
	for at < len(d.src) && strings.ContainsRune(" \t\r\n", rune(d.src[at])) {
		at++
	}
	return at
}

// removeInline takes entry i out of a flow, with the comma that is then too many. Comments stay.
func (d *document) removeInline(list []part, i int) string {
	p := list[i]
	comma := func(at int) int {
		if at = d.skip(at); at < len(d.src) && d.src[at] == ',' {
			return at + 1
		}
		return -1
	}
	if i+1 < len(list) {
		to := list[i+1].start
		if strings.ContainsAny(d.src[p.end:to], "\n#") {
			to = comma(p.end)
		}
		return d.cutting(p.start, to, "")
	}
	if i > 0 && comma(p.end) < 0 && !strings.ContainsAny(d.src[list[i-1].end:p.start], "\n#") {
		return d.cutting(list[i-1].end, p.end, "")
	}
	if to := comma(p.end); to >= 0 {
		return d.cutting(p.start, to, "")
	}
	return d.cutting(p.start, p.end, "")
}

// move puts an entry before another one. The places of the entries keep what is between them; the entries change places.
func (d *document) move(home, value *yaml.Node, before int) (string, error) {
	list, err := d.parts(home)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(list, func(p part) bool { return p.value == value })
	if i < 0 || before > len(list) {
		return "", ErrByHand
	}
	var b strings.Builder
	done := 0
	for k, p := range shifted(list, i, before, move) {
		b.WriteString(d.src[done:list[k].head])
		b.WriteString(d.src[p.head:p.tail])
		done = list[k].tail
	}
	b.WriteString(d.src[done:])
	return b.String(), nil
}
