// Package claude is the adapter for upstreams that speak the Claude Messages API themselves.
//
// Client and upstream agree on the format, so the client's body and the upstream's answer pass through as they are. Of
// the body, the model's name may be replaced and thinking blocks of other vendors are removed; see request.go. Answers are
// read here only where their framing is not the one that was asked for: an event stream in place of a message or the
// reverse. Then they become ops like everybody's.
package claude

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// Module is the adapter as it is published.
type Module struct{}

var (
	_ adapter.Module   = Module{}
	_ adapter.Adapter  = upstream{}
	_ adapter.Exchange = (*exchange)(nil)
)

// Manifest says that everything Claude's API offers is passed on.
func (Module) Manifest() adapter.Manifest {
	return adapter.Manifest{
		Name:    "claude",
		Version: "1.0.0",
		Title:   adapter.Text{EN: "Claude", ZH: "Claude"},
		Description: adapter.Text{
			EN: "Anthropic's Claude API and servers that speak it. Requests and answers pass through unchanged.",
			ZH: "Anthropic 的 Claude API 以及兼容它的服务。请求与回答原样透传。",
		},
		Homepage:   "https://docs.claude.com/en/api/messages",
		License:    "MIT",
		BaseURL:    "https://api.anthropic.com",
		Auth:       "header:x-api-key",
		Native:     []string{adapter.NativeClaude},
		Operations: []adapter.Operation{adapter.Messages, adapter.CountTokens, adapter.Models},
		Headers:    []string{headerVersion, headerBeta},
	}
}

// New takes no options: an object without members, or none.
func (Module) New(options jsonindex.Value) (adapter.Adapter, error) {
	if options.IsNull() {
		return upstream{}, nil
	}
	if options.Kind() != jsonindex.Object {
		return nil, adapter.Fail(adapter.Invalid, "", "the options must be an object, not %s", options.Kind())
	}
	for it := options.Iter(); it.Next(); {
		return nil, adapter.Fail(adapter.Invalid, string(it.Key()), "there is no such option; the claude adapter takes none")
	}
	return upstream{}, nil
}

// upstream is the adapter of one channel. It has no state.
type upstream struct{}

// exchange reads one answer.
type exchange struct {
	op adapter.Operation
	// thinking says that the request went out with thinking blocks, so that leaving them out is a remedy.
	thinking bool
	answer   answer
	// open are the content blocks that have begun and not stopped; more than one only where an upstream interleaves.
	open []block
	// begun counts the blocks so far and numbers them for the host.
	begun int
	// gathered counts the bytes held for blocks that go out whole.
	gathered int
	done     bool
}
