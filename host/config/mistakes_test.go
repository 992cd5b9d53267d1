package config

import (
	"fmt"
	"strings"
	"testing"
)

// TestMistakes has one line for each mistake: the text below "version: 1", the
// place, and parts of what is said about it.
func TestMistakes(t *testing.T) {
	f := func(text, place string, parts ...string) {
		t.Helper()
		_, report := load("version: 1\n"+text+"\n", nil)
		for _, p := range report.Problems {
			if fmt.Sprintf("%d:%d %s", p.Line, p.Col, p.Path) != place {
				continue
			}
			full := p.String()
			for _, part := range parts {
				if !strings.Contains(full, part) {
					t.Errorf("%s\nwants %q in\n%s", text, part, full)
				}
			}
			if len(report.Problems) > 1 {
				t.Errorf("%s\nwants one problem, got\n%v", text, report)
			}
			return
		}
		t.Errorf("%s\nwants a problem at %s, got\n%v", text, place, report)
	}
	channel := func(more string) string {
		return "channels:\n  - name: main\n    adapter: openai\n    base_url: http://x\n    " + more
	}
	key := func(more string) string {
		return "auth:\n  keys:\n    - name: me\n      key: canary-client-key\n      " + more
	}

	// Unknown keys.
	f("sevrer: {}", "2:1 ", `"sevrer" is not a known key`, `did you mean "server"?`, "allowed: version, server")
	f("listen: x", "2:1 ", `"listen" belongs under server`)
	f("baseUrl: x", "2:1 ", `"base_url" belongs under channels[]`)
	f("server: { web-ui: true }", "2:11 server", `did you mean "web_ui"?`)
	f("server: { port: 3000 }", "2:11 server", `did you mean "listen"?`)
	f(channel("apiKeys: []"), "6:5 channels[0]", `did you mean "keys"?`)
	f(channel("timeouts: { first-byte: 1s }"), "6:17 channels[0].timeouts", `did you mean "first_byte"?`)
	f("routing: { models: { a: [ { chanel: main } ] } }\n"+channel(""), `2:29 routing.models["a"][0]`, `did you mean "channel"?`)
	// Keys that are set twice.
	f("log: { level: info, level: warn }", "2:21 log", `"level" is set twice: on line 2 already`)
	f("log: {}\nserver: {}\nlog: {}", "4:1 ", `"log" is set twice: on line 2 already`)
	f(channel("models: { a: b, a: c }"), "6:21 channels[0].models", "is set twice")
	f(channel("options: { a: { b: 1, b: 2 } }"), "6:27 channels[0].options.a", "is set twice")
	// The wrong kind or type.
	f("server: 3000", "2:9 server", "a number stands where a mapping belongs")
	f("server: []", "2:9 server", "a list stands where a mapping belongs")
	f("channels: {}", "2:11 channels", "a mapping stands where a list belongs")
	f("channels: main", "2:11 channels", "text stands where a list belongs", "put it in [ ]")
	f("log: { level: [info] }", "2:15 log.level", "a list stands where text belongs")
	f("log: { level: }", "2:15 log.level", "nothing stands where text belongs")
	f("log: { requests: }", "2:18 log.requests", "nothing stands where true or false belongs")
	f("log: { requests: yes }", "2:18 log.requests", `"yes" is neither true nor false`, `did you mean "true"?`)
	f(`log: { requests: "true" }`, "2:18 log.requests", "is text", "remove the quotes")
	f("log: { requests: 1 }", "2:18 log.requests", "a number stands where true or false belongs")
	f(`log: { recent: "5" }`, "2:16 log.recent", "is text", "remove the quotes")
	f("log: { recent: 1.5 }", "2:16 log.recent", `"1.5" is not a whole number`)
	f("log: { recent: many }", "2:16 log.recent", `"many" is not a whole number`)
	f("log: { recent: 010 }", "2:16 log.recent", "starts with a zero", `did you mean "10"?`)
	f("log: { level: !secret x }", "2:15 log.level", "a YAML tag stands where plain text belongs")
	f("? [a, b]\n: c", "2:3 ", "a list stands where a key belongs")
	f("<<: text", "2:5 ", "text stands where << needs a mapping")
	// Numbers, sizes and durations.
	f("log: { recent: -1 }", "2:16 log.recent", `"-1" is less than 0`, "allowed: 0 to 1000000")
	f("log: { recent: 99999999999999999999 }", "2:16 log.recent", "is more than")
	f("routing: { attempts: 0 }", "2:22 routing.attempts", "allowed: 1 to 16")
	f("plugins: { limits: { fuel_start: 0 } }", "2:34 plugins.limits.fuel_start", "allowed: 1 or more")
	f(channel("weight: -1"), "6:13 channels[0].weight", "less than 1")
	f(channel("priority: -1"), "6:15 channels[0].priority", "less than 0")
	f("server: { request_timeout: 180 }", "2:28 server.request_timeout", "without a unit", `did you mean "180s"?`)
	f("server: { request_timeout: 180000 }", "2:28 server.request_timeout", `did you mean "180000ms"?`)
	f("server: { request_timeout: 3 minutes }", "2:28 server.request_timeout", "is not a duration", "10m")
	f("server: { request_timeout: -3s }", "2:28 server.request_timeout", "less than 1ms")
	f("server: { request_timeout: 0s }", "2:28 server.request_timeout", "allowed: 1ms to 24h")
	f("server: { drain_timeout: 1000h }", "2:26 server.drain_timeout", "more than 24h")
	f("server: { body_limit: 32M }", "2:23 server.body_limit", `did you mean "32MiB"?`)
	f("server: { body_limit: 1.5MiB }", "2:23 server.body_limit", "is not a size")
	f("server: { body_limit: 10 }", "2:23 server.body_limit", "less than 1KiB")
	f("server: { body_limit: 9999999999GiB }", "2:23 server.body_limit", "too large")
	// Addresses.
	f("server: { listen: 3000 }", "2:19 server.listen", `did you mean "127.0.0.1:3000"?`)
	f("server: { listen: localhost }", "2:19 server.listen", `did you mean "localhost:3000"?`)
	f("server: { listen: http://localhost:3000 }", "2:19 server.listen", `did you mean "localhost:3000"?`)
	f("server: { listen: localhost:70000 }", "2:19 server.listen", "port that is not 0 to 65535")
	f("server: { listen: \"a b:80\" }", "2:19 server.listen", "host that is not a name")
	f("server: { listen: 1.2.3:80 }", "2:19 server.listen", "host that is not a name")
	f("server: { listen: 0.0.0.0:3000 }", "2:19 server.listen", "no client key is configured", "PROXY_ACCESS_KEY")
	f("server: { listen: \":3000\" }", "2:19 server.listen", "reachable from other machines")
	f("server: { listen: \"[::]:3000\" }", "2:19 server.listen", "reachable from other machines")
	f("server: { health_path: health }", "2:24 server.health_path", `did you mean "/health"?`)
	f("server: { health_path: /health/ }", "2:24 server.health_path", "ends with a slash")
	f("server: { health_path: /v1/health }", "2:24 server.health_path", "belongs to the proxy")
	f("server: { health_path: / }", "2:24 server.health_path", "web UI")
	f("server: { trusted_proxies: [10.0.0.0/33] }", "2:29 server.trusted_proxies[0]", "is not a network")
	f("server: { trusted_proxies: [10.0.0.1/8] }", "2:29 server.trusted_proxies[0]", `did you mean "10.0.0.0/8"?`)
	f("server: { allowed_hosts: [https://a.example/x] }", "2:27 server.allowed_hosts[0]", `did you mean "a.example"?`)
	f("server: { allowed_hosts: [a.example:80] }", "2:27 server.allowed_hosts[0]", `did you mean "a.example"?`)
	f("server: { cors: { origins: [a.example] } }", "2:29 server.cors.origins[0]", `did you mean "https://a.example"?`)
	f("server: { cors: { origins: [https://a.example/] } }", "2:29 server.cors.origins[0]", `did you mean "https://a.example"?`)
	f("server: { cors: { origins: [https://u:canary@a.example] } }", "2:29 server.cors.origins[0]", "user or password", "[…]")
	f("server: { cors: { enabled: true } }", "2:28 server.cors.enabled", "warning", "no effect")
	f("server: { state_dir: \"\" }", "2:22 server.state_dir", "the path is empty")
	f("server: { state_dir: ~/state }", "2:22 server.state_dir", "only a shell", `did you mean "${HOME}/state"?`)
	// Choices.
	f("log: { level: warning }", "2:15 log.level", `did you mean "warn"?`, "allowed: error, warn, info, debug")
	f("log: { level: INFO }", "2:15 log.level", `did you mean "info"?`)
	f("log: { bodies: false }", "2:16 log.bodies", `did you mean "off"?`)
	f("routing: { strategy: roundrobin }", "2:22 routing.strategy", `did you mean "round-robin"?`)
	f("routing: { affinity: on }", "2:22 routing.affinity", "allowed: auto, off")
	f(channel("loss: deny"), "6:11 channels[0].loss", "allowed: allow, warn, strict")
	// Client keys.
	f("auth: { keys: [ { name: me } ] }", "2:17 auth.keys[0]", "key is missing")
	f("auth: { keys: [ { key: canary-client-key } ] }", "2:17 auth.keys[0]", "name is missing")
	f("auth: { keys: [ { name: me, key: \"\" } ] }", "2:34 auth.keys[0].key", "the key is empty")
	f("auth: { keys: [ { name: me, key: ~ } ] }", "2:34 auth.keys[0].key", "nothing stands where text belongs")
	f("auth: { keys: [ { name: me, key: your-api-key } ] }", "2:34 auth.keys[0].key", "warning", "nobody can use this key", "sample")
	f("auth: { keys: [ { name: me, key: \"${NO_SUCH}\" } ] }", "2:34 auth.keys[0].key", "warning", "NO_SUCH is not set")
	f("auth: { keys: [ { name: env, key: canary-client-key } ] }", "2:25 auth.keys[0].name", "PROXY_ACCESS_KEY")
	f(key("admin: true")+"\n    - { name: me, key: canary-other-key }", "7:15 auth.keys[1].name", "two client keys: see line 4")
	f(key("admin: true")+"\n    - { name: you, key: canary-client-key }", "7:25 auth.keys[1].key", "the same key as auth.keys[0] on line 4")
	f(key("expires: 2027-01-31"), "6:16 auth.keys[0].expires", `did you mean "2027-01-31T00:00:00Z"?`)
	f(key("expires: tomorrow"), "6:16 auth.keys[0].expires", "RFC 3339")
	f(key("models: [\"!\"]"), "6:16 auth.keys[0].models[0]", "excludes nothing")
	f(key("rpm: -1"), "6:12 auth.keys[0].rpm", "less than 0")
	f(key("secret: canary-lost-key"), "6:7 auth.keys[0]", `did you mean "key"?`)
	f(key("canary-lost-key: x"), "6:7 auth.keys[0]", "a key that is not known")
	// Channels.
	f("channels: [ { adapter: openai, base_url: http://x } ]", "2:13 channels[0]", "name is missing")
	f("channels: [ { name: main, base_url: http://x } ]", "2:13 channels[0]", "adapter is missing")
	f("channels: [ { name: main, adapter: openai } ]", "2:13 channels[0]", "base_url is missing")
	f("channels: [ { name: a/b, adapter: openai, base_url: http://x } ]", "2:21 channels[0].name", "is not a name")
	f("channels: [ { name: \" a\", adapter: openai, base_url: http://x } ]", "2:21 channels[0].name", "is not a name")
	f(channel("")+"\n  - { name: main, adapter: openai, base_url: http://x }", "7:13 channels[1].name", "two channels: see line 3")
	f("channels: [ { name: a, adapter: opnai, base_url: http://x } ]", "2:33 channels[0].adapter", "warning", `did you mean "openai"?`)
	f("channels: [ { name: a, adapter: acme.wasm, base_url: http://x } ]", "2:33 channels[0].adapter", `did you mean "acme"?`)
	f("channels: [ { name: a, adapter: ../acme, base_url: http://x } ]", "2:33 channels[0].adapter", "is not the name of an adapter")
	base := func(url, part string) {
		t.Helper()
		f("channels: [ { name: a, adapter: openai, base_url: \""+url+"\" } ]", "2:51 channels[0].base_url", part)
	}
	base("api.openai.com/v1", `did you mean "https://api.openai.com/v1"?`)
	base("ftp://x", "not an http or https URL")
	base("http://", "has no host")
	base("https://user:canary@x", "user or password")
	base("https://x/v1?key=canary", "holds a query")
	base("https://x/v1#", "holds a fragment")
	base("https://x:99999", "is not 1 to 65535")
	base("https://x:", "is not 1 to 65535")
	base("https://x/../v1", "dot segment")
	base("https://x//v1", "empty segment")
	base("https://x y/", "is not a URL")
	base("https://x/v1/chat/completions", `did you mean "https://x/v1"?`)
	base("https://x/api/v1/messages/", `did you mean "https://x/api/v1"?`)
	base("", "is not an http or https URL")
	f(channel("auth: basic"), "6:11 channels[0].auth", "bearer, header:NAME, none")
	f(channel("auth: \"header:\""), "6:11 channels[0].auth", "bearer, header:NAME, none")
	f(channel("auth: \"header:a b\""), "6:11 channels[0].auth", "bearer, header:NAME, none")
	f(channel("auth: \"header:cookie\""), "6:11 channels[0].auth", "never sent upstream")
	f(channel("website: javascript:alert(1)"), "6:14 channels[0].website", "is not an http or https URL")
	f(channel("website: example.com"), "6:14 channels[0].website", `did you mean "https://example.com"?`)
	f(channel("proxy_url: ftp://u:canary@x"), "6:16 channels[0].proxy_url", "socks5", "proxy_url: …")
	f(channel("proxy_url: proxy:8080"), "6:16 channels[0].proxy_url", "socks5://host:port")
	f(channel("proxy_url: http://x/path"), "6:16 channels[0].proxy_url", "more than a scheme")
	f(channel("ca_file: none.pem"), "6:14 channels[0].ca_file", `cannot read "none.pem": file does not exist`)
	f(channel("serves: [\"a b\"]"), "6:14 channels[0].serves[0]", "holds a space")
	f(channel("models: { \"!a\": b }"), "6:15 channels[0].models", "which only a list understands")
	f(channel("models: { a: \"b*\" }"), "6:18 channels[0].models[\"a\"]", "stands on the left only")
	f(channel("models: { a: \"\" }"), "6:18 channels[0].models[\"a\"]", "is empty")
	f(channel("limits: { models: { a: 0 } }"), `6:28 channels[0].limits.models["a"]`, "less than 1")
	f(channel("options: [a]"), "6:14 channels[0].options", "a list stands where a mapping belongs")
	f(channel("options: { a: .inf }"), "6:19 channels[0].options.a", "cannot express this number")
	f(channel("options: { a: !x b }"), "6:19 channels[0].options.a", "a YAML tag")
	f(channel("options: { a: \"${NO_SUCH}\" }"), "6:19 channels[0].options.a", "NO_SUCH is not set")
	// Headers.
	header := func(entry, place, part string) {
		t.Helper()
		f(channel("headers: { "+entry+" }"), place, part)
	}
	for _, name := range []string{"Authorization", "X-Api-Key", "x-goog-api-key", "Cookie", "Host", "Connection",
		"Keep-Alive", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "Content-Length", "Accept-Encoding"} {
		header(name+": canary-header", "6:16 channels[0].headers", `"`+name+`"`)
	}
	header("\"a b\": x", "6:16 channels[0].headers", "not the name of a header")
	header("\"a:\": x", "6:16 channels[0].headers", "not the name of a header")
	header("\"\": x", "6:16 channels[0].headers", "not the name of a header")
	header("é: x", "6:16 channels[0].headers", "not the name of a header")
	header(`x-a: "canary\nheader"`, `6:21 channels[0].headers["x-a"]`, "line break")
	header(`x-a: "canary\0header"`, `6:21 channels[0].headers["x-a"]`, "control character")
	header(`x-a: [1]`, `6:21 channels[0].headers["x-a"]`, "a list stands where text belongs")
	header(`x-a: "${NO_SUCH}"`, `6:21 channels[0].headers["x-a"]`, "NO_SUCH is not set")
	header("x-a: 1, X-A: 2", `6:29 channels[0].headers["X-A"]`, "letter case does not count")
	// Upstream keys.
	keys := func(entry, place string, parts ...string) {
		t.Helper()
		f(channel("keys: [ "+entry+" ]"), place, parts...)
	}
	keys(`""`, "6:13 channels[0].keys[0]", "the key is empty")
	keys(`"$NAME"`, "6:13 channels[0].keys[0]", `did you mean "${NAME}"?`)
	keys(`"${NAME"`, "6:13 channels[0].keys[0]", "${NAME}")
	keys(`"${NAME:-canary}"`, "6:13 channels[0].keys[0]", "no variable name")
	keys(`"Bearer canary"`, "6:13 channels[0].keys[0]", `starts with "Bearer "`)
	keys(`"canary key"`, "6:13 channels[0].keys[0]", "holds a space")
	keys("\"canary\u200bkey\"", "6:13 channels[0].keys[0]", "not ASCII")
	keys(`"canary\nkey"`, "6:13 channels[0].keys[0]", "line break")
	keys(`[canary]`, "6:13 channels[0].keys[0]", "a list stands where a mapping belongs")
	keys(`{ label: x }`, "6:13 channels[0].keys[0]", "key is missing")
	keys(`{ key: canary-key, weight: 0 }`, "6:40 channels[0].keys[0].weight", "less than 1")
	keys(`"${NO_SUCH}"`, "6:13 channels[0].keys[0].key", "warning", "this key is not used", "NO_SUCH is not set")
	keys(`"file:none"`, "6:13 channels[0].keys[0].key", "warning", `"none" does not exist`)
	keys(`"file:"`, "6:13 channels[0].keys[0]", "followed by a path")
	keys(`"sk-…"`, "6:13 channels[0].keys[0].key", "warning", "sample")
	keys(`canary-key, canary-key`, "6:25 channels[0].keys[1]", "warning", "stands on line 6 already")
	// Routes.
	f("routing: { models: { a: [ { channel: mian } ] } }\n"+channel(""), `2:38 routing.models["a"][0].channel`, `did you mean "main"?`, "allowed: main")
	f("routing: { models: { a: [] } }", `2:25 routing.models["a"]`, "no channel is listed")
	f("routing: { models: { a: main } }", `2:25 routing.models["a"]`, "text stands where a list belongs")
	f("routing: { models: { \"\": [ { channel: main } ] } }\n"+channel(""), "2:22 routing.models", "is empty")
	// Plugins.
	f("plugins: { env_allow: [\"A-B\"] }", "2:24 plugins.env_allow[0]", "not the name of a variable")
	f("plugins: { modules: { acme: { sha256: abc } } }", `2:39 plugins.modules["acme"].sha256`, "64 hex digits")
	f("plugins: { modules: { acme: { limits: { memory: 1KiB } } } }", `2:49 plugins.modules["acme"].limits.memory`, "less than 1MiB")
	// References elsewhere.
	f("log: { level: \"${NO_SUCH}\" }", "2:15 log.level", "the variable NO_SUCH is not set")
}

