package edit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"
	"strings"

	"gopkg.in/yaml.v3"
)

// A tree is what a text says, without how it says it: nil, bool, json.Number, string, []any and object.

// object is a mapping in the order of its members.
type object []member

type member struct {
	key   string
	value any
}

func (o object) member(key string) int {
	for i, m := range o {
		if m.key == key {
			return i
		}
	}
	return -1
}

// text is the member of that name where it is a text, else "".
func (o object) text(key string) string {
	if i := o.member(key); i >= 0 {
		s, _ := o[i].value.(string)
		return s
	}
	return ""
}

// treeOf makes a tree of any value that encoding/json can express, members in the order of the file format, others in
// the order given.
func treeOf(v any, at place) (any, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%w: the value has no form in JSON", ErrInvalid)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	tree, err := read(decoder, at)
	if err != nil {
		return nil, fmt.Errorf("%w: the value is not JSON", ErrInvalid)
	}
	return tree, nil
}

func read(d *json.Decoder, at place) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := read(d, at.with(len(list)))
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.Token()
		return list, err
	case json.Delim('{'):
		o := object{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			text, ok := key.(string)
			if !ok {
				return nil, io.ErrUnexpectedEOF
			}
			v, err := read(d, at.with(text))
			if err != nil {
				return nil, err
			}
			if i := o.member(text); i >= 0 {
				o[i].value = v
				continue
			}
			o = append(o, member{text, v})
		}
		_, err = d.Token()
		return inOrder(o, at), err
	}
	return token, nil
}

// maxNodes is how many nodes a text may stand for once its aliases are followed.
const maxNodes = 500_000

// reader turns nodes into trees.
type reader struct{ nodes int }

func (r *reader) tree(n *yaml.Node) (any, error) {
	if r.nodes++; r.nodes > maxNodes {
		return nil, ErrByHand
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.tree(n.Alias)
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, c := range n.Content {
			v, err := r.tree(c)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.MappingNode:
		return r.object(n)
	}
	return scalar(n), nil
}

// object reads a mapping, the members of its merges after its own.
func (r *reader) object(n *yaml.Node) (object, error) {
	o := object{}
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.ShortTag() == "!!merge" {
			merged = append(merged, n.Content[i+1])
			continue
		}
		if key.Kind != yaml.ScalarNode || o.member(key.Value) >= 0 {
			return nil, ErrByHand
		}
		v, err := r.tree(n.Content[i+1])
		if err != nil {
			return nil, err
		}
		o = append(o, member{key.Value, v})
	}
	for len(merged) > 0 {
		v, err := r.tree(merged[0])
		if err != nil {
			return nil, err
		}
		parts, ok := v.([]any)
		if !ok {
			parts = []any{v}
		}
		for _, part := range parts {
			more, ok := part.(object)
			if !ok {
				return nil, ErrByHand
			}
			for _, m := range more {
				if o.member(m.key) < 0 {
					o = append(o, m)
				}
			}
		}
		merged = merged[1:]
	}
	return o, nil
}

// scalar is the value of a scalar node. What has no form in JSON is its text.
func scalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int":
		var i int64
		if n.Decode(&i) == nil {
			return json.Number(fmt.Sprint(i))
		}
	case "!!float":
		var f float64
		if n.Decode(&f) == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			if json.Valid([]byte(n.Value)) {
				return json.Number(n.Value)
			}
			return json.Number(fmt.Sprint(f))
		}
	}
	return n.Value
}

// same reports whether two trees say the same. The order of members counts where the file format has free names, and a
// missing list or mapping is the same as an empty one.
func same(a, b any, at place) bool {
	if hollow(a) && hollow(b) {
		return true
	}
	switch x := a.(type) {
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for i := range x {
			if !same(x[i], y[i], at.with(i)) {
				return false
			}
		}
		return true
	case object:
		y, ok := b.(object)
		if !ok || len(x) != len(y) {
			return false
		}
		for i, m := range x {
			j := y.member(m.key)
			if j < 0 || j != i && orderCounts(at) || !same(m.value, y[j].value, at.with(m.key)) {
				return false
			}
		}
		return true
	case json.Number:
		y, ok := b.(json.Number)
		return ok && sameNumber(x, y)
	}
	switch b.(type) {
	case []any, object:
		return false
	}
	return a == b
}

// hollow: nothing, or nothing in it.
func hollow(v any) bool {
	switch x := v.(type) {
	case nil:
		return true
	case []any:
		return len(x) == 0
	case object:
		return len(x) == 0
	}
	return false
}

func sameNumber(a, b json.Number) bool {
	x, okX := new(big.Rat).SetString(string(a))
	y, okY := new(big.Rat).SetString(string(b))
	return a == b || okX && okY && len(a) < 400 && len(b) < 400 && x.Cmp(y) == 0
}

// MarshalJSON keeps the order of the members.
func (o object) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			out = append(out, ',')
		}
		key, err := json.Marshal(m.key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(m.value)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, key...), ':'), value...)
	}
	return append(out, '}'), nil
}
