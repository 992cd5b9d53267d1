package claude_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/claude-proxy/claude-proxy/plugins/claude"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// TestUpstreamWithoutBounds: what a hostile upstream can make the exchange hold is bounded, and the failure is its own.
func TestUpstreamWithoutBounds(t *testing.T) {
	start := func(i int, block string) string {
		return fmt.Sprintf(`{"type":"content_block_start","index":%d,"content_block":%s}`, i, block)
	}
	delta := func(i int, kind, member, text string) string {
		return fmt.Sprintf(`{"type":"content_block_delta","index":%d,"delta":{"type":"%s","%s":"%s"}}`, i, kind, member, text)
	}
	mebibyte := strings.Repeat("x", 1<<20)
	// f sends the event of each number until one is refused.
	f := func(name, message string, event func(n int) string) {
		t.Helper()
		run, _ := begin(t, adapter.Messages, thinkingBody)
		for n := range 10_000 {
			data := []byte(event(n))
			doc, err := jsonindex.Parse(data, jsonindex.UpstreamMode())
			if err != nil {
				t.Fatal(err)
			}
			var out ops.Emitter
			_, err = run.Events([]runner.RawEvent{{Data: data, Doc: doc}}, &out)
			if err == nil {
				continue
			}
			var fail *adapter.Failure
			if !errors.As(err, &fail) || fail.Class != adapter.Protocol || !strings.Contains(fail.Message, message) {
				t.Errorf("%s: event %d: %v", name, n, err)
			}
			return
		}
		t.Errorf("%s: no end", name)
	}
	f("open blocks", "more than 64 content blocks open", func(n int) string { return start(n, `{"type":"text","text":""}`) })
	f("blocks", "more than 4096 content blocks", func(int) string { return start(0, `{"type":"text","text":"x"}`) })
	f("calls", "more than 1024 tool calls", func(n int) string {
		return start(0, fmt.Sprintf(`{"type":"tool_use","id":"t%d","name":"A","input":{}}`, n))
	})
	f("a signature", "more than 32 MiB", func(n int) string {
		if n == 0 {
			return start(0, `{"type":"thinking","thinking":"","signature":""}`)
		}
		return delta(0, "signature_delta", "signature", mebibyte)
	})
	f("the input of a server tool", "more than 32 MiB", func(n int) string {
		if n == 0 {
			return start(0, `{"type":"server_tool_use","id":"s","name":"A","input":{}}`)
		}
		return delta(0, "input_json_delta", "partial_json", mebibyte)
	})
	f("an encrypted summary", "more than 32 MiB", func(n int) string {
		if n == 0 {
			return start(0, `{"type":"compaction","content":null}`)
		}
		return delta(0, "compaction_delta", "encrypted_content", strings.Repeat(mebibyte, 20*n))
	})
	f("inputs in starts", "more than 32 MiB", func(n int) string {
		return start(n, fmt.Sprintf(`{"type":"tool_use","id":"t%d","name":"A","input":{"x":"%s"}}`, n, mebibyte))
	})
}

// TestGatheredIsGivenBack: many blocks that are gathered one after the other stay within the bound.
func TestGatheredIsGivenBack(t *testing.T) {
	run, _ := begin(t, adapter.Messages, thinkingBody)
	big := strings.Repeat("x", 4<<20)
	for n := range 20 {
		for _, text := range []string{
			fmt.Sprintf(`{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t%d","name":"A","input":{"x":"%s"}}}`, n, big),
			`{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{}"}}`,
			`{"type":"content_block_stop","index":0}`,
			`{"type":"content_block_start","index":0,"content_block":{"type":"compaction","content":"` + big + `"}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"compaction_delta","content":"","encrypted_content":"` + big + `"}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"compaction_delta","encrypted_content":"y"}}`,
			`{"type":"content_block_stop","index":0}`,
			`{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":"` + big + `"}}`,
			`{"type":"content_block_stop","index":0}`,
		} {
			doc, err := jsonindex.Parse([]byte(text), jsonindex.UpstreamMode())
			if err != nil {
				t.Fatal(err)
			}
			var out ops.Emitter
			if _, err := run.Events([]runner.RawEvent{{Data: []byte(text), Doc: doc}}, &out); err != nil {
				t.Fatalf("round %d: %v", n, err)
			}
		}
	}
}

func TestLongMessageIsCut(t *testing.T) {
	run, _ := begin(t, adapter.Messages, thinkingBody)
	fail := run.Failure(500, nil, nil, []byte(strings.Repeat("é", 10_000)))
	if n := len(fail.Message); n > 4<<10+3 || n < 4<<10-3 || !utf8.ValidString(fail.Message) {
		t.Errorf("%d bytes", n)
	}
}

func TestOptions(t *testing.T) {
	f := func(options, message string) {
		t.Helper()
		doc, err := jsonindex.Parse([]byte(options), jsonindex.Mode{})
		if err != nil {
			t.Fatal(err)
		}
		_, err = claude.Module{}.New(doc.Root())
		if message == "" && err != nil || message != "" && (err == nil || !strings.Contains(err.Error(), message)) {
			t.Errorf("%s: %v", options, err)
		}
	}
	f(`{}`, "")
	f(`null`, "")
	f(`[]`, "must be an object")
	f(`"x"`, "must be an object")
	f(`{"beta":1}`, "beta: there is no such option")
}
