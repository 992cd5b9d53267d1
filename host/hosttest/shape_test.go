package hosttest

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/sse"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// sample has everything an answer can have.
func sample() *Answer {
	return &Answer{
		Parts: []Part{
			{Thinking: "Two files."}, {Text: "I'll look: ü€😀"},
			{Tool: &ToolCall{Name: "Read", Args: json.RawMessage(`{"file_path": "/a"}`)}},
			{Tool: &ToolCall{Name: "List"}},
		},
		Usage:  &Usage{Input: 100, Cached: 40, CacheWrite: 7, Output: 20, Thinking: 5},
		Stream: Stream{Interleave: true},
	}
}

// The bytes of every API, whole and streamed, stand in testdata; compare them with the vendor's pages when they change.
func TestGolden(t *testing.T) {
	for _, v := range vendors {
		for name, stream := range map[string]bool{"whole.json": false, "stream.sse": true} {
			s := New(t, &Script{Steps: []Step{{Answer: sample()}}})
			path, body := v.hello(stream)
			if v.api == "chat" {
				body = strings.Replace(body, `"stream":true`, `"stream":true,"stream_options":{"include_usage":true}`, 1)
			}
			a := send(t, s, path, body, v.header)
			golden(t, v.api+"-"+name, a.body)
		}
	}
}

func golden(t *testing.T, name string, have []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, have, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, want) {
		t.Errorf("%s differs:\n%s", name, have)
	}
}

// names lists the event names of a stream, neighbours that are equal once.
func names(events []sse.Event) string {
	var all []string
	for _, ev := range events {
		all = append(all, ev.Name)
	}
	return strings.Join(slices.Compact(all), " ")
}

// Each stream has the order of events that its vendor documents.
func TestStreamOrder(t *testing.T) {
	stream := func(api string) []sse.Event {
		s := New(t, &Script{Steps: []Step{{Answer: sample()}}})
		return streamed(t, vendorOf(api).send(t, s, true).body)
	}

	claude := stream("claude")
	want := "message_start content_block_start ping content_block_delta content_block_stop content_block_start content_block_delta content_block_stop " +
		"content_block_start content_block_delta content_block_stop content_block_start content_block_delta content_block_stop message_delta message_stop"
	if got := names(claude); got != want {
		t.Errorf("claude: %s", got)
	}
	for _, ev := range claude {
		if m := decode(t, ev.Data); m["type"] != ev.Name {
			t.Errorf("claude: event %s holds type %v", ev.Name, m["type"])
		}
	}

	for i, ev := range stream("responses") {
		m := decode(t, ev.Data)
		if n, ok := integer(m["sequence_number"]); !ok || n != i || m["type"] != ev.Name {
			t.Errorf("responses: event %d is %s with number %v", i, ev.Name, m["sequence_number"])
		}
	}

	chat := stream("chat")
	if string(chat[len(chat)-1].Data) != "[DONE]" || names(chat) != "" {
		t.Errorf("chat: names %q, last %s", names(chat), chat[len(chat)-1].Data)
	}
	order, finish := "", 0
	for _, ev := range chat[:len(chat)-1] {
		for _, c := range elements(decode(t, ev.Data)["choices"]) {
			for _, call := range elements(members(members(c)["delta"])["tool_calls"]) {
				order += string(encode(members(call)["index"]))
			}
			if members(c)["finish_reason"] != nil {
				finish++
			}
		}
	}
	if order != "01010" || finish != 1 {
		t.Errorf("chat: tool calls in order %s, %d finish reasons", order, finish)
	}

	gemini := stream("gemini")
	for i, ev := range gemini {
		finish := members(elements(decode(t, ev.Data)["candidates"])[0])["finishReason"]
		if (finish != nil) != (i == len(gemini)-1) || ev.Name != "" {
			t.Errorf("gemini: chunk %d: %s", i, ev.Data)
		}
	}
}

// Without alt=sse Gemini streams one JSON array.
func TestGeminiArray(t *testing.T) {
	s := New(t, nil)
	v := vendorOf("gemini")
	path, body := v.hello(true)
	path, _, _ = strings.Cut(path, "?")
	a := send(t, s, path, body, v.header)
	var chunks []map[string]any
	if err := json.Unmarshal(a.body, &chunks); err != nil || len(chunks) < 3 || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("%v: %d chunks, %s\n%s", err, len(chunks), a.header.Get("Content-Type"), a.body)
	}
}

