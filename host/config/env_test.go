package config

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestVariables has one line for each old name: what it is set to, and what
// that changes.
func TestVariables(t *testing.T) {
	f := func(name, value, path string, get func(*Config) any, want any) {
		t.Helper()
		for _, layer := range []Source{FromEnv, FromDotEnv} {
			folder, vars := files{"plugins.yaml": "version: 1\n"}, map[string]string{}
			if layer == FromEnv {
				vars[name] = value
			} else {
				folder[".env"] = name + "=" + value
			}
			c, report := Load(LoadOptions{Open: folder.open, LookupEnv: mapEnv(vars)})
			if report.Failed() {
				t.Errorf("%s=%s: %v", name, value, report)
				continue
			}
			if got := get(c); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s=%s: got %v, want %v", name, value, got, want)
			}
			if o := c.Origin(path); o.Source != layer || !strings.Contains(o.Name, name) || (o.Line == 1) != (layer == FromDotEnv) {
				t.Errorf("%s=%s: origin of %s is %v", name, value, path, o)
			}
		}
	}
	listen := func(c *Config) any { return c.Server.Listen }
	f("PORT", "4000", "server.listen", listen, "127.0.0.1:4000")
	f("PORT", "0", "server.listen", listen, "127.0.0.1:0")
	f("HOST", "localhost", "server.listen", listen, "localhost:3000")
	f("HOST", "::1", "server.listen", listen, "[::1]:3000")
	f("HOST", "[::1]", "server.listen", listen, "[::1]:3000")
	environment := func(c *Config) any { return c.Server.Environment }
	f("NODE_ENV", "development", "server.environment", environment, Development)
	f("NODE_ENV", "Production", "server.environment", environment, Production)
	f("ENV", "development", "server.environment", environment, Development)
	ui := func(c *Config) any { return c.Server.WebUI }
	f("ENABLE_WEB_UI", "false", "server.web_ui", ui, false)
	f("ENABLE_WEB_UI", "0", "server.web_ui", ui, false)
	f("ENABLE_WEB_UI", "YES", "server.web_ui", ui, true)
	f("LOAD_BALANCE_STRATEGY", "round-robin", "routing.strategy", func(c *Config) any { return c.Routing.Strategy }, RoundRobin)
	f("LOG_LEVEL", "DEBUG", "log.level", func(c *Config) any { return c.Log.Level }, LevelDebug)
	f("ENABLE_REQUEST_LOGS", "off", "log.requests", func(c *Config) any { return c.Log.Requests }, false)
	f("ENABLE_RESPONSE_LOGS", "no", "log.responses", func(c *Config) any { return c.Log.Responses }, false)
	timeout := func(c *Config) any { return c.Server.RequestTimeout }
	f("REQUEST_TIMEOUT", "300000", "server.request_timeout", timeout, 5*time.Minute)
	f("REQUEST_TIMEOUT", "90s", "server.request_timeout", timeout, 90*time.Second)
	f("REQUEST_TIMEOUT", "30000", "server.request_timeout", timeout, 30*time.Second)
	f("MAX_CONCURRENT_REQUESTS", "50", "server.max_concurrent_requests", func(c *Config) any { return c.Server.MaxConcurrentRequests }, 50)
	f("HEALTH_CHECK_PATH", "/healthz", "server.health_path", func(c *Config) any { return c.Server.HealthPath }, "/healthz")
	f("ENABLE_CORS", "true", "server.cors.enabled", func(c *Config) any { return c.Server.CORS.Enabled }, true)
	origins := func(c *Config) any { return c.Server.CORS.Origins }
	f("CORS_ORIGIN", "*", "server.cors.origins", origins, []string{"*"})
	f("CORS_ORIGIN", "https://a.example, http://localhost:5173", "server.cors.origins", origins, []string{"https://a.example", "http://localhost:5173"})
	f("ENABLE_RATE_LIMIT", "true", "server.rate_limit.enabled", func(c *Config) any { return c.Server.RateLimit.Enabled }, true)
	f("RATE_LIMIT_WINDOW", "90000", "server.rate_limit.window", func(c *Config) any { return c.Server.RateLimit.Window }, 90*time.Second)
	f("RATE_LIMIT_MAX_REQUESTS", "7", "server.rate_limit.max_requests", func(c *Config) any { return c.Server.RateLimit.MaxRequests }, 7)
	f("PROXY_ACCESS_KEY", "canary-access-key", "auth.keys[0]", func(c *Config) any {
		k := c.Auth.Keys[0]
		return []any{k.Name, k.Key.Reveal(), k.Admin, k.Enabled, k.Usable(), k.Ref}
	}, []any{"env", "canary-access-key", true, true, true, "${PROXY_ACCESS_KEY}"})
}

