package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/hosttest"
	"github.com/claude-proxy/claude-proxy/host/provider"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/plugins"
)

// admin asks the admin API with the admin key and reads the answer into a shape.
func admin[T any](p *proxy, method, path, body string, headers ...string) (T, int) {
	p.t.Helper()
	a := p.do(method, "/admin/api/v1/"+path, strings.NewReader(body), append([]string{"if-match: *"}, headers...)...)
	var out T
	if err := json.Unmarshal([]byte(a.body), &out); err != nil && a.body != "" {
		p.t.Fatalf("%s %s: %d %v: %s", method, path, a.status, err, a.body)
	}
	return out, a.status
}

// A probe goes the way of every request, tells its times apart, says who is to blame, and changes nobody's health.
func TestAdminProbe(t *testing.T) {
	up := hosttest.New(t, &hosttest.Script{Keys: []string{upstreamKey}, Steps: []hosttest.Step{{Times: -1, Answer: &hosttest.Answer{Parts: []hosttest.Part{{Text: "probed"}}}}}})
	gone := hosttest.New(t, &hosttest.Script{})
	gone.Close()
	p := start(t, "  - { name: main, adapter: openai, base_url: \""+up.URL+"\", keys: [ { key: "+upstreamKey+", label: good }, { key: "+secondKey+", label: bad } ], models: { \"claude-*\": gpt-4o } }\n"+
		channel("dead", "openai", gone.URL, "models: { a: gpt-4o }")+channel("strange", "acme", up.URL, "models: { a: b }"))
	f := func(body string, verdicts ...string) contract.ProbeResult {
		t.Helper()
		r, status := admin[contract.ProbeResult](p, "POST", "probes", body)
		if status != 200 || len(r.Items) != len(verdicts) {
			t.Fatalf("%s: %d %+v", body, status, r)
		}
		for i, v := range verdicts {
			if r.Items[i].Verdict != v {
				t.Errorf("%s: %+v, want %s", body, r.Items[i], v)
			}
			if v != "ok" && r.Items[i].Reason == "" {
				t.Errorf("%s: no reason", body)
			}
		}
		return r
	}
	for _, stream := range []string{"false", "true"} {
		r := f(`{"channel":"main","stream":`+stream+`,"models":true}`, "ok").Items[0]
		if r.Text != "probed" || r.Timing.Reused || r.Timing.ConnectMS <= 0 || r.Timing.FirstByteMS <= 0 || r.Timing.TotalMS < r.Timing.FirstByteMS || r.Label != "good" ||
			r.Model != "gpt-4o" || r.Request == nil || !strings.Contains(r.Request.Body, "gpt-4o") || r.Response == nil || r.Response.Status != 200 || r.OutputTokens < 1 {
			t.Errorf("probe %+v", r)
		}
	}
	if r := f(`{"channel":"main","models":true}`, "ok"); len(r.Models) == 0 {
		t.Errorf("no list of models: %+v", r)
	}
	r := f(`{"channel":"main","key":"all"}`, "ok", "failed")
	if r.Items[1].Class != "auth" || r.Items[1].Status != 401 || r.Items[1].Try == "" {
		t.Errorf("bad key %+v", r.Items[1])
	}
	f(`{"channel":"dead"}`, "failed")
	f(`{"channel":"strange"}`, "cannot_probe")
	f(`{"channel":"main","max_tokens":100000000,"model":""}`, "ok")
	f(`{"draft":{"settings":{"name":"d","adapter":"openai","base_url":"`+up.URL+`"},"keys":[{"key":"`+upstreamKey+`"}]},"model":"gpt-4o"}`, "ok")
	f(`{"draft":{"settings":{"name":"d","adapter":"openai","base_url":"`+up.URL+`"},"keys":[{"key":"`+upstreamKey+`"}]}}`, "cannot_probe")
	// None of it counts.
	s, _ := admin[contract.Status](p, "GET", "status", "")
	for _, c := range s.Channels {
		if c.Requests != 0 || c.Failures != 0 || c.State != "untested" && c.State != "unavailable" {
			t.Errorf("a probe changed %+v", c)
		}
	}
	if s.Totals.Requests != 0 {
		t.Errorf("probes are counted: %+v", s.Totals)
	}
}

