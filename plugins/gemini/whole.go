package gemini

import (
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// Whole reads a complete answer: one response, or a stream that was not asked for as events and comes as an array of its
// chunks. https://ai.google.dev/api/generate-content#method:-models.streamgeneratecontent
func (x *exchange) Whole(body jsonindex.Value, out *ops.Emitter) error {
	switch body.Kind() {
	case jsonindex.Object:
		if err := x.chunk(body, out); err != nil {
			return err
		}
		if !x.finished && body.Get("candidates").At(0).Exists() {
			// The body is complete, so the answer is.
			x.finished = true
			out.Loss("stop_reason", ops.Approximated, "no finishReason")
		}
	case jsonindex.Array:
		for it := body.Iter(); it.Next(); {
			if err := x.chunk(it.Val, out); err != nil {
				return err
			}
		}
	default:
		return x.protocol("the answer is not a JSON object")
	}
	if !x.finished {
		return x.protocol("the answer holds no candidate")
	}
	return x.finish(out)
}

// tokenCount reads a count of tokens.
type tokenCount struct{ exchange }

var _ adapter.Exchange = (*tokenCount)(nil)

// Whole reads the count. Cached tokens are part of it, as in Claude's. https://ai.google.dev/api/tokens
func (x *tokenCount) Whole(body jsonindex.Value, out *ops.Emitter) error {
	if e := body.Get("error"); !e.IsNull() {
		return x.inside(body)
	}
	t := ops.Unknown()
	if t.Input = foreign.TokenCount(body.Get("totalTokens")); t.Input < 0 {
		return x.protocol("the answer holds no count")
	}
	out.Usage(t)
	out.Done()
	return nil
}

// Event refuses a stream: the count is one document.
func (x *tokenCount) Event(adapter.Event, *ops.Emitter) error {
	return x.protocol("a count of tokens is a stream")
}

// End refuses a stream, as Event does.
func (x *tokenCount) End(adapter.EndReason, *ops.Emitter) error {
	return x.protocol("a count of tokens is a stream")
}

// modelList reads the list of models.
type modelList struct{ exchange }

var _ adapter.Exchange = (*modelList)(nil)

// Event refuses a stream: the list is one document.
func (x *modelList) Event(adapter.Event, *ops.Emitter) error {
	return x.protocol("the list of models is a stream")
}

// End refuses a stream, as Event does.
func (x *modelList) End(adapter.EndReason, *ops.Emitter) error {
	return x.protocol("the list of models is a stream")
}

// Whole reads the list; models that do not generate content are left out. https://ai.google.dev/api/models
func (x *modelList) Whole(body jsonindex.Value, out *ops.Emitter) error {
	if e := body.Get("error"); !e.IsNull() {
		return x.inside(body)
	}
	if first := body.At(0); first.Get("error").Exists() {
		return x.inside(first)
	}
	list := body.Get("models")
	if list.Kind() != jsonindex.Array {
		return x.protocol("the list of models has no models")
	}
	var w jsonindex.Writer
	for it := list.Iter(); it.Next(); {
		w.Reset(w.Buf[:0])
		if writeModel(&w, it.Val) {
			out.Model(w.Literal())
		}
	}
	out.Done()
	return nil
}

// writeModel writes a model in Claude's form. https://docs.claude.com/en/api/models-list
func writeModel(w *jsonindex.Writer, v jsonindex.Value) bool {
	var name, display, input, output, methods jsonindex.Value
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "name":
			name = it.Val
		case "displayName":
			display = it.Val
		case "inputTokenLimit":
			input = it.Val
		case "outputTokenLimit":
			output = it.Val
		case "supportedGenerationMethods":
			methods = it.Val
		}
	}
	text, _ := name.Text()
	id := strings.TrimPrefix(text, "models/")
	if id == "" || !generates(methods) {
		return false
	}
	w.Lit(`{"type":"model","id":`)
	w.Quote(id)
	w.Lit(`,"display_name":`)
	if len(display.Head()) > 0 {
		w.Raw(display)
	} else {
		w.Quote(id)
	}
	w.Lit(`,"created_at":"1970-01-01T00:00:00Z"`)
	for _, limit := range [...]struct {
		name string
		v    jsonindex.Value
	}{{`,"max_input_tokens":`, input}, {`,"max_tokens":`, output}} {
		if n := foreign.TokenCount(limit.v); n > 0 {
			w.Lit(limit.name)
			w.Int(n)
		}
	}
	w.Byte('}')
	return true
}

// generates says whether generateContent is among the methods of a model; where there is no list it is.
func generates(methods jsonindex.Value) bool {
	if methods.Kind() != jsonindex.Array {
		return true
	}
	for it := methods.Iter(); it.Next(); {
		if it.Val.Is("generateContent") {
			return true
		}
	}
	return false
}
