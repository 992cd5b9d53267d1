package openaiold_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/claude-proxy/claude-proxy/plugins/openaiold"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/render"
)

// conversation plays a client that sends every answer back as it got it.
type conversation struct {
	t        *testing.T
	a        adapter.Adapter
	messages []any
	n        int
}

func begin(t *testing.T, options string) *conversation {
	t.Helper()
	doc, err := jsonindex.Parse([]byte(options), jsonindex.ClientMode())
	if err != nil {
		t.Fatal(err)
	}
	a, err := openaiold.Module{}.New(doc.Root())
	if err != nil {
		t.Fatal(err)
	}
	return &conversation{t: t, a: a, messages: []any{map[string]any{"role": "user", "content": "Hi"}}}
}

// turn sends the conversation, reads this upstream message and answers its calls. It returns the messages that were sent.
func (c *conversation) turn(message string) (sent []map[string]any) {
	t := c.t
	t.Helper()
	body, err := json.Marshal(map[string]any{"model": "m", "max_tokens": 100, "messages": c.messages})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonindex.Parse(body, jsonindex.ClientMode())
	if err != nil {
		t.Fatal(err)
	}
	c.n++
	var up adapter.UpstreamRequest
	x, err := c.a.Begin(&adapter.Call{ID: "req_" + string(rune('a'+c.n)), Model: "m", Body: doc}, &up)
	if err != nil {
		t.Fatal(err)
	}
	var request struct{ Messages []map[string]any }
	if err := json.Unmarshal(up.Body.AppendTo(nil, body), &request); err != nil {
		t.Fatal(err)
	}
	answer, err := jsonindex.Parse([]byte(`{"choices":[{"message":`+message+`,"finish_reason":"stop"}]}`), jsonindex.UpstreamMode())
	if err != nil {
		t.Fatal(err)
	}
	var out ops.Emitter
	if err := x.Whole(answer.Root(), &out); err != nil {
		t.Fatal(err)
	}
	state := render.NewWhole(render.Meta{ID: "msg_1", Model: "m"})
	whole, err := state.Apply(nil, out.Buf)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Content []map[string]any }
	if err := json.Unmarshal(whole, &got); err != nil {
		t.Fatal(err)
	}
	c.messages = append(c.messages, map[string]any{"role": "assistant", "content": got.Content})
	results := []any{}
	for _, block := range got.Content {
		if block["type"] == "tool_use" {
			results = append(results, map[string]any{"type": "tool_result", "tool_use_id": block["id"], "content": "ok"})
		}
	}
	c.messages = append(c.messages, map[string]any{"role": "user", "content": append(results, map[string]any{"type": "text", "text": "Go on."})})
	return request.Messages
}

// TestWhatTheServerSaidGoesBack plays the client's part for two turns: an assistant message with calls returns to the server as
// it was, ids, reasoning, entries, states and all, and the ids that the client saw are different ones.
func TestWhatTheServerSaidGoesBack(t *testing.T) {
	f := func(options, message string) {
		t.Helper()
		c := begin(t, options)
		c.turn(message)
		c.turn(message)
		sent := c.turn(`{"content":"Done."}`)
		var want map[string]any
		if err := json.Unmarshal([]byte(message), &want); err != nil {
			t.Fatal(err)
		}
		want["role"] = "assistant"
		n := 0
		for i, m := range sent {
			if m["role"] != "assistant" {
				continue
			}
			n++
			if !reflect.DeepEqual(m, want) {
				t.Errorf("%s: message %d is\n%v\nwant\n%v", options, i, m, want)
			}
			calls := want["tool_calls"].([]any)
			for j, call := range calls {
				if result := sent[i+1+j]; result["tool_call_id"] != call.(map[string]any)["id"] {
					t.Errorf("%s: message %d is %v, want the result of %v", options, i+1+j, result, call)
				}
			}
		}
		if n != 2 {
			t.Errorf("%d assistant messages, want 2", n)
		}
		seen := map[any]bool{}
		for _, m := range c.messages {
			blocks, _ := m.(map[string]any)["content"].([]map[string]any)
			for _, b := range blocks {
				if b["type"] != "tool_use" {
					continue
				}
				if seen[b["id"]] {
					t.Errorf("%s: the client saw %v twice", options, b["id"])
				}
				seen[b["id"]] = true
			}
		}
	}
	const call = `{"id":"call_0","type":"function","function":{"name":"read","arguments":"{\"a\":1}"}}`
	f(`{}`, `{"content":"I look.","tool_calls":[`+call+`,{"id":"functions.read:1","type":"function","function":{"name":"read","arguments":"{}"}}]}`)
	f(`{"preset":"deepseek"}`, `{"content":"I look.","reasoning_content":"Let me \"see\".\n","tool_calls":[`+call+`]}`)
	f(`{"preset":"kimi"}`, `{"content":null,"reasoning_content":"日本語","tool_calls":[`+call+`]}`)
	f(`{"preset":"moonshot"}`, `{"content":null,"reasoning_content":"","tool_calls":[`+call+`]}`)
	f(`{"preset":"ollama"}`, `{"content":null,"reasoning":"Let me see.","tool_calls":[`+call+`]}`)
	f(`{"preset":"openrouter"}`, `{"content":null,"tool_calls":[`+call+`],"reasoning_details":[`+
		`{"type":"reasoning.summary","summary":"One","format":"openai-responses-v1","index":0},`+
		`{"type":"reasoning.encrypted","data":"gAAA+/==","id":"rs_1","format":"openai-responses-v1","index":1},`+
		`{"type":"reasoning.text","text":"Two","signature":"Et8B","id":"an id with blanks","format":"anthropic-claude-v1","index":2}]}`)
	f(`{"preset":"gemini"}`, `{"content":"I look.","tool_calls":[{"id":"function-call-1","type":"function","function":{"name":"read","arguments":"{}"},`+
		`"extra_content":{"google":{"thought_signature":"CiQB+/x=="}}},`+call+`]}`)
	f(`{"preset":"lmstudio","empty_content":"string"}`, `{"content":"","tool_calls":[`+call+`]}`)
}
