package admin

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/invopop/jsonschema"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
)

var update = flag.Bool("update", false, "rewrite openapi.json")

// object is a JSON object; maps are written in the order of their names, so the document is stable.
type object = map[string]any

// writer makes openapi.json from the table of operations and the shapes.
type writer struct {
	reflector jsonschema.Reflector
	schemas   object
}

func newWriter(t *testing.T) *writer {
	t.Helper()
	w := &writer{schemas: object{}}
	w.reflector = jsonschema.Reflector{Anonymous: true, AllowAdditionalProperties: true}
	if err := w.reflector.AddGoComments("github.com/claude-proxy/claude-proxy/host/admin", "./contract", jsonschema.WithFullComment()); err != nil {
		t.Fatal(err)
	}
	return w
}

// mergeable are the shapes whose fields may be null in a PATCH.
var mergeable = []string{"ChannelSettings", "KeySettings", "ClientKeySettings", "RoutingPatch", "Timeouts", "Limits"}

// schema adds a type, and what it uses, to the components and returns a reference to it.
func (w *writer) schema(t *testing.T, typ reflect.Type) object {
	t.Helper()
	if typ == reflect.TypeFor[contract.Document]() {
		return object{"type": "object"}
	}
	b, err := json.Marshal(w.reflector.ReflectFromType(typ))
	if err != nil {
		t.Fatal(err)
	}
	var s object
	if err := json.Unmarshal(bytes.ReplaceAll(b, []byte("#/$defs/"), []byte("#/components/schemas/")), &s); err != nil {
		t.Fatal(err)
	}
	for name, def := range s["$defs"].(object) {
		d := def.(object)
		if slices.Contains(mergeable, name) {
			for field, p := range d["properties"].(object) {
				d["properties"].(object)[field] = object{"anyOf": []any{p, object{"type": "null"}}}
			}
		}
		w.schemas[name] = d
	}
	return object{"$ref": s["$ref"]}
}

func (w *writer) operation(t *testing.T, o *operation) object {
	t.Helper()
	out := object{"operationId": o.id, "tags": []string{o.tag}, "summary": o.summary}
	var parameters []any
	for _, m := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(o.path, -1) {
		parameters = append(parameters, object{"name": m[1], "in": "path", "required": true, "schema": object{"type": "string"}})
	}
	for _, p := range o.query {
		parameters = append(parameters, object{"name": p.name, "in": "query", "description": p.about, "schema": object{"type": "string"}})
	}
	if o.edits {
		parameters = append(parameters, object{"$ref": "#/components/parameters/If-Match"}, object{"$ref": "#/components/parameters/dry_run"},
			object{"$ref": "#/components/parameters/X-Confirm-Key"})
	}
	if parameters != nil {
		out["parameters"] = parameters
	}
	switch {
	case o.takes != "":
		out["requestBody"] = object{"required": true, "content": object{o.takes: object{"schema": object{"type": "string", "format": "binary"}}}}
	case o.in != nil:
		out["requestBody"] = object{"required": true, "content": object{"application/json": object{"schema": w.schema(t, o.in)}}}
	}
	out["responses"] = w.responses(t, o)
	if o.open {
		out["security"] = []any{}
	}
	return out
}

func (w *writer) responses(t *testing.T, o *operation) object {
	t.Helper()
	success := object{"description": "done"}
	switch {
	case o.events != nil:
		events := object{}
		for name, typ := range o.events {
			events[name] = w.schema(t, typ)
		}
		success["content"] = object{o.gives: object{"schema": object{"type": "string"}, "x-events": events}}
	case o.gives != "":
		content := object{}
		for _, media := range strings.Split(o.gives, ", ") {
			content[media] = object{}
		}
		success["content"] = content
	case o.out != nil:
		success["content"] = object{"application/json": object{"schema": w.schema(t, o.out)}}
	}
	byStatus := map[string][]string{}
	for _, c := range o.codes() {
		p := refuse(c, "")
		status := fmt.Sprint(p.Status)
		byStatus[status] = append(byStatus[status], string(c))
	}
	out := object{fmt.Sprint(o.success()): success}
	for status, codes := range byStatus {
		out[status] = object{"$ref": "#/components/responses/Problem", "description": strings.Join(codes, ", ")}
	}
	return out
}

func (w *writer) document(t *testing.T) []byte {
	t.Helper()
	paths := object{}
	for _, o := range (&api{}).operations() {
		path, _ := paths["/"+o.path].(object)
		if path == nil {
			path = object{}
			paths["/"+o.path] = path
		}
		path[strings.ToLower(o.method)] = w.operation(t, &o)
	}
	w.schema(t, reflect.TypeFor[contract.Problem]())
	codes := object{}
	for _, p := range problems {
		codes[string(p.code)] = object{"status": p.status, "title": p.title}
	}
	header := func(name, about string) object {
		return object{"name": name, "in": "header", "description": about, "schema": object{"type": "string"}}
	}
	doc := object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Claude Proxy admin API", "version": "1",
			"description": "What the web UI and the command line see and change of a running proxy. Errors are RFC 9457 problems with the stable codes of x-problems. See host/admin/README.md.",
			"license":     object{"name": "MIT", "identifier": "MIT"},
		},
		"servers":    []any{object{"url": strings.TrimSuffix(Path, "/")}},
		"security":   []any{object{"session": []any{}}, object{"bearer": []any{}}, object{"apiKey": []any{}}},
		"paths":      paths,
		"x-problems": codes,
		"components": object{
			"schemas": w.schemas,
			"responses": object{"Problem": object{
				"description": "a problem with one of the codes in x-problems",
				"content":     object{"application/problem+json": object{"schema": object{"$ref": "#/components/schemas/Problem"}}},
			}},
			"parameters": object{
				"If-Match":      header("If-Match", "the etag that the change is based on, in quotes; * overwrites whatever is there. Needed but with dry_run"),
				"X-Confirm-Key": header("X-Confirm-Key", "an admin key, which allows keys to go to another address (code keys_carried_away)"),
				"dry_run":       object{"name": "dry_run", "in": "query", "description": "1 answers with the diff and changes nothing", "schema": object{"type": "string", "enum": []any{"1"}}},
			},
			"securitySchemes": object{
				"session": object{"type": "apiKey", "in": "cookie", "name": "claude_proxy_session"},
				"bearer":  object{"type": "http", "scheme": "bearer"},
				"apiKey":  object{"type": "apiKey", "in": "header", "name": "x-api-key"},
			},
		},
	}
	b, err := json.MarshalIndent(doc, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func TestDocument(t *testing.T) {
	want := newWriter(t).document(t)
	if *update {
		if err := os.WriteFile("openapi.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(document, want) {
		t.Error("openapi.json is not what the operations and the shapes say; run: go test ./host/admin -run TestDocument -update")
	}
}

// Every operation has a name, an id of its own and an address of its own.
func TestOperations(t *testing.T) {
	ids, addresses := map[string]bool{}, map[string]bool{}
	for _, o := range (&api{}).operations() {
		if ids[o.id] || addresses[o.method+o.path] {
			t.Errorf("%s %s is there twice", o.method, o.path)
		}
		ids[o.id], addresses[o.method+o.path] = true, true
		if o.id == "" || o.tag == "" || o.summary == "" {
			t.Errorf("%s %s says too little of itself", o.method, o.path)
		}
		if o.edits && o.method == "GET" {
			t.Errorf("%s: GET changes nothing", o.id)
		}
	}
}
