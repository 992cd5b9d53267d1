package openairesponses

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// sentItem is one item of an upstream body, read back.
type sentItem struct {
	Type      string
	Role      string
	Content   any
	Output    any
	CallID    string `json:"call_id"`
	Summary   []struct{ Text string }
	Encrypted string `json:"encrypted_content"`
}

func converted(t *testing.T, body string) (input []sentItem, up *adapter.UpstreamRequest) {
	t.Helper()
	doc := parse(t, body, jsonindex.ClientMode())
	up = &adapter.UpstreamRequest{}
	if _, err := newAdapter(t, `{}`).Begin(&adapter.Call{ID: "req_1", Model: "gpt-5", Body: doc}, up); err != nil {
		t.Fatal(err)
	}
	var sent struct{ Input []sentItem }
	if err := json.Unmarshal(up.Body.AppendTo(nil, doc.Src), &sent); err != nil {
		t.Fatal(err)
	}
	return sent.Input, up
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
	input, up := converted(t, `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[`+
		strings.Join(calls, ",")+`]},{"role":"user","content":[`+strings.Join(results, ",")+`]}]}`)
	for _, l := range up.Losses {
		if l.Path != "max_tokens" {
			t.Errorf("loss %v, want none: every call has its result", l)
		}
	}
	if len(input) != 1+2*n {
		t.Fatalf("%d items, want %d", len(input), 1+2*n)
	}
	open := map[string]bool{}
	for _, c := range input[1 : 1+n] {
		open[c.CallID] = true
	}
	if len(open) != n {
		t.Errorf("%d different ids of %d calls", len(open), n)
	}
	for i, m := range input[1+n:] {
		if want := id(n - 1 - i); m.Type != "function_call_output" || !open[m.CallID] || m.Output != "of "+want {
			t.Fatalf("output %d is %+v, want that of %s", i, m, want)
		}
		delete(open, m.CallID)
	}
}

// TestIDsAreComparedUnescaped pairs a call and a result whose ids are spelled differently.
func TestIDsAreComparedUnescaped(t *testing.T) {
	input, up := converted(t, `{"model":"m","max_tokens":99,"messages":[{"role":"user","content":"Hi"},`+
		`{"role":"assistant","content":[{"type":"thinking","thinking":"x","signature":"cp1.openairesponses.rs_1.ccall_1.e"},`+
		`{"type":"tool_use","id":"call\u005f1","name":"f","input":{}}]},`+
		`{"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"x"}]}]}`)
	if len(up.Losses) > 0 || len(input) != 4 || input[1].Type != "reasoning" || input[2].CallID != "call_1" || input[3].CallID != "call_1" {
		t.Errorf("items %+v, losses %v", input, up.Losses)
	}
}

// TestLargeTexts passes texts on that are too long to be read, encrypted reasoning among them: they are named, not copied.
func TestLargeTexts(t *testing.T) {
	large := strings.Repeat(`line of \"text\"\n`, 4000)
	encrypted := strings.Repeat("gAAAAB+/", 8000)
	body := `{"model":"m","max_tokens":99,"system":"` + large + `","messages":[{"role":"user","content":"` + large + `"},` +
		`{"role":"assistant","content":[{"type":"thinking","thinking":"` + large + `","signature":"cp1.openairesponses.rs_1.m.` + encrypted + `"},` +
		`{"type":"text","text":"` + large + `"},{"type":"tool_use","id":"a","name":"f","input":{"text":"` + large + `"}}]},` +
		`{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"` + large + `","is_error":true}]}]}`
	input, up := converted(t, body)
	if n := len(up.Body.Literal()); n > 2000 {
		t.Errorf("%d bytes were copied, want a few hundred", n)
	}
	var want string
	if err := json.Unmarshal([]byte(`"`+large+`"`), &want); err != nil {
		t.Fatal(err)
	}
	if len(input) != 5 || input[1].Encrypted != encrypted || input[1].Summary[0].Text != want || input[4].Output != "Error: "+want {
		t.Errorf("the items are not what the client sent")
	}
}

