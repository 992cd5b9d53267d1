package config

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Changes says in words what differs between two configurations, one line for each thing, without any secret: what was
// added and removed, and which settings changed. Only numbers, times and choices are shown with their values. nil stands
// for a configuration without channels and client keys.
func Changes(old, new *Config) []string {
	if old == nil {
		old = Default()
	}
	if new == nil {
		new = Default()
	}
	var list []string
	for _, part := range []struct {
		name     string
		old, new any
	}{
		{"server", old.Server, new.Server}, {"routing", old.Routing, new.Routing},
		{"plugins", old.Plugins, new.Plugins}, {"log", old.Log, new.Log},
	} {
		if fields := changedFields(reflect.ValueOf(part.old), reflect.ValueOf(part.new)); len(fields) > 0 {
			list = append(list, part.name+": "+strings.Join(fields, ", "))
		}
	}
	list = append(list, changedEntries("client key", old.Auth.Keys, new.Auth.Keys, func(k ClientKey) string { return k.Name }, nil)...)
	return append(list, changedEntries("channel", old.Channels, new.Channels, func(c Channel) string { return c.Name }, changedKeys)...)
}

// changedEntries compares two lists by name.
func changedEntries[T any](what string, old, new []T, name func(T) string, more func(a, b T) []string) []string {
	var list, order []string
	find := func(in []T, n string) int { return slices.IndexFunc(in, func(e T) bool { return name(e) == n }) }
	for _, e := range old {
		if find(new, name(e)) < 0 {
			list = append(list, what+" "+name(e)+" removed")
		} else {
			order = append(order, name(e))
		}
	}
	var kept []string
	for _, e := range new {
		i := find(old, name(e))
		if i < 0 {
			list = append(list, what+" "+name(e)+" added")
			continue
		}
		kept = append(kept, name(e))
		fields := changedFields(reflect.ValueOf(old[i]), reflect.ValueOf(e))
		if more != nil {
			fields = append(fields, more(old[i], e)...)
		}
		if len(fields) > 0 {
			list = append(list, what+" "+name(e)+": "+strings.Join(fields, ", "))
		}
	}
	if !slices.Equal(order, kept) {
		list = append(list, what+"s are in another order")
	}
	return list
}

// changedKeys compares the keys of a channel, which changedFields leaves out.
func changedKeys(a, b Channel) []string {
	var added, removed, changed int
	for _, k := range b.Keys {
		i := slices.IndexFunc(a.Keys, func(o Key) bool { return o.ID == k.ID })
		switch {
		case i < 0:
			added++
		case len(changedFields(reflect.ValueOf(a.Keys[i]), reflect.ValueOf(k))) > 0 || a.Keys[i].Reason != k.Reason:
			changed++
		}
	}
	for _, k := range a.Keys {
		if !slices.ContainsFunc(b.Keys, func(n Key) bool { return n.ID == k.ID }) {
			removed++
		}
	}
	var list []string
	for _, c := range []struct {
		n    int
		what string
	}{{added, "added"}, {removed, "removed"}, {changed, "changed"}} {
		if c.n > 0 {
			list = append(list, fmt.Sprintf("%d %s %s", c.n, map[bool]string{true: "key", false: "keys"}[c.n == 1], c.what))
		}
	}
	ids := func(keys []Key) (list []string) {
		for _, k := range keys {
			list = append(list, k.ID)
		}
		return list
	}
	if list == nil && !slices.Equal(ids(a.Keys), ids(b.Keys)) {
		list = append(list, "keys are in another order")
	}
	return list
}

// changedFields names the settings in which two structs of one type differ.
func changedFields(a, b reflect.Value) []string {
	var list []string
	for _, f := range fieldsOf(a.Type()) {
		x, y := a.Field(f.index), b.Field(f.index)
		if _, isKeys := x.Interface().([]Key); isKeys || sameValue(x, y) {
			continue
		}
		switch {
		case x.Kind() == reflect.Struct && len(fieldsOf(x.Type())) > 0:
			for _, inner := range changedFields(x, y) {
				list = append(list, f.name+"."+inner)
			}
		case shownInChanges(x, f):
			list = append(list, f.name+" "+inWords(x)+" → "+inWords(y))
		default:
			list = append(list, f.name+" changed")
		}
	}
	return list
}

func sameValue(a, b reflect.Value) bool {
	switch x := a.Interface().(type) {
	case Secret:
		y := b.Interface().(Secret)
		return x.Reveal() == y.Reveal()
	case time.Time:
		return x.Equal(b.Interface().(time.Time))
	case []byte:
		return bytes.Equal(x, b.Interface().([]byte))
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

// shownInChanges: the value cannot be, or hold, anything that a reference led to a secret.
func shownInChanges(v reflect.Value, f field) bool {
	switch v.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int64:
		return true
	case reflect.String:
		return f.enum != nil || f.rule == "listen" || f.rule == "adapter"
	}
	return false
}

func inWords(v reflect.Value) string {
	if d, ok := v.Interface().(time.Duration); ok {
		return FormatDuration(d)
	}
	return fmt.Sprint(v.Interface())
}