// TestWholeFile has the mistakes that are not about one value.
func TestWholeFile(t *testing.T) {
	f := func(text, place string, code Code, parts ...string) {
		t.Helper()
		c, report := load(text, nil)
		if c != nil || len(report.Problems) != 1 {
			t.Errorf("%q: wants one problem, got\n%v", text, report)
			return
		}
		p := report.Problems[0]
		if got := fmt.Sprintf("%d:%d %s", p.Line, p.Col, p.Path); got != place || p.Code != code {
			t.Errorf("%q: got %s %s, want %s %s\n%v", text, got, p.Code, place, code, p)
		}
		for _, part := range parts {
			if full := p.String(); !strings.Contains(full, part) {
				t.Errorf("%q: wants %q in\n%s", text, part, full)
			}
		}
	}
	// Nothing there, or nothing there yet.
	f("", "1:1 ", CodeEmpty)
	f(" \n\n", "1:1 ", CodeEmpty)
	f("# a comment\n", "1:1 ", CodeEmpty)
	f("---\n", "1:1 ", CodeEmpty)
	f("~", "1:1 ", CodeEmpty)
	f("\x00\x00\x00\n", "1:1 ", CodeEmpty)
	// No configuration at all.
	f("text", "1:1 ", CodeType, "here is text")
	f("- a\n- b\n", "1:1 ", CodeType, "here is a list")
	f("{\"version\": 1,", "1:1 ", CodeSyntax, "not closed")
	// The version.
	f("server: {}\n", "1:1 ", CodeMissing, "version is missing", "try: version: 1")
	f("foo: 1\nversion: 2\n", "2:10 version", CodeValue, "newer", "update")
	f("version: 0\n", "1:10 version", CodeValue, "allowed: 1")
	f("version: one\n", "1:10 version", CodeType, "whole number")
	// One document only.
	f("version: 1\n---\nversion: 1\n", "3:1 ", CodeSyntax, "second document")
	// What the text is made of.
	f("version: 1\nlog: \xff\n", "2:6 ", CodeSyntax, "not UTF-8")
	f("\xff\xfev\x00", "1:1 ", CodeSyntax, "UTF-16")
	f("version: 1\nlog: {} \x07\n", "2:9 ", CodeSyntax, "control character (0x07)")
	// The syntax.
	f("version: 1\nserver:\n\tlisten: x\n", "3:2 ", CodeSyntax, "tab cannot indent", "use spaces")
	f("version: 1\nserver:\n  listen: a: b\n", "3:12 ", CodeSyntax, `": "`, "quotes")
	f("version: 1\nserver:\n    web_ui: true\n  listen: x\nlog: {}\n", "4:3 ", CodeSyntax, "does not fit", "indentation")
	f("version: 1\nlog:\n  level: \"info\n\nserver: {}\n", "3:10 ", CodeSyntax, "not closed")
	f("version: 1\nchannels: [\n  { name: a,\nlog: {}\n", "2:11 ", CodeSyntax, "not closed")
	f("version: 1\nlog: @info\n", "2:1 ", CodeSyntax, "cannot start")
	f("version: 1\nlog: *base\n", "2:1 ", CodeSyntax, "anchor")
	f("version: 1\nlog: { level: \"\\q\" }\n", "2:1 ", CodeSyntax, "backslash")
	f("version: 1\r\nserver:\r\n\tlisten: x\r\n", "3:2 ", CodeSyntax, "tab")
	f("version: 1\nlog: "+strings.Repeat("[", 10_001), "2:1 ", CodeSyntax, "nested too deeply")
	f("version: 1\nchannels: ["+strings.Repeat("{},", maxEntries+1)+"]", "2:11 channels", CodeLimit, "more than 10000")
	// Aliases that expand beyond reason, or into themselves.
	f("version: 1\n"+bomb(), "2:26 ", CodeLimit, "expand to too much")
	f("version: 1\nx-a: &a\n  <<: *a\nlog: *a\n", "3:7 log", CodeLimit, "nested too deeply")
	f("version: 1\nchannels: [ { name: a, adapter: openai, base_url: http://x, options: &o { a: *o } } ]\n",
		"2:70 channels[0].options"+strings.Repeat(".a", maxOptionsDepth), CodeLimit, "deeper than 64")
}

