package config

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"time"
)

// Value is one value of a configuration, as it may be shown.
type Value struct {
	// Path is as "server.listen"; entries of lists are named by their name, keys of channels by their id:
	// "channels[main].keys[k-0123456789].weight".
	Path string
	// JSON is the value, with secrets masked, durations and sizes written as in the file, and mappings in their order.
	JSON json.RawMessage
	// Default is what would count if nobody had set it; nil where that has no meaning, as in an entry of a list.
	Default json.RawMessage
	Origin  Origin
}

// Values lists every value in the order of the file format. The caller owns the slice.
func (c *Config) Values() []Value {
	w := valueWalk{origins: c.Origins}
	w.walk("", "", reflect.ValueOf(c).Elem(), reflect.ValueOf(Default()).Elem())
	return w.list
}

type valueWalk struct {
	origins map[string]Origin
	list    []Value
}

// walk visits a struct. shown is its path with names, known that of Origins, with numbers.
func (w *valueWalk) walk(shown, known string, v, def reflect.Value) {
	for _, f := range fieldsOf(v.Type()) {
		at, origin := join(shown, f.name), join(known, f.name)
		x := v.Field(f.index)
		usual := reflect.Value{}
		if def.IsValid() {
			usual = def.Field(f.index)
		}
		elem, composite := element(x.Type())
		switch {
		case composite && x.Kind() == reflect.Struct:
			w.walk(at, origin, x, usual)
		case composite && !f.ordered && nameField(elem) != "":
			for i := range x.Len() {
				e := x.Index(i)
				w.walk(fmt.Sprintf("%s[%s]", at, e.FieldByName(nameField(elem))), fmt.Sprintf("%s[%d]", origin, i), e, reflect.Value{})
			}
		default:
			value := Value{Path: at, JSON: shownJSON(x, f), Origin: w.origin(origin)}
			if usual.IsValid() {
				value.Default = shownJSON(usual, f)
			}
			w.list = append(w.list, value)
		}
	}
}

// origin is where a value came from; a list or mapping came from where its first part did.
func (w *valueWalk) origin(path string) Origin {
	if o, ok := w.origins[path]; ok {
		return o
	}
	var found Origin
	for known, o := range w.origins {
		if strings.HasPrefix(known, path+"[") || strings.HasPrefix(known, path+".") {
			if found == (Origin{}) || o.Line < found.Line {
				found = o
			}
		}
	}
	return found
}

// nameField is the field that names an entry of a list.
func nameField(t reflect.Type) string {
	for _, name := range []string{"Name", "ID"} {
		if _, ok := t.FieldByName(name); ok {
			return name
		}
	}
	return ""
}

// shownJSON writes a value as the file would have it.
func shownJSON(v reflect.Value, f field) json.RawMessage {
	if f.json {
		return v.Bytes()
	}
	b, err := json.Marshal(shownValue(v, f.ordered))
	if err != nil {
		panic("BUG: a value of the configuration is no JSON: " + err.Error())
	}
	return b
}

func shownValue(v reflect.Value, ordered bool) any {
	switch x := v.Interface().(type) {
	case time.Duration:
		return FormatDuration(x)
	case time.Time:
		if x.IsZero() {
			return ""
		}
		return x.Format(time.RFC3339)
	case Size, Secret, ProxyURL, netip.Prefix:
		return fmt.Sprint(x)
	}
	switch v.Kind() {
	case reflect.Slice:
		if ordered {
			return shownMapping{v}
		}
		list := make([]any, v.Len())
		for i := range list {
			list[i] = shownValue(v.Index(i), false)
		}
		return list
	case reflect.Struct:
		return shownStruct{v}
	}
	return v.Interface()
}

// shownStruct and shownMapping write their members in order.
type (
	shownStruct  struct{ v reflect.Value }
	shownMapping struct{ v reflect.Value }
)

// MarshalJSON implements json.Marshaler.
func (s shownStruct) MarshalJSON() ([]byte, error) {
	var o jsonObject
	for _, f := range fieldsOf(s.v.Type()) {
		o.add(f.name, shownValue(s.v.Field(f.index), f.ordered))
	}
	return o.end()
}

// MarshalJSON implements json.Marshaler.
func (s shownMapping) MarshalJSON() ([]byte, error) {
	var o jsonObject
	elem := s.v.Type().Elem()
	key, value := partOf(elem, "key"), partOf(elem, "value")
	for i := range s.v.Len() {
		e := s.v.Index(i)
		if value.index >= 0 {
			o.add(e.Field(key.index).String(), shownValue(e.Field(value.index), false))
		} else {
			o.add(e.Field(key.index).String(), shownStruct{e})
		}
	}
	return o.end()
}

type jsonObject struct {
	b   []byte
	err error
}

func (o *jsonObject) add(name string, value any) {
	k, err := json.Marshal(name)
	v, err2 := json.Marshal(value)
	if err != nil || err2 != nil {
		o.err = fmt.Errorf("member %s: %w %w", name, err, err2)
		return
	}
	o.b = append(append(append(append(o.b, ','), k...), ':'), v...)
}

func (o *jsonObject) end() ([]byte, error) {
	if len(o.b) == 0 {
		return []byte("{}"), o.err
	}
	o.b[0] = '{'
	return append(o.b, '}'), o.err
}
