package config

import (
	"reflect"
	"slices"
	"strings"
)

// field is one key of a mapping, read from the tags of a struct field.
type field struct {
	name     string
	index    int
	required bool
	// ordered: a mapping kept as a slice in file order, whose elements are
	// structs with one field tagged ",key" and either one tagged ",value" or
	// further keys.
	ordered bool
	// json: anything, kept as JSON.
	json     bool
	rule     string
	enum     []string
	min, max string
}

// fieldsOf returns the keys of a struct of this package in declaration order.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		conf, ok := tag.Lookup("conf")
		if !ok || strings.HasPrefix(conf, ",") {
			continue
		}
		fields = append(fields, tagged(i, conf, tag))
	}
	return fields
}

// partOf returns the field of an ordered mapping's element that is tagged
// ",key" or ",value"; its index is -1 where there is none.
func partOf(t reflect.Type, part string) field {
	for i := range t.NumField() {
		if tag := t.Field(i).Tag; tag.Get("conf") == ","+part {
			return tagged(i, "", tag)
		}
	}
	return field{index: -1}
}

func tagged(index int, conf string, tag reflect.StructTag) field {
	name, flags, _ := strings.Cut(conf, ",")
	f := field{
		name: name, index: index,
		required: flags == "required",
		ordered:  flags == "map",
		json:     flags == "json",
		rule:     tag.Get("rule"),
		min:      tag.Get("min"), max: tag.Get("max"),
	}
	if enum := tag.Get("enum"); enum != "" {
		f.enum = strings.Split(enum, ",")
	}
	return f
}

// names returns the names of fields.
func names(fields []field) []string {
	list := make([]string, len(fields))
	for i, f := range fields {
		list[i] = f.name
	}
	return list
}

// lookup finds the value at a path of plain names ("server.queue.wait").
func lookup(c *Config, path string) (reflect.Value, field, bool) {
	v, found := reflect.ValueOf(c).Elem(), field{}
	for name := range strings.SplitSeq(path, ".") {
		if v.Kind() != reflect.Struct {
			return reflect.Value{}, field{}, false
		}
		fields := fieldsOf(v.Type())
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		if i < 0 {
			return reflect.Value{}, field{}, false
		}
		found = fields[i]
		v = v.Field(found.index)
	}
	return v, found, true
}

// element returns the struct type that the keys of a list, an ordered mapping
// or a mapping belong to; ok is false for a scalar.
func element(t reflect.Type) (elem reflect.Type, ok bool) {
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t, t.Kind() == reflect.Struct && (len(fieldsOf(t)) > 0 || partOf(t, "key").index >= 0)
}

// walkSchema calls visit for every key of the file with its path: "[]" stands
// for the elements of a list, "*" for the names of a mapping with free keys.
func walkSchema(visit func(path string, f field, t reflect.Type)) {
	var walk func(prefix string, t reflect.Type)
	walk = func(prefix string, t reflect.Type) {
		for _, f := range fieldsOf(t) {
			path, ft := prefix+f.name, t.Field(f.index).Type
			visit(path, f, ft)
			elem, ok := element(ft)
			switch {
			case !ok:
			case f.ordered:
				if value := partOf(elem, "value"); value.index >= 0 {
					if elem, ok = element(elem.Field(value.index).Type); !ok {
						continue
					}
					path += ".*[]"
				} else {
					path += ".*"
				}
				walk(path+".", elem)
			case ft.Kind() == reflect.Slice:
				walk(path+"[].", elem)
			default:
				walk(path+".", elem)
			}
		}
	}
	walk("", reflect.TypeFor[Config]())
}

// homes returns the places that have a key of this name, as "server" or
// "channels[]", and how it is written there; the top level is "".
func homes(name string) (places []string, written string) {
	walkSchema(func(path string, f field, _ reflect.Type) {
		if squash(f.name) == squash(name) {
			written = f.name
			places = append(places, strings.TrimSuffix(strings.TrimSuffix(path, f.name), "."))
		}
	})
	return places, written
}

// vocabulary returns every word of the schema: the keys and the choices. They
// are the only words that are shown of a line that cannot be parsed.
func vocabulary() map[string]bool {
	words := map[string]bool{"true": true, "false": true, "null": true}
	walkSchema(func(_ string, f field, _ reflect.Type) {
		words[f.name] = true
		for _, choice := range f.enum {
			words[choice] = true
		}
	})
	for _, name := range builtinAdapters() {
		words[name] = true
	}
	return words
}

// builtinAdapters are the names that plugins.yaml documents. Which adapters
// there really are is told by [LoadOptions.Adapters].
func builtinAdapters() []string {
	return []string{"claude", "openai", "openaiold", "openairesponses", "gemini"}
}

// Keys returns every key of the file with its path, in the order of the file format: "[]" stands for the entries of a
// list, "*" for the names of a mapping whose names are the user's. The caller owns it.
func Keys() []string {
	var keys []string
	walkSchema(func(path string, _ field, _ reflect.Type) { keys = append(keys, path) })
	return keys
}
