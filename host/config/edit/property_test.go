package edit

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// author writes random files the way people do: block and flow, comments in every place, blank lines, odd spaces, quotes.
type author struct {
	*rand.Rand
	b strings.Builder
	n int
}

func (a *author) pick(of ...string) string { return of[a.IntN(len(of))] }

func (a *author) comment(indent int) {
	for range a.IntN(3) {
		a.n++
		fmt.Fprintf(&a.b, "%s%s\n", strings.Repeat(" ", indent), a.pick(fmt.Sprintf("# comment %d", a.n), "", fmt.Sprintf("#- name: old%d", a.n)))
	}
}

func (a *author) tail() string { return a.pick("", "", " # end", "   #x: y", "  ") }

func (a *author) scalar() string {
	return a.pick("1", "text", `"a \" # b"`, "'it''s'", "${NAME}", "10s", "true", "two words", "~", `"{"`, "https://x/y#z", "1.50", "0x10", `"\u00e9"`, "日本")
}

func (a *author) flow(depth int) string {
	if depth == 0 || a.IntN(2) == 0 {
		return a.pick("1", `"q, }"`, "word", "'s ]'", "true")
	}
	parts := make([]string, a.IntN(4))
	if a.IntN(2) == 0 {
		for i := range parts {
			parts[i] = a.flow(depth - 1)
		}
		return "[" + a.pick("", " ") + strings.Join(parts, a.pick(",", ", ", " , ")) + a.pick("", " ") + "]"
	}
	for i := range parts {
		parts[i] = fmt.Sprintf("k%d: %s", i, a.flow(depth-1))
	}
	return "{" + a.pick("", " ") + strings.Join(parts, a.pick(", ", " , ")) + a.pick("", " ") + "}"
}

func (a *author) value(indent, depth int) {
	switch k := a.IntN(8); {
	case k == 0 && depth > 0:
		fmt.Fprintf(&a.b, "%s\n", a.tail())
		a.mapping(indent+a.IntN(3)+1, depth-1)
	case k == 1 && depth > 0:
		fmt.Fprintf(&a.b, "%s\n", a.tail())
		a.list(indent+a.IntN(3), depth-1)
	case k == 2:
		fmt.Fprintf(&a.b, " %s%s\n", a.flow(2), a.tail())
	case k == 3:
		fmt.Fprintf(&a.b, " %s\n%sline one\n\n%s  # no comment\n", a.pick("|", ">", "|-", ">-"), strings.Repeat(" ", indent+2), strings.Repeat(" ", indent+2))
	case k == 4:
		fmt.Fprintf(&a.b, "%s\n", a.tail())
	default:
		fmt.Fprintf(&a.b, "%s%s%s\n", a.pick(" ", "   "), a.scalar(), a.tail())
	}
}

func (a *author) mapping(indent, depth int) {
	for i := range a.IntN(4) + 1 {
		a.comment(indent)
		fmt.Fprintf(&a.b, "%s%s:", strings.Repeat(" ", indent), a.pick(fmt.Sprintf("key%d", i), fmt.Sprintf("%q", fmt.Sprintf("key%d", i))))
		a.value(indent, depth)
	}
}

func (a *author) list(indent, depth int) {
	for i := range a.IntN(3) + 1 {
		a.comment(indent)
		pad := strings.Repeat(" ", indent)
		if a.IntN(2) == 0 {
			fmt.Fprintf(&a.b, "%s- %s%s\n", pad, a.scalar(), a.tail())
			continue
		}
		fmt.Fprintf(&a.b, "%s- name: item%d%s\n%s  key1:", pad, i, a.tail(), pad)
		a.value(indent+2, depth)
	}
}

// places lists what a tree holds.
func places(tree any, at place, found []place) []place {
	if len(at) > 0 {
		found = append(found, at)
	}
	switch v := tree.(type) {
	case object:
		for _, m := range v {
			found = places(m.value, at.with(m.key), found)
		}
	case []any:
		for i, x := range v {
			found = places(x, at.with(i), found)
		}
	}
	return found
}

func written(at place) string {
	var b strings.Builder
	for i, s := range at {
		switch s := s.(type) {
		case string:
			if i > 0 {
				b.WriteByte('.')
			}
			b.WriteString(s)
		case int:
			fmt.Fprintf(&b, "[%d]", s)
		}
	}
	return b.String()
}

