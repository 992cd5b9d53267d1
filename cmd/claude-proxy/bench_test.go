package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/bench"
	"github.com/claude-proxy/claude-proxy/host/hosttest"
)

// asProgram says, in the environment, that the test binary is to be the program.
const asProgram = "CLAUDE_PROXY_TEST_AS_PROGRAM"

// TestMain lets the test binary serve as the processes that the bench starts.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(runTests(m))
}

// The bench starts its processes, gets right answers from all of them and has figures for each. What they say is for a quiet
// machine and for people.
func TestBench(t *testing.T) {
	t.Setenv(asProgram, "1")
	var progress hosttest.Log
	report, err := bench.Run(t.Context(), bench.Options{
		Command: []string{os.Args[0], benchChild}, Scenarios: []string{"small", "agent-stream", "pass-30k", "gemini-small", "responses-small", "rate", "slow-streams", "grid"},
		Rounds: 1, Round: 20 * time.Millisecond, Connections: 4, Streams: 4, Rate: 100, Progress: &progress,
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, progress.String())
	}
	for i := range report.Rows {
		for _, f := range report.Rows[i].Targets {
			if f.Requests == 0 || f.P50MS <= 0 || f.Allocations <= 0 {
				t.Errorf("%s: %+v", report.Rows[i].Name, f)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "README.md")
	if err := os.WriteFile(path, []byte("before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, complaints bytes.Buffer
	if err := benchReport(report, path+".json", path, &out, &complaints); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if s := string(text); !strings.HasPrefix(s, "before\n<!-- bench -->\n\n") || !strings.HasSuffix(s, "\n<!-- /bench -->\nafter\n") || strings.Contains(s, "old") || !strings.Contains(s, "| small request") {
		t.Errorf("the file is now\n%s", s)
	}
	var again bench.Report
	if text, err = os.ReadFile(path + ".json"); err != nil || json.Unmarshal(text, &again) != nil || len(again.Rows) != 8 {
		t.Errorf("json: %v %s", err, text)
	}
}

// agentRequest is a coding agent's request of about 30 KB, with tools and history.
func agentRequest(model string, stream bool, size int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"model":%q,"max_tokens":32000,"stream":%v,"metadata":{"user_id":"u"},"system":[{"type":"text","text":"You are an agent.\nWork \"well\".","cache_control":{"type":"ephemeral"}}],"tools":[`, model, stream)
	for i := range 12 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"tool_%d","description":"Does a thing.\nWith lines and \"quotes\".","input_schema":{"type":"object","properties":{"path":{"type":"string","description":"A path"},"n":{"type":"integer"}},"required":["path"],"additionalProperties":false}}`, i)
	}
	b.WriteString(`],"messages":[{"role":"user","content":"Fix the bug in main.go"}`)
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, `,{"role":"assistant","content":[{"type":"text","text":"Looking at file %d.\n"},{"type":"tool_use","id":"toolu_%04d","name":"tool_%d","input":{"path":"/src/f%d.go","n":%d,"old":"a\tb \"q\" \\n"}}]}`, i, i, i%12, i, i)
		fmt.Fprintf(&b, `,{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_%04d","content":"%s"}]}`, i, strings.Repeat(`if err != nil {\n\treturn fmt.Errorf(\"x: %w\", err)\n}\n`, 8))
	}
	b.WriteString(`]}`)
	return b.String()
}

// BenchmarkRelay is the whole way over loopback in one process: client, proxy and upstream together, with what all three
// allocate. It shows changes; what the proxy alone costs, `claude-proxy bench` says.
func BenchmarkRelay(b *testing.B) {
	up := hosttest.New(b, &hosttest.Script{Keys: []string{upstreamKey}})
	for _, a := range adapters {
		p := start(b, channel("main", a.name, up.URL), "log: { level: error }")
		for _, s := range []struct{ name, body string }{
			{"small", ask("fast-plain", "hi", false)},
			{"30KB", agentRequest("fast-plain", false, 30_000)},
			{"stream200", ask("fast-stream-200", "hi", true)},
		} {
			b.Run(a.name+"/"+s.name, func(b *testing.B) {
				b.ReportAllocs()
				b.SetBytes(int64(len(s.body)))
				for b.Loop() {
					if got := p.post("/v1/messages", s.body); got.status != 200 {
						b.Fatalf("%d %s", got.status, got.body)
					}
				}
			})
		}
	}
}
