package hosttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func TestLoadScript(t *testing.T) {
	if _, err := LoadScript("testdata/write-read.json"); err != nil {
		t.Error(err)
	}
	script, err := os.ReadFile("testdata/write-read.json")
	if err != nil {
		t.Fatal(err)
	}
	if readme, err := os.ReadFile("README.md"); err != nil || !bytes.Contains(readme, script) {
		t.Errorf("README.md does not show testdata/write-read.json: %v", err)
	}
	f := func(text, want string) {
		t.Helper()
		file := t.TempDir() + "/s.json"
		writeFile(t, file, text)
		if _, err := LoadScript(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
	f(`{"steps":[{"anwser":{}}]}`, `unknown field "anwser"`)
	f(`{"steps":[{"answer":{},"error":{}}]}`, "steps[0]: at most one of answer, raw and error may be set, found 2")
	f(`{"steps":[{},{"fault":{"cut":"hard"}}]}`, `steps[1]: fault.cut: found "hard", allowed are fin, rst, clean`)
	f(`{"steps":[{"fault":{"framing":"crlf,lff"}}]}`, `fault.framing: found "lff"`)
	f(`{"steps":[{"match":{"api":"chats"}}]}`, `match.api: found "chats"`)
	f(`{"steps":[{"answer":{"parts":[{"text":"a","refusal":"b"}]}}]}`, "parts[0]: a part is one thing, found 2")
	f(`{"steps":[{"answer":{"parts":[{"tool":{"name":"f","args":[]}}]}}]}`, "parts[0].tool.args: not an object")
	f(`{"steps":[{"fault":{"delay_head":"5"}}]}`, "missing unit")
	f(`{"models":["a",""]}`, "a name is empty")
	f(`{"exhausted":"no"}`, `exhausted: found "no", allowed are auto, error`)
	if _, err := LoadScript(t.TempDir() + "/none.json"); err == nil {
		t.Error("a missing file is no error")
	}
	if _, err := Start("127.0.0.1:0", &Script{Exhausted: "no"}); err == nil {
		t.Error("Start takes a wrong script")
	}
	if _, err := Start("127.0.0.1:99999", nil); err == nil {
		t.Error("Start takes a wrong address")
	}
}

// A script survives its JSON form.
func TestScriptRoundTrip(t *testing.T) {
	script := &Script{Keys: []string{"k"}, Lenient: true, Steps: []Step{{Match: &Match{Call: 2, Stream: ptr(true)}, Answer: sample(),
		Fault: Fault{DelayHead: Duration(1500 * time.Millisecond), CutAfter: ptr(0), Framing: "cr"}}}}
	text, err := json.Marshal(script)
	if err != nil {
		t.Fatal(err)
	}
	file := t.TempDir() + "/s.json"
	writeFile(t, file, string(text))
	back, err := LoadScript(file)
	if err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(back)
	if err != nil || !bytes.Equal(again, text) || !strings.Contains(string(text), `"delay_head":"1.5s","cut_after":0`) {
		t.Errorf("%v\n%s\n%s", err, text, again)
	}
	if fmt.Sprint(time.Duration(back.Steps[0].Fault.DelayHead)) != "1.5s" {
		t.Error("the delay is lost")
	}
}
