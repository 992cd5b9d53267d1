package gemini

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// convert is the upstream body of a request.
func convert(t *testing.T, options, body string) map[string]any {
	t.Helper()
	call := &adapter.Call{ID: "req_1", Model: "gemini-3-flash", Body: parse(t, body, jsonindex.ClientMode())}
	var up adapter.UpstreamRequest
	if _, err := newAdapter(t, options).Begin(call, &up); err != nil {
		t.Fatal(err)
	}
	sent := up.Body.AppendTo(nil, call.Body.Src)
	if len(sent) > 4<<20 {
		t.Fatalf("%d bytes became %d", len(body), len(sent))
	}
	var m map[string]any
	if err := json.Unmarshal(sent, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestManyCalls makes sure that calls and results find each other where maps are used for it.
func TestManyCalls(t *testing.T) {
	const n = 3 * manyCalls
	var calls, results []string
	for i := range n {
		id := i
		if i == n-1 {
			id = 0 // a second call with the id of the first
		}
		calls = append(calls, fmt.Sprintf(`{"type":"tool_use","id":"toolu_%d","name":"f%d","input":{}}`, id, i))
		results = append(results, fmt.Sprintf(`{"type":"tool_result","tool_use_id":"toolu_%d","content":"r%d"}`, id, i))
	}
	body := `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[` + strings.Join(calls, ",") +
		`]},{"role":"user","content":[` + strings.Join(results, ",") + `]}]}`
	parts := convert(t, `{}`, body)["contents"].([]any)[2].(map[string]any)["parts"].([]any)
	if len(parts) != n {
		t.Fatalf("%d parts, want %d", len(parts), n)
	}
	for i, p := range parts {
		r := p.(map[string]any)["functionResponse"].(map[string]any)
		if want := fmt.Sprintf("r%d", i); r["name"] != fmt.Sprintf("f%d", i) || r["response"].(map[string]any)["output"] != want {
			t.Fatalf("response %d is %v", i, r)
		}
		if _, has := r["id"]; has == (i == n-1) {
			t.Fatalf("response %d: %v; only a second call with the same id has none", i, r)
		}
	}
}

// TestManyTools makes sure that equal names are found where a map is used for it.
func TestManyTools(t *testing.T) {
	var tools []string
	for i := range 3 * manyTools {
		tools = append(tools, fmt.Sprintf(`{"name":"t%d","input_schema":{}}`, i%(2*manyTools)))
	}
	body := `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"tools":[` + strings.Join(tools, ",") + `]}`
	list := convert(t, `{}`, body)["tools"].([]any)[0].(map[string]any)["functionDeclarations"].([]any)
	if len(list) != 2*manyTools {
		t.Fatalf("%d functions, want %d", len(list), 2*manyTools)
	}
}

// TestSchemasStaySmall converts schemas that would become endless if they were written out as they stand.
func TestSchemasStaySmall(t *testing.T) {
	types := `{"type":["array","array","array","null"],"items":`
	var refs []string
	for i := range 40 {
		refs = append(refs, fmt.Sprintf(`"p%d":{"$ref":"#/$defs/d"}`, i))
	}
	wide := `{` + strings.Join(refs, ",") + `}`
	for _, schema := range []string{
		`{"type":"object","properties":{"a":` + strings.Repeat(types, 40) + `{}` + strings.Repeat(`}`, 40) + `}}`,
		`{"type":"object","properties":` + wide + `,"$defs":{"d":{"type":"object","properties":` + wide + `}}}`,
		`{"$ref":"#"}`,
	} {
		for _, options := range []string{`{}`, `{"schema":"openapi"}`} {
			convert(t, options, `{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"tools":[{"name":"f","input_schema":`+schema+`}]}`)
		}
	}
}

// TestEndlessAnswers makes sure that an answer without end is a failure.
func TestEndlessAnswers(t *testing.T) {
	for _, part := range []string{
		`{"functionCall":{"name":"f"}}`, `{"text":"a"},{"text":"b","thought":true}`, `{"text":"a","thoughtSignature":"x"}`,
	} {
		x, chunk := &exchange{}, parse(t, `{"candidates":[{"content":{"parts":[`+part+`]}}]}`, jsonindex.UpstreamMode())
		var out ops.Emitter
		var err error
		for n := 0; err == nil; n++ {
			if n > 5000 {
				t.Fatalf("%s: %d times without a failure", part, n)
			}
			err = x.Event(adapter.Event{JSON: chunk.Root()}, &out)
		}
		var f *adapter.Failure
		if !errors.As(err, &f) || f.Class != adapter.Protocol {
			t.Errorf("%s: %v", part, err)
		}
		adaptertest.CheckAnswer(t, out.Buf, err)
	}
}

// TestNames leads names and ids there and back.
func TestNames(t *testing.T) {
	for _, id := range []string{"fc_1", "a b", "ä", foreignID + "x", "call:1", strings.Repeat("x", 256)} {
		public := publicID(id)
		if !foreign.IsName(public) || upstreamID(public) != id {
			t.Errorf("%q became %q and %q", id, public, upstreamID(public))
		}
	}
	for _, id := range []string{"", strings.Repeat("x", 257), madeID + "1"} {
		if got := publicID(id); got != "" {
			t.Errorf("%q became %q, want none", id, got)
		}
	}
	seen := map[string]bool{}
	for _, name := range []string{"", "1", "-a", "größe", strings.Repeat("x", 129), strings.Repeat("x", 130), "a b", "a_b!"} {
		got := functionName(name)
		if isFunctionName(name) || !isFunctionName(got) || seen[got] {
			t.Errorf("%q became %q", name, got)
		}
		seen[got] = true
	}
}
