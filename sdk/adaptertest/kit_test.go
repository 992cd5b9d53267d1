package adaptertest_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

var update = flag.Bool("update", false, "rewrite the goldens in testdata")

func native(wrong string) runner.Runner { return runner.Native(mini{wrong, new(int)}) }

func TestRightAdapter(t *testing.T) {
	adaptertest.Run(t, native(""), "testdata", adaptertest.Options{Update: *update, Fields: true})
}

// Each wrong of mini must be found by the check that is there for it, in the case named.
func TestWrongAdapters(t *testing.T) {
	f := func(wrong, in, check, message string) {
		t.Helper()
		cases, err := adaptertest.Load("testdata")
		if err != nil {
			t.Fatal(err)
		}
		s := adaptertest.NewSuite(native(wrong), cases, adaptertest.Options{Fields: true})
		r := s.CheckAdapter()
		r.Findings = append(r.Findings, s.CheckErrors().Findings...)
		for _, c := range append(s.Generic(), cases...) {
			if c.Name == in {
				r = s.Check(c)
			}
		}
		for _, finding := range r.Findings {
			if r.Case == in && finding.Check == check && strings.Contains(finding.Message, message) {
				return
			}
		}
		t.Errorf("%s: not found by %s/%s %q; found: %v", wrong, in, check, message, r.Findings)
	}

	// the manifest and the adapter as a whole
	f("manifest", "", "manifest", "Mini Adapter")
	f("credentials", "", "manifest", "x-api-key")
	f("any option", "", "options", "is taken")
	f("nil failure", "", "errors", "status 503")
	f("wrong class", "", "errors", "status 401: class invalid")

	f("blames the client", "", "errors", "status 401: class invalid")
	f("repeats the body", "", "errors", "no message")
	f("refuses to count", "", "operations", "count_tokens")

	// the kit's own cases
	f("silent tools", "requests/tools", "reach", "tools[0].name does not reach")
	f("refuses streams", "requests/stream", "taken", "every adapter takes text")
	f("blames the client for tools", "requests/tools", "taken", "class unsupported")
	f("refuses without a field", "requests/tools", "taken", "names the field")

	// the request
	f("shouts", "text", "contract", "lower case")
	f("host header", "text", "contract", "content-length belongs to the host")
	f("foreign stop", "text", "contract", "none of the client's")
	f("no body", "text", "contract", "no body")
	f("half a local answer", "local", "contract", "no done")
	f("not native", "pass-through", "contract", "native: claude")
	f("removes text", "pass-through", "contract", "only model and whole thinking blocks")
	f("refuses tool turns", "text", "prefix", "another turn with a tool call")
	f("framing", "lines", "contract", "JSON lines")
	f("header", "text", "secret", "authorization")
	f("query key", "text", "secret", "path")
	f("path", "text", "contract", "https://example.com")
	f("broken body", "text", "json", "no JSON")
	f("splice", "text", "contract", "splices without pass-through")
	f("loss path", "text", "contract", "array positions")
	f("silent drop", "losses", "fields", "temperature")
	f("unstable prefix", "text", "prefix", "change at byte")
	f("read extern", "long-text", "golden", "differs")
	f("read extern", "text", "long", "messages[0].content of more than 16 KiB is lost")

	// purity and lifetimes
	f("impure", "text", "pure", "the upstream body differs")
	f("keeps values", "stream", "lifetime", "differ")
	f("ids from call", "tools", "lifetime", "the ops differ")
	f("broken details", "refused", "contract", "no JSON object")
	f("nameless remedy", "refused", "contract", "no name")
	f("past retry", "refused", "contract", "negative")
	f("silent failure", "refused", "contract", "no message")
	f("internal", "refused", "contract", "own fault")
	f("details alias", "refused", "lifetime", "the failure differs")

	// the answer
	f("plain error", "stream", "contract", "own fault")
	f("bad ops", "stream", "contract", "refused")
	f("counts events", "stream", "golden", "differs")
	f("done at first", "stream", "split", "behind done")
	f("done at first", "lines", "cut", "called complete")
	f("end is done", "stream", "cut", "called complete")
	f("talks behind done", "stream", "contract", "behind done")
	f("unclosed args", "tools", "render", "refused")
	f("no done", "whole", "contract", "neither an error nor a done op")
	f("panic on garbage", "stream", "garbage", "panicked")
	f("internal on garbage", "stream", "garbage", "own fault")
}

