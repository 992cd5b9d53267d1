package gemini

import (
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/clienttools"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// placeholder is the tool by which Claude Code says that it has more tools to search for. Nobody can call it.
const placeholder = "DeferredToolPlaceholder"

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
		if sameText(have, v) {
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
	switch {
	case t.Kind == messages.ToolSearch:
		r.leave(adapter.Approximated, "instead of a tool search all its tools are sent")
		return nil
	case t.DeferLoading.True() && t.Name.Is(placeholder):
		r.leave(adapter.Noop, "the placeholder of deferred tools")
		return nil
	case t.DeferLoading.True() && r.changes == nil:
		if err := r.lookAtTools(); err != nil {
			return err
		}
	}
	if r.changes.hides(t) {
		r.leave(adapter.Noop, "tools that are not loaded or were removed")
		return nil
	}
	switch t.Kind {
	case messages.ToolCustom:
		return r.function(t, nil)
	case messages.ToolBash, messages.ToolTextEditor, messages.ToolMemory:
		if c := clienttools.Of(t); c != nil {
			return r.function(t, c)
		}
	}
	what := toolTitle(t)
	if r.o.dropTools {
		r.leave(adapter.Dropped, what)
		return nil
	}
	why := "no other model than Claude knows the tool"
	if t.Kind.Server() {
		why = "Claude's servers run the tool"
	}
	f := r.unsupported(t.V, "%s %s", why, what)
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
		r.leave(adapter.Dropped, "of several tools with the same name the first counts")
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
		if !t.MaxCharacters.IsNull() {
			r.loss(adapter.Noop, "tools", "max_characters", "the client cuts the text itself")
		}
	} else {
		if len(t.Description.Head()) > 0 {
			r.w.Lit(`,"description":`)
			r.w.Raw(t.Description)
		}
		r.parameters(t.InputSchema)
	}
	r.w.Byte('}')
	return r.toolFields(t)
}

// parameters writes a function's schema. A function without parameters has none.
func (r *request) parameters(schema jsonindex.Value) {
	if !hasMembers(schema.Get("properties")) && !hasOtherShape(schema) {
		if hasMembers(schema) {
			r.loss(adapter.Noop, "tools", "input_schema", "a function without parameters has no schema")
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

// toolFields records what a function has nothing for.
func (r *request) toolFields(t *messages.Tool) error {
	if t.Strict.True() {
		r.loss(adapter.Tuned, "tools", "strict", "no such parameter")
	}
	if !t.InputExamples.IsNull() {
		r.loss(adapter.Tuned, "tools", "input_examples", "no such parameter")
	}
	if !t.EagerInputStreaming.IsNull() {
		r.loss(adapter.Noop, "tools", "eager_input_streaming", "input always comes in one piece")
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
	return r.mark(t.CacheControl, "tools")
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
		r.loss(adapter.Tuned, "tools", "name", "names that the upstream does not take are changed on the way")
		name = other
	}
	r.w.Quote(name)
	return nil
}

// toolConfig writes tool_choice, which has a meaning only with tools. https://ai.google.dev/api/caching#ToolConfig
func (r *request) toolConfig() error {
	c, err := r.in.Choice()
	if err != nil {
		return err
	}
	r.others("tool_choice", c.Others())
	if !c.V.Exists() {
		return nil
	}
	if len(r.names.list) == 0 {
		kind := adapter.Noop
		if c.Kind == messages.ChoiceAny || c.Kind == messages.ChoiceTool {
			kind = adapter.Dropped
		}
		r.loss(kind, "", "tool_choice", "there are no tools")
		return nil
	}
	if c.Kind == messages.ChoiceTool && r.left > 0 && !r.names.has(c.Name) {
		r.loss(adapter.Dropped, "", "tool_choice", "the tool is left out")
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
		r.loss(adapter.Tuned, "tool_choice", "disable_parallel_tool_use", "no such parameter")
	}
	return nil
}