// bomb is nine levels of lists of nine references to the level below.
func bomb() string {
	var b strings.Builder
	b.WriteString("x-0: &x0 [a, a, a, a, a, a, a, a, a]\n")
	for i := 1; i < 9; i++ {
		fmt.Fprintf(&b, "x-%d: &x%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*x%d, ", i-1), 9), ", "))
	}
	b.WriteString("channels: [ { name: a, adapter: openai, base_url: http://x, options: { a: *x8 } } ]\n")
	return b.String()
}

// TestPrinted holds the form in which problems are shown.
func TestPrinted(t *testing.T) {
	_, report := load(`version: 1
channels:
  - name: 主要
    adapter: opnai   # canary-comment
    base_url: https://api.openai.com/v1
    wieght: 2
    keys: [canary-upstream-key-one, { key: canary-upstream-key-two, wight: 1 }]
`, nil)
	want := `plugins.yaml:4:14  warning: channels[0].adapter: no adapter is named "opnai": the channel is unavailable
    4 |     adapter: opnai
      |              ^^^^^  did you mean "openai"?  (allowed: claude, openai, openaiold, openairesponses, gemini, or a plugin's file name)
plugins.yaml:6:5  channels[0]: "wieght" is not a known key
    6 |     wieght: …
      |     ^^^^^^  did you mean "weight"?  (allowed: name, adapter, base_url, keys, auth, serves, models, enabled, priority, weight, tags, description, website, loss, headers, proxy_url, ca_file, insecure_skip_verify, timeouts, limits, options)
plugins.yaml:7:69  channels[0].keys[1]: "wight" is not a known key
    7 |     keys: […, { key: …, wight: … }]
      |                         ^^^^^  did you mean "weight"?  (allowed: key, label, weight, models, rpm, max_concurrent, enabled)`
	if got := report.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if err := report.Err(); err == nil || err.Error() != want {
		t.Errorf("Err: %v", err)
	}
}

