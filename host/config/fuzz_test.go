package config

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzLoad: whatever the file holds, Load returns, either with a configuration
// or with problems, and each problem has a place inside the file.
func FuzzLoad(f *testing.F) {
	for _, name := range []string{"testdata/full.yaml", samplePath} {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		f.Add([]byte(strings.ReplaceAll(string(data), "\n# ", "\n")))
	}
	for _, seed := range []string{
		"", "version: 1", "version: 1\nx: &a [*a]\n", "version: 1\n<<: {server: {listen: 1}}\n", "version: 1\r\nlog:\r\n  level: 'x'\r\n",
		"version: 1\nchannels:\n- {name: a, keys: [${A}, 'file:x'], options: {a: [1, .5, 0x1, ~]}}\n",
		"version: 1\nauth: {keys: [{name: a, key: \"b\\u2028c\"}]}\n", "\uFEFFversion: 1\u2028log: |\n x\n", "version: 1\nlog: >\n  a\n\n  b\n",
		"version: 1\n? a\n: b\n", "%YAML 1.1\n---\nversion: 1\n...\n", "version: 1\nserver: !!map {listen: !!str 1}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 16<<10 {
			t.Skip()
		}
		c, report := load(string(data), map[string]string{"A": "canary-a-key"})
		if (c == nil) != report.Failed() {
			t.Fatalf("config %v, problems %v", c != nil, report)
		}
		lines := splitLines(strings.TrimPrefix(string(data), "\uFEFF"))
		for _, p := range append(report.Problems, report.Notes...) {
			text := ""
			if p.Line >= 1 && p.Line <= len(lines) {
				text = lines[p.Line-1]
			} else if p.Line != 1 {
				t.Fatalf("line %d of %d: %+v", p.Line, len(lines), p)
			}
			if p.Col < 1 || p.Col > utf8.RuneCountInString(text)+1 {
				t.Fatalf("column %d of %q: %+v", p.Col, text, p)
			}
			if s := p.Snippet; s.Start < 0 || s.Start > utf8.RuneCountInString(s.Text) || p.Message == "" || p.Code == "" || p.String() == "" {
				t.Fatalf("%+v", p)
			}
		}
		if c != nil {
			_ = fmt.Sprintf("%+v", c)
			for i := range c.Channels {
				if _, err := c.Channels[i].Endpoint("/v1/messages"); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