// The playground sends through the proxy itself: routing, adapter, stream, and the list of exchanges.
func TestAdminPlayground(t *testing.T) {
	up := says(t, "played")
	p := start(t, channel("main", "openai", up.URL)+channel("other", "openai", up.URL))
	a := p.post("/admin/api/v1/playground", `{"channel":"other","body":`+ask("gpt-4o", "hi", true)+`}`)
	if a.status != 200 || !strings.Contains(a.body, "played") || !strings.Contains(a.body, "message_stop") || len(a.header.Values("request-id")) != 1 || !strings.HasPrefix(a.header.Get("content-type"), "text/event-stream") {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	a = p.post("/admin/api/v1/playground", `{"body":{"model":"gpt-4o"}}`)
	if a.status != 400 || !strings.Contains(a.body, `"type":"error"`) {
		t.Errorf("a client's error has Claude's shape: %d %s", a.status, a.body)
	}
	list, _ := admin[contract.Exchanges](p, "GET", "exchanges?outcome=ok", "")
	if len(list.Items) != 1 || list.Items[0].Client != "playground" || list.Items[0].Channel != "other" {
		t.Errorf("exchanges %+v", list)
	}
	for _, q := range up.Requests() {
		if q.Header.Get("Cookie") != "" || strings.Contains(q.Header.Get("Authorization")+q.Header.Get("X-Api-Key"), clientKey) {
			t.Errorf("the client's credentials went upstream: %v", q.Header)
		}
	}
}

// A plugin by API: checked before it serves, activated, gone back from, deleted; what is forged is refused.
func TestAdminPlugin(t *testing.T) {
	up := says(t, "sandboxed")
	dir := t.TempDir()
	p := start(t, channel("main", "acme", up.URL), "plugins: { dir: "+dir+", cache_dir: "+pluginCache()+" }")
	wasm := "content-type: application/wasm"
	module := string(builtinPlugin(t, "openai"))
	upload := func(name, file string, headers ...string) (contract.PluginUpload, int) {
		t.Helper()
		return admin[contract.PluginUpload](p, "POST", "plugin-uploads?name="+name, file, append([]string{wasm}, headers...)...)
	}
	// Forged: no module, another kind of body, a path for a name, a built-in's name, a page of another origin.
	if u, status := upload("acme", "MZ this is no module"); status != 201 || u.Report.OK || len(u.Report.Checks) == 0 {
		t.Errorf("%d %+v", status, u)
	} else if _, status := admin[contract.Problem](p, "POST", "plugin-uploads/"+u.ID+"/activate", ""); status != 422 {
		t.Errorf("activated: %d", status)
	}
	for _, x := range []struct {
		name, header string
		status       int
	}{
		{"acme", "content-type: multipart/form-data; boundary=x", 415}, {"..%2Facme", wasm, 422}, {"openai", wasm, 422}, {"", wasm, 422},
		{"acme", "origin: https://evil.example", 403}, {"acme", "sec-fetch-site: cross-site", 403}, {"acme", "x-api-key: wrong", 401},
	} {
		if _, status := upload(x.name, module, x.header); status != x.status {
			t.Errorf("%+v: %d", x, status)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Fatalf("files %v, %v", files, err)
	}
	u, status := upload("acme", module)
	if status != 201 || !u.Report.OK || u.Report.Manifest == nil || u.Report.Manifest.Name != "openai" {
		t.Fatalf("%d %+v", status, u)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 0 {
		t.Errorf("an upload serves before it is activated: %v, %v", files, err)
	}
	plugin, status := admin[contract.Plugin](p, "POST", "plugin-uploads/"+u.ID+"/activate", "")
	if status != 200 || plugin.State != "active" || plugin.SHA256 != u.Report.SHA256 || len(plugin.UsedBy) != 1 {
		t.Fatalf("%d %+v", status, plugin)
	}
	if a := p.post("/v1/messages", ask("m", "hi", true)); a.status != 200 || !strings.Contains(a.body, "sandboxed") {
		t.Errorf("%d %s", a.status, a.body)
	}
	// Another version, and the way back. A custom section makes another file of the same module.
	other, status := upload("acme", module+"\x00\x06\x04note!")
	if status != 201 || other.Replaces != plugin.SHA256 {
		t.Fatalf("%d %+v", status, other)
	}
	if next, status := admin[contract.Plugin](p, "POST", "plugin-uploads/"+other.ID+"/activate", ""); status != 200 || next.SHA256 == plugin.SHA256 {
		t.Errorf("%d %+v", status, next)
	}
	if back, status := admin[contract.Plugin](p, "POST", "plugins/acme/rollback", `{"sha256":"`+plugin.SHA256+`"}`); status != 200 || back.SHA256 != plugin.SHA256 || len(back.Versions) != 2 {
		t.Errorf("%d %+v", status, back)
	}
	if a, status := admin[contract.Problem](p, "DELETE", "plugins/acme", ""); status != 409 || a.Code != "in_use" {
		t.Errorf("%d %+v", status, a)
	}
	if _, status := admin[contract.ChannelChanged](p, "PATCH", "channels/main", `{"settings":{"enabled":false}}`); status != 200 {
		t.Fatal(status)
	}
	if _, status := admin[contract.Problem](p, "DELETE", "plugins/acme", ""); status != 204 {
		t.Errorf("%d", status)
	}
	if log, status := admin[contract.PluginLog](p, "GET", "plugins/acme/log", ""); status != 200 && status != 404 {
		t.Errorf("%d %+v", status, log)
	}
}

// Canary keys go through the whole API of a proxy that serves, and are in no answer, log line, metric or file in clear but
// plugins.yaml and its history, which the owner alone may read.
func TestAdminSecrets(t *testing.T) {
	up := says(t, "hello")
	p := start(t, channel("main", "openai", up.URL))
	if _, status := admin[contract.Capture](p, "PUT", "capture", `{"bodies":"all"}`); status != 200 {
		t.Fatal(status)
	}
	p.hears()
	if r, status := admin[contract.KeysAdded](p, "POST", "channels/main/keys", `{"keys":[{"key":"`+secondKey+`"}]}`); status != 201 || !r.Reload.OK {
		t.Fatalf("%d %+v", status, r)
	}
	if a, status := admin[contract.Problem](p, "PATCH", "channels/main", `{"settings":{"weight":-1}}`); status != 422 {
		t.Errorf("%d %+v", status, a)
	}
	list, _ := admin[contract.Exchanges](p, "GET", "exchanges", "")
	captured, status := admin[contract.CapturedExchange](p, "GET", "exchanges/"+list.Items[0].ID+"/capture", "")
	if status != 200 || len(captured.Attempts) != 1 || len(captured.Attempts[0].Events) == 0 || len(captured.Attempts[0].Ops) == 0 || len(captured.ClientEvents) == 0 ||
		!strings.Contains(captured.Attempts[0].Request.Body, "gpt-4o") {
		t.Errorf("%d %+v", status, captured)
	}
	for _, path := range []string{"status", "overview", "diagnostics", "channels", "keys", "client-keys", "routing", "config", "config/export", "config/history", "settings", "audit", "plugins", "snippets"} {
		if a := p.do("GET", "/admin/api/v1/"+path, nil); a.status != 200 {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	p.do("GET", "/metrics", nil)
	text, err := os.ReadFile(p.path)
	if err != nil || !bytes.Contains(text, []byte(secondKey)) {
		t.Errorf("the key is not in the file: %v", err)
	}
	err = filepath.WalkDir(filepath.Dir(p.path), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path == p.path {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if holds := bytes.Contains(b, []byte(upstreamKey)) || bytes.Contains(b, []byte(secondKey)); err == nil && holds && (info.Mode().Perm() != 0o600 || !strings.HasSuffix(path, ".yaml")) {
			t.Errorf("%s holds a key and has mode %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A change by API serves at once; the link that the program prints signs a browser in.
func TestAdminChangesServe(t *testing.T) {
	first, second := says(t, "first"), says(t, "second")
	p := start(t, channel("main", "openai", first.URL))
	if body := p.hears(); !strings.Contains(body, "first") {
		t.Fatal(body)
	}
	if _, status := admin[contract.ChannelChanged](p, "PATCH", "channels/main", `{"settings":{"base_url":"`+second.URL+`"}}`); status != 200 {
		t.Fatal(status)
	}
	if body := p.hears(); !strings.Contains(body, "second") {
		t.Error(body)
	}
	a := p.do("POST", "/admin/api/v1/session", strings.NewReader(`{"code":"`+p.app.SignInCode()+`"}`), "x-api-key: ")
	if a.status != http.StatusOK || !strings.Contains(a.header.Get("set-cookie"), "HttpOnly; SameSite=Strict") {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
	if a := p.do("GET", "/admin/api/v1/nothing", nil); a.status != 404 || a.header.Get("content-type") != "application/problem+json" || a.header.Get("request-id") == "" {
		t.Errorf("%d %v %s", a.status, a.header, a.body)
	}
}

// Each known provider names a built-in adapter and options that it takes.
func TestProviders(t *testing.T) {
	reg := registry.New(plugins.Builtin())
	defer reg.Close()
	for _, p := range provider.List() {
		if _, ok := reg.Manifest(p.Adapter); !ok {
			t.Errorf("%s: there is no adapter %s", p.ID, p.Adapter)
		}
		if err := reg.Check(p.Adapter, []byte(p.Options)); p.Options != "" && err != nil {
			t.Errorf("%s: %v", p.ID, err)
		}
	}
}