// TestNothingBehindDone gives an exchange events after the answer is complete, as a batch may.
func TestNothingBehindDone(t *testing.T) {
	x := begun(t, bodies[0])
	var out ops.Emitter
	for _, ev := range []adapter.Event{
		newEvent(t, textEvent), newEvent(t, doneEvent), newEvent(t, textEvent), newEvent(t, doneEvent),
		{Data: []byte("[DONE]")}, {Data: []byte("junk")}, newEvent(t, `{"type":"error","message":"late"}`),
	} {
		if err := x.Event(ev, &out); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.End(adapter.Cut, &out); err != nil {
		t.Fatal(err)
	}
	const want = "text 1 \" the next word\"\nmessage \"resp_1\" \"gpt-5\"\nusage in=5 out=3 cache_read=4\nstop end_turn\ndone\n"
	if got := ops.Dump(out.Buf); got != want {
		t.Errorf("ops\n%swant\n%s", got, want)
	}
}

// TestAnswersAreBounded lets an upstream send items without end, announced or not.
func TestAnswersAreBounded(t *testing.T) {
	f := func(format string) {
		t.Helper()
		x := begun(t, bodies[0])
		var out ops.Emitter
		var err error
		for i := 0; i <= maxItems && err == nil; i++ {
			err = x.Event(newEvent(t, fmt.Sprintf(format, i)), &out)
		}
		if err == nil {
			err = x.Event(newEvent(t, doneEvent), &out)
		}
		var fail *adapter.Failure
		if !errors.As(err, &fail) || fail.Class != adapter.Protocol {
			t.Errorf("more than %d items: %v, want a protocol failure", maxItems, err)
		}
	}
	f(`{"type":"response.output_item.added","output_index":%d,"item":{"type":"message"}}`)
	f(`{"type":"response.output_text.delta","output_index":%d,"delta":"x"}`)
}

func TestShortName(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{
		strings.Repeat("a", 65), strings.Repeat("a", 66), strings.Repeat("a", 64) + "b", "büro", "b-ro", "b.ro", strings.Repeat("ü", 40), "x y",
	} {
		short := foreign.ShortName(name, maxName, foreign.IsNameByte)
		if len(short) > maxName || !foreign.IsName(short) {
			t.Errorf("%q became %q, which no function may be called", name, short)
		}
		if other, ok := seen[short]; ok {
			t.Errorf("%q and %q both became %q", name, other, short)
		}
		seen[short] = name
	}
}

// TestFamilies finds what some models take by their names.
func TestFamilies(t *testing.T) {
	f := func(model, reasoning string, reasons bool, efforts string, breakpoints int) {
		t.Helper()
		o := options{reasoning: reasoning}
		got := o.family(model)
		if got.reasons != reasons || strings.Join(got.efforts, " ") != efforts || got.breakpoints != breakpoints {
			t.Errorf("%s (%s): reasons %t, efforts %v, %d marks", model, reasoning, got.reasons, got.efforts, got.breakpoints)
		}
	}
	f("gpt-4.1-mini", "auto", false, "", 0)
	f("openai/gpt-4o", "auto", false, "", 0)
	f("ft:gpt-4o:org::id", "auto", false, "", 0)
	f("gpt-5-chat-latest", "auto", false, "", 0)
	f("o3-pro", "auto", true, "low medium high", 0)
	f("gpt-5-pro", "auto", true, "high", 0)
	f("gpt-5-mini", "auto", true, "minimal low medium high", 0)
	f("gpt-5.1", "auto", true, "none low medium high", 0)
	f("gpt-5.2-pro", "auto", true, "medium high xhigh", 0)
	f("gpt-5.3-codex", "auto", true, "none low medium high xhigh", 0)
	f("gpt-5.6-sol", "auto", true, "none low medium high xhigh max", 4)
	f("own-model", "auto", true, "none low medium high xhigh max", 4)
	f("own-model", "off", false, "", 0)
	f("gpt-4o", "on", true, "none low medium high xhigh max", 4)
	f("gpt-5", "on", true, "minimal low medium high", 0)
}

// TestClientFields names the parameter at fault as the client knows it.
func TestClientFields(t *testing.T) {
	for param, want := range map[string]string{
		"input[3].content[0].image_url": "messages", "instructions": "system", "tools[0].name": "tools",
		"max_output_tokens": "max_tokens", "reasoning.effort": "output_config.effort", "reasoning.summary": "thinking.display",
		"text.format.schema": "output_config.format", "parallel_tool_calls": "tool_choice.disable_parallel_tool_use",
		"safety_identifier": "metadata.user_id", "service_tier": "service_tier", "store": "", "": "",
	} {
		if got := clientField(param); got != want {
			t.Errorf("%q is called %q, want %q", param, got, want)
		}
	}
}
