package openaicompat

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/clienttools"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// tools writes the tools. How free the model is to call them changes from turn to turn: choice writes it behind the
// conversation.
func (r *request) tools() error {
	n := 0
	it := r.in.ToolIter()
	for it.Next() {
		if n++; n == 1 {
			r.w.Lit(`,"tools":[`)
		} else {
			r.w.Byte(',')
		}
		if err := r.tool(&it.Tool); err != nil {
			return err
		}
	}
	if n > 0 {
		r.w.Byte(']')
	}
	return it.Err()
}

// choice writes how free the model is to call tools.
func (r *request) choice() error {
	choice, err := r.in.Choice()
	if err != nil {
		return err
	}
	for _, o := range choice.Others() {
		r.up.Loss("tool_choice."+o.Name, adapter.Dropped, "unknown here")
	}
	if r.in.Tools.Len() == 0 {
		if choice.V.Exists() {
			r.up.Loss("tool_choice", adapter.Noop, "there are no tools")
		}
		return nil
	}
	switch choice.Kind {
	case messages.ChoiceAny:
		r.w.Lit(`,"tool_choice":"required"`)
	case messages.ChoiceNone:
		r.w.Lit(`,"tool_choice":"none"`)
	case messages.ChoiceTool:
		r.w.Lit(`,"tool_choice":{"type":"function","function":{"name":`)
		r.w.Raw(choice.Name)
		r.w.Lit(`}}`)
	}
	if choice.DisableParallel {
		r.w.Lit(`,"parallel_tool_calls":false`)
	}
	return nil
}

// tool writes a tool as a function. The tools that Claude knows by heart get the description and schema that others need.
func (r *request) tool(t *messages.Tool) error {
	known := clienttools.Of(t)
	if t.Kind != messages.ToolCustom && (known == nil || t.Name.IsNull()) {
		return adapter.Fail(adapter.Unsupported, t.Path(), "this server knows only functions, no tool of type %s", t.Type.Head())
	}
	r.w.Lit(`{"type":"function","function":{"name":`)
	r.w.Raw(t.Name)
	if known != nil {
		r.w.Lit(`,"description":`)
		r.w.Quote(known.Description)
		r.w.Lit(`,"parameters":` + known.Schema)
	} else {
		if !t.Description.IsNull() {
			r.w.Lit(`,"description":`)
			r.w.Raw(t.Description)
		}
		r.w.Lit(`,"parameters":`)
		r.w.Raw(t.InputSchema)
	}
	if t.Strict.True() {
		r.w.Lit(`,"strict":true`)
	}
	r.w.Lit(`}}`)
	r.toolLosses(t)
	return nil
}

func (r *request) toolLosses(t *messages.Tool) {
	if !t.CacheControl.IsNull() {
		r.up.Loss("tools.cache_control", adapter.Noop, "the server caches prompts by itself, or not at all")
	}
	if t.DeferLoading.True() {
		r.up.Loss("tools.defer_loading", adapter.Approximated, "the tool is there from the start")
	}
	if !t.InputExamples.IsNull() {
		r.up.Loss("tools.input_examples", adapter.Tuned, "no such field")
	}
	if !t.EagerInputStreaming.IsNull() || !t.AllowedCallers.IsNull() {
		r.up.Loss("tools.eager_input_streaming", adapter.Noop, "no such field")
		r.up.Loss("tools.allowed_callers", adapter.Noop, "only the model calls")
	}
	if !t.MaxCharacters.IsNull() {
		r.up.Loss("tools.max_characters", adapter.Tuned, "no such field")
	}
	if !t.MaxUses.IsNull() {
		r.up.Loss("tools.max_uses", adapter.Dropped, "no such field")
	}
	for _, o := range t.Others() {
		r.up.Loss("tools."+o.Name, adapter.Dropped, "unknown here")
	}
}
