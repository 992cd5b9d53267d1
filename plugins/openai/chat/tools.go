package chat

import (
	"math"

	"github.com/claude-proxy/claude-proxy/plugins/openai/platform"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/clienttools"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

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
	fate, known, err := r.Tool(t, r.toolChanges(), r.d.DropTools)
	switch {
	case err != nil:
		return err
	case fate == foreign.ToolChangesNeeded:
		return r.lookAtTools()
	case fate == foreign.ToolLeft:
		r.left++
		return nil
	case known != nil:
		return r.clientTool(t, known)
	}
	return r.customTool(t)
}

// lookAtTools goes through the conversation and asks for another pass with what it found.
func (r *request) lookAtTools() error {
	c, err := r.ReadToolChanges(&r.in)
	if err != nil {
		return err
	}
	r.learn().tools = c
	return again{}
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
		if r.d.Strict && platform.FitsStrict(t.InputSchema) && !r.dropped("strict") {
			r.x.sent |= sentStrict
			r.w.Lit(`,"strict":true`)
		} else {
			r.Loss(adapter.Tuned, "tools", "strict", "the upstream takes other schemas as strict")
		}
	}
	r.w.Lit(`}}`)
	r.toolFields(t, nil)
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
	r.toolFields(t, c)
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
func (r *request) toolFields(t *messages.Tool, known *clienttools.Tool) {
	if !t.CacheControl.IsNull() {
		r.Loss(adapter.Tuned, "tools", "cache_control", "a function cannot carry a mark")
	}
	r.ToolFields(t, known)
}

// toolName writes a function's name. A defined name leads back from the answer.
func (r *request) toolName(v jsonindex.Value, defined bool) error {
	limit := r.d.ToolNameLimit
	if limit == 0 {
		limit = math.MaxInt
	}
	if defined {
		return r.WriteToolName(r.w, v, limit, &r.x.names)
	}
	return r.WriteToolName(r.w, v, limit, nil)
}

// choice writes tool_choice and parallel_tool_calls, which have a meaning only with tools.
func (r *request) choice() error {
	c, ok, err := r.Choice(&r.in, r.tools)
	if err != nil || !ok {
		return err
	}
	if c.Kind == messages.ChoiceTool && r.left > 0 {
		ok, err := r.toolChanges().Sends(&r.in, c.Name)
		if err != nil {
			return err
		}
		if !ok {
			r.Loss(adapter.Dropped, "", "tool_choice", "the tool is left out")
			return nil
		}
	}
	if err := r.writeChoice(&c); err != nil {
		return err
	}
	if !c.DisableParallel {
		return nil
	}
	if !r.d.ParallelSwitch {
		r.Loss(adapter.Tuned, "tool_choice", "disable_parallel_tool_use", "no such parameter")
	} else if r.send("parallel_tool_calls", "tool_choice.disable_parallel_tool_use", "") {
		r.w.Lit(`,"parallel_tool_calls":false`)
	}
	return nil
}

// writeChoice writes tool_choice. What the server does not take, or has refused, becomes a free choice.
func (r *request) writeChoice(c *messages.ToolChoice) error {
	if c.Kind != messages.ChoiceAuto && (r.d.AutoChoice || r.dropped("tool_choice")) {
		r.Loss(adapter.Approximated, "", "tool_choice", "the model is free to choose")
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
