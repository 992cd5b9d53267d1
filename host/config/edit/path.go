package edit

import (
	"fmt"
	"strconv"
	"strings"
)

// name is one step of a path as it is written.
type name struct {
	text string
	// bracket: it stood in brackets, quoted: in quotes too, so that it is no number.
	bracket, quoted bool
}

// parsePath cuts a path into its names.
func parsePath(path string) ([]name, error) {
	var names []name
	rest := path
	for rest != "" {
		switch {
		case strings.HasPrefix(rest, `["`):
			quoted, err := strconv.QuotedPrefix(rest[1:])
			if err != nil || !strings.HasPrefix(rest[1+len(quoted):], "]") {
				return nil, badPath(path)
			}
			text, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, badPath(path)
			}
			names = append(names, name{text, true, true})
			rest = rest[len(quoted)+2:]
		case rest[0] == '[':
			text, after, ok := strings.Cut(rest[1:], "]")
			if !ok || text == "" {
				return nil, badPath(path)
			}
			names = append(names, name{text, true, false})
			rest = after
		default:
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				return nil, badPath(path)
			}
			names = append(names, name{text: rest[:end]})
			rest = rest[end:]
		}
		if strings.HasPrefix(rest, ".") {
			if rest = rest[1:]; rest == "" || rest[0] == '[' || rest[0] == '.' {
				return nil, badPath(path)
			}
		}
	}
	if len(names) == 0 {
		return nil, badPath(path)
	}
	return names, nil
}

func badPath(path string) error { return fmt.Errorf("%w: %q is not a path", ErrInvalid, path) }

// place is where something is in a tree: strings for members of mappings, ints for entries of lists.
type place []any

func (p place) with(step any) place { return append(p[:len(p):len(p)], step) }

// find returns the place that the first names lead to, and the names that lead nowhere.
func find(tree any, names []name, ids Names) (p place, rest []name) {
	channel := ""
	at := tree
	for i, n := range names {
		switch v := at.(type) {
		case object:
			m := v.member(n.text)
			if m < 0 {
				return p, names[i:]
			}
			p, at = append(p, n.text), v[m].value
		case []any:
			k := entry(v, n, func(id string) (int, bool) {
				if ids == nil || channel == "" || i == 0 || names[i-1].text != "keys" {
					return 0, false
				}
				return ids(channel, id)
			})
			if k < 0 {
				return p, names[i:]
			}
			if i == 1 && names[0].text == "channels" {
				channel = nameOf(v[k])
			}
			p, at = append(p, k), v[k]
		default:
			return p, names[i:]
		}
	}
	return p, nil
}

// entry returns the number of the entry that a name means, -1 for none.
func entry(list []any, n name, byID func(string) (int, bool)) int {
	for i, v := range list {
		if nameOf(v) == n.text {
			return i
		}
	}
	if i, ok := byID(n.text); ok && i < len(list) {
		return i
	}
	for i, v := range list {
		if o, ok := v.(object); ok && o.text("label") == n.text {
			return i
		}
		if s, ok := v.(string); ok && s == n.text {
			return i
		}
	}
	if i, err := strconv.Atoi(n.text); err == nil && !n.quoted && i >= 0 && i < len(list) {
		return i
	}
	return -1
}

// nameOf is the member "name" of an entry, "" where it has none.
func nameOf(v any) string {
	if o, ok := v.(object); ok {
		return o.text("name")
	}
	return ""
}
