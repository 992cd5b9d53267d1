package edit

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the -- after -- parts of testdata")

// readCase reads a golden file: what it shows, the edits (one line of JSON each), and the text before and after. A first
// line "crlf" makes all line ends CRLF, "bom" adds a byte order mark.
func readCase(t *testing.T, path string) (head string, edits []Edit, before, after string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(data), "-- before --\n")
	if !ok {
		t.Fatalf("%s has no -- before --", path)
	}
	before, after, _ = strings.Cut(rest, "-- after --\n")
	for line := range strings.SplitSeq(head, "\n") {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		var e struct {
			Edit
			Value json.RawMessage `json:"value"`
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%s: %s: %v", path, line, err)
		}
		if e.Edit.Value = any(e.Value); e.Value == nil {
			e.Edit.Value = nil
		}
		edits = append(edits, e.Edit)
	}
	return head, edits, before, after
}

// F11: each golden file is one way of writing a file and one way of changing it: what is not the edited value is the same byte
// for byte.
func TestF11Golden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d golden files found: %v", len(files), err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			head, edits, before, after := readCase(t, path)
			dress := func(s string) string {
				if strings.HasPrefix(head, "crlf") {
					s = strings.ReplaceAll(s, "\n", "\r\n")
				}
				if strings.HasPrefix(head, "bom") {
					s = byteOrderMark + s
				}
				return s
			}
			got, err := Apply([]byte(dress(before)), edits, nil)
			text := string(got)
			if err != nil {
				text = "error: " + err.Error() + "\n"
			}
			if *update {
				text = strings.ReplaceAll(strings.TrimPrefix(text, byteOrderMark), "\r\n", "\n")
				if err := os.WriteFile(path, []byte(head+"-- before --\n"+before+"-- after --\n"+text), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			want := after
			if err == nil {
				want = dress(after)
			}
			if text != want {
				t.Errorf("got:\n%s\nwant:\n%s", text, want)
			}
		})
	}
}

// The shipped file is all comments: the first channel goes under its heading, and the rest stays as it is.
func TestFirstChannelIntoShippedFile(t *testing.T) {
	shipped, err := os.ReadFile("../../../plugins.yaml")
	if err != nil {
		t.Fatal(err)
	}
	channel := json.RawMessage(`{"adapter":"openai","name":"openai-main","base_url":"https://api.openai.com/v1","keys":["${OPENAI_API_KEY}"],"models":{"claude-*":"gpt-5"}}`)
	got, err := Apply(shipped, []Edit{{Op: Insert, Path: "channels", Value: channel}, {Op: Set, Path: "server.listen", Value: "127.0.0.1:4000"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"## Upstreams ---------------------------------------------------------------------\nchannels:\n  - name: openai-main\n    adapter: openai\n    base_url: https://api.openai.com/v1\n    keys: [\"${OPENAI_API_KEY}\"]\n    models:\n      claude-*: gpt-5\n# channels:\n",
		"server:\n  listen: 127.0.0.1:4000\n# server:\n",
	} {
		if !strings.Contains(string(got), want) {
			t.Errorf("missing:\n%s\nin:\n%s", want, got)
		}
	}
	rest := string(got)
	for _, added := range []string{"channels:\n  - name: openai-main\n    adapter: openai\n    base_url: https://api.openai.com/v1\n    keys: [\"${OPENAI_API_KEY}\"]\n    models:\n      claude-*: gpt-5\n", "server:\n  listen: 127.0.0.1:4000\n"} {
		rest = strings.Replace(rest, added, "", 1)
	}
	if !bytes.Equal([]byte(rest), shipped) {
		t.Error("more changed than what was added")
	}
}

// What makes no sense is refused, and no error tells a value of the file.
func TestRefusals(t *testing.T) {
	const src = "version: 1\nchannels:\n  - &c {name: a, keys: [canary-secret-0123456789]}\n  - *c\n"
	f := func(e Edit, want error) {
		t.Helper()
		_, err := Apply([]byte(src), []Edit{e}, nil)
		if err == nil || !strings.Contains(err.Error(), want.Error()) {
			t.Errorf("%+v: got %v, want %v", e, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%+v: the error tells a secret: %v", e, err)
		}
	}
	f(Edit{Op: Delete, Path: "channels[b]"}, ErrNotFound)
	f(Edit{Op: Set, Path: "channels[b].weight", Value: 1}, ErrNotFound)
	f(Edit{Op: Insert, Path: "channels", Value: map[string]any{"name": "a"}}, ErrExists)
	f(Edit{Op: Insert, Path: "channels", Value: map[string]any{"name": "b"}, Before: "x"}, ErrNotFound)
	f(Edit{Op: Move, Path: "channels[a]", Before: "x"}, ErrNotFound)
	f(Edit{Op: Set, Path: "channels..x", Value: 1}, ErrInvalid)
	f(Edit{Op: Set, Path: "", Value: 1}, ErrInvalid)
	f(Edit{Op: Set, Path: "version", Value: func() {}}, ErrInvalid)
	f(Edit{Op: "rename", Path: "version"}, ErrInvalid)
	// The value is shared by an anchor.
	f(Edit{Op: Set, Path: "channels[0].name", Value: "b"}, ErrByHand)
	if _, err := Apply([]byte("a: [canary-secret-0123456789"), []Edit{{Op: Set, Path: "version", Value: 1}}, nil); err == nil || strings.Contains(err.Error(), "canary") {
		t.Errorf("a broken file: %v", err)
	}
}

func ExampleApply() {
	src := "channels:\n  - name: main   # the good one\n    weight: 1    # share\n"
	out, err := Apply([]byte(src), []Edit{{Op: Set, Path: "channels[main].weight", Value: 20}}, nil)
	fmt.Print(string(out), err)
	// Output:
	// channels:
	//   - name: main   # the good one
	//     weight: 20    # share
	// <nil>
}
