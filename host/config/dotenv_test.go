package config

import (
	"maps"
	"strings"
	"testing"
)

func TestF18DotEnv(t *testing.T) {
	f := func(text string, want map[string]string) {
		t.Helper()
		env, problems := parseDotEnv(".env", []byte(text))
		if len(problems) > 0 {
			t.Errorf("%q: %v", text, problems)
		}
		if !maps.Equal(env.values, want) {
			t.Errorf("%q: got %q, want %q", text, env.values, want)
		}
		for name := range want {
			if env.lines[name] == 0 {
				t.Errorf("%q: no line for %s", text, name)
			}
		}
	}
	one := func(text, value string) { t.Helper(); f(text, map[string]string{"A": value}) }
	// Nothing.
	f("", map[string]string{})
	f("\n\r\n# only a comment\n", map[string]string{})
	// The plain form, with and without a line break at the end.
	one("A=b", "b")
	one("A=b\n", "b")
	one("A=b\r\n", "b")
	// A byte order mark, alone and with CRLF.
	one("\uFEFFA=b\n", "b")
	f("\uFEFFA=b\r\nB=c\r\n", map[string]string{"A": "b", "B": "c"})
	// Spaces around everything.
	one("  A = b  \n", "b")
	one("\tA\t=\tb\t\n", "b")
	// export, and the form of YAML.
	one("export A=b", "b")
	one("export   A = b", "b")
	one("A: b", "b")
	// Quotes of both kinds, with what must survive in them.
	one(`A="b c"`, "b c")
	one(`A='b c'`, "b c")
	one(`A="b # c"`, "b # c")
	one(`A="b" # a comment`, "b")
	one(`A='$NOT $5 \n'`, `$NOT $5 \n`)
	one(`A="b\nc"`, "b\nc")
	one("A=\"b\nc\"", "b\nc")
	one(`A="b \"c\" d"`, `b "c" d`)
	one(`A="  b  "`, "  b  ")
	// Comments.
	one("A=b # c", "b")
	one("A=b#c", "b#c")
	one("# A=x\nA=b", "b")
	// Empty values.
	one("A=", "")
	one("A=\"\"", "")
	f("A=\nB=c", map[string]string{"A": "", "B": "c"})
	// Signs that other readers stumble over.
	one("A=b=c==", "b=c==")
	one("A=sk-ant-api03-b_c", "sk-ant-api03-b_c")
	one("A=http://x:1/?y=z&w", "http://x:1/?y=z&w")
	// Characters of any script.
	one("A=密钥🔑", "密钥🔑")
	one("A=\"日本 語\"", "日本 語")
	// The last one wins, and refers to those before.
	one("A=b\nA=c", "c")
	f("B=x\nA=${B}/y", map[string]string{"B": "x", "A": "x/y"})
}

func TestDotEnvProblems(t *testing.T) {
	f := func(text string, line int, severity Severity, part string) {
		t.Helper()
		_, problems := parseDotEnv(".env", []byte(text))
		if len(problems) != 1 {
			t.Errorf("%q: %v", text, problems)
			return
		}
		p := problems[0]
		if p.Line != line || p.Col != 1 || p.File != ".env" || p.Severity != severity || !strings.Contains(p.String(), part) {
			t.Errorf("%q: got %v", text, p)
		}
		if strings.Contains(p.String(), "canary") {
			t.Errorf("%q: leaks: %v", text, p)
		}
	}
	// Lines that set nothing.
	f("A=b\ncanary-without-name\nC=d\n", 2, Error, "does not set a variable")
	f("A=b\n\"A\"=canary\n", 2, Error, "does not set a variable")
	f("canary", 1, Error, "does not set a variable")
	f("=canary", 1, Error, "does not set a variable")
	f("A=\"b\" canary\n", 1, Error, "does not set a variable")
	// Quotes that stay open.
	f("A=b\nB=\"canary\nC=d\n", 2, Error, "not closed")
	f("A='canary\n", 1, Error, "not closed")
	// Other encodings.
	f("\xff\xfeA\x00=\x00", 1, Error, "UTF-16")
	f("A=b\nB=\xff\n", 2, Error, "UTF-8")
	f("A=b\nB=\x00\n", 2, Error, "UTF-8")
	// A $ that a variable was made of.
	f("A=canary$KEY\n", 1, Warning, "single quotes")
	f("A=\"canary${KEY}\"\n", 1, Warning, "single quotes")
}

// TestDotEnvInLoad: .env beside the file is found, its mistakes are errors and
// its values have their lines.
func TestDotEnvInLoad(t *testing.T) {
	folder := files{"d/plugins.yaml": "version: 1\n", "d/.env": "\uFEFF# old\r\nPORT=4000\r\nPROXY_ACCESS_KEY='canary-access-key'\r\n"}
	c, report := Load(LoadOptions{Path: "d/plugins.yaml", Open: folder.open, LookupEnv: noEnv})
	if len(report.Problems) > 0 {
		t.Fatal(report)
	}
	if c.Server.Listen != "127.0.0.1:4000" || c.Auth.Keys[0].Key.Reveal() != "canary-access-key" {
		t.Errorf("got %+v", c)
	}
	if got := c.Origin("server.listen"); got != (Origin{FromDotEnv, "PORT", 2}) {
		t.Errorf("origin %v", got)
	}
	// The real environment wins, name by name.
	c, _ = Load(LoadOptions{Path: "d/plugins.yaml", Open: folder.open, LookupEnv: mapEnv(map[string]string{"PORT": "5000", "PROXY_ACCESS_KEY": ""})})
	if c.Server.Listen != "127.0.0.1:5000" || c.Auth.Keys[0].Key.Reveal() != "canary-access-key" {
		t.Errorf("got %+v", c)
	}
	// A mistake keeps the configuration from being used, and has a place.
	folder["d/.env"] = "A=b\nPORT=canary-port\n"
	_, report = Load(LoadOptions{Path: "d/plugins.yaml", Open: folder.open, LookupEnv: noEnv})
	if got := report.String(); got != `d/.env:2:1  PORT (server.listen): "canary-port" is not a port from 0 to 65535` {
		t.Errorf("got %q", got)
	}
	folder["d/.env"] = "canary\n"
	if _, report = Load(LoadOptions{Path: "d/plugins.yaml", Open: folder.open, LookupEnv: noEnv}); !report.Failed() {
		t.Error("a broken .env is accepted")
	}
	folder["d/.env"] = strings.Repeat("#", maxDotEnv+1)
	if _, report = Load(LoadOptions{Path: "d/plugins.yaml", Open: folder.open, LookupEnv: noEnv}); !report.Has(CodeUnreadable) {
		t.Error("a .env without end is accepted")
	}
	// Another place.
	folder["x.env"] = "PORT=6000"
	c, _ = Load(LoadOptions{Path: "d/plugins.yaml", DotEnv: "x.env", Open: folder.open, LookupEnv: noEnv})
	if c == nil || c.Server.Listen != "127.0.0.1:6000" {
		t.Errorf("got %+v", c)
	}
}

func FuzzDotEnv(f *testing.F) {
	for _, seed := range []string{"A=b\n", "export A='b'\r\n", "A=\"b\nc\"", "\uFEFFA: $B", "=x", "A", "A=\"", "#\n\n A = ${B} # c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, problems := parseDotEnv(".env", []byte(text))
		lines := max(len(splitLines(strings.ReplaceAll(text, "\r\n", "\n"))), 1)
		for _, p := range problems {
			if p.Line < 1 || p.Line > lines || p.Snippet.Text != "" {
				t.Errorf("%q: %+v", text, p)
			}
		}
	})
}
