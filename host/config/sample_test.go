package config

import (
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

const samplePath = "../../plugins.yaml"

// uncommented returns plugins.yaml with every setting live: what a user gets by
// removing "# " at the start of lines.
func uncommented(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(samplePath)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(data), "\n")
	for i, line := range lines {
		// The first line is for editors: it names the schema.
		if !strings.HasPrefix(line, "# yaml-language-server:") {
			lines[i] = strings.TrimPrefix(line, "# ")
		}
	}
	return strings.Join(lines, "\n")
}

func TestSampleAsItStands(t *testing.T) {
	c, report := Load(LoadOptions{Path: samplePath, LookupEnv: noEnv, Open: onlyFile(samplePath)})
	if len(report.Problems)+len(report.Notes) > 0 {
		t.Fatalf("problems:\n%v\n%v", report, report.Notes)
	}
	want := Default()
	want.Path, want.Dir = c.Path, c.Dir
	want.FromFile, want.Files = true, c.Files
	want.Server.StateDir, want.Plugins.Dir = "../../.claude-proxy", "../../plugins"
	want.Origins = c.Origins
	if !reflect.DeepEqual(c, want) {
		t.Errorf("not the defaults:\n%+v\n%+v", c, want)
	}
	if len(c.Files) != 2 || c.Files[0].Path != "../../.env" || c.Files[0].Sum != (File{}).Sum || c.Files[1].Path != samplePath || c.Files[1].Sum == (File{}).Sum {
		t.Errorf("files: %v", c.Files)
	}
	if len(c.Origins) != 1 || c.Origin("version").Source != FromFile {
		t.Errorf("only the version is live, got %v", c.Origins)
	}
}

func TestSampleUncommented(t *testing.T) {
	text := uncommented(t)
	c, report := load(text, map[string]string{
		"MY_CLIENT_KEY": "canary-client-key", "OPENAI_API_KEY": "canary-upstream-key", "OPENAI_API_KEY_2": "canary-second-key",
	})
	if len(report.Problems) > 0 {
		t.Fatal(report)
	}
	if len(c.Channels) != 1 || len(c.Channels[0].Keys) != 2 || len(c.Auth.Keys) != 1 {
		t.Fatalf("got %+v", c)
	}

	// Every key of the schema is there.
	present := make(map[string]bool)
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		t.Fatal(err)
	}
	keysOf(root.Content[0], "", present)
	walkSchema(func(path string, _ field, _ reflect.Type) {
		path = strings.ReplaceAll(path, "modules.*", "modules.acme")
		if strings.HasPrefix(path, "routing.models.*") {
			return // shown as an explanation: it names a channel of its own
		}
		if !present[path] {
			t.Errorf("%s is missing from plugins.yaml", path)
		}
	})
}

// TestSampleShowsDefaults reads the values off the file and compares them with
// what the program uses, where the line does not say "e.g.".
func TestSampleShowsDefaults(t *testing.T) {
	text := uncommented(t)
	c, report := load(text, map[string]string{
		"MY_CLIENT_KEY": "canary-client-key", "OPENAI_API_KEY": "canary-upstream-key", "OPENAI_API_KEY_2": "canary-second-key",
	})
	if report.Failed() {
		t.Fatal(report)
	}
	lines := strings.Split(text, "\n")
	checked := 0
	compare := func(path string, got, want reflect.Value) {
		line := c.Origins[path].Line
		if line == 0 {
			t.Errorf("%s is not set by the file", path)
			return
		}
		if strings.Contains(lines[line-1], "e.g.") {
			return
		}
		checked++
		if !reflect.DeepEqual(got.Interface(), want.Interface()) {
			t.Errorf("%s on line %d is %v, the default is %v", path, line, got, want)
		}
	}
	def := Default()
	def.Server.StateDir, def.Plugins.Dir = c.Server.StateDir, c.Plugins.Dir
	module := Module{Limits: def.Plugins.Limits}
	channel, clientKey, key := DefaultChannel(), DefaultClientKey(), DefaultKey()
	leaves(reflect.ValueOf(*c), reflect.ValueOf(*def), "", compare)
	leaves(reflect.ValueOf(c.Channels[0]), reflect.ValueOf(channel), "channels[0]", compare)
	leaves(reflect.ValueOf(c.Channels[0].Keys[1]), reflect.ValueOf(key), "channels[0].keys[1]", compare)
	leaves(reflect.ValueOf(c.Auth.Keys[0]), reflect.ValueOf(clientKey), "auth.keys[0]", compare)
	leaves(reflect.ValueOf(c.Plugins.Modules[0]), reflect.ValueOf(module), `plugins.modules["acme"]`, compare)
	if checked < 70 {
		t.Errorf("only %d values compared", checked)
	}
}

