package edit

import (
	"fmt"
	"slices"
	"strconv"
)

// intend returns the tree that an edit wants.
func (e Edit) intend(tree any, ids Names) (any, error) {
	names, err := parsePath(e.Path)
	if err != nil {
		return nil, err
	}
	at, rest := find(tree, names, ids)
	switch e.Op {
	case Set:
		return e.set(tree, at, rest)
	case Insert:
		return e.insert(tree, at, rest, ids)
	case Delete, Move:
		if len(rest) > 0 {
			return nil, ErrNotFound
		}
		if e.Op == Delete {
			return (&step{kind: remove, at: at}).on(tree), nil
		}
		home := at[:len(at)-1]
		before, err := neighbour(lookup(tree, home), e.Before, ids, home, tree)
		if err != nil {
			return nil, err
		}
		return (&step{kind: move, at: at, before: before}).on(tree), nil
	}
	return nil, fmt.Errorf("%w: the operation is none of set, delete, insert, move", ErrInvalid)
}

// set gives the value, and makes the mappings around it that are missing.
func (e Edit) set(tree any, at place, rest []name) (any, error) {
	if len(rest) == 0 {
		value, err := treeOf(e.Value, at)
		return (&step{kind: replace, at: at, value: value}).on(tree), err
	}
	switch lookup(tree, at).(type) {
	case object, nil:
	case []any:
		// A new entry that bears the name it is set under is added.
		value, err := treeOf(e.Value, at.with(0))
		if err != nil {
			return nil, err
		}
		if len(rest) == 1 && nameOf(value) == rest[0].text {
			return (&step{kind: add, at: at, before: -1, value: value}).on(tree), nil
		}
		return nil, ErrNotFound
	default:
		return nil, ErrNotFound
	}
	full := slices.Clone(at)
	for i, n := range rest {
		if i > 0 && n.bracket && (rest[i-1].text == "channels" || rest[i-1].text == "keys") {
			return nil, ErrNotFound
		}
		full = append(full, n.text)
	}
	value, err := treeOf(e.Value, full)
	if err != nil {
		return nil, err
	}
	for i := len(rest) - 1; i > 0; i-- {
		value = object{{rest[i].text, value}}
	}
	return (&step{kind: add, at: at, key: rest[0].text, value: value}).on(tree), nil
}

// insert adds an entry to a list.
func (e Edit) insert(tree any, at place, rest []name, ids Names) (any, error) {
	if len(rest) > 0 {
		if rest[len(rest)-1].bracket || e.Before != "" {
			return nil, ErrNotFound
		}
		e.Value = []any{e.Value}
		return e.set(tree, at, rest)
	}
	home := lookup(tree, at)
	if home == nil {
		e.Value = []any{e.Value}
		return e.set(tree, at, nil)
	}
	list, ok := home.([]any)
	if !ok {
		return nil, fmt.Errorf("%w: the place is no list", ErrInvalid)
	}
	value, err := treeOf(e.Value, at.with(0))
	if err != nil {
		return nil, err
	}
	if name := nameOf(value); name != "" && slices.ContainsFunc(list, func(v any) bool { return nameOf(v) == name }) {
		return nil, ErrExists
	}
	before, err := neighbour(home, e.Before, ids, at, tree)
	return (&step{kind: add, at: at, before: before, value: value}).on(tree), err
}

// neighbour is the place of an entry among its siblings, -1 for "at the end".
func neighbour(home any, text string, ids Names, at place, tree any) (int, error) {
	if text == "" {
		return -1, nil
	}
	n := name{text: text, bracket: true}
	if unquoted, err := strconv.Unquote(text); err == nil {
		n = name{unquoted, true, true}
	}
	switch v := home.(type) {
	case object:
		if i := v.member(n.text); i >= 0 {
			return i, nil
		}
	case []any:
		channel := ""
		if len(at) == 3 && at[0] == "channels" && at[2] == "keys" {
			channel = nameOf(lookup(tree, at[:2]))
		}
		i := entry(v, n, func(id string) (int, bool) {
			if ids == nil || channel == "" {
				return 0, false
			}
			return ids(channel, id)
		})
		if i >= 0 {
			return i, nil
		}
	}
	return 0, fmt.Errorf("before: %w", ErrNotFound)
}

// lookup returns what stands at a place that exists.
func lookup(tree any, at place) any {
	for _, s := range at {
		switch v := tree.(type) {
		case object:
			tree = v[v.member(s.(string))].value
		case []any:
			tree = v[s.(int)]
		}
	}
	return tree
}
