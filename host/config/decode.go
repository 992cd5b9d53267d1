package config

import (
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"
)

// decoder fills one Config from one file. It reports and goes on, so that all
// mistakes are found at once.
type decoder struct {
	config *Config
	src    *source
	out    *collector
	// lookup reads a variable: the real environment, then .env.
	lookup func(name string) (string, bool)
	read   func(path string, limit int64) ([]byte, error)
	// place holds the node of every value that was decoded, by path.
	place map[string]*yaml.Node
	// resolved holds what each secret turned out to be, by path.
	resolved map[string]resolved
	// fields and names are the keys of the types that were met so far.
	fields map[reflect.Type][]field
	names  map[reflect.Type][]string
	// secrets are the texts that references led to, to be kept out of problems.
	secrets []string
	// visits counts decoded nodes against maxVisits, so that aliases cannot
	// make a small file large.
	visits, maxVisits int
	// file is how plugins.yaml is named in problems, dotEnv how .env is.
	file, dotEnv string
}

func newDecoder(c *Config) *decoder {
	c.Origins = make(map[string]Origin)
	return &decoder{
		config:   c,
		out:      newCollector(),
		place:    make(map[string]*yaml.Node),
		resolved: make(map[string]resolved),
		fields:   make(map[reflect.Type][]field),
		names:    make(map[reflect.Type][]string),
	}
}

// spareVisits is how many nodes aliases may add to those that are written out.
const spareVisits = 100_000

