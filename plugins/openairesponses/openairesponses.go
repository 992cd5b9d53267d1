// Package openairesponses is the adapter for OpenAI's Responses API. It keeps no state upstream: every request carries the
// whole conversation, and the reasoning of earlier turns travels encrypted through the client's thinking signatures.
//
// https://platform.openai.com/docs/api-reference/responses
package openairesponses

import (
	"errors"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// Where the upstream takes what; see https://platform.openai.com/docs/api-reference/responses.
const (
	pathResponses = "/v1/responses"
	pathCount     = "/v1/responses/input_tokens"
	pathModels    = "/v1/models"
)

// title is what messages to people call the upstream.
const title = "OpenAI Responses"

// Module is the adapter as the proxy knows it.
type Module struct{}

// Adapter converts for one channel. It is immutable and shared by goroutines.
type Adapter struct{ o options }

var (
	_ adapter.Module  = Module{}
	_ adapter.Adapter = (*Adapter)(nil)
)

// Manifest describes the adapter.
func (Module) Manifest() adapter.Manifest {
	return adapter.Manifest{
		Name:    "openairesponses",
		Version: "1.0.0",
		Title:   adapter.Text{EN: "OpenAI Responses", ZH: "OpenAI Responses"},
		Description: adapter.Text{
			EN: "OpenAI's Responses API, with reasoning carried from turn to turn",
			ZH: "OpenAI 的 Responses 接口，推理内容逐轮延续",
		},
		Homepage:   "https://platform.openai.com/docs/api-reference/responses",
		License:    "MIT",
		BaseURL:    "https://api.openai.com/v1",
		Auth:       "bearer",
		Operations: []adapter.Operation{adapter.Messages, adapter.CountTokens, adapter.Models},
		Options:    optionsSchema,
	}
}

// New checks the options of a channel. A nil or absent object gives the defaults.
func (Module) New(v jsonindex.Value) (adapter.Adapter, error) {
	o, err := readOptions(v)
	if err != nil {
		return nil, err
	}
	return &Adapter{o}, nil
}

// Begin makes the upstream request for messages, for a count of their tokens, and for the list of models.
func (a *Adapter) Begin(call *adapter.Call, up *adapter.UpstreamRequest) (adapter.Exchange, error) {
	switch call.Op {
	case adapter.Models:
		up.Method, up.Path = "GET", pathModels
		return &modelList{exchange{callID: call.ID}}, nil
	case adapter.CountTokens:
		up.Path = pathCount
	default:
		up.Path, up.Stream = pathResponses, call.Stream
	}
	x, err := a.convert(call, up)
	switch {
	case err != nil:
		return nil, err
	case call.Op == adapter.CountTokens:
		return &tokenCount{*x}, nil
	}
	return x, nil
}

// errAgain asks for the conversion once more, knowing which tools the conversation loads and removes; it never leaves the
// package.
var errAgain = errors.New("BUG: the request was not converted again")

// convert makes one request. That tools change in the course of the conversation comes up when the list of tools is
// written already: then it begins again.
func (a *Adapter) convert(call *adapter.Call, up *adapter.UpstreamRequest) (*exchange, error) {
	base := len(up.Body.Buf) - len(up.Body.Literal())
	begin := func(known *foreign.ToolChanges) (*exchange, *foreign.ToolChanges, error) {
		x := &exchange{callID: call.ID}
		r := request{o: &a.o, f: a.o.family(call.Model), Ledger: foreign.Ledger{Up: up, Upstream: title}, call: call, w: &up.Body, x: x, changes: known}
		var few [8]toolUse
		r.calls.list = few[:0]
		err := r.convert()
		return x, r.changes, err
	}
	x, states, err := begin(nil)
	if errors.Is(err, errAgain) {
		up.Body.Reset(up.Body.Buf[:base])
		up.Losses, up.StopSequences = up.Losses[:0], up.StopSequences[:0]
		x, _, err = begin(states)
	}
	if err != nil {
		return nil, err
	}
	return x, nil
}