// TestManyProblems: all at once, in the order of the file, and not without end.
func TestManyProblems(t *testing.T) {
	text := "version: 1\nserver:\n" + strings.Repeat("  unknown: 1\n", 3) + "log: { level: x }\nrouting: { attempts: 99 }\n"
	_, report := load(text, nil)
	last := 0
	for _, p := range report.Problems {
		if p.Line < last {
			t.Errorf("line %d after %d", p.Line, last)
		}
		last = p.Line
	}
	if len(report.Problems) != 5 {
		t.Errorf("%d problems:\n%v", len(report.Problems), report)
	}
	var b strings.Builder
	b.WriteString("version: 1\nserver:\n")
	for i := range 3 * maxProblems {
		fmt.Fprintf(&b, "  unknown-%d: 1\n", i)
	}
	_, report = load(b.String(), nil)
	if n := len(report.Problems); n != maxProblems+1 || report.Problems[n-1].Message != "200 more problems are not shown" {
		t.Errorf("%d problems, the last: %v", n, report.Problems[n-1])
	}
	// What is wrong in an anchored part is told once.
	_, report = load("version: 1\nx-t: &t { connect: 5 }\nchannels:\n"+
		"  - { name: a, adapter: openai, base_url: http://x, timeouts: *t }\n"+
		"  - { name: b, adapter: openai, base_url: http://x, timeouts: *t }\n", nil)
	if len(report.Problems) != 1 || report.Problems[0].Line != 2 {
		t.Errorf("anchored:\n%v", report)
	}
}
