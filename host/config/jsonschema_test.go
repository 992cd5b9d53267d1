package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

var updateSchema = flag.Bool("update", false, "rewrite plugins.schema.json")

// schemaWriter makes the JSON Schema of the file from the tags of the structs.
type schemaWriter struct {
	// about holds the comments of the shipped file by path.
	about map[string]string
	defs  map[string]any
}

type obj = map[string]any

func (w *schemaWriter) structure(t reflect.Type, path string) obj {
	properties, required := obj{}, []string{}
	for _, f := range fieldsOf(t) {
		at := join(path, f.name)
		properties[f.name] = w.described(at, w.value(t.Field(f.index).Type, f, at))
		if f.required {
			required = append(required, f.name)
		}
	}
	o := obj{"type": "object", "properties": properties, "additionalProperties": false, "patternProperties": obj{"^x-": true}}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}

func (w *schemaWriter) described(path string, schema obj) obj {
	text := w.about[path]
	if text == "" {
		return schema
	}
	if schema["$ref"] != nil {
		return obj{"allOf": []any{schema}, "description": text}
	}
	schema["description"] = text
	return schema
}

// orNothing lets a heading stand whose entries are all comments.
func orNothing(schema obj) obj {
	if kind, ok := schema["type"].(string); ok {
		schema["type"] = []string{kind, "null"}
	}
	return schema
}

func (w *schemaWriter) value(t reflect.Type, f field, path string) obj {
	switch reflect.New(t).Elem().Interface().(type) {
	case Secret:
		return obj{"type": "string", "minLength": 1}
	case []byte:
		return obj{"type": []string{"object", "null"}}
	case time.Duration:
		return reference(obj{"type": "string", "pattern": `^\s*([0-9.]+(ns|us|µs|ms|s|m|h))+\s*$`})
	case Size:
		return obj{"anyOf": []any{reference(obj{"type": "string", "pattern": `^\s*[0-9]+ *([KMG]i?B|kB|B)?\s*$`}), obj{"type": "integer", "minimum": 0}}}
	case time.Time, netip.Prefix, ProxyURL:
		return obj{"type": []string{"string", "null"}}
	}
	switch {
	case f.ordered:
		return w.ordered(t.Elem(), f, path)
	case t.Kind() == reflect.Struct:
		return orNothing(w.structure(t, path))
	case t.Kind() == reflect.Slice:
		return w.list(t.Elem(), f, path)
	}
	return scalarSchema(t, f)
}

// reference lets a ${NAME} stand for a text of a certain form.
func reference(schema obj) obj {
	schema["pattern"] = schema["pattern"].(string) + `|\$\{`
	return schema
}

func scalarSchema(t reflect.Type, f field) obj {
	byName := obj{"type": "string", "pattern": `\$\{`}
	switch t.Kind() {
	case reflect.Bool:
		return obj{"anyOf": []any{obj{"type": "boolean"}, byName}}
	case reflect.Int, reflect.Int64:
		number := obj{"type": "integer", "minimum": 0}
		if f.min != "" {
			number["minimum"] = json.Number(f.min)
		}
		if f.max != "" {
			number["maximum"] = json.Number(f.max)
		}
		return obj{"anyOf": []any{number, byName}}
	}
	if f.enum != nil {
		return obj{"anyOf": []any{obj{"enum": f.enum}, byName}}
	}
	s := obj{"type": []string{"string", "number", "boolean", "null"}}
	if f.required {
		s["type"] = []string{"string", "number", "boolean"}
	}
	if f.name == "adapter" {
		s["examples"] = builtinAdapters()
	}
	return s
}

func (w *schemaWriter) list(elem reflect.Type, f field, path string) obj {
	items := obj{}
	name := map[reflect.Type]string{reflect.TypeFor[Channel](): "channel", reflect.TypeFor[Key](): "key", reflect.TypeFor[ClientKey](): "client_key", reflect.TypeFor[Target](): "target"}[elem]
	if name != "" {
		if w.defs[name] == nil {
			w.defs[name] = true // against recursion
			schema := w.structure(elem, path)
			if name == "key" {
				schema = obj{"anyOf": []any{obj{"type": "string", "minLength": 1, "description": "The key itself, ${NAME} or file:PATH."}, schema}}
			}
			w.defs[name] = schema
		}
		items["$ref"] = "#/$defs/" + name
	} else {
		items = scalarSchema(elem, field{})
		if elem.Kind() != reflect.String {
			items = obj{"type": "string"}
		}
	}
	return obj{"type": []string{"array", "null"}, "items": items, "maxItems": maxEntries}
}

func (w *schemaWriter) ordered(elem reflect.Type, _ field, path string) obj {
	var values obj
	if value := partOf(elem, "value"); value.index >= 0 {
		values = w.value(elem.Field(value.index).Type, value, path+".*")
	} else {
		values = w.structure(elem, path+".*")
	}
	return obj{"type": []string{"object", "null"}, "additionalProperties": values}
}

