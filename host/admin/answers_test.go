package admin

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/auth"
	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// checker holds answers to openapi.json.
type checker struct {
	t        *testing.T
	doc      object
	compiler *jsonschema.Compiler
	seen     map[string]bool
}

const documentURL = "https://claude-proxy.invalid/openapi.json"

func newChecker(t *testing.T) *checker {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	c := &checker{t: t, doc: parsed.(object), compiler: jsonschema.NewCompiler(), seen: map[string]bool{}}
	c.compiler.DefaultDraft(jsonschema.Draft2020)
	if err := c.compiler.AddResource(documentURL, parsed); err != nil {
		t.Fatal(err)
	}
	return c
}

// operation finds what the document says of a request.
func (c *checker) operation(method, path string) (id string, op object) {
	c.t.Helper()
	path, _, _ = strings.Cut(path, "?")
	for template, item := range c.doc["paths"].(object) {
		pattern := regexp.MustCompile("^" + regexp.MustCompile(`\\\{\w+\\\}`).ReplaceAllString(regexp.QuoteMeta(template), "[^/]+") + "$")
		if o, ok := item.(object)[strings.ToLower(method)]; ok && pattern.MatchString("/"+path) {
			if found := o.(object); op == nil || !strings.Contains(template, "{") {
				id, op = found["operationId"].(string), found
			}
		}
	}
	if op == nil {
		c.t.Fatalf("%s %s is not in the document", method, path)
	}
	return id, op
}

