package chat

import (
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/clienttools"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// placeholder is the tool by which Claude Code says that it has more tools to search for. Nobody can call it.
const placeholder = "DeferredToolPlaceholder"

// writeTools writes the functions in the client's order. https://platform.openai.com/docs/guides/function-calling
func (r *request) writeTools() error {
	it := r.in.ToolIter()
	for it.Next() {
		if err := r.tool(&it.Tool); err != nil {
			return err
		}
	}
	if err := it.Err(); err != nil {
		return err
	}
	if r.tools > 0 {
		r.w.Byte(']')
	}
	return nil
}

// tool writes one tool, or says why not.
func (r *request) tool(t *messages.Tool) error {
	switch {
	case t.Kind == messages.ToolSearch:
		r.leave(adapter.Approximated, "instead of a tool search all its tools are sent")
		return nil
	case t.DeferLoading.True() && t.Name.Is(placeholder):
		r.leave(adapter.Noop, "the placeholder of deferred tools")
		return nil
	case t.DeferLoading.True() && r.toolChanges() == nil:
		return r.lookAtTools()
	case r.toolChanges().hides(t):
		r.leave(adapter.Noop, "tools that are not loaded or were removed")
		return nil
	}
	switch t.Kind {
	case messages.ToolCustom:
		return r.customTool(t)
	case messages.ToolBash, messages.ToolTextEditor, messages.ToolMemory:
		if c := clienttools.Of(t); c != nil {
			return r.clientTool(t, c)
		}
	}
	title := toolTitle(t)
	if r.d.DropTools {
		r.leave(adapter.Dropped, title)
		return nil
	}
	why := "no other model than Claude knows the tool"
	if t.Kind.Server() {
		why = "Claude's servers run the tool"
	}
	f := r.unsupported(t.V, "%s %s", why, title)
	f.Message += "; remove it, or let the channel leave such tools out (option unsupported_tools: drop)"
	return f
}

// leave records that a tool is left out.
func (r *request) leave(kind adapter.LossKind, what string) {
	r.left++
	r.loss(kind, "", "tools", what)
}

// toolTitle names a tool for people.
func toolTitle(t *messages.Tool) string {
	const longest = 64
	var parts []string
	for _, v := range [...]jsonindex.Value{t.Name, t.Type} {
		if s, _ := v.Text(); s != "" {
			parts = append(parts, shorten(s, longest))
		}
	}
	if len(parts) == 2 {
		return parts[0] + " (" + parts[1] + ")"
	}
	return strings.Join(parts, "")
}

// customTool writes a tool that the client describes itself.
func (r *request) customTool(t *messages.Tool) error {
	if err := r.beginTool(t); err != nil {
		return err
	}
	if len(t.Description.Head()) > 0 {
		r.w.Lit(`,"description":`)
		r.w.Raw(t.Description)
	}
	r.w.Lit(`,"parameters":`)
	r.parameters(t.InputSchema)
	if t.Strict.True() {
		if r.d.Strict && fitsStrict(t.InputSchema, 0) && !r.dropped("strict") {
			r.x.sent |= sentStrict
			r.w.Lit(`,"strict":true`)
		} else {
			r.loss(adapter.Tuned, "tools", "strict", "the upstream takes other schemas as strict")
		}
	}
	r.w.Lit(`}}`)
	r.toolFields(t)
	return nil
}

// clientTool writes a tool whose schema Claude knows and the client runs.
func (r *request) clientTool(t *messages.Tool, c *clienttools.Tool) error {
	if !t.Name.IsString() {
		return messages.Missing(t.V, "name")
	}
	if err := r.beginTool(t); err != nil {
		return err
	}
	r.w.Lit(`,"description":`)
	r.w.Quote(c.Description)
	r.w.Lit(`,"parameters":`)
	r.w.Lit(c.Schema)
	r.w.Lit(`}}`)
	if !t.MaxCharacters.IsNull() {
		r.loss(adapter.Noop, "tools", "max_characters", "the client cuts the text itself")
	}
	r.toolFields(t)
	return nil
}

// beginTool opens a function up to its name.
func (r *request) beginTool(t *messages.Tool) error {
	if r.tools == 0 {
		r.w.Lit(`,"tools":[`)
	} else {
		r.w.Byte(',')
	}
	r.tools++
	r.w.Lit(`{"type":"function","function":{"name":`)
	return r.toolName(t.Name, true)
}

// toolFields records what a function has nothing for.
func (r *request) toolFields(t *messages.Tool) {
	if !t.CacheControl.IsNull() {
		r.loss(adapter.Tuned, "tools", "cache_control", "a function cannot carry a mark")
	}
	if !t.InputExamples.IsNull() {
		r.loss(adapter.Tuned, "tools", "input_examples", "no such parameter")
	}
	if !t.EagerInputStreaming.IsNull() {
		r.loss(adapter.Noop, "tools", "eager_input_streaming", "input is always streamed as it comes")
	}
	if v := t.AllowedCallers; !v.IsNull() {
		kind := adapter.Noop
		for it := v.Iter(); it.Next(); {
			if !it.Val.Is("direct") {
				kind = adapter.Dropped
			}
		}
		r.loss(kind, "tools", "allowed_callers", "the model alone calls")
	}
	if !t.MaxUses.IsNull() {
		r.loss(adapter.Dropped, "tools", "max_uses", "no such parameter")
	}
	r.others("tools", t.Others())
}

// toolName writes a function's name as a JSON string, shortened where it is too long. A defined name leads back from
// the answer.
func (r *request) toolName(v jsonindex.Value, defined bool) error {
	limit := r.d.ToolNameLimit
	if raw := v.Head(); v.Kind() == jsonindex.String && (limit == 0 || len(raw) <= limit) && isName(raw) {
		r.w.Raw(v)
		return nil
	}
	name, ok := v.Text()
	if !ok {
		return messages.Invalid(v, "is too long for a name")
	}
	if limit == 0 {
		limit = 64
	}
	if len(name) > limit || !isName(name) {
		short := shortName(name, limit)
		if defined {
			if r.x.names == nil {
				r.x.names = map[string]string{}
			}
			r.x.names[short] = name
		}
		r.loss(adapter.Tuned, "tools", "name", "long names are shortened on the way")
		name = short
	}
	r.w.Quote(name)
	return nil
}

// choice writes tool_choice and parallel_tool_calls, which have a meaning only with tools.
func (r *request) choice() error {
	c, err := r.in.Choice()
	if err != nil {
		return err
	}
	r.others("tool_choice", c.Others())
	if !c.V.Exists() {
		return nil
	}
	if c.Kind == messages.ChoiceTool && r.left > 0 && r.tools > 0 {
		ok, err := r.sends(c.Name)
		if err != nil {
			return err
		}
		if !ok {
			r.loss(adapter.Dropped, "", "tool_choice", "the tool is left out")
			return nil
		}
	}
	if r.tools == 0 {
		kind := adapter.Noop
		if c.Kind == messages.ChoiceAny || c.Kind == messages.ChoiceTool {
			kind = adapter.Dropped
		}
		r.loss(kind, "", "tool_choice", "there are no tools")
		return nil
	}
	if err := r.writeChoice(&c); err != nil {
		return err
	}
	if !c.DisableParallel {
		return nil
	}
	if !r.d.ParallelSwitch {
		r.loss(adapter.Tuned, "tool_choice", "disable_parallel_tool_use", "no such parameter")
	} else if r.send("parallel_tool_calls", "tool_choice.disable_parallel_tool_use", "") {
		r.w.Lit(`,"parallel_tool_calls":false`)
	}
	return nil
}

// writeChoice writes tool_choice. What the server does not take, or has refused, becomes a free choice.
func (r *request) writeChoice(c *messages.ToolChoice) error {
	if c.Kind != messages.ChoiceAuto && (r.d.AutoChoice || r.dropped("tool_choice")) {
		r.loss(adapter.Approximated, "", "tool_choice", "the model is free to choose")
		return nil
	}
	switch c.Kind {
	case messages.ChoiceAuto:
		r.w.Lit(`,"tool_choice":"auto"`)
		return nil
	case messages.ChoiceAny:
		r.w.Lit(`,"tool_choice":"required"`)
	case messages.ChoiceNone:
		r.w.Lit(`,"tool_choice":"none"`)
	case messages.ChoiceTool:
		r.w.Lit(`,"tool_choice":{"type":"function","function":{"name":`)
		if err := r.toolName(c.Name, false); err != nil {
			return err
		}
		r.w.Lit(`}}`)
	}
	r.x.sent |= sentChoice
	return nil
}

// sends says whether a tool of this name is among those that are sent.
func (r *request) sends(name jsonindex.Value) (bool, error) {
	it := r.in.ToolIter()
	for it.Next() {
		t := &it.Tool
		if !t.Name.IsString() || !sameText(t.Name, name) {
			continue
		}
		custom := t.Kind == messages.ToolCustom || clienttools.Of(t) != nil
		return custom && !r.toolChanges().hides(t) && !t.Name.Is(placeholder), nil
	}
	return false, it.Err()
}
