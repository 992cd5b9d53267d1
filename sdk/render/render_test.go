package render_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/render"
	"github.com/claude-proxy/claude-proxy/sdk/render/grammar"
)

var update = flag.Bool("update", false, "write the expected answers of testdata anew")

// meta is what the cases are rendered with. The quotes show that id and model are escaped.
var meta = render.Meta{ID: `msg_"1"`, Model: "claude\\x", Input: 42}

// parse makes ops of their dump.
func parse(t testing.TB, dump string) []byte {
	t.Helper()
	b, err := ops.ParseDump(dump)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// checks says what apply checks.
type checks uint8

const (
	nothing  checks = iota
	atTheEnd        // the stream must be well-formed as a whole
	eachStep        // after each op, too
)

// apply renders the ops one by one.
func apply(t testing.TB, s *render.State, frame []byte, c checks) (out []byte, err error) {
	t.Helper()
	check := func() {
		if wrong := grammar.CheckPrefix(out); wrong != nil {
			t.Fatalf("the stream is ill-formed: %v\nleft of the ops:\n%s\nstream:\n%s", wrong, ops.Dump(frame), out)
		}
	}
	if c != nothing {
		defer check()
	}
	for len(frame) > 0 {
		_, rest, ok := ops.Split(frame)
		if !ok {
			rest = nil
		}
		if out, err = s.Apply(out, frame[:len(frame)-len(rest)]); err != nil {
			return out, err
		}
		if c == eachStep {
			check()
		}
		frame = rest
	}
	return out, nil
}

// TestCases renders the ops of each file in testdata as a stream and as a message. Run with -update to write the answers
// anew, and read the diff.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			about, rest, ok := strings.Cut(string(b), "-- ops --\n")
			if !ok {
				t.Fatal("there is no section ops")
			}
			dump, _, _ := strings.Cut(rest, "-- stream --\n")
			got := about + "-- ops --\n" + dump + renderCase(t, parse(t, dump))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(b) {
				t.Errorf("got:\n%s\nwant:\n%s", got, b)
			}
		})
	}
}

// renderCase renders both ways, checks both and returns the sections of the file.
func renderCase(t *testing.T, frame []byte) string {
	st, wh := render.NewStream(meta), render.NewWhole(meta)
	stream, err := apply(t, st, frame, eachStep)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := apply(t, wh, frame, nothing)
	if err != nil {
		t.Fatal(err)
	}
	if err := grammar.CheckStream(stream); err != nil {
		t.Errorf("the stream: %v", err)
	}
	if err := grammar.CheckWhole(whole); err != nil {
		t.Errorf("the message: %v", err)
	}
	checkSame(t, stream, whole)
	if st.Blocks() != wh.Blocks() || st.Tokens() != wh.Tokens() || !st.Done() || !wh.Done() {
		t.Error("the two states differ")
	}
	got := "-- stream --\n" + string(stream) + "-- whole --\n" + string(whole) + "\n"
	for _, l := range wh.Losses() {
		got += "-- loss --\n" + l.Kind.String() + " " + l.Path + ": " + l.Note + "\n"
	}
	return got
}

// checkSame says whether a stream and a message mean the same.
func checkSame(t testing.TB, stream, whole []byte) {
	t.Helper()
	folded, err := grammar.Fold(stream)
	if err != nil {
		t.Fatalf("the stream does not fold: %v\n%s", err, stream)
	}
	canonical, err := grammar.Canonical(whole)
	if err != nil {
		t.Fatalf("the message is wrong: %v\n%s", err, whole)
	}
	if string(folded) != string(canonical) {
		t.Fatalf("stream and message differ:\n%s\n%s", folded, canonical)
	}
}