// visit counts one node and follows an alias; nil when there were too many.
func (d *decoder) visit(n *yaml.Node) *yaml.Node {
	if d.visits++; d.visits > d.maxVisits {
		if d.visits == d.maxVisits+1 {
			d.out.add(*d.src.at(n.Line, n.Column, Problem{Code: CodeLimit, Message: "the aliases of this file expand to too much"}))
		}
		return nil
	}
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// problem reports a fault of the value at path, where it was written: in the
// file, in .env, in a variable or in a flag.
func (d *decoder) problem(path string, f *fault) {
	p := f.problem()
	p.Path = path
	switch origin := d.config.Origins[path]; origin.Source {
	case FromFlag:
		p.File = origin.Name
	case FromEnv:
		p.File = "environment variable " + origin.Name
	case FromDotEnv:
		p.File, p.Line, p.Col = d.dotEnv, origin.Line, 1
		p.Path = origin.Name + " (" + path + ")"
	default:
		d.problemAt(d.nodeOf(path), path, f)
		return
	}
	d.out.add(p)
}

// nodeOf returns the node of path, or of the nearest thing around it that is in
// the file; nil where there is none.
func (d *decoder) nodeOf(path string) *yaml.Node {
	for path != "" {
		if n := d.place[path]; n != nil {
			return n
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	if d.src == nil {
		return nil
	}
	return d.src.root
}

// problemAt reports a fault at a node of the file; nil stands for its top.
func (d *decoder) problemAt(n *yaml.Node, path string, f *fault) {
	if d.out.full(f.severity) {
		return
	}
	p := f.problem()
	p.Path = path
	if d.src == nil {
		p.File = d.file
		d.out.add(p)
		return
	}
	line, col := 1, 1
	if n != nil {
		line, col = n.Line, n.Column
		if f.hidden {
			delete(d.src.safe, n)
		}
	}
	d.out.add(*d.src.at(line, col, p))
}

// secret notes a text that must not show up in a problem.
func (d *decoder) secret(text string) {
	// Short ones would blot out common words, and tell nothing.
	if len(text) >= 6 {
		d.secrets = append(d.secrets, text)
	}
}

// show marks a node as one that a snippet may show.
func (d *decoder) show(n *yaml.Node) {
	if !LooksSecret(n.Value) {
		d.src.safe[n] = true
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// value decodes a node into v.
func (d *decoder) value(n *yaml.Node, path string, v reflect.Value, f field) {
	if n = d.visit(n); n == nil {
		return
	}
	d.place[path] = n
	switch v.Interface().(type) {
	case Secret:
		d.credential(n, path, v, f)
		return
	case Key:
		if n.Kind == yaml.ScalarNode {
			d.shortKey(n, path, v)
			return
		}
	case []byte:
		d.options(n, path, v)
		return
	case time.Time, netip.Prefix, ProxyURL:
		d.scalar(n, path, v, f)
		return
	}
	switch {
	case f.ordered:
		d.ordered(n, path, v, f)
	case v.Kind() == reflect.Struct:
		d.structure(n, path, v)
	case v.Kind() == reflect.Slice:
		d.list(n, path, v, f)
	default:
		d.scalar(n, path, v, f)
	}
}

// structure decodes a mapping whose keys are those of a struct.
func (d *decoder) structure(n *yaml.Node, path string, v reflect.Value) {
	fields, known := d.fieldsOf(v.Type())
	pairs, ok := d.mapping(n, path)
	if !ok {
		return
	}
	given := make(map[string]pair, len(pairs))
	for _, p := range pairs {
		switch {
		case slices.Contains(known, p.key):
			given[p.key] = p
		case !strings.HasPrefix(p.key, "x-"):
			// A required key that is only misspelt is not missing as well.
			if meant := d.unknown(p, path, v.Type(), known); given[meant].value == nil {
				given[meant] = pair{}
			}
		}
	}
	for _, f := range fields {
		p, ok := given[f.name]
		switch {
		case p.value != nil:
			d.show(p.name)
			d.value(p.value, join(path, f.name), v.Field(f.index), f)
		case f.required && !ok:
			d.missing(n, path, f)
		}
	}
	d.finish(n, path, v)
}

// fieldsOf is the function of that name with a memory, and the names beside it.
func (d *decoder) fieldsOf(t reflect.Type) ([]field, []string) {
	fields, ok := d.fields[t]
	if !ok {
		fields = fieldsOf(t)
		d.fields[t], d.names[t] = fields, names(fields)
	}
	return fields, d.names[t]
}

func (d *decoder) missing(n *yaml.Node, path string, f field) {
	fault := &fault{code: CodeMissing, message: f.name + " is missing"}
	if path == "" {
		fault.try = f.name + ": 1"
	}
	d.problemAt(n, path, fault)
}

// unknown reports a key that nothing reads. Among credentials the key itself
// may be one that was pasted to the wrong place, so it is shown only where it
// is nearly a word of ours. It returns the key that was meant, "" for none.
func (d *decoder) unknown(p pair, path string, t reflect.Type, allowed []string) (meant string) {
	if d.out.full(Error) {
		return ""
	}
	f := &fault{code: CodeUnknownKey, allowed: strings.Join(allowed, ", ")}
	meant = closest(p.key, allowed)
	if meant == "" {
		f.hint = belongsUnder(p.key)
	} else {
		f.hint = didYouMean(meant)
	}
	credentials := t == reflect.TypeFor[Key]() || t == reflect.TypeFor[ClientKey]()
	if credentials && f.hint == "" {
		f.message, f.hidden = "a key that is not known", true
	} else {
		f.found, f.message = quote(p.key), "is not a known key"
		d.show(p.name)
	}
	d.problemAt(p.name, path, f)
	return meant
}

// belongsUnder says where a key that stands in the wrong place is known.
func belongsUnder(name string) string {
	list, written := homes(name)
	if len(list) == 0 || len(list) > 3 {
		return ""
	}
	if i := slices.Index(list, ""); i >= 0 {
		list[i] = "the top level"
	}
	return `"` + written + `" belongs under ` + strings.Join(list, " or ")
}

// maxEntries is how many entries a list may have: far more than anyone writes,
// and few enough that all checks of a file stay quick.
const maxEntries = 10_000

// list decodes a sequence. Nothing at all is an empty list, so that a heading
// whose entries are all commented out does no harm.
func (d *decoder) list(n *yaml.Node, path string, v reflect.Value, f field) {
	if isNull(n) {
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.wrongType(n, path, "a list")
		return
	}
	if len(n.Content) > maxEntries {
		d.problemAt(n, path, &fault{code: CodeLimit, message: fmt.Sprintf("the list has more than %d entries", maxEntries)})
		return
	}
	list := reflect.MakeSlice(v.Type(), 0, len(n.Content))
	for i, child := range n.Content {
		elem := reflect.New(v.Type().Elem()).Elem()
		d.prepare(elem)
		if k, ok := elem.Addr().Interface().(*Key); ok {
			k.Index = i
		}
		before := len(d.out.problems)
		d.value(child, fmt.Sprintf("%s[%d]", path, i), elem, f)
		if elem.Kind() == reflect.Struct || len(d.out.problems) == before {
			list = reflect.Append(list, elem)
		}
	}
	setList(v, list)
	d.written(path, n)
}

// ordered decodes a mapping with free keys into a slice in file order.
func (d *decoder) ordered(n *yaml.Node, path string, v reflect.Value, f field) {
	if isNull(n) {
		return
	}
	pairs, ok := d.mapping(n, path)
	if !ok {
		return
	}
	list := reflect.MakeSlice(v.Type(), 0, len(pairs))
	key, value := partOf(v.Type().Elem(), "key"), partOf(v.Type().Elem(), "value")
	for _, p := range pairs {
		elem := reflect.New(v.Type().Elem()).Elem()
		d.prepare(elem)
		at := path + "[" + strconv.Quote(p.key) + "]"
		d.show(p.name)
		d.place[at] = p.name
		if fault := checkRule(f.rule, p.key); fault != nil {
			d.problemAt(p.name, path, fault)
			continue
		}
		elem.Field(key.index).SetString(p.key)
		if value.index >= 0 {
			d.value(p.value, at, elem.Field(value.index), value)
		} else {
			d.value(p.value, at, elem, field{})
		}
		list = reflect.Append(list, elem)
	}
	setList(v, list)
	d.written(path, n)
}

// written records that the value at path comes from the file.
func (d *decoder) written(path string, n *yaml.Node) {
	d.config.Origins[path] = Origin{Source: FromFile, Line: n.Line}
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }
