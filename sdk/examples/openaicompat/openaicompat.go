// Package openaicompat is an adapter for any server with a plain Chat Completions interface.
//
// request.go writes the upstream request, messages.go its conversation and tools.go its tools; stream.go and whole.go read
// the answer, failure.go the errors. The wire format is https://platform.openai.com/docs/api-reference/chat.
package openaicompat

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// Module is the adapter as it is published.
type Module struct{}

var (
	_ adapter.Module   = Module{}
	_ adapter.Adapter  = (*server)(nil)
	_ adapter.Exchange = (*exchange)(nil)
)

// Manifest describes the adapter.
func (Module) Manifest() adapter.Manifest {
	return adapter.Manifest{
		Name:        "openaicompat",
		Version:     "0.1.0",
		Title:       adapter.Text{EN: "OpenAI-compatible server", ZH: "OpenAI 兼容服务"},
		Description: adapter.Text{EN: "A server with a plain Chat Completions interface", ZH: "提供标准 Chat Completions 接口的服务"},
		Homepage:    "https://platform.openai.com/docs/api-reference/chat",
		License:     "MIT",
		Auth:        "bearer",
		Operations:  []adapter.Operation{adapter.Messages, adapter.Models},
		Options: `{
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "limit_field": {
      "enum": ["max_tokens", "max_completion_tokens"], "default": "max_tokens",
      "description": "The name under which the server takes the limit of output tokens."
    }
  }
}`,
	}
}

// New checks the options of a channel.
func (Module) New(options jsonindex.Value) (adapter.Adapter, error) {
	s := &server{limitField: "max_tokens"}
	if !options.IsNull() && options.Kind() != jsonindex.Object {
		return nil, adapter.Fail(adapter.Invalid, "options", "must be an object")
	}
	for it := options.Iter(); it.Next(); {
		switch name := string(it.Key()); {
		case name != "limit_field":
			return nil, adapter.Fail(adapter.Invalid, name, "unknown option; the only one is limit_field")
		case it.Val.Is("max_tokens"):
		case it.Val.Is("max_completion_tokens"):
			s.limitField = "max_completion_tokens"
		default:
			return nil, adapter.Fail(adapter.Invalid, name, `must be "max_tokens" or "max_completion_tokens"`)
		}
	}
	return s, nil
}

// server is the adapter of one channel: its options, checked.
type server struct{ limitField string }
