package config

import (
	"reflect"
	"slices"
	"strings"
)

// pending is a setting that is read and checked and does not do anything yet.
type pending struct {
	// path is one of walkSchema: "[]" stands for each element of a list. A
	// mapping or a list stands for all below it.
	path string
	// only limits it to these choices; nil means any value but the default.
	only []string
}

// pendingSettings is the one list to shorten when a setting comes to life.
func pendingSettings() []pending {
	return []pending{
		{path: "server.cors"},
		{path: "server.rate_limit"},
		{path: "server.trusted_proxies"},
		{path: "server.allowed_hosts"},
		{path: "auth.keys[].rpm"},
		{path: "auth.keys[].tokens_per_minute"},
		{path: "auth.keys[].max_concurrent"},
		{path: "routing.strategy", only: []string{string(LeastBusy), string(Fastest)}},
		{path: "routing.affinity"},
		{path: "routing.affinity_ttl"},
		{path: "plugins"},
		{path: "channels[].limits.rpm"},
		{path: "channels[].limits.max_concurrent"},
		{path: "channels[].keys[].rpm"},
		{path: "channels[].keys[].max_concurrent"},
		{path: "log.bodies"},
		{path: "log.recent"},
	}
}

// noteText is how a note starts; the path follows.
const noteText = "accepted, takes effect in a later version"

// notePending adds a note for each setting that was changed and does nothing.
func (d *decoder) notePending() {
	for _, p := range pendingSettings() {
		start, def := reflect.ValueOf(d.config).Elem(), reflect.ValueOf(Default()).Elem()
		d.notesBelow(p, "", strings.Split(p.path, "."), start, def)
	}
}

// notesBelow walks the rest of a pending path through v, with def as what v
// holds by default.
func (d *decoder) notesBelow(p pending, at string, rest []string, v, def reflect.Value) {
	if len(rest) == 0 {
		if !reflect.DeepEqual(v.Interface(), def.Interface()) &&
			(p.only == nil || slices.Contains(p.only, v.String())) {
			d.problem(at, &fault{code: CodePending, severity: Note, message: noteText})
		}
		return
	}
	name, isList := strings.CutSuffix(rest[0], "[]")
	fields, _ := d.fieldsOf(v.Type())
	i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
	if i < 0 {
		panic("BUG: no key " + p.path)
	}
	at, v, def = join(at, name), v.Field(fields[i].index), def.Field(fields[i].index)
	if !isList {
		d.notesBelow(p, at, rest[1:], v, def)
		return
	}
	for i := range v.Len() {
		elem := reflect.New(v.Type().Elem()).Elem()
		d.prepare(elem)
		d.notesBelow(p, listPath(at, i), rest[1:], v.Index(i), elem)
	}
}