// A case that breaks a rule on purpose can say so.
func TestSkip(t *testing.T) {
	data, err := os.ReadFile("testdata/tools.txtar")
	if err != nil {
		t.Fatal(err)
	}
	with := func(words string) *adaptertest.Report {
		text := strings.Replace(string(data), "-- skip --\n", "-- skip --\n"+words+" ", 1)
		c, err := adaptertest.Parse("tools", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return adaptertest.NewSuite(native("unclosed args"), []*adaptertest.Case{c}, adaptertest.Options{}).Check(c)
	}
	if r := with("golden"); r.OK() {
		t.Error("skipping the goldens hides what the other checks find")
	}
	if r := with("golden render cut garbage pure lifetime split"); !r.OK() {
		t.Errorf("skipped, but found: %v", r.Findings)
	}
	if _, err := adaptertest.Parse("x", []byte("-- skip --\nrendr\n")); err == nil || !strings.Contains(err.Error(), "rendr") {
		t.Errorf("a word that is no check: %v", err)
	}
}

// -update writes goldens that then hold, keeps the inputs byte for byte, and leaves a good file alone.
func TestUpdate(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".txtar")
		bare, err := adaptertest.Parse(name, stripGoldens(data))
		if err != nil {
			t.Fatal(err)
		}
		r := adaptertest.NewSuite(native(""), []*adaptertest.Case{bare}, adaptertest.Options{Update: true}).Check(bare)
		again, err := adaptertest.Parse(name, r.File)
		if err != nil {
			t.Fatal(err)
		}
		second := adaptertest.NewSuite(native(""), []*adaptertest.Case{again}, adaptertest.Options{}).Check(again)
		if !second.OK() {
			t.Errorf("%s: after an update: %v", name, second.Findings)
		}
		if string(second.File) != string(r.File) {
			t.Errorf("%s: a second update changes the file", name)
		}
		if string(r.File) != string(data) {
			t.Errorf("%s: the update differs from the file that is there:\n%s", name, r.File)
		}
	}
}

// recorder stands for *testing.T.
type recorder struct {
	name   string
	errors *[]string
}

type stopped struct{}

func (r recorder) Helper()                         {}
func (r recorder) Logf(format string, args ...any) {}
func (r recorder) Errorf(format string, args ...any) {
	*r.errors = append(*r.errors, r.name+fmt.Sprintf(format, args...))
}
func (r recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(stopped{})
}
func (r recorder) Run(name string, f func(recorder)) bool {
	f(recorder{name + ": ", r.errors})
	return true
}

// run is Run with a recorder.
func run(dir string, o adaptertest.Options) (errors []string) {
	defer func() {
		if p := recover(); p != nil && p != any(stopped{}) {
			panic(p)
		}
	}()
	adaptertest.Run(recorder{errors: &errors}, native(""), dir, o)
	return errors
}

// Run finds differences with a diff, writes files with Update, and does not take an empty folder for a success.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	if errors := run(dir, adaptertest.Options{}); len(errors) != 1 || !strings.Contains(errors[0], "no *.txtar") {
		t.Errorf("an empty folder: %q", errors)
	}
	file := filepath.Join(dir, "one.txtar")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const bare = "One.\n\n-- upstream.sse --\ndata: {\"say\":\"a\"}\n\ndata: {\"why\":\"end\"}\n\n"
	write(bare)
	if errors := run(dir, adaptertest.Options{}); len(errors) != 2 || !strings.Contains(errors[0], "one: golden ops: the case has no such section") ||
		!strings.Contains(errors[0], "\n+ text 0 \"a\"\n") {
		t.Errorf("without goldens: %q", errors)
	}
	if errors := run(dir, adaptertest.Options{Update: true}); len(errors) != 0 {
		t.Errorf("updating: %q", errors)
	}
	if errors := run(dir, adaptertest.Options{}); len(errors) != 0 {
		t.Errorf("after updating: %q", errors)
	}
	data, err := os.ReadFile(file)
	if err != nil || !strings.HasPrefix(string(data), bare) {
		t.Errorf("%s %v", data, err)
	}
	write(strings.Replace(string(data), "text 0 \"a\"", "text 0 \"b\"", 1))
	if errors := run(dir, adaptertest.Options{}); len(errors) != 1 || !strings.Contains(errors[0], "- text 0 \"b\"\n+ text 0 \"a\"\n  stop end_turn\n") {
		t.Errorf("a difference: %q", errors)
	}
	write(string(data) + "-- failure --\nat: end\n")
	if errors := run(dir, adaptertest.Options{}); len(errors) != 1 || !strings.Contains(errors[0], "nothing came out\n- at: end\n") {
		t.Errorf("a section too many: %q", errors)
	}
	write("-- nonsense --\n")
	if errors := run(dir, adaptertest.Options{}); len(errors) != 1 || !strings.Contains(errors[0], "nonsense") {
		t.Errorf("a bad file: %q", errors)
	}
}

// stripGoldens takes the golden sections out of a file.
func stripGoldens(data []byte) []byte {
	var out []string
	keep := true
	for _, line := range strings.SplitAfter(string(data), "\n") {
		if strings.HasPrefix(line, "-- ") && strings.HasSuffix(strings.TrimSpace(line), " --") {
			keep = true
			for _, golden := range []string{"upstream.request", "losses", "ops", "client.sse", "answer.json", "failure"} {
				name := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(line), " --"), ".quoted")
				keep = keep && name != "-- "+golden
			}
		}
		if keep {
			out = append(out, line)
		}
	}
	return []byte(strings.Join(out, ""))
}