// comments reads what the shipped file says about each setting.
func comments(t *testing.T) map[string]string {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(uncommented(t)), &doc); err != nil {
		t.Fatal(err)
	}
	about := map[string]string{}
	var walk func(n *yaml.Node, path string)
	walk = func(n *yaml.Node, path string) {
		for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			at := join(path, key.Value)
			text := strings.TrimSpace(strings.TrimLeft(key.LineComment+value.LineComment, "# "))
			if text = strings.TrimSpace(strings.TrimPrefix(text, "e.g.")); text != "" {
				about[at] = text
			}
			walk(value, at)
		}
		for _, c := range n.Content {
			if n.Kind == yaml.SequenceNode {
				walk(c, path)
			}
		}
	}
	walk(doc.Content[0], "")
	return about
}

func generated(t *testing.T) []byte {
	t.Helper()
	w := &schemaWriter{about: comments(t), defs: obj{}}
	schema := w.structure(reflect.TypeFor[Config](), "")
	schema["$schema"], schema["$defs"] = "https://json-schema.org/draft/2020-12/schema", w.defs
	schema["title"] = "plugins.yaml of claude-proxy"
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// The committed schema is what the tags and the shipped file's comments make today.
func TestSchemaIsFresh(t *testing.T) {
	want := generated(t)
	if *updateSchema {
		if err := os.WriteFile("plugins.schema.json", want, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(JSONSchema(nil), want) {
		t.Error("plugins.schema.json is stale: go test ./host/config -run TestSchemaIsFresh -update")
	}
	text, err := os.ReadFile(samplePath)
	if err != nil {
		t.Fatal(err)
	}
	if first, _, _ := strings.Cut(string(text), "\n"); !regexp.MustCompile(`^# yaml-language-server: \$schema=host/config/plugins\.schema\.json$`).MatchString(first) {
		t.Errorf("the first line of plugins.yaml does not name the schema: %s", first)
	}
}

func compiled(t *testing.T, text []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("plugins.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("plugins.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// asJSON is a YAML text as a validator sees it.
func asJSON(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// The schema and the decoder agree: on the shipped file, on odd but good ones, and on mistakes of form.
func TestSchemaAgrees(t *testing.T) {
	schema := compiled(t, JSONSchema(nil))
	f := func(text string, good bool) {
		t.Helper()
		_, report := load(text, map[string]string{"N": "5", "MY_CLIENT_KEY": "x-client", "OPENAI_API_KEY": "x-one", "OPENAI_API_KEY_2": "x-two"})
		if report.Failed() == good {
			t.Errorf("the decoder says %v of %q", report, text)
		}
		if err := schema.Validate(asJSON(t, text)); (err == nil) != good {
			t.Errorf("the schema says %v of %q", err, text)
		}
	}
	channel := func(more string) string {
		return fmt.Sprintf("version: 1\nchannels:\n  - { name: a, adapter: openai, base_url: https://x, %s }\n", more)
	}
	f(uncommented(t), true)
	f("version: 1\n", true)
	f("version: 1\nserver:\nchannels:\nauth: { keys: }\n", true)
	f("version: 1\nx-mine: { a: 1 }\nserver: { x-y: 2, body_limit: 1048576, max_concurrent_requests: \"${N}\" }\n", true)
	f(channel("keys: [ a-key, { key: b-key, weight: 2 } ], models: { \"a*\": b }, options: { x: [ 1 ] }, description: 5"), true)
	f(channel("timeouts: { connect: 1m30s }, limits: { models: { \"gpt*\": 100 } }"), true)
	f("version: 1\nrouting: { models: { \"a*\": [ { channel: c } ] } }\nchannels: [ { name: c, adapter: x, base_url: http://y } ]\n", true)
	f("server: {}\n", false)
	f("version: 1\nsevrer: {}\n", false)
	f("version: 1\nserver: { web_ui: 1 }\n", false)
	f("version: 1\nserver: { request_timeout: 5 }\n", false)
	f("version: 1\nserver: { request_timeout: 5 s }\n", false)
	f("version: 1\nserver: { max_concurrent_requests: 0 }\n", false)
	f("version: 1\nrouting: { strategy: best }\n", false)
	f("version: 1\nchannels: [ { name: a, adapter: openai } ]\n", false)
	f(channel("keys: a"), false)
	f(channel("keys: [ { label: x } ]"), false)
	f(channel("wieght: 1"), false)
	f(channel("models: [ a ]"), false)
	f(channel("options: 5"), false)
}

// The options of an adapter are checked by its own schema.
func TestSchemaOfOptions(t *testing.T) {
	schema := compiled(t, JSONSchema(map[string]string{
		"acme":   `{"type":"object","properties":{"region":{"enum":["eu","us"]}},"additionalProperties":false}`,
		"broken": `{`,
	}))
	f := func(adapter, options string, good bool) {
		t.Helper()
		text := "version: 1\nchannels: [ { name: a, adapter: " + adapter + ", base_url: https://x, options: " + options + " } ]\n"
		if err := schema.Validate(asJSON(t, text)); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
	f("acme", "{ region: eu }", true)
	f("acme", "{ region: mars }", false)
	f("acme", "{ rigeon: eu }", false)
	f("other", "{ rigeon: eu }", true)
	f("broken", "{ rigeon: eu }", true)
}
