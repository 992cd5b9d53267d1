package admin

import (
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
)

// DESIGN §9: a change of address through the API needs the keys typed again or the admin key confirmed.
func TestKeysCarriedAway(t *testing.T) {
	r := newRig(t)
	client := r.browser()
	f := func(status int, code, method, path, body string, headers ...string) reply {
		t.Helper()
		before := r.file()
		a := r.edit(client, method, path, body, headers...)
		if a.StatusCode != status || a.code() != code {
			t.Errorf("%s %s %s: %d %s", method, path, body, a.StatusCode, a.body)
		}
		if status >= 400 && r.file() != before {
			t.Errorf("%s %s changed the file", method, path)
		}
		return a
	}
	const away = "keys_carried_away"
	a := f(409, away, "PATCH", "channels/main", `{"settings":{"base_url":"https://evil.example/v1"}}`)
	if p := as[contract.Problem](t, a); len(p.Channels) != 1 || p.Channels[0] != "main" {
		t.Errorf("problem %s", a.body)
	}
	f(409, away, "PATCH", "channels/main?dry_run=1", `{"settings":{"base_url":"https://evil.example/v1"}}`)
	f(409, away, "PATCH", "channels/main", `{"settings":{"base_url":"http://api.example/v1"}}`)
	f(409, away, "PATCH", "channels/main", `{"settings":{"base_url":"https://api.example:8443/v1"}}`)
	f(409, away, "PATCH", "channels/main", `{"settings":{"proxy_url":"http://evil.example:3128"}}`)
	f(409, away, "PATCH", "channels/main", `{"settings":{"insecure_skip_verify":true}}`)
	f(409, away, "POST", "channels", `{"copy_of":"main","settings":{"name":"copy","base_url":"https://evil.example"}}`)
	f(409, away, "POST", "channels", `{"settings":{"name":"copy","adapter":"mini","base_url":"https://evil.example"},"keys":[{"key":"${ALLOWED_KEY}"}]}`)
	// The headers may hold a gateway's key: the keys alone are not enough.
	f(409, away, "PATCH", "channels/main", `{"settings":{"base_url":"https://evil.example/v1"},"keys":[{"key":"sk-canary-new-0123456789abcdef"}]}`)
	// In the editor, moving a placeholder moves the key behind it.
	text := as[contract.Config](t, r.send(client, "GET", "config", "")).Text
	f(409, away, "PUT", "config", jsonOf(t, contract.ConfigText{Text: strings.Replace(text, "https://api.example/v1", "https://evil.example/v1", 1)}))
	spare := strings.Replace(text, "    base_url: https://spare.example\n", "    base_url: https://spare.example\n    keys: ["+between(t, text, "      - ", "\n      - {")+"]\n", 1)
	f(409, away, "PUT", "config", jsonOf(t, contract.ConfigText{Text: spare}))
	// A wrong confirmation is told from a missing one, and slows guessing down.
	f(403, "confirmation_refused", "PATCH", "channels/main", `{"settings":{"base_url":"https://evil.example/v1"}}`, "x-confirm-key: wrong")
	f(403, "confirmation_refused", "PATCH", "channels/main", `{"settings":{"base_url":"https://evil.example/v1"}}`, "x-confirm-key: "+clientSecret)
	// A list of variables that grows would be a way around.
	f(422, "variable_not_allowed", "PATCH", "settings", `{"values":{"plugins.env_allow":["ALLOWED_KEY","FORBIDDEN_KEY"]}}`)
	f(200, "", "PATCH", "settings", `{"values":{"plugins.env_allow":["ALLOWED_KEY","FORBIDDEN_KEY"]}}`, "x-confirm-key: "+adminSecret)
	// What is harmless passes: another path on the same host, and everything where the keys were typed or confirmed.
	f(200, "", "PATCH", "channels/main", `{"settings":{"base_url":"https://api.example/v2"}}`)
	f(200, "", "PATCH", "channels/main", `{"settings":{"base_url":"https://new.example/v1","headers":{"x-gateway":"`+headerSecret+`"}},"keys":[{"key":"`+mainSecret+`"}]}`)
	f(200, "", "PATCH", "channels/main", `{"settings":{"base_url":"https://newer.example/v1"}}`, "x-confirm-key: "+adminSecret)
	// The command line presents the admin key with every request.
	if a := r.program("PATCH", "channels/main", `{"settings":{"base_url":"https://newest.example/v1"}}`, "if-match: *"); a.StatusCode != 200 {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	// A way back to where the keys went before is a way elsewhere too.
	history := as[contract.History](t, r.send(client, "GET", "config/history", ""))
	oldest := history.Items[len(history.Items)-1]
	f(409, away, "POST", "config/rollback", `{"id":"`+oldest.ID+`"}`)
	f(200, "", "POST", "config/rollback", `{"id":"`+oldest.ID+`"}`, "x-confirm-key: "+adminSecret)
	if r.file() != sample {
		t.Errorf("rolled back to\n%s", r.file())
	}
}

func between(t *testing.T, text, from, to string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, from)
	part, _, ok2 := strings.Cut(rest, to)
	for ok && ok2 && !strings.Contains(part, "hidden:") {
		_, rest, ok = strings.Cut(rest, from)
		part, _, ok2 = strings.Cut(rest, to)
	}
	if !ok || !ok2 {
		t.Fatalf("%q is not there: %s", from, text)
	}
	return part
}
