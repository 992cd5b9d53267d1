package edit

import (
	"slices"
	"sync"

	"github.com/claude-proxy/claude-proxy/host/config"
)

// ranks holds the place of every key in the file format, by its pattern: names joined by dots, "[]" for entries of lists,
// "*" for free names.
var ranks = sync.OnceValue(func() map[string]int {
	m := make(map[string]int)
	for i, key := range config.Keys() {
		m[key] = i + 1
	}
	return m
})

// patternOf is the pattern of a place.
func patternOf(at place) string {
	pattern := ""
	for _, step := range at {
		text, ok := step.(string)
		if !ok {
			pattern += "[]"
			continue
		}
		if pattern != "" {
			pattern += "."
		}
		if freeNames(pattern) {
			text = "*"
		}
		pattern += text
	}
	return pattern
}

// freeNames reports whether the mapping that a pattern with a dot at its end names has names of the user's.
func freeNames(prefix string) bool {
	switch prefix {
	case "routing.models.", "plugins.modules.", "channels[].models.", "channels[].headers.", "channels[].limits.models.":
		return true
	}
	return false
}

// orderCounts reports whether the order of the members of the mapping at this place means something: the first pattern
// that fits wins.
func orderCounts(at place) bool {
	switch patternOf(at) {
	case "routing.models", "channels[].models", "channels[].limits.models":
		return true
	}
	return false
}

// inOrder sorts the members of a new mapping as the file format lists them. Free names keep their order.
func inOrder(o object, at place) object {
	prefix := patternOf(at)
	if prefix != "" {
		prefix += "."
	}
	rank := func(m member) int {
		if r, ok := ranks()[prefix+m.key]; ok {
			return r
		}
		return len(ranks()) + 1
	}
	slices.SortStableFunc(o, func(a, b member) int { return rank(a) - rank(b) })
	return o
}
