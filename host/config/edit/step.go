package edit

import "slices"

// step is the smallest change: of one value, or of one entry of a mapping or a list.
type step struct {
	kind kind
	// at is the value or the entry; for add, the mapping or list that gets one more.
	at place
	// key is the name of a new member; "" in lists.
	key string
	// before is the place of the neighbour, -1 for the end.
	before int
	value  any
}

type kind int

const (
	replace kind = iota
	remove
	add
	move
)

// on returns the tree after the step. The old one stays as it is.
func (s *step) on(tree any) any {
	at := s.at
	if s.kind == remove || s.kind == move {
		at = at[:len(at)-1]
	}
	return rebuild(tree, at, func(v any) any {
		switch s.kind {
		case replace:
			return s.value
		case add:
			return s.added(v)
		}
		last := s.at[len(s.at)-1]
		switch v := v.(type) {
		case object:
			return shifted(v, v.member(last.(string)), s.before, s.kind)
		case []any:
			return shifted(v, last.(int), s.before, s.kind)
		}
		return v
	})
}

func (s *step) added(v any) any {
	if s.key != "" {
		o, _ := v.(object)
		return append(o[:len(o):len(o)], member{s.key, s.value})
	}
	list, _ := v.([]any)
	at := s.before
	if at < 0 {
		at = len(list)
	}
	return slices.Insert(slices.Clone(list), at, s.value)
}

// shifted returns list without entry i, or with it before another one.
func shifted[S ~[]E, E any](list S, i, before int, k kind) S {
	entry := list[i]
	out := slices.Delete(slices.Clone(list), i, i+1)
	if k == remove {
		return out
	}
	switch {
	case before < 0:
		before = len(out)
	case before > i:
		before--
	}
	return slices.Insert(out, before, entry)
}

// rebuild returns a tree with one part changed.
func rebuild(tree any, at place, change func(any) any) any {
	if len(at) == 0 {
		return change(tree)
	}
	switch v := tree.(type) {
	case object:
		i := v.member(at[0].(string))
		out := slices.Clone(v)
		out[i].value = rebuild(v[i].value, at[1:], change)
		return out
	case []any:
		out := slices.Clone(v)
		out[at[0].(int)] = rebuild(v[at[0].(int)], at[1:], change)
		return out
	}
	return tree
}

// difference returns a step that leads from one tree towards another, nil where they say the same.
func difference(have, want any, at place) *step {
	if same(have, want, at) {
		return nil
	}
	switch x := have.(type) {
	case object:
		if y, ok := want.(object); ok && len(x) > 0 && len(y) > 0 {
			return objectDifference(x, y, at)
		}
	case []any:
		if y, ok := want.([]any); ok && len(x) > 0 && len(y) > 0 {
			return listDifference(x, y, at)
		}
	}
	return &step{kind: replace, at: at, value: want}
}

func objectDifference(have, want object, at place) *step {
	for _, m := range have {
		if want.member(m.key) < 0 {
			// The last one of old makes way after the first of new has come.
			if len(have) == 1 {
				return &step{kind: replace, at: at, value: want}
			}
			return &step{kind: remove, at: at.with(m.key)}
		}
	}
	for _, m := range want {
		i := have.member(m.key)
		if i < 0 {
			return &step{kind: add, at: at, key: m.key, value: m.value}
		}
		if s := difference(have[i].value, m.value, at.with(m.key)); s != nil {
			return s
		}
	}
	// Only the order differs.
	for i, m := range want {
		if have[i].key != m.key {
			return &step{kind: move, at: at.with(m.key), before: i}
		}
	}
	return nil
}

func listDifference(have, want []any, at place) *step {
	first := 0
	for first < len(have) && first < len(want) && same(have[first], want[first], at.with(first)) {
		first++
	}
	endHave, endWant := len(have), len(want)
	for endHave > first && endWant > first && same(have[endHave-1], want[endWant-1], at.with(0)) {
		endHave, endWant = endHave-1, endWant-1
	}
	if first == endWant {
		if len(have) == 1 {
			return &step{kind: replace, at: at, value: want}
		}
		return &step{kind: remove, at: at.with(first)}
	}
	if first == endHave {
		before := first
		if first == len(have) {
			before = -1
		}
		return &step{kind: add, at: at, before: before, value: want[first]}
	}
	old, new := have[first], want[first]
	for i := first + 1; i < endHave; i++ {
		if akin(have[i], new, at) && !akin(old, new, at) {
			return &step{kind: move, at: at.with(i), before: first}
		}
	}
	if akin(old, new, at) || nameOf(old) == "" && endHave-first == endWant-first {
		return difference(old, new, at.with(first))
	}
	for _, v := range want[first:endWant] {
		if akin(old, v, at) {
			return &step{kind: add, at: at, before: first, value: new}
		}
	}
	if endHave-first > endWant-first {
		return &step{kind: remove, at: at.with(first)}
	}
	if endHave-first < endWant-first {
		return &step{kind: add, at: at, before: first, value: new}
	}
	return difference(old, new, at.with(first))
}

// akin reports whether two entries are versions of one thing: they have one name, or say the same.
func akin(a, b any, at place) bool {
	if name := nameOf(a); name != "" {
		return name == nameOf(b)
	}
	return same(a, b, at.with(0))
}
