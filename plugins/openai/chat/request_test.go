package chat

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// sentBody is the upstream body, read back.
type sentBody struct {
	Messages []struct {
		Role       string
		Content    any
		ToolCallID string                `json:"tool_call_id"`
		ToolCalls  []struct{ ID string } `json:"tool_calls"`
	}
}

func converted(t *testing.T, d Dialect, body string) (sent sentBody, losses []adapter.Loss) {
	t.Helper()
	doc := parse(t, body, jsonindex.ClientMode())
	var up adapter.UpstreamRequest
	if _, err := newAdapter(t, d).Begin(&adapter.Call{ID: "req_1", Model: "gpt-5", Body: doc}, &up); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(up.Body.AppendTo(nil, doc.Src), &sent); err != nil {
		t.Fatal(err)
	}
	return sent, up.Losses
}

// TestManyCalls answers more calls than are looked for one by one, in reverse order, some with the same id.
func TestManyCalls(t *testing.T) {
	const n = 10 * manyCalls
	id := func(i int) string { return fmt.Sprintf("call_%d", i%(n-2)) }
	var calls, results []string
	for i := range n {
		calls = append(calls, fmt.Sprintf(`{"type":"tool_use","id":%q,"name":"f","input":{"n":%d}}`, id(i), i))
	}
	for i := n - 1; i >= 0; i-- {
		results = append(results, fmt.Sprintf(`{"type":"tool_result","tool_use_id":%q,"content":"of %s"}`, id(i), id(i)))
	}
	sent, losses := converted(t, proper(), `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[`+
		strings.Join(calls, ",")+`]},{"role":"user","content":[`+strings.Join(results, ",")+`]}]}`)
	if len(losses) > 0 {
		t.Errorf("losses %v, want none: every call has its result", losses)
	}
	if len(sent.Messages) != 2+n || len(sent.Messages[1].ToolCalls) != n {
		t.Fatalf("%d messages with %d calls, want %d with %d", len(sent.Messages), len(sent.Messages[1].ToolCalls), 2+n, n)
	}
	open := map[string]bool{}
	for _, c := range sent.Messages[1].ToolCalls {
		open[c.ID] = true
	}
	if len(open) != n {
		t.Errorf("%d different ids of %d calls", len(open), n)
	}
	for i, m := range sent.Messages[2:] {
		if want := id(n - 1 - i); m.Role != "tool" || !open[m.ToolCallID] || m.Content != "of "+want {
			t.Fatalf("message %d is %+v, want the result of %s", i, m, want)
		}
		delete(open, m.ToolCallID)
	}
}

// TestIDsAreComparedUnescaped pairs a call and a result whose ids are spelled differently.
func TestIDsAreComparedUnescaped(t *testing.T) {
	sent, losses := converted(t, proper(), `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"},`+
		`{"role":"assistant","content":[{"type":"tool_use","id":"call\u005f1","name":"f","input":{}}]},`+
		`{"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"x"}]}]}`)
	if len(losses) > 0 || len(sent.Messages) != 3 || sent.Messages[1].ToolCalls[0].ID != "call_1" || sent.Messages[2].ToolCallID != "call_1" {
		t.Errorf("messages %+v, losses %v", sent.Messages, losses)
	}
}

// TestLargeTexts passes texts on that are too long to be read: they are named, not copied.
func TestLargeTexts(t *testing.T) {
	large := strings.Repeat(`line of \"text\"\n`, 4000)
	body := `{"model":"m","max_tokens":9,"system":"` + large + `","messages":[{"role":"user","content":"` + large + `"},` +
		`{"role":"assistant","content":[{"type":"text","text":"` + large + `"},{"type":"tool_use","id":"a","name":"f","input":{"text":"` + large + `"}}]},` +
		`{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"` + large + `","is_error":true}]}]}`
	doc := parse(t, body, jsonindex.ClientMode())
	var up adapter.UpstreamRequest
	if _, err := newAdapter(t, proper()).Begin(&adapter.Call{ID: "req_1", Model: "gpt-5", Body: doc}, &up); err != nil {
		t.Fatal(err)
	}
	if n := len(up.Body.Literal()); n > 2000 {
		t.Errorf("%d bytes were copied, want a few hundred", n)
	}
	var sent sentBody
	if err := json.Unmarshal(up.Body.AppendTo(nil, doc.Src), &sent); err != nil {
		t.Fatal(err)
	}
	var want string
	if err := json.Unmarshal([]byte(`"`+large+`"`), &want); err != nil {
		t.Fatal(err)
	}
	for i, content := range []string{want, want, want, "Error: " + want} {
		if sent.Messages[i].Content != content {
			t.Errorf("the content of message %d is not what the client sent", i)
		}
	}
}
