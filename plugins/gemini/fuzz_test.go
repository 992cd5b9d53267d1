package gemini

import (
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/render"
)

// FuzzEvents reads each line as an event.
func FuzzEvents(f *testing.F) {
	f.Add(textChunk + "\n" + callChunk + "\n" + lastChunk)
	f.Add(`{"candidates":[{"content":{"parts":[{"text":"a","thought":true},{"text":"b","thoughtSignature":"x"},{"functionCall":{"name":"f","args":[1]}}]}}]}` + "\n" + lastChunk)
	f.Add(`{"error":{"code":429,"details":[{"retryDelay":"1e9s"},{"violations":[{"quotaId":"PerDay"}]}]}}` + "\n[1]\nnull")
	for _, lines := range adaptertest.Streams(f, "testdata") {
		f.Add(lines)
	}
	f.Fuzz(func(t *testing.T, lines string) {
		x := &exchange{callID: "req_1", names: map[string]string{"f": "long"}}
		var out ops.Emitter
		err := adaptertest.ReadEvents(x, lines, &out)
		if err == nil {
			err = x.End(adapter.EOF, &out)
		}
		adaptertest.CheckAnswer(t, out.Buf, err)
	})
}

// FuzzWhole reads a body as an answer, as a count of tokens and as a list of models.
func FuzzWhole(f *testing.F) {
	f.Add(textChunk)
	f.Add(`[` + textChunk + `,` + callChunk + `,` + lastChunk + `]`)
	f.Add(`{"models":[{"name":"models/a\n","displayName":"\ud800","inputTokenLimit":1e3},{"name":3},4]}`)
	f.Add(`{"totalTokens":7}`)
	for _, text := range adaptertest.Sections(f, "testdata", "upstream.json") {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, body string) {
		doc, err := jsonindex.Parse([]byte(body), jsonindex.UpstreamMode())
		if err != nil {
			return
		}
		var out ops.Emitter
		err = (&exchange{callID: "req_1"}).Whole(doc.Root(), &out)
		adaptertest.CheckAnswer(t, out.Buf, err)
		out.Reset()
		if err = (&tokenCount{}).Whole(doc.Root(), &out); err != nil {
			adaptertest.CheckError(t, err)
		} else if _, err := render.Count(out.Buf); err != nil {
			t.Fatal(err)
		}
		out.Reset()
		err = (&modelList{}).Whole(doc.Root(), &out)
		adaptertest.CheckModels(t, out.Buf, err)
	})
}

func FuzzFailure(f *testing.F) {
	f.Add(400, `{"error":{"code":400,"message":"API key not valid","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}`)
	f.Add(429, `[{"error":{"message":"x","details":[{"retryDelay":"1e400s"},{"retryDelay":"NaNs"},7]}}]`)
	f.Add(400, `{"error":{"message":"The input token count (99999999999999999999) exceeds the maximum number of tokens allowed (5)."}}`)
	f.Add(500, `<html>`)
	for _, text := range adaptertest.Sections(f, "testdata", "upstream.json") {
		f.Add(400, text)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		resp := adapter.UpstreamResponse{Status: status, Data: []byte(body)}
		if doc, err := jsonindex.Parse([]byte(body), jsonindex.UpstreamMode()); err == nil {
			resp.JSON = doc.Root()
		}
		fail := (&exchange{thinking: true, jsonSchema: true}).Failure(&resp)
		adaptertest.CheckError(t, fail)
		if len(fail.Message) > 4*foreign.MaxMessage {
			t.Fatalf("a message of %d bytes", len(fail.Message))
		}
	})
}

func FuzzRequest(f *testing.F) {
	f.Add(agentRequest)
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
		for _, c := range []struct{ model, options, remedy string }{
			{"gemini-3-flash", `{}`, ""}, {"gemini-3-flash", `{}`, remedyDummies},
			{"gemini-2.5-pro", `{"schema":"openapi","unsupported_tools":"drop","prefill":"send","urls":"any","stop_sequences":"cut"}`, ""},
		} {
			call := &adapter.Call{ID: "req_1", Model: c.model, Stream: true, Body: doc}
			if c.remedy != "" {
				call.Remedies = []adapter.Remedy{{Name: c.remedy}}
			}
			adaptertest.CheckRequest(t, newAdapter(t, c.options), call)
		}
	})
}