func TestState(t *testing.T) {
	s := render.NewStream(meta)
	step := func(dump string) string {
		t.Helper()
		out, err := s.Apply(nil, parse(t, dump))
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	if out := step("message \"up-1\" \"gpt\"\nusage in=9\ntext 0 \"\"\nloss noop \"a\" \"b\"\nloss noop \"a\" \"b\"\nstop end_turn"); out != "" || s.Started() {
		t.Errorf("before content there is %q", out)
	}
	if _, _, open := s.Open(); open || s.CanPing() || len(s.Ping(nil)) > 0 {
		t.Error("before content a block is open, or pings go out")
	}
	if out := step(`text 0 "x"`); !strings.HasPrefix(out, "event: message_start\n") || !s.Started() || s.Blocks() != 1 {
		t.Errorf("the first content: %q", out)
	}
	if i, kind, open := s.Open(); i != 0 || kind != ops.Text || !open {
		t.Errorf("open: %d %s %v", i, kind, open)
	}
	if !s.CanPing() || string(s.Ping(nil)) != "event: ping\ndata: {\"type\":\"ping\"}\n\n" {
		t.Error("no ping goes out")
	}
	step("tool_start 1 \"a\" \"b\"\ntool_args 1 \"{\"\ntext 2 \"y\"")
	if i, kind, open := s.Open(); i != 1 || kind != ops.ToolStart || !open || s.Waiting() != ops.HeadSize+1 {
		t.Errorf("open: %d %s %v; %d bytes wait", i, kind, open, s.Waiting())
	}
	step("tool_args 1 \"}\"\nstop stop_sequence \"END\"\nusage out=3\ndone")
	if s.Waiting() != 0 || !s.Done() || s.CanPing() || s.Blocks() != 3 {
		t.Error("the end is none")
	}
	if id, model := s.Upstream(); id != "up-1" || model != "gpt" {
		t.Errorf("upstream: %q %q", id, model)
	}
	if r, seq, seen := s.Stop(); r != ops.StopSequence || seq != "END" || !seen {
		t.Errorf("stop: %s %q %v", r, seq, seen)
	}
	if want := (ops.Tokens{Input: 9, Output: 3, CacheRead: -1, CacheWrite: -1, CacheWrite1h: -1, Thinking: -1}); s.Tokens() != want || s.Estimated() {
		t.Errorf("tokens: %+v", s.Tokens())
	}
	if l := s.Losses(); len(l) != 1 || l[0] != (render.Loss{Kind: ops.Noop, Path: "a", Note: "b"}) {
		t.Errorf("losses: %+v", l)
	}
	s.Reset(meta, true)
	if _, _, seen := s.Stop(); seen || s.Started() || s.Done() || s.Blocks() != 0 || len(s.Losses()) != 0 || !s.Estimated() {
		t.Error("Reset keeps something")
	}
	if id, model := s.Upstream(); id != "" || model != "" {
		t.Error("Reset keeps the upstream")
	}
	step(`text 0 "x"`)
	if s.CanPing() || len(s.Ping(nil)) > 0 {
		t.Error("a ping in a whole message")
	}
}

func TestLongNamesAreCut(t *testing.T) {
	s := render.NewStream(meta)
	var e ops.Emitter
	e.MessageString(strings.Repeat("ä", 200), strings.Repeat("m", 300))
	for i := range 300 {
		kind := ops.Noop
		if i > 296 {
			kind = []ops.LossKind{ops.Tuned, ops.Dropped, ops.Approximated}[i-297]
		}
		e.Loss(strings.Repeat("p", i+1), kind, "")
	}
	if _, err := s.Apply(nil, e.Buf); err != nil {
		t.Fatal(err)
	}
	id, model := s.Upstream()
	if id != strings.Repeat("ä", 128) || model != strings.Repeat("m", 256) {
		t.Errorf("%d and %d bytes are kept", len(id), len(model))
	}
	// The paths of 256 bytes and more are cut alike; those of another kind are too many.
	l := s.Losses()
	if len(l) != 257 || len(l[255].Path) != 256 || l[256] != (render.Loss{Kind: ops.Dropped, Note: "more losses than can be listed"}) {
		t.Errorf("%d losses are kept, the last is %+v", len(l), l[len(l)-1])
	}
}

func TestFrames(t *testing.T) {
	f := func(got []byte, want string) {
		t.Helper()
		if string(got) != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if err := grammar.CheckPrefix(got); err != nil {
			t.Error(err)
		}
	}
	f(render.AppendError(nil, []byte(`{"type":"error","error":{"type":"api_error","message":"x"}}`)),
		"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"x\"}}\n\n")
	f(render.AppendError(nil, []byte("{\r\n\"type\":\"error\",\n\n\"error\":{\"type\":\"a\"}}\n")),
		"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"a\"}}\n\n")
	f(render.AppendComment(nil, "keepalive"), ": keepalive\n\n")
	f(render.AppendComment(nil, "a\n\nevent: x\rb"), ": a  event: x b\n\n")
}

func TestCount(t *testing.T) {
	f := func(dump string, want int64, fault string) {
		t.Helper()
		got, err := render.Count(parse(t, dump))
		if got != want || (err == nil) != (fault == "") || err != nil && !strings.Contains(err.Error(), fault) {
			t.Errorf("%s: %d, %v; want %d, %q", dump, got, err, want, fault)
		}
	}
	f("usage in=7\ndone", 7, "")
	f("message \"a\" \"b\"\nusage in=1\nusage in=7 cache_read=2 cache_write=3 out=9\nloss noop \"x\" \"\"\ndone", 12, "")
	f("usage out=7\ndone", 0, "reports no input tokens")
	f("done", 0, "reports no input tokens")
	f("usage in=7", 0, "no done")
	f("", 0, "no done")
	f("usage in=7\ndone\ndone", 0, "op 3 (done): nothing may follow done")
	f("text 0 \"x\"", 0, "op 1 (text, block 0): such an op is no part of this answer")
	f("raw 00", 0, "cut off")
}

func TestModels(t *testing.T) {
	frame := parse(t, "message \"a\" \"b\"\nmodel {\"id\":\"a\"}\nmodel {\"id\":\"b\",\"x\":1}\ndone")
	list, err := render.Models(frame)
	clear(frame)
	if err != nil || len(list) != 2 || string(list[0]) != `{"id":"a"}` || string(list[1]) != `{"id":"b","x":1}` {
		t.Errorf("models: %q, %v", list, err)
	}
	f := func(dump, fault string) {
		t.Helper()
		list, err := render.Models(parse(t, dump))
		if list != nil || err == nil || !strings.Contains(err.Error(), fault) {
			t.Errorf("%s: %q, %v; want %q", dump, list, err, fault)
		}
	}
	f("model {\"id\":\"a\"}", "no done")
	f("model {\"id\":7}\ndone", "a model needs an id")
	f("model {\"id\":\"\"}\ndone", "a model needs an id")
	f("usage in=1\ndone", "no part of this answer")
	f("done\nmodel {\"id\":\"a\"}", "nothing may follow done")
	if list, err := render.Models(parse(t, "done")); list != nil || err != nil {
		t.Errorf("no models: %q, %v", list, err)
	}
}
