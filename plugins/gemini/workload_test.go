package gemini

import (
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

func newAdapter(t testing.TB, options string) adapter.Adapter {
	t.Helper()
	a, err := Module{}.New(parse(t, options, jsonindex.Mode{}).Root())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func parse(t testing.TB, body string, m jsonindex.Mode) *jsonindex.Doc {
	t.Helper()
	doc, err := jsonindex.Parse([]byte(body), m)
	if err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	return doc
}

// agentRequest is a coding agent's request with thinking that goes back.
var agentRequest = adaptertest.AgentRequest(2, "cp1.gemini.c"+strings.Repeat("Eq", 60))

// Chunks as Gemini sends them.
const (
	textChunk = `{"candidates":[{"content":{"parts":[{"text":" the next word"}],"role":"model"},"index":0}],"usageMetadata":{"promptTokenCount":4210,` +
		`"candidatesTokenCount":12,"totalTokenCount":4222,"promptTokensDetails":[{"modality":"TEXT","tokenCount":4210}]},"modelVersion":"gemini-3-flash","responseId":"C1a2b3c4d5e6f7g8h9i0"}`
	callChunk = `{"candidates":[{"content":{"parts":[{"functionCall":{"id":"fc_1","name":"Read","args":{"file_path":"/src/main.go","limit":200}},` +
		`"thoughtSignature":"c2lnbmF0dXJl"}],"role":"model"},"index":0}],"modelVersion":"gemini-3-flash","responseId":"C1"}`
	lastChunk = `{"candidates":[{"content":{"role":"model"},"finishReason":"STOP","index":0}],"usageMetadata":{"promptTokenCount":9}}`
)