func TestVariableProblems(t *testing.T) {
	f := func(name, value string, severity Severity, parts ...string) {
		t.Helper()
		c, report := load("version: 1\n", map[string]string{name: value})
		if len(report.Problems) != 1 || (c == nil) != (severity == Error) {
			t.Errorf("%s=%s: %v", name, value, report)
			return
		}
		p := report.Problems[0]
		if p.Severity != severity || p.Line != 0 || p.File != "environment variable "+name {
			t.Errorf("%s=%s: %+v", name, value, p)
		}
		for _, part := range parts {
			if !strings.Contains(p.String(), part) {
				t.Errorf("%s=%s: wants %q in %s", name, value, part, p)
			}
		}
	}
	f("PORT", "http", Error, "is not a port")
	f("PORT", "70000", Error, "is not a port")
	f("HOST", "a b", Error, "is not a host name")
	f("HOST", "0.0.0.0", Error, "no client key")
	f("ENABLE_WEB_UI", "maybe", Error, "neither true nor false")
	f("LOAD_BALANCE_STRATEGY", "roundrobbin", Error, `did you mean "round-robin"?`)
	f("LOG_LEVEL", "trace", Error, `did you mean "debug"?`)
	f("REQUEST_TIMEOUT", "soon", Error, "is not a duration")
	f("REQUEST_TIMEOUT", "-1", Error, "less than 1ms")
	f("REQUEST_TIMEOUT", "9999999999999999", Error, "too long")
	f("REQUEST_TIMEOUT", "30000", Warning, "REQUEST_TIMEOUT is 30s", "milliseconds")
	f("MAX_CONCURRENT_REQUESTS", "0", Error, "less than 1")
	f("HEALTH_CHECK_PATH", "/v1", Error, "belongs to the proxy")
	f("CORS_ORIGIN", "example.com", Error, `did you mean "https://example.com"?`)
	f("RATE_LIMIT_MAX_REQUESTS", "1.5", Error, "is not a whole number")
	f("ENABLE_CORS", "true", Warning, "no origin is allowed")
	// Names that others set too are not worth a stop.
	f("NODE_ENV", "test", Warning, "is ignored")
	f("NODE_ENV", "dev", Warning, `did you mean "development"?`)
	f("ENV", "/etc/profile", Warning, "is ignored")
	// Keys that everyone knows, and keys that cannot be sent.
	f("PROXY_ACCESS_KEY", "your-proxy-access-key", Warning, "sample")
	f("PROXY_ACCESS_KEY", "change-me", Warning, "sample")
	f("PROXY_ACCESS_KEY", "canary with space", Error, "holds a space")
}

func TestHostAndPort(t *testing.T) {
	f := func(file, host, port, want string) {
		t.Helper()
		text := "version: 1\nauth: { keys: [ { name: a, key: canary-key } ] }\n"
		if file != "" {
			text += "server: { listen: \"" + file + "\" }\n"
		}
		c := must(t, text, map[string]string{"HOST": host, "PORT": port})
		if c.Server.Listen != want {
			t.Errorf("%q HOST=%s PORT=%s: got %s, want %s", file, host, port, c.Server.Listen, want)
		}
	}
	f("", "", "", "127.0.0.1:3000")
	f("", "0.0.0.0", "", "0.0.0.0:3000")
	f("", "0.0.0.0", "80", "0.0.0.0:80")
	f("[::1]:4000", "", "80", "[::1]:80")
	f("[::1]:4000", "localhost", "", "localhost:4000")
	f(":4000", "", "80", ":80")
	// A flag wins over both.
	c, report := Load(LoadOptions{Source: []byte("version: 1"), Open: files{}.open,
		LookupEnv: mapEnv(map[string]string{"PORT": "80"}),
		Flags:     []Override{{"server.listen", "localhost:1234", "--listen"}}})
	if c == nil || c.Server.Listen != "localhost:1234" || c.Origin("server.listen") != (Origin{FromFlag, "--listen", 0}) {
		t.Errorf("flag: %v", report)
	}
	_, report = Load(LoadOptions{Source: []byte("version: 1"), Open: files{}.open, LookupEnv: noEnv,
		Flags: []Override{{"server.listen", "0.0.0.0:1", "--listen"}, {"log.level", "loud", "--log-level"}}})
	want := []string{"--listen", "--log-level"}
	var got []string
	for _, p := range report.Problems {
		got = append(got, p.File)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("flags: %v", report)
	}
	// Both variables, from two layers, one origin.
	folder := files{"plugins.yaml": "version: 1", ".env": "HOST=localhost"}
	c, _ = Load(LoadOptions{Open: folder.open, LookupEnv: mapEnv(map[string]string{"PORT": "80"})})
	if c.Server.Listen != "localhost:80" || c.Origin("server.listen").Name != "HOST, PORT" || c.Origin("server.listen").Source != FromEnv {
		t.Errorf("two layers: %v", c.Origin("server.listen"))
	}
}

// TestAccessKeyBesideOthers: the variable adds a key, comes last, and does not
// add one that is there already.
func TestAccessKeyBesideOthers(t *testing.T) {
	env := map[string]string{"PROXY_ACCESS_KEY": "canary-access-key"}
	c := must(t, "version: 1\nauth: { keys: [ { name: a, key: canary-file-key } ] }\nserver: { listen: 0.0.0.0:1 }", env)
	if len(c.Auth.Keys) != 2 || c.Auth.Keys[0].Name != "a" || c.Auth.Keys[1].Name != "env" || c.Auth.Keys[1].Line != 0 {
		t.Errorf("got %+v", c.Auth.Keys)
	}
	c, report := load("version: 1\nauth: { keys: [ { name: a, key: \"${PROXY_ACCESS_KEY}\" } ] }", env)
	if c == nil || len(c.Auth.Keys) != 1 || len(report.Problems) != 1 || report.Problems[0].Severity != Warning {
		t.Errorf("twice: %v", report)
	}
	// A sample alone does not open the door.
	_, report = load("version: 1\nserver: { listen: 0.0.0.0:1 }", map[string]string{"PROXY_ACCESS_KEY": "your-proxy-access-key"})
	if !report.Failed() {
		t.Errorf("a sample key opens the door: %v", report)
	}
}
