package openairesponses

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/render"
	"github.com/claude-proxy/claude-proxy/sdk/render/grammar"
	"github.com/claude-proxy/claude-proxy/sdk/signature"
)

// bodies are requests whose answers are read in all ways: thinking shown, hidden and not asked for.
var bodies = [...]string{
	`{"model":"m","max_tokens":99,"messages":[{"role":"user","content":"Hi"}],"thinking":{"type":"adaptive"},"tools":[{"name":"` + strings.Repeat("long", 20) + `","input_schema":{}}]}`,
	`{"model":"m","max_tokens":99,"messages":[{"role":"user","content":"Hi"}],"thinking":{"type":"adaptive","display":"omitted"}}`,
	`{"model":"m","max_tokens":99,"messages":[{"role":"user","content":"Hi"}]}`,
}

// seed adds a section of every case in testdata that has it.
func seed(f *testing.F, section string, add func(text string)) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		f.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		if _, rest, ok := strings.Cut(string(text), "-- "+section+" --\n"); ok {
			body, _, _ := strings.Cut(rest, "\n-- ")
			add(body)
		}
	}
}

// checkOps renders ops as a stream and as a whole message. done says that they are a complete answer.
func checkOps(t *testing.T, emitted []byte, done bool) {
	t.Helper()
	for _, whole := range []bool{false, true} {
		state := render.NewStream(render.Meta{ID: "msg_1", Model: "m"})
		check := grammar.CheckStream
		if whole {
			state = render.NewWhole(render.Meta{ID: "msg_1", Model: "m"})
			check = grammar.CheckWhole
		}
		b, err := state.Apply(nil, emitted)
		if err != nil {
			t.Fatalf("the ops are refused: %v\n%s", err, ops.Dump(emitted))
		}
		if state.Done() != done {
			t.Fatalf("done is %t, want %t\n%s", state.Done(), done, ops.Dump(emitted))
		}
		if !done {
			continue
		}
		if err := check(b); err != nil {
			t.Fatalf("%v\n%s\n%s", err, ops.Dump(emitted), b)
		}
	}
}

// checkError makes sure that an error is one of the contract's and not the adapter's own fault.
func checkError(t *testing.T, err error) {
	t.Helper()
	var f *adapter.Failure
	if !errors.As(err, &f) || f == nil || f.Class == adapter.Internal || f.Message == "" {
		t.Fatalf("error %#v is no proper Failure", err)
	}
	if f.Details != nil && !json.Valid(f.Details) {
		t.Fatalf("details are not JSON: %s", f.Details)
	}
}

// FuzzEvents reads each line as an event.
func FuzzEvents(f *testing.F) {
	f.Add(textEvent + "\n" + doneEvent)
	f.Add(callEvent + "\n" + openEvent + "\n" + argsEvent + "\n" + `{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}}`)
	f.Add(thinkEvent + "\n" + `{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"a b"}}` + "\n" + textEvent + "\n" + doneEvent)
	f.Add(`{"type":"response.completed","response":{"output":[{"type":"message","phase":"x","content":[{"type":"refusal","refusal":"no"},{"text":"yes","annotations":[1]}]},{"type":"function_call","name":"f","arguments":[1]},{"type":"zzz"}]}}`)
	f.Add(`{"type":"error","code":"x","message":"y"}` + "\n[1]\nnull\n[{\"error\":\"x\"}]")
	seed(f, "upstream.sse", func(text string) {
		var lines []string
		for line := range strings.Lines(text) {
			if data, ok := strings.CutPrefix(line, "data: "); ok {
				lines = append(lines, strings.TrimSuffix(data, "\n"))
			}
		}
		f.Add(strings.Join(lines, "\n"))
	})
	f.Fuzz(func(t *testing.T, lines string) {
		for _, body := range bodies {
			fuzzEvents(t, begun(t, body), lines)
		}
	})
}

func fuzzEvents(t *testing.T, x adapter.Exchange, lines string) {
	var out ops.Emitter
	for line := range strings.SplitSeq(lines, "\n") {
		ev := adapter.Event{Data: []byte(line)}
		if doc, err := jsonindex.Parse([]byte(line), jsonindex.UpstreamMode()); err == nil {
			ev.JSON = doc.Root()
		}
		if err := x.Event(ev, &out); err != nil {
			checkError(t, err)
			checkOps(t, out.Buf, false)
			return
		}
	}
	if out.DoneSeen() {
		checkOps(t, out.Buf, true)
		return
	}
	err := x.End(adapter.EOF, &out)
	if err == nil {
		t.Fatal("a stream without an end is complete")
	}
	checkError(t, err)
	checkOps(t, out.Buf, false)
}

