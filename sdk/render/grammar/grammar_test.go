package grammar

import (
	"strings"
	"testing"
)

// A short stream, frame by frame; {n} stands for nothing but is easy to replace.
const (
	start  = `message_start {"type":"message_start","message":{"id":"m","type":"message","role":"assistant","model":"c","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}`
	text0  = `content_block_start {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`
	delta0 = `content_block_delta {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}`
	stop0  = `content_block_stop {"type":"content_block_stop","index":0}`
	think0 = `content_block_start {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}`
	sign0  = `content_block_delta {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"s"}}`
	hm0    = `content_block_delta {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"a"}}`
	tool0  = `content_block_start {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}`
	half0  = `content_block_delta {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\":"}}`
	rest0  = `content_block_delta {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"1}"}}`
	end    = `message_delta {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":2}}`
	cutEnd = `message_delta {"type":"message_delta","delta":{"stop_reason":"max_tokens","stop_sequence":null},"usage":{"output_tokens":2}}`
	stop   = `message_stop {"type":"message_stop"}`
	ping   = `ping {"type":"ping"}`
	fault  = `error {"type":"error","error":{"type":"api_error","message":"x"}}`
)

// stream makes a stream of events, each a name and data.
func stream(events ...string) []byte {
	var b strings.Builder
	for _, e := range events {
		name, data, _ := strings.Cut(e, " ")
		b.WriteString("event: " + name + "\ndata: " + data + "\n\n")
	}
	return []byte(b.String())
}

func TestStream(t *testing.T) {
	f := func(want string, events ...string) {
		t.Helper()
		b := stream(events...)
		err := CheckStream(b)
		if want == "" {
			if err != nil {
				t.Error(err)
			}
			if !strings.Contains(string(b), "event: error") {
				if _, err := Fold(b); err != nil {
					t.Error(err)
				}
			}
			for i := range events { // every prefix is well-formed, unless half a tool was closed
				if err := CheckPrefix(stream(events[:i]...)); err != nil && !strings.Contains(err.Error(), "no stop reason followed") {
					t.Error(err)
				}
			}
			return
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
		if _, err := Fold(b); err == nil {
			t.Error("it folds")
		}
	}
	f("", start, end, stop)
	f("", start, ping, text0, ping, delta0, delta0, stop0, end, ping, stop)
	f("", start, think0, hm0, sign0, stop0, end, stop)
	f("", start, tool0, stop0, end, stop)
	f("", start, tool0, half0, rest0, stop0, end, stop)
	f("", start, tool0, half0, stop0, cutEnd, stop)
	f("", start, text0, delta0, fault)
	f("", fault)

	f("without message_stop")
	f("without message_stop", start, text0, delta0, stop0, end)
	f("after the end", start, end, stop, ping)
	f("after the end", start, fault, stop)
	f("without message_delta", start, stop)
	f("message_start has to be the first", text0)
	f("message_start has to be the first", ping, start)
	f("message_start has to be the first", start, start)
	f("follows message_delta", start, end, text0)
	f("follows message_delta", start, end, end)
	f("unknown event", start, `hello {"type":"hello"}`)
	f("event ping has type pong", start, `ping {"type":"pong"}`)
	f("no JSON object", start, `ping {`)
	f("something follows", start, `ping {"type":"ping"} {}`)
	f("invalid UTF-8", start, "ping {\"type\":\"ping\",\"a\":\"\xff\"}")
	f("a block is open", start, text0, delta0, end)
	f("another block is open", start, text0, text0)
	f("no block is open", start, delta0)
	f("no block is open", start, stop0)
	f("the index is 0, not 1", start, text0, delta0, stop0, text0)
	f("the index is 1, not 0", start, strings.Replace(text0, ":0", ":1", 1))
	f("the index is 1, not 0", start, text0, strings.Replace(delta0, ":0", ":1", 1))
	f("the index is 1, not 0", start, text0, delta0, strings.Replace(stop0, ":0", ":1", 1))
	f("text block is empty", start, text0, stop0)
	f("text is not empty at the start", start, strings.Replace(text0, `""`, `"a"`, 1))
	f("signature is not empty at the start", start, strings.Replace(think0, `"signature":""`, `"signature":"s"`, 1))
	f("no empty object at the start", start, strings.Replace(tool0, `{}`, `{"a":1}`, 1))
	f("no empty object at the start", start, strings.Replace(tool0, `{}`, `""`, 1))
	f("the block has no type", start, strings.Replace(text0, `"text",`, `"",`, 1))
	f(`"text_delta" in a block of type thinking`, start, think0, delta0)
	f(`"signature_delta" in a block of type text`, start, text0, sign0)
	f(`"input_json_delta" in a block of type text`, start, text0, half0)
	f("behind the signature", start, think0, sign0, sign0)
	f("behind the signature", start, think0, sign0, hm0)
	f("without id or name", start, strings.Replace(tool0, `"t"`, `""`, 1), stop0)
	f(`two tool calls have the id "t"`, start, tool0, stop0, strings.Replace(tool0, ":0", ":1", 1), strings.Replace(stop0, ":0", ":1", 1))
	f("half an input, and the stop reason is end_turn", start, tool0, half0, stop0, end, stop)
	f("half an input, and no stop reason", start, tool0, half0, stop0)
	f("no JSON object", start, tool0, rest0, stop0)
	f("the stop reason is <nil>", start, strings.Replace(end, `"end_turn"`, `null`, 1))
	f("the stop reason is done", start, strings.Replace(end, `"end_turn"`, `"done"`, 1))
	f("the stop sequence is x", start, strings.Replace(end, `"stop_sequence":null`, `"stop_sequence":"x"`, 1))
	f("no output_tokens", start, strings.Replace(end, `"output_tokens":2`, ``, 1))
	f("output_tokens is -2", start, strings.Replace(end, `:2`, `:-2`, 1))
	f("output_tokens is 2.5", start, strings.Replace(end, `:2`, `:2.5`, 1))
	f("usage has no input_tokens", strings.Replace(start, `"input_tokens":1,`, ``, 1))
	f("the message's role is user", strings.Replace(start, "assistant", "user", 1))
	f("content is no empty array", strings.Replace(start, "[]", "[1]", 1))
	f("a stop reason at the start", strings.Replace(start, "null", `"end_turn"`, 1))
	f("an error without a type", start, `error {"type":"error"}`)
}

func TestFrames(t *testing.T) {
	good := string(stream(start, end, stop))
	f := func(b, want string) {
		t.Helper()
		if err := CheckStream([]byte(b)); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %q", err, want)
		}
	}
	f(": hello\n\n"+good+": bye\n\n", "")
	f(good[:len(good)-1], "has no end")
	f(strings.Replace(good, "\n\n", "\n\n\n\n", 1), "neither a comment")
	f(strings.ReplaceAll(good, "\n", "\r\n"), "has no end")
	f(strings.Replace(good, "\ndata", "\r\ndata", 1), "carriage return")
	f(strings.Replace(good, "event: message_start\n", "", 1), "neither a comment")
	f(strings.Replace(good, "data: ", "data:", 1), "neither a comment")
	f(strings.Replace(good, "data: ", "id: 7\ndata: ", 1), "neither a comment")
}

