package adaptertest

import (
	"strings"
	"testing"
)

// Any archive survives being written and read, whatever stands in its sections.
func FuzzArchive(f *testing.F) {
	f.Add("comment\n", "ops", "text\n")
	f.Add("", "upstream.sse", "data: {}\r\n-- ops --\n")
	f.Add("no newline", "x", "")
	f.Fuzz(func(t *testing.T, comment, name, content string) {
		if _, ok := marker([]byte("-- " + name + " --\n")); !ok || strings.ContainsAny(name, "\r\n") || strings.TrimSpace(name) != name ||
			strings.HasSuffix(name, quotedSuffix) {
			return
		}
		a := &archive{}
		a.set(name, content)
		b := parseArchive(a.format())
		have, ok, err := b.get(name)
		if err != nil || !ok || have != content {
			t.Fatalf("%q: %q became %q (%v, %v)", name, content, have, ok, err)
		}
		Parse("fuzz", []byte(comment+"\n"+string(a.format()))) // must not panic
	})
}

// What is wrong with a case is said with its name, its section and what would be right.
func TestParseErrors(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		_, err := Parse("name", []byte(text))
		if err == nil {
			t.Errorf("%q: no error", text)
			return
		}
		for _, w := range append(want, "name: ") {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%q: %q does not say %q", text, err, w)
			}
		}
	}
	f("-- client.jsn --\n{}\n", `"client.jsn"`, "client.json")
	f("-- ops --\n-- ops.quoted --\n", "ops", "twice")
	f("-- skip --\ngolden purity\n", `"purity"`, "pure")
	f("-- client.json --\n{\"model\":\n", "client.json", "host refuses")
	f("-- client.json --\n{\"a\":1,\"a\":2}\n", "duplicate key")
	f("-- upstream.sse --\n-- upstream.json --\n", "answers once")
	f("-- upstream.status --\n20x\n", "upstream.status", `"20x"`)
	f("-- upstream.text --\nhello\n", "error status")
	f("-- upstream.end --\nsoon\n", `"soon"`)
	f("-- upstream.headers --\nretry-after 3\n", "upstream.headers", "line 1")
	f("-- upstream.sse.quoted --\n\"a\"\nb\n", "upstream.sse.quoted", "line 2")
	f("-- call --\nop: message\n", "messages, count_tokens, models")
	f("-- call --\nstream: yes\n", `"yes"`)
	f("-- call --\nheader: x\n", "NAME: VALUE")
	f("-- call --\nfoo: 1\n", "no such line")
	f("-- call --\nmax_output_tokens: many\n", "many")
	f("-- call --\nop: models\n-- client.json --\n{}\n", "no client.json")
}

// The kit fills a call as the host does.
func TestCall(t *testing.T) {
	c, err := Parse("x", []byte(`comment
-- call --
model: up-model
query: beta=true
session: s1
max_output_tokens: 7
header: Anthropic-Beta: a,b
remedy: drop_param=temperature
-- client.json --
{"model":"claude","stream":true}
`))
	if err != nil {
		t.Fatal(err)
	}
	k := c.call
	if k.ClientModel != "claude" || k.Model != "up-model" || !k.Stream || k.Query != "beta=true" || k.Session != "s1" ||
		k.MaxOutputTokens != 7 || c.sent[0].Name != "anthropic-beta" || c.sent[0].Value != "a,b" || c.Comment != "comment\n" {
		t.Errorf("%+v %v", k, c.sent)
	}
	if v, ok := k.Remedy("drop_param"); !ok || v != "temperature" {
		t.Errorf("remedy %q %v", v, ok)
	}
}

func TestLevel(t *testing.T) {
	f := func(text string, want int) {
		t.Helper()
		c, err := Parse("x", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if c.Level() != want {
			t.Errorf("%q: level %d, not %d", text, c.Level(), want)
		}
	}
	f("-- upstream.json --\n{}\n", 1)
	f("-- upstream.sse --\n", 2)
	f("-- upstream.sse --\n-- ops --\ntool_start 0 \"a\" \"b\"\n", 3)
	f("-- call --\nop: models\n", 4)
	f("-- upstream.sse --\n-- ops --\ntext 0 \"a\"\nthinking 1 \"b\"\n", 4)
	f("-- upstream.status --\n500\n", 5)
	f("-- failure --\nat: begin\n", 5)
}

func TestDiff(t *testing.T) {
	f := func(a, b, want string) {
		t.Helper()
		if got := diff(a, b); got != want {
			t.Errorf("diff of %q and %q:\n%s\nwant:\n%s", a, b, got, want)
		}
	}
	f("a\nb\nc\n", "a\nx\nc\n", "  a\n- b\n+ x\n  c\n")
	f("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\n6\n7\n8\nnine\n", "  7\n  8\n- 9\n+ nine\n")
	f("a\n", "a\nb\n", "  a\n+ b\n")
	f("a", "a\n", "  (equal but for white space at the end)\n")
	f("x\n1\n2\n3\n4\n5\n6\ny\n", "X\n1\n2\n3\n4\n5\n6\nY\n", "- x\n+ X\n  1\n  2\n  ⋮\n  5\n  6\n- y\n+ Y\n")
}