func FuzzWhole(f *testing.F) {
	f.Add(`{"id":"a","model":"b","status":"completed","output":[{"type":"reasoning","id":"r","summary":[{"text":"s"},{"text":"t"}],"encrypted_content":"e"},{"type":"message","content":[{"type":"output_text","text":"Hi"}]},` +
		`{"type":"function_call","call_id":"c","name":"f","arguments":"oops"}],"usage":{"input_tokens":1,"output_tokens_details":{"reasoning_tokens":2}}}`)
	f.Add(`{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[{"type":"function_call","name":"f","arguments":"{\"a"}]}`)
	f.Add(`{"status":"failed","error":{"code":"server_error"},"output":[]}`)
	f.Add(`{"error":"x"}`)
	f.Add(`[{"error":{}}]`)
	seed(f, "upstream.json", func(text string) { f.Add(text) })
	f.Fuzz(func(t *testing.T, body string) {
		doc, err := jsonindex.Parse([]byte(body), jsonindex.UpstreamMode())
		if err != nil {
			return
		}
		for _, request := range bodies {
			var out ops.Emitter
			if err := begun(t, request).Whole(doc.Root(), &out); err != nil {
				checkError(t, err)
				checkOps(t, out.Buf, false)
				continue
			}
			checkOps(t, out.Buf, true)
		}
	})
}

// FuzzLists reads the answers to a count of tokens and to the list of models.
func FuzzLists(f *testing.F) {
	f.Add(`{"object":"response.input_tokens","input_tokens":7}`)
	f.Add(`{"data":[{"id":"a","created":1754500000},{"id":"b\n","created":-1},{"id":""},3]}`)
	f.Add(`[{"id":"a","created":1e30}]`)
	f.Fuzz(func(t *testing.T, body string) {
		doc, err := jsonindex.Parse([]byte(body), jsonindex.UpstreamMode())
		if err != nil {
			return
		}
		var count, list ops.Emitter
		if err := (&tokenCount{}).Whole(doc.Root(), &count); err != nil {
			checkError(t, err)
		} else if _, err := render.Count(count.Buf); err != nil {
			t.Fatal(err)
		}
		if err := (&modelList{}).Whole(doc.Root(), &list); err != nil {
			checkError(t, err)
			return
		}
		models, err := render.Models(list.Buf)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range models {
			if !json.Valid(m) {
				t.Fatalf("a model is not JSON: %s", m)
			}
		}
	})
}

func FuzzFailure(f *testing.F) {
	f.Add(400, `{"error":{"message":"Unsupported parameter: 'top_p'","type":"invalid_request_error","param":"top_p","code":"unsupported_parameter"}}`, "1")
	f.Add(429, `{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}`, "1e400")
	f.Add(404, `{"detail":["model"]}`, "-1")
	f.Add(500, `<html>`, "")
	f.Add(400, `{"error":{"error":{"error":"maximum context length is 99999999999999999999 tokens, resulted in 5"}}}`, "")
	seed(f, "upstream.json", func(text string) { f.Add(400, text, "") })
	f.Fuzz(func(t *testing.T, status int, body, retry string) {
		resp := adapter.UpstreamResponse{Status: status, Headers: []adapter.Header{{Name: "retry-after-ms", Value: retry}}, Data: []byte(body)}
		if doc, err := jsonindex.Parse([]byte(body), jsonindex.UpstreamMode()); err == nil {
			resp.JSON = doc.Root()
		}
		fail := begun(t, toolRequest()).Failure(&resp)
		checkError(t, fail)
		if fail.RetryAfter < 0 || len(fail.Message) > 4*maxMessage {
			t.Fatalf("retry after %v, message of %d bytes", fail.RetryAfter, len(fail.Message))
		}
	})
}

func FuzzRequest(f *testing.F) {
	f.Add(toolRequest())
	f.Add(`{"model":"m","max_tokens":0,"messages":[]}`)
	seed(f, "client.json", func(text string) { f.Add(text) })
	f.Fuzz(func(t *testing.T, body string) {
		doc, err := jsonindex.Parse([]byte(body), jsonindex.ClientMode())
		if err != nil {
			return
		}
		if _, err := messages.ReadHead(doc); err != nil {
			return
		}
		fuzzRequest(t, `{}`, "gpt-4o", adapter.Messages, doc)
		fuzzRequest(t, `{"unsupported_tools":"drop","prefill":"send"}`, "gpt-6", adapter.Messages, doc)
		fuzzRequest(t, `{}`, "o3", adapter.CountTokens, doc)
	})
}

