package config

import (
	"fmt"

	"gopkg.in/yaml.v3"
)

// pair is one entry of a mapping.
type pair struct {
	key         string
	name, value *yaml.Node
}

// maxMerges is how deep "<<" may refer to mappings that have one themselves.
const maxMerges = 8

// mapping returns the entries of a mapping in file order, those of "<<" merges
// after its own. Nothing at all is an empty mapping, so that a heading whose
// entries are all commented out does no harm.
func (d *decoder) mapping(n *yaml.Node, path string) ([]pair, bool) {
	if isNull(n) {
		return nil, true
	}
	if n.Kind != yaml.MappingNode {
		d.wrongType(n, path, "a mapping")
		return nil, false
	}
	return d.entries(n, path, maxMerges), true
}

func (d *decoder) entries(n *yaml.Node, path string, merges int) []pair {
	var (
		pairs  []pair
		merged []*yaml.Node
		lines  = make(map[string]int, len(n.Content)/2)
	)
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		if name.Kind == yaml.AliasNode {
			name = name.Alias
		}
		if name.Kind != yaml.ScalarNode {
			d.problemAt(n.Content[i], path, &fault{code: CodeType, message: kindOf(name) + " stands where a key belongs"})
			continue
		}
		if name.ShortTag() == "!!merge" {
			merged = append(merged, value)
			continue
		}
		if line, ok := lines[name.Value]; ok {
			d.show(name)
			d.problemAt(n.Content[i], path, &fault{code: CodeDuplicate, found: quote(name.Value),
				message: fmt.Sprintf("is set twice: on line %d already", line), hint: "remove one of the two"})
			continue
		}
		lines[name.Value] = name.Line
		pairs = append(pairs, pair{name.Value, name, value})
	}
	for _, value := range merged {
		for _, p := range d.merge(value, path, merges) {
			if _, ok := lines[p.key]; !ok {
				lines[p.key] = p.name.Line
				pairs = append(pairs, p)
			}
		}
	}
	return pairs
}

// merge returns the entries that the value of a "<<" stands for.
func (d *decoder) merge(value *yaml.Node, path string, merges int) []pair {
	n := d.visit(value)
	if n == nil {
		return nil
	}
	switch {
	case merges == 0:
		d.problemAt(value, path, &fault{code: CodeLimit, message: "the << merges are nested too deeply"})
	case n.Kind == yaml.MappingNode:
		d.visits += len(n.Content)
		return d.entries(n, path, merges-1)
	case n.Kind == yaml.SequenceNode:
		var pairs []pair
		for _, child := range n.Content {
			pairs = append(pairs, d.merge(child, path, merges-1)...)
		}
		return pairs
	default:
		d.problemAt(value, path, &fault{code: CodeType, message: kindOf(n) + " stands where << needs a mapping"})
	}
	return nil
}
