package config

import (
	"reflect"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// scalar decodes one text, number or boolean.
func (d *decoder) scalar(n *yaml.Node, path string, v reflect.Value, f field) {
	want, tags := scalarType(v)
	switch {
	case n.Kind != yaml.ScalarNode:
		d.wrongType(n, path, want)
		return
	case isNull(n):
		// Nothing can stand for "no text" and "no moment", where that is a value.
		if !strings.Contains(tags, "!!str") || !v.IsZero() || f.required || f.enum != nil {
			d.wrongType(n, path, want)
		}
		return
	}
	e, wrong := expand(n.Value, d.lookup)
	if wrong != nil {
		d.problemAt(n, path, wrong)
		return
	}
	if _, isProxy := v.Interface().(ProxyURL); !isProxy {
		d.show(n)
	}
	switch {
	case e.missing != "" && !e.empty:
		d.problemAt(n, path, &fault{code: CodeReference, message: e.why()})
		return
	case e.refers:
		d.secret(e.text)
		wrong = set(v, f, e.text, inFile)
		if wrong != nil {
			wrong.hint = ""
			if wrong.found != "" {
				wrong.found = "what the variable holds"
			}
		}
	case strings.Contains(tags, n.ShortTag()):
		wrong = set(v, f, e.text, inFile)
	case n.ShortTag() != "!!str":
		d.wrongType(n, path, want)
		return
	default:
		// Text where a number or a boolean belongs: yes, "5", 1.5x.
		if wrong = set(reflect.New(v.Type()).Elem(), f, e.text, inFile); wrong == nil {
			wrong = bad(e.text, "is text")
			wrong.code, wrong.hint = CodeType, "remove the quotes"
		}
	}
	if wrong != nil {
		d.problemAt(n, path, wrong)
		return
	}
	d.written(path, n)
}

// scalarType returns what a person calls the values of v's type, and the YAML
// tags they may have.
func scalarType(v reflect.Value) (want, tags string) {
	switch v.Interface().(type) {
	case time.Duration:
		return "a duration such as 30s", "!!str !!int !!float"
	case Size:
		return "a size such as 32MiB", "!!str !!int !!float"
	case time.Time:
		return "a moment such as 2027-01-31T23:59:59Z", "!!str !!timestamp"
	}
	switch v.Kind() {
	case reflect.Bool:
		return "true or false", "!!bool"
	case reflect.Int, reflect.Int64:
		return "a whole number", "!!int !!float"
	default:
		return "text", "!!str !!int !!float !!bool !!timestamp"
	}
}

// wrongType reports a node of a kind or type that cannot stand here.
func (d *decoder) wrongType(n *yaml.Node, path, want string) {
	f := &fault{code: CodeType, message: kindOf(n) + " stands where " + want + " belongs"}
	if tag := n.ShortTag(); n.Kind == yaml.ScalarNode && !strings.HasPrefix(tag, "!!") {
		f.message = "a YAML tag stands where plain " + want + " belongs"
	}
	if want == "a list" && n.Kind == yaml.ScalarNode {
		f.hint = "put it in [ ]"
	}
	d.problemAt(n, path, f)
}
