package main

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
)

// TestSoak runs a soak with a plugin for as long as CLAUDE_PROXY_SOAK says (such as 20s), and a minute more until what was
// kept open for a while is closed: nothing is lost, wrong or leaked. Without the variable it is left to .ci/run.
func TestSoak(t *testing.T) {
	length, err := time.ParseDuration(os.Getenv("CLAUDE_PROXY_SOAK"))
	if err != nil {
		t.Skip("CLAUDE_PROXY_SOAK says for how long")
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	plugin := filepath.Join(t.TempDir(), "openai.wasm")
	if err := os.WriteFile(plugin, builtinPlugin(t, "openai"), 0o600); err != nil {
		t.Fatal(err)
	}
	var progress strings.Builder
	report, err := soak(t.Context(), soakOptions{
		Duration: length, Streams: 40, Faults: 20, Reload: time.Second, Swap: 3 * time.Second, Plugin: plugin, Seed: 1,
		Command: program, Env: []string{asProgram + "=1"},
	}, &progress)
	if err != nil {
		t.Fatal(err)
	}
	if t.Logf("%s%s", progress.String(), report); !report.Good() {
		t.Error("something was lost, wrong or leaked")
	}
	if report.changes < 3 || report.swaps < 1 {
		t.Errorf("%d configurations, %d plugins", report.changes, report.swaps)
	}
}

// What the clients of a soak must notice, they notice.
func TestSoakNotices(t *testing.T) {
	const want = "You said: question 1"
	event := func(name, data string) string { return "event: " + name + "\ndata: " + data + "\n\n" }
	delta := func(text string) string {
		return event("content_block_delta", `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"`+text+`"}}`)
	}
	start := event("message_start", `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}`) +
		event("content_block_start", `{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`)
	end := event("content_block_stop", `{"type":"content_block_stop","index":0}`) +
		event("message_delta", `{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":3}}`) + event("message_stop", `{"type":"message_stop"}`)
	broken := event("error", `{"type":"error","error":{"type":"api_error","message":"x"}}`)
	f := func(name, body, verdict string) {
		t.Helper()
		if got, detail := judgeStream([]byte(body), want); got != verdict {
			t.Errorf("%s: %s %s", name, got, detail)
		}
	}
	f("whole", start+delta("You said: ")+delta("question 1")+end, soakAnswered)
	f("a byte is missing", start+delta("You said: ")+delta("question ")+end, soakWrong)
	f("a delta came twice", start+delta("You said: ")+delta("You said: ")+delta("question 1")+end, soakWrong)
	f("another's answer", start+delta("You said: question 2")+end, soakWrong)
	f("no end", start+delta("You said: question 1"), soakWrong)
	f("broken off", start+delta("You said: ")+broken, "error event after content")
	f("broken off after somebody else's words", start+delta("I say: ")+broken, soakWrong)
	f("failed before content", broken, "error event before content")
	f("an end and an error", start+delta("You said: question 1")+end+broken, soakWrong)
	f("nothing", "", soakWrong)

	refuse := func(status int, body string) string {
		resp := &http.Response{StatusCode: status, Header: http.Header{"Request-Id": {"req_1"}}}
		verdict, _ := judgeError(resp, []byte(body))
		return verdict
	}
	good := `{"type":"error","error":{"type":"overloaded_error","message":"x"},"request_id":"req_1"}`
	for status, want := range map[int]string{529: "error 529 before content", 500: soakWrong, 401: soakWrong} {
		if got := refuse(status, good); got != want {
			t.Errorf("%d: %s", status, got)
		}
	}
	if refuse(529, "<html>") != soakWrong || refuse(529, strings.Replace(good, "req_1", "req_2", 1)) != soakWrong {
		t.Error("an error of another shape passes")
	}
}

// The faults of a soak come as often as they were asked for.
func TestSoakFaults(t *testing.T) {
	s := soakScript(soakOptions{Faults: 20}, 1)
	faults, faulty := len(soakFaults()), 0
	seen := make([]int, faults)
	const n = 40_000
	for range n {
		for i, step := range s.Steps[:faults] {
			if step.Match.Func(&hosttest.Request{}) {
				seen[i]++
				faulty++
				break
			}
		}
	}
	if part := float64(faulty) / n; part < 0.19 || part > 0.21 {
		t.Errorf("%.3f of the answers go wrong", part)
	}
	for i, k := range seen {
		if each := float64(faulty) / float64(faults); float64(k) < each*0.75 || float64(k) > each*1.25 {
			t.Errorf("fault %d came %d times, others %.0f", i, k, each)
		}
	}
}

// A soak that is broken off ends, and its proxy with it.
func TestSoakCanBeStopped(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
	defer cancel()
	if _, err := soak(ctx, soakOptions{Duration: time.Hour, Streams: 2, Command: program, Env: []string{asProgram + "=1"}}, &strings.Builder{}); err != nil && ctx.Err() == nil {
		t.Error(err)
	}
}