func TestFold(t *testing.T) {
	got, err := Fold(stream(start,
		text0, strings.Replace(delta0, `"a"`, `"\ud83d"`, 1), strings.Replace(delta0, `"a"`, `"\ude00"`, 1),
		`content_block_delta {"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"type":"x"}}}`, stop0,
		strings.Replace(think0, ":0", ":1", 1), strings.Replace(hm0, ":0", ":1", 1), strings.Replace(sign0, ":0", ":1", 1), strings.Replace(stop0, ":0", ":1", 1),
		strings.Replace(tool0, ":0", ":2", 1), strings.Replace(half0, ":0", ":2", 1), strings.Replace(rest0, ":0", ":2", 1), strings.Replace(stop0, ":0", ":2", 1),
		end, stop))
	if err != nil {
		t.Fatal(err)
	}
	want, err := Canonical([]byte(`{"id":"m","type":"message","role":"assistant","model":"c","stop_reason":"end_turn","stop_sequence":null,
		"usage":{"input_tokens":1,"output_tokens":2},"content":[{"type":"text","text":"😀","citations":[{"type":"x"}]},
		{"type":"thinking","thinking":"a","signature":"s"},{"type":"tool_use","id":"t","name":"f","input":{"a":1}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestWhole(t *testing.T) {
	const good = `{"id":"m","type":"message","role":"assistant","model":"c","content":[{"type":"text","text":"a"},` +
		`{"type":"tool_use","id":"t","name":"f","input":{}}],"stop_reason":"stop_sequence","stop_sequence":"x","usage":{"input_tokens":1,"output_tokens":2}}`
	if err := CheckWhole([]byte(good)); err != nil {
		t.Error(err)
	}
	f := func(old, new, want string) {
		t.Helper()
		b := strings.Replace(good, old, new, 1)
		if err := CheckWhole([]byte(b)); b == good || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", b, err, want)
		}
	}
	f(`"type":"message"`, `"type":"completion"`, "the message's type")
	f(`"id":"m"`, `"id":1`, "the message's id")
	f(`"content":[`, `"content":null,"x":[`, "content is no array")
	f(`{"type":"text","text":"a"}`, `7`, "content[0] is no object")
	f(`"text":"a"`, `"text":""`, "content[0]: the text block is empty")
	f(`"text":"a"`, `"text":"a","citations":{}`, "citations is no array")
	f(`"text":"a"`, `"text":"a","citations":[{}]`, "a citation without a type")
	f(`{"type":"text","text":"a"}`, `{"type":"thinking","thinking":"a"}`, "signature is no string")
	f(`{"type":"text","text":"a"}`, `{"type":"redacted_thinking"}`, "data is no string")
	f(`{"type":"text","text":"a"}`, `{"type":"tool_use","id":"t","name":"f","input":{}}`, "two tool calls")
	f(`"input":{}`, `"input":[]`, "the input of a tool call is no object")
	f(`"stop_reason":"stop_sequence"`, `"stop_reason":"end_turn"`, "the stop sequence is x")
	f(`"stop_sequence":"x"`, `"stop_details":7`, "stop_details is no object")
	f(`"usage":{`, `"usage":7,"x":{`, "usage is no object")
	f(`"output_tokens":2}}`, `"output_tokens":2}}x`, "something follows")
	f(good, `null`, "null is no object")
}