func TestStops(t *testing.T) {
	f := func(api, stop string, parts []Part, want string) {
		t.Helper()
		s := New(t, &Script{Steps: []Step{{Times: -1, Answer: &Answer{Parts: parts, Stop: stop}}}})
		for _, stream := range []bool{false, true} {
			if a := vendorOf(api).send(t, s, stream); !strings.Contains(string(a.body), want) {
				t.Errorf("%s %s (stream %v): no %s in %s", api, stop, stream, want, a.body)
			}
		}
	}
	text := []Part{{Text: "x"}}
	no := []Part{{Refusal: "I can't."}}
	f("chat", "", text, `"finish_reason":"stop"`)
	f("chat", "max_tokens", text, `"finish_reason":"length"`)
	f("chat", "refusal", text, `"finish_reason":"content_filter"`)
	f("chat", "odd_word", text, `"finish_reason":"odd_word"`)
	f("chat", "", no, `"refusal":"I`)
	f("responses", "", text, `"status":"completed"`)
	f("responses", "max_tokens", text, `"incomplete_details":{"reason":"max_output_tokens"}`)
	f("responses", "refusal", text, `"incomplete_details":{"reason":"content_filter"}`)
	f("responses", "failed", nil, `"status":"failed"`)
	f("responses", "", no, `"refusal":"I can't."`)
	f("gemini", "", text, `"finishReason":"STOP"`)
	f("gemini", "max_tokens", text, `"finishReason":"MAX_TOKENS"`)
	f("gemini", "RECITATION", text, `"finishReason":"RECITATION"`)
	f("gemini", "", no, `"finishReason":"SAFETY"`)
	f("gemini", "blocked:PROHIBITED_CONTENT", nil, `"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"}`)
	f("claude", "", text, `"stop_reason":"end_turn"`)
	f("claude", "max_tokens", text, `"stop_reason":"max_tokens"`)
	f("claude", "", no, `"stop_details":{"type":"refusal","category":null,"explanation":"I can't."}`)
	f("claude", "pause_turn", text, `"stop_reason":"pause_turn"`)
}

// The automatic answer keeps to the limits of the request.
func TestAutoLimits(t *testing.T) {
	f := func(api, member, want, stop string) {
		t.Helper()
		s := New(t, &Script{Lenient: true})
		v := vendorOf(api)
		path, body := v.hello(false)
		a := send(t, s, path, strings.Replace(body, "{", "{"+member+",", 1), v.header)
		if got := textIn(t, v, a); got != want || !strings.Contains(string(a.body), stop) {
			t.Errorf("%s %s: %q, no %s in %s", api, member, got, stop, a.body)
		}
	}
	f("chat", `"max_tokens":2`, "You said:", `"finish_reason":"length"`)
	f("chat", `"max_completion_tokens":3`, "You said: Hello", `"finish_reason":"length"`)
	f("chat", `"stop":"there"`, "You said: Hello ", `"finish_reason":"stop"`)
	f("responses", `"max_output_tokens":2`, "You said:", `"max_output_tokens"`)
	f("gemini", `"generationConfig":{"maxOutputTokens":1}`, "You", `"MAX_TOKENS"`)
	f("claude", `"stop_sequences":["xx"," there"]`, "You said: Hello", `"stop_sequence":" there"`)
	f("claude", `"thinking":{"type":"adaptive","display":"omitted"}`, "You said: Hello there, world", `"thinking":"","signature":"`)
}

func TestStreamStyles(t *testing.T) {
	events := func(api string, st Stream, parts ...Part) (events []sse.Event, body string) {
		if parts == nil {
			parts = []Part{{Text: "one two three"}}
		}
		s := New(t, &Script{Lenient: true, Steps: []Step{{Answer: &Answer{Parts: parts, Stream: st, Reasoning: "reasoning_content"}}}})
		a := vendorOf(api).send(t, s, true)
		return streamed(t, a.body), string(a.body)
	}
	count := func(what string, have, want int) {
		t.Helper()
		if have != want {
			t.Errorf("%s: %d, want %d", what, have, want)
		}
	}
	_, body := events("chat", Stream{})
	count("words", strings.Count(body, `"delta":{"content":"`), 3)
	_, body = events("chat", Stream{Chunk: 2})
	count("two runes", strings.Count(body, `"delta":{"content":"`), 7)
	_, body = events("chat", Stream{Chunk: -1})
	count("one piece", strings.Count(body, `"delta":{"content":"`), 1)
	_, body = events("chat", Stream{Usage: "every"})
	count("usage in every chunk", strings.Count(body, `"prompt_tokens":`), 5)
	_, body = events("chat", Stream{Usage: "finish"})
	count("usage at the finish", strings.Count(body, `"prompt_tokens":`), 1)
	_, body = events("chat", Stream{NoEndMark: true})
	count("[DONE]", strings.Count(body, "[DONE]"), 0)
	_, body = events("chat", Stream{Pings: 2})
	count("comments", strings.Count(body, ": ping\n\n"), 2)
	evs, _ := events("claude", Stream{NoEndMark: true})
	if last := evs[len(evs)-1].Name; last != "content_block_stop" {
		t.Errorf("claude without end mark ends with %s", last)
	}
	_, body = events("chat", Stream{}, Part{Thinking: "hm"}, Part{Text: "x"})
	count("reasoning_content", strings.Count(body, `"delta":{"reasoning_content":"hm"}`), 1)
	_, body = events("claude", Stream{}, Part{Redacted: "abc"}, Part{Tool: &ToolCall{Name: "T", ArgsText: `{"a":`}})
	count("redacted", strings.Count(body, `{"type":"redacted_thinking","data":"abc"}`), 1)
	count("broken arguments", strings.Count(body, `"partial_json":"{\"a\":"`), 1)
}
