package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// Setting is one value of a configuration, for showing.
type Setting struct {
	// Path is as an edit names it: "server.listen", "channels[main].keys[k-0123456789].weight".
	Path string
	// Value is as plugins.yaml would write it; secrets are masked, or shown as the reference that leads to them.
	Value  string
	Origin Origin
}

// Settings lists every value with where it comes from, in the order of the file format.
func (c *Config) Settings() []Setting {
	var list []Setting
	c.settings(reflect.ValueOf(*c), "", "", &list)
	return list
}

// settings walks a struct. at is the path for people, from the one by which origins are kept.
func (c *Config) settings(v reflect.Value, at, from string, list *[]Setting) {
	for _, f := range fieldsOf(v.Type()) {
		c.setting(v.Field(f.index), f, join(at, f.name), join(from, f.name), v, list)
	}
}

func (c *Config) setting(v reflect.Value, f field, at, from string, home reflect.Value, list *[]Setting) {
	add := func(text string) { *list = append(*list, Setting{Path: at, Value: text, Origin: c.Origin(from)}) }
	switch x := v.Interface().(type) {
	case Secret:
		ref := home.FieldByName("Ref").String()
		if ref == "" {
			ref = x.String()
		}
		if _, ok := c.Origins[from]; !ok {
			from = strings.TrimSuffix(from, ".key") // the short form of a key
		}
		add(ref)
		return
	case []byte:
		add(string(x))
		return
	case time.Time, netip.Prefix, ProxyURL:
		add(shortText(v))
		return
	}
	elem, isElem := element(v.Type())
	switch {
	case f.ordered:
		add(orderedText(v))
	case v.Kind() == reflect.Slice && isElem:
		for i := range v.Len() {
			name := strconv.Itoa(i)
			switch e := v.Index(i).Interface().(type) {
			case Channel:
				name = e.Name
			case ClientKey:
				name = e.Name
			case Key:
				name = e.ID
			}
			// A short key has no members of its own to come from.
			c.settings(v.Index(i), at+"["+name+"]", listPath(from, i), list)
		}
		if v.Len() == 0 {
			add("[]")
		}
	case v.Kind() == reflect.Struct && isElem && elem == v.Type():
		c.settings(v, at, from, list)
	default:
		add(shortText(v))
	}
}

// shortText is a value on one line.
func shortText(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return FormatDuration(x)
	case time.Time:
		if x.IsZero() {
			return `""`
		}
		return x.Format(time.RFC3339)
	case fmt.Stringer:
		if s := x.String(); s != "" {
			return s
		}
		return `""`
	}
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); s != "" && !strings.ContainsAny(s, "\n\"") {
			return s
		}
		return strconv.Quote(v.String())
	case reflect.Slice:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = shortText(v.Index(i))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	return fmt.Sprint(v.Interface())
}

// orderedText is a mapping with free names on one line; what it holds in secrets is masked.
func orderedText(v reflect.Value) string {
	var out bytes.Buffer
	out.WriteByte('{')
	for i := range v.Len() {
		if i > 0 {
			out.WriteString(", ")
		}
		e := v.Index(i)
		key, value := partOf(e.Type(), "key"), partOf(e.Type(), "value")
		fmt.Fprintf(&out, "%s: ", shortText(e.Field(key.index)))
		if value.index < 0 {
			out.WriteString("{…}")
			continue
		}
		if inner := e.Field(value.index); inner.Kind() == reflect.Slice {
			// Targets of a route: plain data without secrets.
			text, _ := json.Marshal(inner.Interface())
			out.Write(text)
		} else {
			out.WriteString(shortText(inner))
		}
	}
	out.WriteByte('}')
	return out.String()
}
