// Package gemini is the adapter for Google's Gemini API, generateContent.
//
// request.go and the files it calls make the request, stream.go, parts.go and whole.go read the answer, failure.go
// classifies errors, options.go says what a channel may choose.
//
// https://ai.google.dev/api/generate-content
package gemini

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// title is what messages to people call the upstream.
const title = "Gemini"

// issuer names the signatures of this adapter's making; see package signature.
const issuer = "gemini"

// Module is the adapter as the proxy knows it.
type Module struct{}

var (
	_ adapter.Module   = Module{}
	_ adapter.Adapter  = (*upstream)(nil)
	_ adapter.Exchange = (*exchange)(nil)
)

// Manifest describes the adapter.
func (Module) Manifest() adapter.Manifest {
	return adapter.Manifest{
		Name:    "gemini",
		Version: "1.0.0",
		Title:   adapter.Text{EN: "Gemini", ZH: "Gemini"},
		Description: adapter.Text{
			EN: "Google's Gemini API (generateContent)",
			ZH: "Google 的 Gemini 接口（generateContent）",
		},
		Homepage:   "https://ai.google.dev/api/generate-content",
		License:    "MIT",
		BaseURL:    "https://generativelanguage.googleapis.com",
		Auth:       "header:x-goog-api-key",
		Operations: []adapter.Operation{adapter.Messages, adapter.CountTokens, adapter.Models},
		Options:    optionsSchema,
	}
}

// New checks the options of a channel. A nil or absent object gives the defaults.
func (Module) New(options jsonindex.Value) (adapter.Adapter, error) {
	o, err := readOptions(options)
	if err != nil {
		return nil, err
	}
	return &upstream{o}, nil
}

// upstream is the adapter of one channel.
type upstream struct{ o options }

// Begin makes the upstream request of an operation.
func (a *upstream) Begin(call *adapter.Call, up *adapter.UpstreamRequest) (adapter.Exchange, error) {
	switch call.Op {
	case adapter.Models:
		// The page is as long as the service allows; there are fewer models than that.
		up.Method, up.Path = "GET", "/v1beta/models?pageSize=1000"
		return &modelList{}, nil
	case adapter.CountTokens:
		up.Path = modelPath(call.Model) + ":countTokens"
		x, err := a.convert(call, up)
		if err != nil {
			return nil, err
		}
		return &tokenCount{exchange: *x}, nil
	}
	if call.Stream {
		up.Path, up.Stream = modelPath(call.Model)+":streamGenerateContent?alt=sse", true
	} else {
		up.Path = modelPath(call.Model) + ":generateContent"
	}
	x, err := a.convert(call, up)
	if err != nil {
		return nil, err
	}
	return x, nil
}

// convert makes the request. A tool that comes or goes in the middle of the conversation may be found only when the
// tools are written already; then the conversion starts again with what was learned, once.
func (a *upstream) convert(call *adapter.Call, up *adapter.UpstreamRequest) (*exchange, error) {
	base := len(up.Body.Buf) - len(up.Body.Literal())
	var known *foreign.ToolChanges
	for range 2 {
		x := &exchange{callID: call.ID}
		r := request{o: &a.o, f: a.o.family(call.Model), Ledger: foreign.Ledger{Up: up, Upstream: title}, call: call, w: &up.Body, x: x, changes: known}
		var calls [4]toolUse
		r.calls = calls[:0]
		err := r.convert()
		if err == nil {
			return x, nil
		}
		if _, ok := err.(again); !ok {
			return nil, err
		}
		known = r.changes
		up.Body.Reset(up.Body.Buf[:base])
		up.Losses, up.StopSequences = up.Losses[:0], up.StopSequences[:0]
	}
	return nil, adapter.Fail(adapter.Internal, "", "the request could not be converted in two passes")
}

// again asks for the whole conversion once more; it never leaves the package.
type again struct{}

func (again) Error() string { return "BUG: a second conversion was not made" }
