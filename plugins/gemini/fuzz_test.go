package gemini

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/render"
	"github.com/claude-proxy/claude-proxy/sdk/render/grammar"
)

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
		state, check := render.NewStream(render.Meta{ID: "msg_1", Model: "m"}), grammar.CheckStream
		if whole {
			state, check = render.NewWhole(render.Meta{ID: "msg_1", Model: "m"}), grammar.CheckWhole
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
	if f.RetryAfter < 0 || len(f.Message) > 4*maxMessage {
		t.Fatalf("retry after %v, message of %d bytes", f.RetryAfter, len(f.Message))
	}
}

// FuzzEvents reads each line as an event.
func FuzzEvents(f *testing.F) {
	f.Add(textChunk + "\n" + callChunk + "\n" + lastChunk)
	f.Add(`{"candidates":[{"content":{"parts":[{"text":"a","thought":true},{"text":"b","thoughtSignature":"x"},{"functionCall":{"name":"f","args":[1]}}]}}]}` + "\n" + lastChunk)
	f.Add(`{"error":{"code":429,"details":[{"retryDelay":"1e9s"},{"violations":[{"quotaId":"PerDay"}]}]}}` + "\n[1]\nnull")
	seed(f, "upstream.sse", func(text string) { f.Add(strings.ReplaceAll(strings.ReplaceAll(text, "\n\n", "\n"), "data: ", "")) })
	f.Fuzz(func(t *testing.T, lines string) {
		x := &exchange{callID: "req_1", names: map[string]string{"f": "long"}}
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
		err := x.End(adapter.EOF, &out)
		if err != nil {
			checkError(t, err)
		}
		checkOps(t, out.Buf, err == nil)
	})
}

// FuzzWhole reads a body as an answer, as a count of tokens and as a list of models.
func FuzzWhole(f *testing.F) {
	f.Add(textChunk)
	f.Add(`[` + textChunk + `,` + callChunk + `,` + lastChunk + `]`)
	f.Add(`{"models":[{"name":"models/a\n","displayName":"\ud800","inputTokenLimit":1e3},{"name":3},4]}`)
	f.Add(`{"totalTokens":7}`)
	seed(f, "upstream.json", func(text string) { f.Add(text) })
	f.Fuzz(func(t *testing.T, body string) {
		doc, err := jsonindex.Parse([]byte(body), jsonindex.UpstreamMode())
		if err != nil {
			return
		}
		var out ops.Emitter
		if err = (&exchange{callID: "req_1"}).Whole(doc.Root(), &out); err != nil {
			checkError(t, err)
		}
		checkOps(t, out.Buf, err == nil)
		out.Reset()
		if err = (&tokenCount{}).Whole(doc.Root(), &out); err != nil {
			checkError(t, err)
		} else if _, err := render.Count(out.Buf); err != nil {
			t.Fatal(err)
		}
		out.Reset()
		if err = (&modelList{}).Whole(doc.Root(), &out); err != nil {
			checkError(t, err)
			return
		}
		list, err := render.Models(out.Buf)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range list {
			if !json.Valid(m) {
				t.Fatalf("a model is not JSON: %s", m)
			}
		}
	})
}

func FuzzFailure(f *testing.F) {
	f.Add(400, `{"error":{"code":400,"message":"API key not valid","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}`)
	f.Add(429, `[{"error":{"message":"x","details":[{"retryDelay":"1e400s"},{"retryDelay":"NaNs"},7]}}]`)
	f.Add(400, `{"error":{"message":"The input token count (99999999999999999999) exceeds the maximum number of tokens allowed (5)."}}`)
	f.Add(500, `<html>`)
	seed(f, "upstream.json", func(text string) { f.Add(400, text) })
	f.Fuzz(func(t *testing.T, status int, body string) {
		resp := adapter.UpstreamResponse{Status: status, Data: []byte(body)}
		if doc, err := jsonindex.Parse([]byte(body), jsonindex.UpstreamMode()); err == nil {
			resp.JSON = doc.Root()
		}
		checkError(t, (&exchange{thinking: true, jsonSchema: true}).Failure(&resp))
	})
}

func FuzzRequest(f *testing.F) {
	f.Add(toolRequest())
	seed(f, "client.json", func(text string) { f.Add(text) })
	f.Fuzz(func(t *testing.T, body string) {
		doc, err := jsonindex.Parse([]byte(body), jsonindex.ClientMode())
		if err != nil {
			return
		}
		if _, err := messages.ReadHead(doc); err != nil {
			return
		}
		for _, c := range []struct{ model, options, remedy string }{
			{"gemini-3-flash", `{}`, ""}, {"gemini-3-flash", `{}`, remedyDummies},
			{"gemini-2.5-pro", `{"schema":"openapi","unsupported_tools":"drop","prefill":"send","urls":"any","stop_sequences":"cut"}`, ""},
		} {
			call := &adapter.Call{ID: "req_1", Model: c.model, Stream: true, Body: doc}
			if c.remedy != "" {
				call.Remedies = []adapter.Remedy{{Name: c.remedy}}
			}
			fuzzRequest(t, newAdapter(t, c.options), call)
		}
	})
}

func fuzzRequest(t *testing.T, a adapter.Adapter, call *adapter.Call) {
	var up, twin adapter.UpstreamRequest
	if _, err := a.Begin(call, &up); err != nil {
		checkError(t, err)
		return
	}
	if up.Local {
		checkOps(t, up.Answer.Buf, true)
		return
	}
	sent := up.Body.AppendTo(nil, call.Body.Src)
	// The strict reader also refuses duplicate keys.
	if _, err := jsonindex.Parse(sent, jsonindex.Mode{Unique: true, MaxDepth: 4 * jsonindex.MaxDepth}); err != nil {
		t.Fatalf("the upstream body is wrong: %v\n%s", err, sent)
	}
	if _, err := a.Begin(call, &twin); err != nil || string(twin.Body.AppendTo(nil, call.Body.Src)) != string(sent) {
		t.Fatalf("the same call gave another body: %v", err)
	}
}
