package admin

import (
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
)

// The whole life of a channel: create, add keys, reorder, map a model, change, disable, delete. Every other line of the
// file stays as it is.
func TestLifeOfAChannel(t *testing.T) {
	r := newRig(t)
	client := r.browser()
	done := func(a reply, status int) reply {
		t.Helper()
		if a.StatusCode != status {
			t.Fatalf("%s %s: %d %s", a.Request.Method, a.Request.URL, a.StatusCode, a.body)
		}
		return a
	}
	list := func() string {
		t.Helper()
		var names []string
		for _, ch := range as[contract.Channels](t, done(r.send(client, "GET", "channels", ""), 200)).Items {
			names = append(names, *ch.Settings.Name)
		}
		return strings.Join(names, " ")
	}
	const newKey = "sk-canary-second-0123456789abcdef"
	made := as[contract.ChannelChanged](t, done(r.edit(client, "POST", "channels", `{"settings":{"name":"second","adapter":"mini","base_url":"https://second.example/v1",
		"models":[{"pattern":"z*","model":"y"},{"pattern":"a*","model":"x"}],"limits":{"rpm":5},"timeouts":{"idle":"1m"},"priority":2},
		"keys":[{"key":"`+newKey+`","label":"one","weight":2}],"before":"spare"}`), 201))
	if made.Channel == nil || !made.Reload.OK || made.Channel.Line == 0 || *made.Channel.Settings.Limits.RPM != 5 || made.Channel.Status.State != "untested" ||
		len(*made.Channel.Settings.Models) != 2 || (*made.Channel.Settings.Models)[0].Pattern != "z*" {
		t.Errorf("made %+v", made)
	}
	if strings.Contains(made.Diff, newKey) || !strings.Contains(made.Diff, "+  - name: second") {
		t.Errorf("diff %s", made.Diff)
	}
	if got := list(); got != "main second spare" {
		t.Errorf("order %s", got)
	}
	id := made.Channel.Keys[0].ID

	added := as[contract.KeysAdded](t, done(r.edit(client, "POST", "channels/second/keys", `{"text":"sk-canary-third-0123456789abcdef\n# a comment\n\n`+newKey+`\r\nsk-canary-fourth-0123456789abcdef\nsk-canary-third-0123456789abcdef"}`), 201))
	if len(added.Added) != 2 || len(added.Duplicates) != 2 || added.Duplicates[0].ID != id || added.Duplicates[0].Index != 3 {
		t.Errorf("added %+v", added)
	}
	done(r.edit(client, "PUT", "channels/second/key-order", `{"ids":["`+added.Added[1]+`","`+id+`","`+added.Added[0]+`"]}`), 200)
	keys := as[contract.UpstreamKeys](t, done(r.send(client, "GET", "channels/second/keys", ""), 200))
	if len(keys.Items) != 3 || keys.Items[0].ID != added.Added[1] || keys.Items[1].ID != id {
		t.Errorf("keys %+v", keys.Items)
	}
	// A short key becomes a long one when something is said about it.
	done(r.edit(client, "PATCH", "channels/second/keys/"+added.Added[1], `{"label":"two","weight":3,"models":["big"]}`), 200)
	done(r.edit(client, "PATCH", "channels/second/keys/"+added.Added[1], `{"weight":null,"enabled":false}`), 200)
	rotated := as[contract.KeyChanged](t, done(r.edit(client, "PUT", "channels/second/keys/"+id+"/secret", `{"key":"sk-canary-fifth-0123456789abcdef"}`), 200))
	if rotated.ID == id || !strings.Contains(r.file(), "{ key: sk-canary-fifth-0123456789abcdef, label: one, weight: 2 }") &&
		!strings.Contains(r.file(), "key: sk-canary-fifth-0123456789abcdef") {
		t.Errorf("rotated %+v: %s", rotated, r.file())
	}
	done(r.edit(client, "DELETE", "channels/second/keys/"+added.Added[0], ""), 200)

	done(r.edit(client, "PUT", "channel-order", `{"items":[{"name":"second","priority":1},{"name":"spare"},{"name":"main"}]}`), 200)
	if got := list(); got != "second spare main" {
		t.Errorf("order %s", got)
	}
	done(r.edit(client, "PATCH", "channels/second", `{"settings":{"models":[{"pattern":"claude-*","model":"big"}],"limits":{"rpm":null,"models":[{"pattern":"big","max_output_tokens":100}]},
		"headers":{"x-a":"b"},"options":{"deep":{"c":[1]}},"tags":["eu"],"timeouts":{"idle":null}}}`), 200)
	got := as[contract.Channel](t, done(r.send(client, "GET", "channels/second", ""), 200))
	if *got.Settings.Limits.RPM != 0 || len(*got.Settings.Models) != 1 || *got.Settings.Timeouts.Idle != "4m" || string(*got.Settings.Options) != `{"deep":{"c":[1]}}` ||
		len(got.Keys) != 2 || got.Keys[0].Enabled || got.Keys[0].Label != "two" {
		t.Errorf("changed %+v", got)
	}
	done(r.edit(client, "PATCH", "channels", `{"channels":["second","main"],"settings":{"enabled":false,"tags":null}}`), 200)
	renamed := as[contract.ChannelChanged](t, done(r.edit(client, "PATCH", "channels/second", `{"settings":{"name":"renamed"}}`), 200))
	if renamed.Channel == nil || *renamed.Channel.Settings.Name != "renamed" || *renamed.Channel.Settings.Enabled || renamed.Channel.Status.State != "disabled" {
		t.Errorf("renamed %+v", renamed)
	}
	copied := as[contract.ChannelChanged](t, done(r.edit(client, "POST", "channels", `{"copy_of":"renamed","settings":{"name":"copy"}}`), 201))
	if len(copied.Channel.Keys) != 2 || copied.Channel.Keys[0].ID != got.Keys[0].ID {
		t.Errorf("copied %+v", copied.Channel)
	}
	done(r.edit(client, "DELETE", "channels/copy", ""), 200)
	done(r.edit(client, "DELETE", "channels/renamed", ""), 200)
	done(r.edit(client, "PATCH", "channels/main", `{"settings":{"enabled":null}}`), 200)
	done(r.edit(client, "PUT", "channel-order", `{"items":[{"name":"main"},{"name":"spare"}]}`), 200)
	// An entry that was first and moved may leave the blank line behind that stood above its neighbour.
	if strings.ReplaceAll(r.file(), "\n\n", "\n") != strings.ReplaceAll(sample, "\n\n", "\n") {
		t.Errorf("the file is not what it was:\n%s", r.file())
	}
}

