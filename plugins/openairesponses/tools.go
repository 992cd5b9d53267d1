package openairesponses

import (
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
	fate, known, err := r.Tool(t, r.changes, r.o.dropTools)
	switch {
	case err != nil:
		return err
	case fate == foreign.ToolChangesNeeded:
		return r.again()
	case fate == foreign.ToolLeft:
		r.left++
		return nil
	case known != nil:
		return r.clientTool(t, known)
	}
	return r.customTool(t)
}

// again has the request converted once more, with the tools as they change in the course of the conversation.
func (r *request) again() (err error) {
	if r.changes, err = r.ReadToolChanges(&r.in); err != nil {
		return err
	}
	return errAgain
}

// customTool writes a tool that the client describes itself. Whether it is strict is always said: a function that says
// nothing counts as strict.
func (r *request) customTool(t *messages.Tool) error {
	if err := r.beginTool(t); err != nil {
		return err
	}
	if len(t.Description.Head()) > 0 {
		r.w.Lit(`,"description":`)
		r.w.Raw(t.Description)
	}
	r.w.Lit(`,"parameters":`)
	platform.WriteParameters(r.w, t.InputSchema)
	strict := t.Strict.True() && r.strict(t.InputSchema)
	if t.Strict.True() && !strict {
		r.Loss(adapter.Tuned, "tools", "strict", "the upstream takes other schemas as strict")
	}
	r.endTool(strict)
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
	r.endTool(false)
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
	r.w.Lit(`{"type":"function","name":`)
	return r.toolName(t.Name, true)
}

func (r *request) endTool(strict bool) {
	if strict {
		r.x.sent |= sentStrict
		r.w.Lit(`,"strict":true}`)
	} else {
		r.w.Lit(`,"strict":false}`)
	}
}

// strict says whether a schema is sent as strict.
func (r *request) strict(schema jsonindex.Value) bool {
	return platform.FitsStrict(schema) && !r.dropped("strict")
}

// toolFields records what a function has nothing for.
func (r *request) toolFields(t *messages.Tool, known *clienttools.Tool) {
	if !t.CacheControl.IsNull() {
		r.Loss(adapter.Tuned, "tools", "cache_control", "a function cannot carry a mark")
	}
	r.ToolFields(t, known)
}

// choice writes tool_choice and parallel_tool_calls, which have a meaning only with tools.
// https://platform.openai.com/docs/api-reference/responses/create#responses-create-tool_choice
func (r *request) choice() error {
	c, ok, err := r.Choice(&r.in, r.tools)
	if err != nil || !ok {
		return err
	}
	if c.Kind == messages.ChoiceTool && r.left > 0 {
		ok, err := r.changes.Sends(&r.in, c.Name)
		if err != nil {
			return err
		}
		if !ok {
			r.Loss(adapter.Dropped, "", "tool_choice", "the tool is left out")
			return nil
		}
	}
	switch c.Kind {
	case messages.ChoiceAuto:
		r.w.Lit(`,"tool_choice":"auto"`)
	case messages.ChoiceAny:
		r.w.Lit(`,"tool_choice":"required"`)
	case messages.ChoiceNone:
		r.w.Lit(`,"tool_choice":"none"`)
	case messages.ChoiceTool:
		r.w.Lit(`,"tool_choice":{"type":"function","name":`)
		if err := r.toolName(c.Name, false); err != nil {
			return err
		}
		r.w.Byte('}')
	}
	if c.DisableParallel && r.send("parallel_tool_calls", "tool_choice.disable_parallel_tool_use", "") {
		r.w.Lit(`,"parallel_tool_calls":false`)
	}
	return nil
}
