package edit

import (
	"regexp"
	"strings"
)

// Reference is a ${NAME} or file:PATH in a text.
type Reference struct {
	// Home is the channel or client key that holds it, as channels[main]; else the section, as server.
	Home string
	// Text is the reference, as ${NAME} or file:/run/secrets/key.
	Text string
}

var variable = regexp.MustCompile(`\$\{[A-Za-z_][A-Za-z0-9_]*\}`)

// References lists what a text refers to, each once for each home, aliases followed. The error is ErrByHand for a text
// that cannot be read.
func References(src []byte) ([]Reference, error) {
	d, err := parse(src)
	if err != nil {
		return nil, err
	}
	var list []Reference
	seen := make(map[Reference]bool)
	note := func(home, text string) {
		if r := (Reference{home, text}); !seen[r] {
			seen[r] = true
			list = append(list, r)
		}
	}
	var walk func(v any, home string, at place)
	walk = func(v any, home string, at place) {
		switch v := v.(type) {
		case object:
			for _, m := range v {
				if len(at) == 0 {
					home = m.key
				}
				walk(m.key, home, at.with(m.key))
				walk(m.value, home, at.with(m.key))
			}
		case []any:
			for i, x := range v {
				inner := home
				if p := patternOf(at); (p == "channels" || p == "auth.keys") && nameOf(x) != "" {
					inner = p + "[" + nameOf(x) + "]"
				}
				walk(x, inner, at.with(i))
			}
		case string:
			for _, ref := range variable.FindAllString(v, -1) {
				note(home, ref)
			}
			if strings.HasPrefix(v, "file:") {
				note(home, v)
			}
		}
	}
	walk(d.tree, "", nil)
	return list, nil
}