// leaves calls compare for each value below a struct that the file can set.
func leaves(got, want reflect.Value, path string, compare func(path string, got, want reflect.Value)) {
	for _, f := range fieldsOf(got.Type()) {
		at, g, w := join(path, f.name), got.Field(f.index), want.Field(f.index)
		if g.Kind() == reflect.Slice && g.Len() > 0 && !f.json {
			continue // the examples, which are compared by element
		}
		if _, ok := element(g.Type()); ok && g.Kind() == reflect.Struct {
			leaves(g, w, at, compare)
			continue
		}
		compare(at, g, w)
	}
}

func keysOf(n *yaml.Node, path string, out map[string]bool) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			at := join(path, n.Content[i].Value)
			out[at] = true
			keysOf(n.Content[i+1], at, out)
		}
	case yaml.SequenceNode:
		for _, child := range n.Content {
			keysOf(child, path+"[]", out)
		}
	}
}

// TestSampleComments holds the form of the file: what is no setting is an
// explanation, so that the rule for uncommenting stays simple.
func TestSampleComments(t *testing.T) {
	data, err := os.ReadFile(samplePath)
	if err != nil {
		t.Fatal(err)
	}
	setting := regexp.MustCompile(`^# ( *)(- )?([a-z0-9_]+:|\$\{[A-Z0-9_]+\})( |$)`)
	for i, line := range strings.Split(string(data), "\n") {
		if line == "" || line == "version: 1" || strings.HasPrefix(line, "##") || i == 0 && strings.HasPrefix(line, "# yaml-language-server:") {
			continue
		}
		m := setting.FindStringSubmatch(line)
		if m == nil {
			t.Errorf("line %d is neither a setting nor an explanation: %s", i+1, line)
		} else if len(m[1])%2 != 0 {
			t.Errorf("line %d is indented by %d", i+1, len(m[1]))
		}
	}
}

// TestSampleExplanations tries the examples inside the comments.
func TestSampleExplanations(t *testing.T) {
	c, report := load(`version: 1
routing:
  models:
    "claude-*-haiku*": [ { channel: openai-main, model: gpt-5-mini } ]
server:
  trusted_proxies: [10.0.0.0/8]
  cors: { enabled: true, origins: [https://app.example.com] }
auth:
  keys: [ { name: me, key: canary-client-key, models: [claude-*, "!*opus*"], expires: 2027-01-31T23:59:59Z } ]
channels:
  - name: openai-main
    adapter: openai
    base_url: https://api.openai.com/v1
    serves: [claude-*, "!*opus*"]
    models: { "claude-*-haiku*": gpt-5-mini }
    headers: { x-team: blue }
    limits: { models: { "gpt-4o*": 16384 } }
`, nil)
	if len(report.Problems) > 0 {
		t.Fatal(report)
	}
	if got := c.Auth.Keys[0].Expires; !got.Equal(time.Date(2027, 1, 31, 23, 59, 59, 0, time.UTC)) {
		t.Errorf("expires %v", got)
	}
	if got := c.Channels[0].Limits.Models; !slices.Equal(got, []ModelLimit{{"gpt-4o*", 16384}}) {
		t.Errorf("limits %v", got)
	}
	if got := c.Routing.Models[0].Targets[0]; got != (Target{"openai-main", "gpt-5-mini"}) {
		t.Errorf("route %v", got)
	}
}

// TestSampleNamesVariables: every variable of the environment is explained.
func TestSampleNamesVariables(t *testing.T) {
	data, err := os.ReadFile(samplePath)
	if err != nil {
		t.Fatal(err)
	}
	list := []string{"HOST", "PORT", "ENV", "NODE_ENV", "PROXY_ACCESS_KEY"}
	for _, v := range variables() {
		list = append(list, v.name)
	}
	for _, name := range list {
		if !regexp.MustCompile(`\b` + name + `\b`).Match(data) {
			t.Errorf("%s is not mentioned in plugins.yaml", strconv.Quote(name))
		}
	}
}