func (a *author) edit(tree any) Edit {
	list := places(tree, nil, nil)
	if len(list) == 0 {
		return Edit{Op: Set, Path: "version", Value: 1}
	}
	at := list[a.IntN(len(list))]
	values := []string{`1`, `"text"`, `"needs: quotes #"`, `null`, `[]`, `{}`, `["a","b c"]`, `{"name":"n","x":{"y":[1,{"z":true}]}}`, `[{"name":"p"},{"name":"q"}]`, `"a\nb"`, `"日本"`, `-0.5`}
	value := json.RawMessage(values[a.IntN(len(values))])
	switch a.IntN(5) {
	case 0:
		return Edit{Op: Delete, Path: written(at)}
	case 1:
		return Edit{Op: Move, Path: written(at)}
	case 2:
		return Edit{Op: Set, Path: written(at) + ".fresh", Value: value}
	case 3:
		return Edit{Op: Insert, Path: written(at), Value: value}
	default:
		return Edit{Op: Set, Path: written(at), Value: value}
	}
}

// Random edits of random files: what comes out says what was meant, additions and removals leave every other byte as it
// is, and nothing needs a person.
func TestRandomEdits(t *testing.T) {
	files, edits, byHand := 400, 0, 0
	for seed := range uint64(files) {
		a := &author{Rand: rand.New(rand.NewPCG(seed, 7))}
		a.comment(0)
		a.b.WriteString("version: 1\n")
		a.mapping(0, 3)
		src := a.b.String()
		if a.IntN(4) == 0 {
			src = strings.ReplaceAll(src, "\n", "\r\n")
		}
		doc, err := parse([]byte(src))
		if err != nil {
			t.Fatalf("seed %d: the test writes a bad file: %v\n%s", seed, err, src)
		}
		for range 6 {
			e := a.edit(doc.tree)
			out, err := Apply([]byte(src), []Edit{e}, nil)
			if errors.Is(err, ErrNotFound) || errors.Is(err, ErrInvalid) || errors.Is(err, ErrExists) {
				continue
			}
			if err != nil {
				byHand++
				t.Errorf("seed %d: %v\n%s", seed, err, src)
				break
			}
			edits++
			want, _ := e.intend(doc.tree, nil)
			after, err := parse(out)
			if err != nil || !same(after.tree, want, nil) {
				t.Fatalf("seed %d: %+v gives another file than was meant:\n%s\n---\n%s", seed, e, src, out)
			}
			if e.Op != Move {
				checkBytes(t, e, doc.tree, src, string(out))
			}
			src, doc = string(out), after
		}
	}
	if edits < files || byHand > 0 {
		t.Errorf("%d edits of %d files, %d impossible", edits, files, byHand)
	}
}

// checkBytes: an addition only adds one stretch of bytes, a removal only takes one away.
func checkBytes(t *testing.T, e Edit, tree any, before, after string) {
	t.Helper()
	names, err := parsePath(e.Path)
	if err != nil {
		t.Fatal(err)
	}
	at, rest := find(tree, names, nil)
	home := lookup(tree, at)
	if e.Op == Delete {
		home = lookup(tree, at[:len(at)-1])
		before, after = after, before
	}
	list, isList := home.([]any)
	o, isObject := home.(object)
	if e.Op == Set && len(rest) == 0 || !isList && !isObject || e.Op != Delete && hollow(home) || e.Op == Delete && len(list)+len(o) < 2 {
		return // one value gives way to another
	}
	first, last := 0, 0
	for first < len(before) && first < len(after) && before[first] == after[first] {
		first++
	}
	for last < len(before)-first && last < len(after)-first && before[len(before)-1-last] == after[len(after)-1-last] {
		last++
	}
	if first+last < len(before) {
		t.Errorf("%s %s changes more than one stretch:\n%s---\n%s", e.Op, e.Path, before, after)
	}
}

func FuzzApply(f *testing.F) {
	f.Add("version: 1\nchannels:\n  - name: a # x\n    keys: [a, b]\n", "set", "channels[a].keys[0]", `"z"`)
	f.Add("a: &x {b: 1}\nc: *x\n", "set", "c.b", "2")
	f.Add("a: |+\n  x\n\nb:\n- - 1\n  - 2\n", "delete", "b[0][0]", "")
	f.Add("? a\n: b\n", "set", "a", "1")
	f.Fuzz(func(t *testing.T, src, op, path, value string) {
		var v any
		if json.Valid([]byte(value)) {
			v = json.RawMessage(value)
		}
		out, err := Apply([]byte(src), []Edit{{Op: Op(op), Path: path, Value: v}}, nil)
		if err != nil {
			return
		}
		before, err := parse([]byte(src))
		if err != nil {
			t.Fatal("an edit of what cannot be read")
		}
		want, err := Edit{Op: Op(op), Path: path, Value: v}.intend(before.tree, nil)
		if err != nil {
			t.Fatal(err)
		}
		if after, err := parse(out); err != nil || !same(after.tree, want, nil) {
			t.Fatalf("not what was meant: %q", out)
		}
	})
}
