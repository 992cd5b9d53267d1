package routing

import (
	"fmt"
	"slices"
	"strings"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/pattern"
)

// Models returns the model names that can be listed: the literal ones of routes, serves and models that lead to an enabled
// channel, in file order, each once. The slice is shared and must not be changed.
func (t *Table) Models() []string { return t.names }

func (t *Table) literalNames(cfg *config.Config) []string {
	var names []string
	seen := make(map[string]bool)
	add := func(name string) {
		if !seen[name] && !strings.ContainsAny(name, "*!") && len(t.find(name)) > 0 {
			names = append(names, name)
		}
		seen[name] = true
	}
	for _, r := range cfg.Routing.Models {
		add(r.Pattern)
	}
	for i := range cfg.Channels {
		c := &cfg.Channels[i]
		for _, name := range t.byName[c.Name].serves.Names() {
			add(name)
		}
		for _, m := range c.Models {
			add(m.Pattern)
		}
	}
	return names
}

const (
	// maxClose is how many names are suggested.
	maxClose = 3
	// maxCompared is the longest name that is compared, in bytes; the work grows with its square.
	maxCompared = 128
)

// Missing says, for people, why no channel serves the model and which names come close.
func (t *Table) Missing(model string) string { return t.missing(model).String() }

func (t *Table) missing(model string) Reason {
	shown := shorten(model)
	if i := pattern.Best(t.patterns, model); i >= 0 {
		return Because(RouteOff, "model", shown, "route", t.routes[i].text)
	}
	for _, c := range t.channels {
		if c.serves.Allows(model) {
			return Because(ChannelOff, "model", shown, "channel", c.config.Name)
		}
	}
	close := t.closeNames(model)
	if len(close) == 0 {
		return Because(NobodyServes, "model", shown)
	}
	for i, name := range close {
		close[i] = fmt.Sprintf("%q", name)
	}
	return Because(NobodyButNear, "model", shown, "names", strings.Join(close, " or "))
}

// closeNames lists the names nearest to model, nearest first.
func (t *Table) closeNames(model string) []string {
	if len(model) > maxCompared || model == "" {
		return nil
	}
	type near struct {
		name string
		far  int
	}
	var found []near
	for _, name := range t.names {
		if len(name) > maxCompared {
			continue
		}
		far := distance(model, name)
		switch {
		case far <= max(2, len(model)/4):
		case len(model) >= 3 && strings.Contains(name, model):
			far += maxCompared // a part of a name is a weaker hint than a slip
		default:
			continue
		}
		found = append(found, near{name, far})
	}
	slices.SortStableFunc(found, func(a, b near) int { return a.far - b.far })
	var names []string
	for _, n := range found[:min(maxClose, len(found))] {
		names = append(names, n.name)
	}
	return names
}

// distance counts the bytes to insert, remove or replace to turn a into b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// shorten keeps a client's model name from filling the message.
func shorten(s string) string {
	if len(s) <= maxCompared {
		return s
	}
	return strings.ToValidUTF8(s[:maxCompared], "") + "…"
}
