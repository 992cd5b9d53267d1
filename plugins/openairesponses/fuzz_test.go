package openairesponses

import (
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/render"
	"github.com/claude-proxy/claude-proxy/sdk/signature"
)

// bodies are requests whose answers are read in all ways: thinking shown, hidden and not asked for.
var bodies = [...]string{
	`{"model":"m","max_tokens":99,"messages":[{"role":"user","content":"Hi"}],"thinking":{"type":"adaptive"},"tools":[{"name":"` + strings.Repeat("long", 20) + `","input_schema":{}}]}`,
	`{"model":"m","max_tokens":99,"messages":[{"role":"user","content":"Hi"}],"thinking":{"type":"adaptive","display":"omitted"}}`,
	`{"model":"m","max_tokens":99,"messages":[{"role":"user","content":"Hi"}]}`,
}

// FuzzEvents reads each line as an event.
func FuzzEvents(f *testing.F) {
	f.Add(textEvent + "\n" + doneEvent)
	f.Add(callEvent + "\n" + openEvent + "\n" + argsEvent + "\n" + `{"type":"response.incomplete","response":{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"}}}`)
	f.Add(thinkEvent + "\n" + `{"type":"response.output_item.done","output_index":0,"item":{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"a b"}}` + "\n" + textEvent + "\n" + doneEvent)
	f.Add(`{"type":"response.completed","response":{"output":[{"type":"message","phase":"x","content":[{"type":"refusal","refusal":"no"},{"text":"yes","annotations":[1]}]},{"type":"function_call","name":"f","arguments":[1]},{"type":"zzz"}]}}`)
	f.Add(`{"type":"error","code":"x","message":"y"}` + "\n[1]\nnull\n[{\"error\":\"x\"}]")
	for _, lines := range adaptertest.Streams(f, "testdata") {
		f.Add(lines)
	}
	f.Fuzz(func(t *testing.T, lines string) {
		for _, body := range bodies {
			x := begun(t, body)
			var out ops.Emitter
			err := adaptertest.ReadEvents(x, lines, &out)
			if err == nil && !out.DoneSeen() {
				if err = x.End(adapter.EOF, &out); err == nil {
					t.Fatal("a stream without an end is complete")
				}
			}
			adaptertest.CheckAnswer(t, out.Buf, err)
		}
	})
}

func FuzzWhole(f *testing.F) {
	f.Add(`{"id":"a","model":"b","status":"completed","output":[{"type":"reasoning","id":"r","summary":[{"text":"s"},{"text":"t"}],"encrypted_content":"e"},{"type":"message","content":[{"type":"output_text","text":"Hi"}]},` +
		`{"type":"function_call","call_id":"c","name":"f","arguments":"oops"}],"usage":{"input_tokens":1,"output_tokens_details":{"reasoning_tokens":2}}}`)
	f.Add(`{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"output":[{"type":"function_call","name":"f","arguments":"{\"a"}]}`)
	f.Add(`{"status":"failed","error":{"code":"server_error"},"output":[]}`)
	f.Add(`{"error":"x"}`)
	f.Add(`[{"error":{}}]`)
	for _, text := range adaptertest.Sections(f, "testdata", "upstream.json") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, body string) {
		doc, err := jsonindex.Parse([]byte(body), jsonindex.UpstreamMode())
		if err != nil {
			return
		}
		for _, request := range bodies {
			var out ops.Emitter
			err := begun(t, request).Whole(doc.Root(), &out)
			adaptertest.CheckAnswer(t, out.Buf, err)
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
			adaptertest.CheckError(t, err)
		} else if _, err := render.Count(count.Buf); err != nil {
			t.Fatal(err)
		}
		err = (&modelList{}).Whole(doc.Root(), &list)
		adaptertest.CheckModels(t, list.Buf, err)
	})
}

func FuzzFailure(f *testing.F) {
	f.Add(400, `{"error":{"message":"Unsupported parameter: 'top_p'","type":"invalid_request_error","param":"top_p","code":"unsupported_parameter"}}`, "1")
	f.Add(429, `{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}`, "1e400")
	f.Add(404, `{"detail":["model"]}`, "-1")
	f.Add(500, `<html>`, "")
	f.Add(400, `{"error":{"error":{"error":"maximum context length is 99999999999999999999 tokens, resulted in 5"}}}`, "")
	for _, text := range adaptertest.Sections(f, "testdata", "upstream.json") {
		f.Add(400, text, "")
	}
	f.Fuzz(func(t *testing.T, status int, body, retry string) {
		resp := adapter.UpstreamResponse{Status: status, Headers: []adapter.Header{{Name: "retry-after-ms", Value: retry}}, Data: []byte(body)}
		if doc, err := jsonindex.Parse([]byte(body), jsonindex.UpstreamMode()); err == nil {
			resp.JSON = doc.Root()
		}
		fail := begun(t, agentRequest).Failure(&resp)
		adaptertest.CheckError(t, fail)
		if len(fail.Message) > 4*foreign.MaxMessage {
			t.Fatalf("a message of %d bytes", len(fail.Message))
		}
	})
}

func FuzzRequest(f *testing.F) {
	f.Add(agentRequest)
	f.Add(`{"model":"m","max_tokens":0,"messages":[]}`)
	for _, text := range adaptertest.Sections(f, "testdata", "client.json") {
		f.Add(text)
	}
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
	call := &adapter.Call{Op: op, ID: "req_1", Model: model, Stream: true, Session: "s", Body: doc}
	if sent := adaptertest.CheckRequest(t, newAdapter(t, options), call); sent != nil {
		checkInput(t, sent.Root().Get("input"), sent.Src)
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
