package edit

import (
	"errors"

	"gopkg.in/yaml.v3"
)

// ParseValue reads a value as plugins.yaml writes it, such as 5, 30s, true, [a, b] or { x: 1 }; the result goes into an
// Edit. An empty text is an empty text.
func ParseValue(text string) (any, error) {
	if text == "" {
		return "", nil
	}
	var n yaml.Node
	if yaml.Unmarshal([]byte(text), &n) != nil || len(n.Content) != 1 {
		return nil, errors.New("the value is not valid YAML")
	}
	tree, err := new(reader).tree(n.Content[0])
	if err != nil {
		return nil, errors.New("the value is not one that can be set")
	}
	return tree, nil
}