func TestChannelRefusals(t *testing.T) {
	r := newRigOf(t, sample+"routing: { models: { \"x*\": [ { channel: spare } ] } }\n")
	client := r.browser()
	before := r.file()
	f := func(status int, code, method, path, body string) {
		t.Helper()
		a := r.edit(client, method, path, body)
		if a.StatusCode != status || a.code() != code {
			t.Errorf("%s %s %s: %d %s", method, path, body, a.StatusCode, a.body)
		}
	}
	f(409, "exists", "POST", "channels", `{"settings":{"name":"main","adapter":"mini","base_url":"https://x.example"}}`)
	f(422, "invalid", "POST", "channels", `{"settings":{"name":"new","adapter":"mini"}}`)
	f(422, "invalid", "POST", "channels", `{"settings":{"name":"new","adapter":"mini","base_url":"nonsense"}}`)
	f(422, "invalid", "POST", "channels", `{"settings":{"name":"new","adapter":"mini","base_url":"https://x.example","models":[{"pattern":"a","model":"b"},{"pattern":"a","model":"c"}]}}`)
	f(404, "not_found", "POST", "channels", `{"settings":{"name":"new","adapter":"mini","base_url":"https://x.example"},"before":"nobody"}`)
	f(404, "not_found", "PATCH", "channels/nobody", `{"settings":{}}`)
	f(409, "exists", "PATCH", "channels/main", `{"settings":{"name":"spare"}}`)
	f(422, "invalid", "PATCH", "channels/main", `{"settings":{"weight":-1}}`)
	f(422, "invalid", "PATCH", "channels/main", `{"settings":{"timeouts":{"idle":"soon"}}}`)
	f(400, "bad_request", "PATCH", "channels/main", `{"settings":{"weigth":1}}`)
	f(400, "bad_request", "PATCH", "channels/main", `{"settings":{"weight":"1"}}`)
	f(400, "bad_request", "PATCH", "channels", `{"channels":["main"],"settings":{"base_url":"https://x.example"}}`)
	f(404, "not_found", "PATCH", "channels", `{"channels":["main","nobody"],"settings":{"enabled":false}}`)
	f(409, "in_use", "DELETE", "channels/spare", "")
	f(400, "bad_request", "PUT", "channel-order", `{"items":[{"name":"main"}]}`)
	f(404, "not_found", "DELETE", "channels/main/keys/k-0000000000", "")
	f(400, "bad_request", "POST", "channels/main/keys", `{"keys":[]}`)
	f(422, "variable_not_allowed", "POST", "channels/main/keys", `{"keys":[{"key":"${FORBIDDEN_KEY}"}]}`)
	f(422, "variable_not_allowed", "POST", "channels/main/keys", `{"text":"file:/etc/passwd"}`)
	if r.file() != before {
		t.Errorf("a refused change was made:\n%s", r.file())
	}
	a := r.edit(client, "PATCH", "channels/main", `{"settings":{"weight":-1}}`)
	p := as[contract.Problem](t, a)
	if len(p.Errors) != 1 || p.Errors[0].Path != "channels[0].weight" || p.Errors[0].Line == 0 {
		t.Errorf("problem %+v", p)
	}
	// With dry_run the diff comes and nothing changes, also without If-Match.
	dry := r.send(client, "PATCH", "channels/main?dry_run=1", `{"settings":{"weight":7}}`)
	if c := as[contract.ChannelChanged](t, dry); !c.DryRun || !strings.Contains(c.Diff, "+    weight: 7") || c.Reload != nil || r.file() != before {
		t.Errorf("dry run %s", dry.body)
	}
	// A route follows the new name of its channel.
	if a := r.edit(client, "PATCH", "channels/spare", `{"settings":{"name":"reserve"}}`); a.StatusCode != 200 || !strings.Contains(r.file(), `"x*": [ { channel: reserve } ]`) {
		t.Errorf("%d %s\n%s", a.StatusCode, a.body, r.file())
	}
}
