package gemini

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/clienttools"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// toolNames are the names of the functions written so far.
type toolNames struct {
	list []jsonindex.Value
	set  map[string]bool // in use where there are many
}

// manyTools is how many tools are looked through one by one.
const manyTools = 64

// add adds a name and says whether it is new.
func (n *toolNames) add(v jsonindex.Value) bool {
	if n.set == nil && len(n.list) == manyTools {
		n.set = make(map[string]bool, 2*manyTools)
		for _, have := range n.list {
			text, _ := have.Text()
			n.set[text] = true
		}
	}
	if n.set != nil {
		text, _ := v.Text()
		if n.set[text] {
			return false
		}
		n.set[text] = true
	} else if n.has(v) {
		return false
	}
	n.list = append(n.list, v)
	return true
}

func (n *toolNames) has(v jsonindex.Value) bool {
	if n.set != nil {
		text, _ := v.Text()
		return n.set[text]
	}
	for _, have := range n.list {
		if foreign.SameText(have, v) {
			return true
		}
	}
	return false
}

// writeTools writes the functions in the client's order. https://ai.google.dev/gemini-api/docs/function-calling
func (r *request) writeTools() error {
	var space [16]jsonindex.Value
	r.names.list = space[:0]
	it := r.in.ToolIter()
	for it.Next() {
		if err := r.tool(&it.Tool); err != nil {
			return err
		}
	}
	if err := it.Err(); err != nil {
		return err
	}
	if len(r.names.list) > 0 {
		r.w.Lit(`]}],`)
	}
	return nil
}

// tool writes one tool, or says why not.
func (r *request) tool(t *messages.Tool) error {
	fate, known, err := r.Tool(t, r.changes, r.o.dropTools)
	if fate == foreign.ToolChangesNeeded {
		if r.changes, err = r.ReadToolChanges(&r.in); err == nil {
			fate, known, err = r.Tool(t, r.changes, r.o.dropTools)
		}
	}
	if err != nil {
		return err
	}
	if fate == foreign.ToolLeft {
		r.left++
		return nil
	}
	return r.function(t, known)
}

// function declares a tool: one that the client describes itself, or one whose description Claude knows.
// https://ai.google.dev/api/caching#FunctionDeclaration
func (r *request) function(t *messages.Tool, c *clienttools.Tool) error {
	if !t.Name.IsString() {
		return messages.Missing(t.V, "name")
	}
	if t.Name.IsExtern() {
		return messages.Invalid(t.Name, "is too long for a name")
	}
	if !r.names.add(t.Name) {
		r.left++
		r.Loss(adapter.Dropped, "", "tools", "of several tools with the same name the first counts")
		return nil
	}
	if len(r.names.list) == 1 {
		r.w.Lit(`"tools":[{"functionDeclarations":[{"name":`)
	} else {
		r.w.Lit(`,{"name":`)
	}
	if err := r.toolName(t.Name); err != nil {
		return err
	}
	if c != nil {
		r.w.Lit(`,"description":`)
		r.w.Quote(c.Description)
		if r.openAPI {
			r.w.Lit(`,"parameters":`)
		} else {
			r.w.Lit(`,"parametersJsonSchema":`)
		}
		r.w.Lit(c.Schema)
	} else {
		if len(t.Description.Head()) > 0 {
			r.w.Lit(`,"description":`)
			r.w.Raw(t.Description)
		}
		r.parameters(t.InputSchema)
	}
	r.w.Byte('}')
	if t.Strict.True() {
		r.Loss(adapter.Tuned, "tools", "strict", "no such parameter")
	}
	r.ToolFields(t, c)
	return r.mark(t.CacheControl, "tools")
}

// parameters writes a function's schema. A function without parameters has none.
func (r *request) parameters(schema jsonindex.Value) {
	if !hasMembers(schema.Get("properties")) && !hasOtherShape(schema) {
		if hasMembers(schema) {
			r.Loss(adapter.Noop, "tools", "input_schema", "a function without parameters has no schema")
		}
		return
	}
	const in = "tools.input_schema"
	if r.openAPI {
		r.w.Lit(`,"parameters":`)
		r.openAPISchema(schema, in)
		return
	}
	r.x.jsonSchema = true
	r.w.Lit(`,"parametersJsonSchema":`)
	r.jsonSchema(schema, in)
}

// hasOtherShape says whether a schema without properties describes its members in another way.
func hasOtherShape(schema jsonindex.Value) bool {
	for it := schema.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "anyOf", "oneOf", "allOf", "$ref":
			return true
		case "additionalProperties":
			closed, isBool := it.Val.Bool()
			if !isBool || closed {
				return true
			}
		}
	}
	return false
}

// toolName writes a function's name as a JSON string, renamed where the upstream does not take it; the answer's reader
// learns the way back.
func (r *request) toolName(v jsonindex.Value) error {
	if v.Kind() == jsonindex.String && isFunctionName(v.Head()) {
		r.w.Raw(v)
		return nil
	}
	name, ok := v.Text()
	if !ok {
		return messages.Invalid(v, "is too long for a name")
	}
	if !isFunctionName(name) {
		other := functionName(name)
		if r.x.names == nil {
			r.x.names = map[string]string{}
		}
		r.x.names[other] = name
		r.Loss(adapter.Tuned, "tools", "name", "names that the upstream does not take are changed on the way")
		name = other
	}
	r.w.Quote(name)
	return nil
}

// toolConfig writes tool_choice, which has a meaning only with tools. https://ai.google.dev/api/caching#ToolConfig
func (r *request) toolConfig() error {
	c, ok, err := r.Choice(&r.in, len(r.names.list))
	if err != nil || !ok {
		return err
	}
	if c.Kind == messages.ChoiceTool && r.left > 0 && !r.names.has(c.Name) {
		r.Loss(adapter.Dropped, "", "tool_choice", "the tool is left out")
		return nil
	}
	r.w.Lit(`,"toolConfig":{"functionCallingConfig":{"mode":"`)
	switch c.Kind {
	case messages.ChoiceAuto:
		r.w.Lit(`AUTO"`)
	case messages.ChoiceAny:
		r.w.Lit(`ANY"`)
	case messages.ChoiceNone:
		r.w.Lit(`NONE"`)
	case messages.ChoiceTool:
		if !r.names.has(c.Name) {
			return messages.Invalid(c.Name, "names a tool that is not among the tools")
		}
		r.w.Lit(`ANY","allowedFunctionNames":[`)
		if err := r.toolName(c.Name); err != nil {
			return err
		}
		r.w.Byte(']')
	}
	r.w.Lit(`}}`)
	if c.DisableParallel {
		r.Loss(adapter.Tuned, "tool_choice", "disable_parallel_tool_use", "no such parameter")
	}
	return nil
}