func fuzzRequest(t *testing.T, options, model string, op adapter.Operation, doc *jsonindex.Doc) {
	a := newAdapter(t, options)
	call := &adapter.Call{Op: op, ID: "req_1", Model: model, Stream: true, Session: "s", Body: doc}
	var up, twin adapter.UpstreamRequest
	if _, err := a.Begin(call, &up); err != nil {
		checkError(t, err)
		return
	}
	if up.Local {
		checkOps(t, up.Answer.Buf, true)
		return
	}
	sent := up.Body.AppendTo(nil, doc.Src)
	// The strict reader also refuses duplicate keys.
	parsed, err := jsonindex.Parse(sent, jsonindex.Mode{Unique: true})
	if err != nil {
		t.Fatalf("the upstream body is wrong: %v\n%s", err, sent)
	}
	checkInput(t, parsed.Root().Get("input"), sent)
	if _, err := a.Begin(call, &twin); err != nil || string(twin.Body.AppendTo(nil, doc.Src)) != string(sent) {
		t.Fatalf("the same call gave another body: %v", err)
	}
}

// checkInput makes sure of what the upstream demands of its input whatever the client sent: every call has one output
// behind it, and every reasoning item the item it led to.
func checkInput(t *testing.T, input jsonindex.Value, sent []byte) {
	t.Helper()
	open := map[string]int{}
	reasons := false
	for it := input.Iter(); it.Next(); {
		id, _ := it.Val.Get("call_id").Text()
		kind, _ := it.Val.Get("type").Text()
		if reasons && (kind == "function_call_output" || kind == "message" && !it.Val.Get("role").Is("assistant")) {
			t.Fatalf("reasoning in front of %s\n%s", kind, sent)
		}
		reasons = kind == "reasoning"
		switch kind {
		case "function_call":
			open[id]++
		case "function_call_output":
			if open[id]--; open[id] < 0 {
				t.Fatalf("an output without its call %q\n%s", id, sent)
			}
		}
	}
	for id, n := range open {
		if n != 0 {
			t.Fatalf("%d calls %q without output\n%s", n, id, sent)
		}
	}
	if reasons {
		t.Fatalf("reasoning at the end\n%s", sent)
	}
}

// FuzzSignature carries reasoning there and back.
func FuzzSignature(f *testing.F) {
	f.Add("rs_1", "ccall_1", "gAAAAB+/=")
	f.Add("", "", "a b")
	f.Add("rs 1", "m", ".")
	f.Add("x", "r", strings.Repeat("gA", 10_000))
	f.Fuzz(func(t *testing.T, id, next, encrypted string) {
		if strings.Contains(next, ".") {
			return // next is made of names
		}
		sealed := seal(id, next, encrypted)
		quoted := append(jsonindex.AppendEscaped([]byte{'"'}, []byte(sealed)), '"')
		doc := parse(t, string(quoted), jsonindex.ClientMode())
		if !signature.From(doc.Root(), issuer) {
			t.Fatalf("%q is not ours", sealed)
		}
		c, ok := unseal(doc.Root())
		if !foreign.IsName(id) {
			id = ""
		}
		if encrypted == "" || len(id)+len(next) > maxCarried {
			if ok {
				t.Fatalf("%q carries what cannot be carried", sealed)
			}
			return
		}
		if !ok {
			if doc.Root().IsExtern() && c.skip == 0 {
				return // encoded and too long to be read
			}
			t.Fatalf("%q was not read", sealed)
		}
		back := c.encrypted
		if c.skip > 0 {
			var w jsonindex.Writer
			w.Byte('"')
			w.InnerFrom(doc.Root(), c.skip)
			w.Byte('"')
			back, _ = parse(t, string(w.AppendTo(nil, doc.Src)), jsonindex.Mode{}).Root().Text()
		}
		if string(c.id) != id || string(c.next) != next || back != encrypted {
			t.Fatalf("%q, %q, %q came back as %q, %q, %q", id, next, encrypted, c.id, c.next, back)
		}
	})
}

func FuzzIDs(f *testing.F) {
	for _, s := range []string{"call_1", "functions.a:0", "toolu_x_", "toolu_x_YQ", "\x00", "\xff", strings.Repeat("z", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, id string) {
		public := publicID(id)
		if public == "" {
			return
		}
		if !foreign.IsName(public) {
			t.Errorf("%q became %q, which Claude clients refuse", id, public)
		}
		back := upstreamID(public)
		if len(back) > maxCallID || len(id) <= maxCallID && back != id {
			t.Errorf("%q became %q and then %q", id, public, back)
		}
	})
}
