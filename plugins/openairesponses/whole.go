package openairesponses

import (
	"github.com/claude-proxy/claude-proxy/plugins/openai/platform"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// Whole reads a complete answer. https://platform.openai.com/docs/api-reference/responses/object
func (x *exchange) Whole(body jsonindex.Value, out *ops.Emitter) error {
	if body.Kind() != jsonindex.Object {
		if first := body.At(0); first.Get("error").Exists() {
			return x.inside(first)
		}
		return protocol("the answer is not a JSON object")
	}
	status, ok := body.Get("status").Text()
	if body.Get("output").Kind() != jsonindex.Array {
		if e := body.Get("error"); !e.IsNull() {
			return x.inside(body)
		}
		return protocol("the answer holds no output")
	}
	if !ok {
		// The body is complete, so the answer is.
		status = statusCompleted
		out.Loss("stop_reason", ops.Approximated, "no status")
	}
	return x.finish(body, status, out)
}

// tokenCount reads the answer to a count of tokens.
type tokenCount struct{ exchange }

// modelList reads the list of models.
type modelList struct{ exchange }

var (
	_ adapter.Exchange = (*tokenCount)(nil)
	_ adapter.Exchange = (*modelList)(nil)
)

// Event refuses a stream: a count is one document.
func (*tokenCount) Event(adapter.Event, *ops.Emitter) error {
	return protocol("the count of tokens is a stream")
}

// End refuses a stream, as Event does.
func (*tokenCount) End(adapter.EndReason, *ops.Emitter) error {
	return protocol("the count of tokens is a stream")
}

// Whole reads the count. https://platform.openai.com/docs/api-reference/responses/input-tokens
func (c *tokenCount) Whole(body jsonindex.Value, out *ops.Emitter) error {
	if e := body.Get("error"); !e.IsNull() {
		return c.inside(body)
	}
	t := ops.Unknown()
	if t.Input = foreign.TokenCount(body.Get("input_tokens")); t.Input < 0 {
		return protocol("the count of tokens holds no input_tokens")
	}
	out.Usage(t)
	out.Done()
	return nil
}

// Event refuses a stream: the list is one document.
func (*modelList) Event(adapter.Event, *ops.Emitter) error {
	return protocol("the list of models is a stream")
}

// End refuses a stream, as Event does.
func (*modelList) End(adapter.EndReason, *ops.Emitter) error {
	return protocol("the list of models is a stream")
}

// Whole reads the list. https://platform.openai.com/docs/api-reference/models/list
func (m *modelList) Whole(body jsonindex.Value, out *ops.Emitter) error {
	data := body
	if body.Kind() == jsonindex.Object {
		if e := body.Get("error"); !e.IsNull() {
			return m.inside(body)
		}
		data = body.Get("data")
	}
	if data.Kind() != jsonindex.Array {
		return protocol("the list of models has no data")
	}
	platform.Models(data, out)
	return nil
}