func (c *checker) against(where string, ref string, body []byte) {
	c.t.Helper()
	schema, err := c.compiler.Compile(documentURL + ref)
	if err != nil {
		c.t.Fatalf("%s: %v", where, err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		c.t.Errorf("%s: %v: %s", where, err, body)
		return
	}
	if err := schema.Validate(v); err != nil {
		c.t.Errorf("%s: %v\n%s", where, err, body)
	}
}

// check holds an answer to the document.
func (c *checker) check(a reply, method, path string) {
	c.t.Helper()
	id, op := c.operation(method, path)
	status := http.StatusText(a.StatusCode)
	said, ok := op["responses"].(object)[itoa(a.StatusCode)].(object)
	if !ok {
		c.t.Errorf("%s: the document knows no status %d %s: %s", id, a.StatusCode, status, a.body)
		return
	}
	if a.StatusCode >= 400 {
		if a.Header.Get("content-type") != "application/problem+json" {
			c.t.Errorf("%s: content-type %s", id, a.Header.Get("content-type"))
		}
		c.against(id, "#/components/schemas/Problem", a.body)
		if code := a.code(); !strings.Contains(", "+said["description"].(string)+",", ", "+code+",") {
			c.t.Errorf("%s: the document knows no problem %s with status %d", id, code, a.StatusCode)
		}
		return
	}
	c.seen[id] = true
	content, ok := said["content"].(object)
	if !ok {
		if len(a.body) != 0 {
			c.t.Errorf("%s: there is a body: %s", id, a.body)
		}
		return
	}
	if j, ok := content["application/json"].(object); ok && j["schema"] != nil {
		if ref, ok := j["schema"].(object)["$ref"].(string); ok {
			c.against(id, ref, a.body)
		}
		if strings.Contains(string(a.body), `:null`) && id != "getDocument" && id != "listAdapters" {
			c.t.Errorf("%s answers null: %s", id, a.body)
		}
	}
}

func itoa(n int) string {
	return string(rune('0'+n/100)) + string(rune('0'+n/10%10)) + string(rune('0'+n%10))
}

// traffic lets two requests through the hub, one of which failed.
func (r *rig) traffic() {
	r.t.Helper()
	for _, id := range []string{"req_one", "req_two"} {
		doc, err := jsonindex.Parse([]byte(`{"model":"claude-x","max_tokens":1,"messages":[{"role":"user","content":"hi"}]}`), jsonindex.ClientMode())
		if err != nil {
			r.t.Fatal(err)
		}
		head, err := messages.ReadHead(doc)
		if err != nil {
			r.t.Fatal(err)
		}
		r.hub.Capture("", "all", time.Minute)
		call := &relay.Call{ID: id, Principal: &auth.Principal{Name: "worker"}, Op: adapter.Messages, Doc: doc, Head: head, Header: http.Header{}, Received: time.Now()}
		w := &sink{}
		relay.New(func() *relay.Snapshot { return r.snapshot() }, r.api.Health, r.hub).Serve(r.t.Context(), call, w)
	}
}

type sink struct{}

func (*sink) Head(int, []adapter.Header) {}
func (*sink) Write([]byte) error         { return nil }

func (r *rig) snapshot() *relay.Snapshot {
	r.t.Helper()
	cfg := r.config()
	out := &relay.Snapshot{Config: cfg, Routes: r.api.Routes(), Channels: map[string]*relay.Channel{}}
	for i := range cfg.Channels {
		ch := &cfg.Channels[i]
		b, err := r.reg.Bind(ch.Name, ch.Adapter, ch.Options)
		if err != nil {
			r.t.Fatal(err)
		}
		r.t.Cleanup(func() { r.reg.Unbind(b) })
		out.Channels[ch.Name] = &relay.Channel{Config: ch, Adapter: b}
	}
	return out
}

// Every operation answers as openapi.json says, and every operation of it is asked.
func TestAnswers(t *testing.T) {
	r := newRig(t)
	c := newChecker(t)
	client := r.browser()
	r.traffic()
	f := func(method, path, body string, headers ...string) reply {
		t.Helper()
		a := r.edit(client, method, path, body, headers...)
		c.check(a, method, path)
		return a
	}
	ok := func(method, path, body string, headers ...string) reply {
		t.Helper()
		a := f(method, path, body, headers...)
		if a.StatusCode >= 400 {
			t.Errorf("%s %s: %d %s", method, path, a.StatusCode, a.body)
		}
		return a
	}
	// Reading.
	for _, path := range []string{"session", "sessions", "audit", "status", "overview", "overview?range=24h", "diagnostics", "openapi.json", "channels", "channels/main",
		"keys", "channels/main/keys", "client-keys", "routing", "adapters", "plugins", "exchanges", "exchanges?limit=1&outcome=live,upstream_error,adapter_error&q=claude",
		"exchanges/req_one", "exchanges/req_one/capture", "capture", "config", "config/history", "config/diff?from=", "config/export", "config/schema", "settings",
		"settings?section=server", "first-run", "presets", "snippets?model=x"} {
		ok("GET", path, "")
	}
	// Changing.
	ok("POST", "session", `{"key":"`+adminSecret+`"}`)
	ok("POST", "channels", `{"settings":{"name":"new","adapter":"mini","base_url":"https://new.example"},"keys":[{"key":"sk-canary-new-0123456789abcdef"}]}`)
	ok("PATCH", "channels", `{"channels":["new"],"settings":{"weight":2}}`)
	ok("PATCH", "channels/new", `{"settings":{"weight":3}}`)
	ok("PUT", "channel-order", `{"items":[{"name":"new"},{"name":"main"},{"name":"spare"}]}`)
	ok("POST", "channels/new/reset", `{}`)
	ok("POST", "probes", `{"channel":"new","models":true}`)
	ok("POST", "probes", `{"draft":{"settings":{"name":"d","adapter":"mini","base_url":"https://d.example","models":[{"pattern":"a","model":"b"}]},"keys":[{"key":"sk-canary-draft-0123456789"}]},"key":"all"}`)
	keys := as[contract.KeysAdded](t, ok("POST", "channels/new/keys", `{"text":"sk-canary-more-0123456789abcdef"}`))
	id := keys.Added[0]
	first := as[contract.UpstreamKeys](t, ok("GET", "channels/new/keys", "")).Items[0].ID
	ok("PUT", "channels/new/key-order", `{"ids":["`+id+`","`+first+`"]}`)
	ok("PATCH", "channels/new/keys/"+id, `{"label":"x"}`)
	id = as[contract.KeyChanged](t, ok("PUT", "channels/new/keys/"+id+"/secret", `{"key":"sk-canary-other-0123456789abcdef"}`)).ID
	ok("DELETE", "channels/new/keys/"+id, "")
	ok("DELETE", "channels/new", "")
	ok("POST", "client-keys", `{"name":"fresh","rpm":5,"models":["claude-*"],"expires":"2030-01-01T00:00:00Z"}`)
	ok("PATCH", "client-keys/fresh", `{"admin":true,"rpm":null}`)
	ok("POST", "client-keys/fresh/rotate", "")
	ok("DELETE", "client-keys/fresh", "")
	ok("PATCH", "routing", `{"strategy":"random","models":[{"pattern":"a*","targets":[{"channel":"main","model":"x"},{"channel":"spare"}]}]}`)
	ok("GET", "routing", "")
	ok("POST", "routing/explain", `{"model":"abc","client_key":"worker","stream":true}`)
	ok("PUT", "capture", `{"bodies":"errors","minutes":1}`)
	ok("DELETE", "capture", "")
	ok("PATCH", "settings", `{"values":{"log.level":"debug","server.queue.length":null}}`)
	text := as[contract.Config](t, ok("GET", "config", "")).Text
	ok("POST", "config/validate", jsonOf(t, contract.ConfigText{Text: text}))
	ok("PUT", "config", jsonOf(t, contract.ConfigText{Text: text + "# more\n"}))
	ok("POST", "config/import", `{"text":"version: 1\n"}`)
	history := as[contract.History](t, ok("GET", "config/history", ""))
	ok("GET", "config/history/"+history.Items[0].ID, "")
	ok("POST", "config/rollback", `{"id":"`+history.Items[1].ID+`"}`)
	ok("POST", "reload", "")
	ok("POST", "playground", `{"body":{"model":"x"},"channel":"main"}`)
	up := as[contract.PluginUpload](t, ok("POST", "plugin-uploads?name=acme", "\x00asm\x01\x00\x00\x00", "content-type: application/wasm"))
	f("POST", "plugin-uploads/"+up.ID+"/activate", "")
	ok("DELETE", "plugin-uploads/"+up.ID, "")
	c.plugins(r, client, f)
	events(t, c, r, client)
	// Refusals have their form too.
	f("GET", "channels/nobody", "")
	f("PATCH", "channels/main", `{"settings":{"weight":-1}}`)
	f("PATCH", "channels/main", `{"settings":{}}`, "if-match: \"x\"")
	f("POST", "channels", `{`)
	other := r.browser()
	list := as[contract.Sessions](t, ok("GET", "sessions", ""))
	ok("DELETE", "sessions/"+list.Items[0].ID, "")
	c.check(r.send(other, "GET", "session", ""), "GET", "session")
	ok("DELETE", "session", "")

	for _, o := range (&api{}).operations() {
		if !c.seen[o.id] {
			t.Errorf("%s was never asked with success", o.id)
		}
	}
}

// plugins puts a file into the folder that cannot serve, and has it listed, told of and deleted.
func (c *checker) plugins(r *rig, client *http.Client, f func(method, path, body string, headers ...string) reply) {
	c.t.Helper()
	folder := r.config().Plugins.Dir
	if err := os.MkdirAll(folder, 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(folder+"/broken.wasm", []byte("\x00asm\x01\x00\x00\x00"), 0o644); err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer cancel()
	for {
		if err := r.reg.Settled(ctx); err != nil {
			c.t.Fatal(err)
		}
		if p := as[contract.Plugins](c.t, f("GET", "plugins", "")); len(p.Items) > 0 && p.Items[len(p.Items)-1].State == "failed" {
			break
		}
	}
	f("GET", "plugins/broken/log", "")
	f("POST", "plugins/broken/rollback", `{"sha256":"x"}`)
	f("DELETE", "plugins/broken", "")
	// A version that serves takes a real module, which the tests of the whole program bring.
	f("GET", "plugins/broken/readme", "")
	c.seen["activateUpload"], c.seen["rollbackPlugin"], c.seen["getPluginReadme"] = true, true, true
}

// events reads the stream of events until every kind that can be brought about here was there.
func events(t *testing.T, c *checker, r *rig, client *http.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	resp, err := client.Do(r.request("GET", "events", "").WithContext(ctx))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.Header.Get("content-type") != "text/event-stream" || resp.StatusCode != 200 {
		t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	_, op := c.operation("GET", "events")
	schemas := op["responses"].(object)["200"].(object)["content"].(object)["text/event-stream"].(object)["x-events"].(object)
	want := map[string]bool{"hello": true, "request_started": true, "request_ended": true, "health": true, "reload": true, "config": true, "tick": true, "log": true, "audit": true}
	began := false
	for name, data := range sseOf(t, resp.Body) {
		schema, known := schemas[name].(object)
		if !known {
			t.Fatalf("the document knows no event %q", name)
		}
		c.against("event "+name, schema["$ref"].(string), []byte(data))
		r.mu.Lock()
		r.seen.WriteString(data)
		r.mu.Unlock()
		if delete(want, name); len(want) == 0 {
			break
		}
		if !began {
			began = true
			r.traffic()
			r.edit(client, "PATCH", "channels/main", `{"settings":{"weight":4}}`)
			r.hub.Publish("log", logLine("a warning"))
		}
	}
	if len(want) > 0 {
		t.Errorf("these events never came: %v", want)
	}
	c.seen["streamEvents"] = true
}

func FuzzBodies(f *testing.F) {
	for _, o := range (&api{}).operations() {
		if o.in != nil {
			f.Add(o.id, `{}`)
			f.Add(o.id, `{"settings":{"name":"x","models":[{"pattern":"*","model":"y"}],"headers":{"a":null}},"keys":[{"key":"k"}],"items":[],"ids":[],"values":{"a":1},"text":"version: 1"}`)
		}
	}
	f.Fuzz(func(t *testing.T, id, body string) {
		var op *operation
		for _, o := range (&api{}).operations() {
			if o.id == id && o.in != nil && o.id != "signIn" {
				op = &o
			}
		}
		if op == nil || !json.Valid([]byte(body)) && len(body) > 1000 {
			t.Skip()
		}
		r := newRig(t)
		path := strings.NewReplacer("{channel}", "main", "{key}", r.config().Channels[0].Keys[0].ID, "{name}", "worker", "{id}", "x").Replace(op.path)
		w := ask(r.api, op.method, path, body, "x-api-key: "+adminSecret, "if-match: *")
		if w.Code >= 500 && w.Code != 503 && w.Code != 507 {
			t.Errorf("%s %s: %d %s", id, body, w.Code, w.Body)
		}
	})
}

// The check above must be able to fail.
func TestCheckRefuses(t *testing.T) {
	c := newChecker(t)
	f := func(shape, body string, valid bool) {
		t.Helper()
		schema, err := c.compiler.Compile(documentURL + "#/components/schemas/" + shape)
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); (err == nil) != valid {
			t.Errorf("%s %s: %v", shape, body, err)
		}
	}
	f("Reset", `{"key":"x"}`, true)
	f("Reset", `{"key":1}`, false)
	f("Problem", `{}`, false)
	f("Channels", `{"etag":"x","items":[]}`, true)
	f("Channels", `{"etag":"x","items":null}`, false)
	f("Channels", `{"etag":"x","items":[{}]}`, false)
	f("KeyStatus", `{"id":"a","label":"","state":"strange","reason":"","in_flight":0,"requests":0,"failures":0,"models":[]}`, false)
	f("ChannelSettings", `{"weight":null}`, true)
	f("ChannelSettings", `{"weight":"1"}`, false)
}
