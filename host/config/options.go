package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxOptionsDepth is how deep the options of an adapter may be nested.
const maxOptionsDepth = 64

// options turns an adapter's options into JSON: in the order of the file, with
// merges and references resolved, and the same bytes for the same file always.
func (d *decoder) options(n *yaml.Node, path string, v reflect.Value) {
	if isNull(n) {
		return
	}
	if n.Kind != yaml.MappingNode {
		d.wrongType(n, path, "a mapping")
		return
	}
	var out bytes.Buffer
	if d.json(&out, n, path, maxOptionsDepth) {
		v.SetBytes(out.Bytes())
		d.written(path, n)
	}
}

// json appends n, which was visited, and reports whether it could be expressed.
func (d *decoder) json(out *bytes.Buffer, n *yaml.Node, path string, depth int) bool {
	if depth == 0 {
		d.problemAt(n, path, &fault{code: CodeLimit, message: fmt.Sprintf("the options are nested deeper than %d levels", maxOptionsDepth)})
		return false
	}
	switch n.Kind {
	case yaml.MappingNode:
		return d.jsonObject(out, n, path, depth)
	case yaml.SequenceNode:
		return d.jsonArray(out, n, path, depth)
	default:
		return d.jsonScalar(out, n, path)
	}
}

func (d *decoder) jsonObject(out *bytes.Buffer, n *yaml.Node, path string, depth int) bool {
	ok := true
	out.WriteByte('{')
	for i, p := range d.entries(n, path, maxMerges) {
		if i > 0 {
			out.WriteByte(',')
		}
		d.show(p.name)
		writeString(out, p.key)
		out.WriteByte(':')
		value := d.visit(p.value)
		ok = value != nil && d.json(out, value, join(path, p.key), depth-1) && ok
	}
	out.WriteByte('}')
	return ok
}

func (d *decoder) jsonArray(out *bytes.Buffer, n *yaml.Node, path string, depth int) bool {
	ok := true
	out.WriteByte('[')
	for i, child := range n.Content {
		if i > 0 {
			out.WriteByte(',')
		}
		value := d.visit(child)
		ok = value != nil && d.json(out, value, fmt.Sprintf("%s[%d]", path, i), depth-1) && ok
	}
	out.WriteByte(']')
	return ok
}

func (d *decoder) jsonScalar(out *bytes.Buffer, n *yaml.Node, path string) bool {
	switch n.ShortTag() {
	case "!!null":
		out.WriteString("null")
	case "!!bool":
		out.WriteString(strings.ToLower(n.Value))
	case "!!int", "!!float":
		number, ok := jsonNumber(n)
		if !ok {
			d.problemAt(n, path, &fault{code: CodeValue, message: "JSON, which adapters take, cannot express this number"})
			return false
		}
		out.WriteString(number)
	case "!!str", "!!timestamp":
		e, f := expand(n.Value, d.lookup)
		if f == nil && e.missing != "" && !e.empty {
			f = &fault{code: CodeReference, message: e.why()}
		}
		if f != nil {
			d.problemAt(n, path, f)
			return false
		}
		if e.refers {
			d.secret(e.text)
		}
		writeString(out, e.text)
	default:
		d.wrongType(n, path, "text, a number, true or false")
		return false
	}
	return true
}

// jsonNumber returns a YAML number as JSON: as it is written where JSON can
// read that, so that no digit is lost, else as its value.
func jsonNumber(n *yaml.Node) (string, bool) {
	if json.Valid([]byte(n.Value)) {
		return n.Value, true
	}
	var i int64
	if n.Decode(&i) == nil {
		return strconv.FormatInt(i, 10), true
	}
	var u uint64
	if n.Decode(&u) == nil {
		return strconv.FormatUint(u, 10), true
	}
	var f float64
	if err := n.Decode(&f); err != nil {
		return "", false
	}
	// Infinity and NaN have no form in JSON.
	text, err := json.Marshal(f)
	return string(text), err == nil
}

// writeString appends s as a JSON string.
func writeString(out *bytes.Buffer, s string) {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	// A string has a JSON form always, and a buffer takes it.
	_ = encoder.Encode(s)
	out.Truncate(out.Len() - 1)
}
