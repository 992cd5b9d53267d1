package messages

import (
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// ToolKind says what a tool is and who runs it. See https://docs.claude.com/en/docs/agents-and-tools/tool-use/overview.
type ToolKind uint8

const (
	// ToolUnknown is any type that is not listed here.
	ToolUnknown ToolKind = iota
	// ToolCustom is described by the client and run by it.
	ToolCustom

	// Claude knows the schema of the following; the client runs them.

	// ToolBash is bash_….
	ToolBash
	// ToolTextEditor is text_editor_….
	ToolTextEditor
	// ToolMemory is memory_….
	ToolMemory
	// ToolComputer is computer_… and computer_toolset_….
	ToolComputer
	// ToolBrowser is browser_toolset_….
	ToolBrowser

	// Claude's servers run the following.

	// ToolWebSearch is web_search_….
	ToolWebSearch
	// ToolWebFetch is web_fetch_….
	ToolWebFetch
	// ToolCodeExecution is code_execution_….
	ToolCodeExecution
	// ToolSearch is tool_search_tool_regex_… and tool_search_tool_bm25_….
	ToolSearch
	// ToolMCPToolset is mcp_toolset (beta).
	ToolMCPToolset
	// ToolAdvisor is advisor_… (beta).
	ToolAdvisor
)

// Server says that Claude's own servers run the tool.
func (k ToolKind) Server() bool { return k >= ToolWebSearch }

// Tool is one entry of tools, decoded. See https://docs.claude.com/en/api/messages#body-tools.
type Tool struct {
	// V is the whole entry.
	V jsonindex.Value
	// Index is its place in tools, from 0.
	Index int
	Kind  ToolKind
	// Type is the type as the client wrote it, such as "bash_20250124"; absent or null means custom.
	Type jsonindex.Value
	// Name is a string, not empty. Toolsets have none.
	Name jsonindex.Value
	// Description is a string.
	Description jsonindex.Value
	// InputSchema is a JSON Schema object; custom tools only, and required there.
	InputSchema jsonindex.Value
	// CacheControl marks a cache breakpoint after this tool; read it with DecodeCacheControl.
	CacheControl jsonindex.Value
	// Strict, DeferLoading and EagerInputStreaming are bools.
	Strict, DeferLoading, EagerInputStreaming jsonindex.Value
	// InputExamples is an array of objects.
	InputExamples jsonindex.Value
	// AllowedCallers is an array of strings.
	AllowedCallers jsonindex.Value
	// MaxCharacters is a number, of text_editor.
	MaxCharacters jsonindex.Value
	// MaxUses is a number, of web_search and web_fetch.
	MaxUses jsonindex.Value

	others int
}

// Version is the date at the end of the type, such as "20250124"; "" where it has none.
func (t *Tool) Version() string {
	const length = len("20250124")
	name := word(t.Type)
	i := len(name)
	for i > 0 && name[i-1]-'0' < 10 {
		i--
	}
	if len(name)-i != length {
		return ""
	}
	return string(name[i:])
}

// Path is the tool's place in the body, such as "tools[3]".
func (t *Tool) Path() string { return Path(t.V) }

// Others returns the members that Tool has no field for, such as a server tool's settings; nil when there are none.
func (t *Tool) Others() []Member {
	if t.others == 0 {
		return nil
	}
	var list []Member
	for it := t.V.Iter(); it.Next(); {
		if t.slot(it.Key()) == nil {
			list = append(list, Member{string(it.Key()), it.Val})
		}
	}
	return list
}

// ToolIter reads tools in order, as MessageIter reads turns.
type ToolIter struct {
	Tool Tool
	it   jsonindex.Iter
	n    int
	err  error
}

// Next decodes the next tool. It returns false at the end and at the first error.
func (it *ToolIter) Next() bool {
	if it.err != nil || !it.it.Next() {
		return false
	}
	it.n++
	it.err = it.Tool.decode(it.it.Val, it.n)
	return it.err == nil
}

// Err is the error that ended the iteration, nil at the regular end.
func (it *ToolIter) Err() error { return it.err }

func (t *Tool) slot(key []byte) *jsonindex.Value {
	switch string(key) {
	case "name":
		return &t.Name
	case "description":
		return &t.Description
	case "input_schema":
		return &t.InputSchema
	case "type":
		return &t.Type
	case "cache_control":
		return &t.CacheControl
	case "strict":
		return &t.Strict
	case "defer_loading":
		return &t.DeferLoading
	case "eager_input_streaming":
		return &t.EagerInputStreaming
	case "input_examples":
		return &t.InputExamples
	case "allowed_callers":
		return &t.AllowedCallers
	case "max_characters":
		return &t.MaxCharacters
	case "max_uses":
		return &t.MaxUses
	}
	return nil
}

func (t *Tool) decode(v jsonindex.Value, n int) error {
	*t = Tool{V: v, Index: n}
	if v.Kind() != jsonindex.Object {
		return wrongKind(v, anObject)
	}
	for it := v.Iter(); it.Next(); {
		if slot := t.slot(it.Key()); slot != nil {
			*slot = it.Val
		} else {
			t.others++
		}
	}
	if err := optional(t.Type, aString); err != nil {
		return err
	}
	t.Kind = ToolCustom
	if !t.Type.IsNull() {
		t.Kind = toolKind(word(t.Type))
	}
	if err := first(optional(t.Description, aString), optional(t.Strict, aBool), optional(t.DeferLoading, aBool)); err != nil {
		return err
	}
	if t.Kind == ToolCustom {
		return first(needName(v, "name", t.Name), need(v, "input_schema", t.InputSchema, anObject))
	}
	return optional(t.Name, aString)
}

// toolKind finds a kind by the part of the type's name before its date.
func toolKind(name []byte) ToolKind {
	if string(name) == "custom" {
		return ToolCustom
	}
	s := string(name)
	for _, p := range [...]struct {
		prefix string
		kind   ToolKind
	}{
		{"bash_", ToolBash}, {"text_editor_", ToolTextEditor}, {"memory_", ToolMemory}, {"computer_", ToolComputer},
		{"browser_", ToolBrowser}, {"web_search_", ToolWebSearch}, {"web_fetch_", ToolWebFetch},
		{"code_execution_", ToolCodeExecution}, {"tool_search_tool_", ToolSearch}, {"advisor_", ToolAdvisor},
		{"mcp_toolset", ToolMCPToolset},
	} {
		if strings.HasPrefix(s, p.prefix) {
			return p.kind
		}
	}
	return ToolUnknown
}

// ChoiceKind says how free the model is to call tools.
type ChoiceKind uint8

const (
	// ChoiceAuto: the model decides; also when tool_choice is absent.
	ChoiceAuto ChoiceKind = iota
	// ChoiceAny: some tool must be called.
	ChoiceAny
	// ChoiceTool: the tool Name must be called.
	ChoiceTool
	// ChoiceNone: no tool may be called.
	ChoiceNone
)

// ToolChoice is tool_choice, decoded. See https://docs.claude.com/en/api/messages#body-tool-choice.
type ToolChoice struct {
	// V is the whole object, absent when the client gave none.
	V    jsonindex.Value
	Kind ChoiceKind
	// Name is the tool's name, of ChoiceTool.
	Name jsonindex.Value
	// DisableParallel allows one call at most.
	DisableParallel bool

	others int
}

// Others returns the members that ToolChoice has no field for; nil when there are none.
func (c *ToolChoice) Others() []Member {
	if c.others == 0 {
		return nil
	}
	return except(c.V, "type", "name", "disable_parallel_tool_use")
}

// Choice reads tool_choice; absent and null read as ChoiceAuto.
func (r *Request) Choice() (c ToolChoice, err error) {
	if r.ToolChoice.IsNull() {
		return c, nil
	}
	c.V = r.ToolChoice
	var kind, parallel jsonindex.Value
	for it := c.V.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "type":
			kind = it.Val
		case "name":
			c.Name = it.Val
		case "disable_parallel_tool_use":
			parallel = it.Val
		default:
			c.others++
		}
	}
	if err := need(c.V, "type", kind, aString); err != nil {
		return c, err
	}
	if c.DisableParallel, err = Bool(parallel); err != nil {
		return c, err
	}
	switch {
	case kind.Is("auto"):
		c.Kind = ChoiceAuto
	case kind.Is("any"):
		c.Kind = ChoiceAny
	case kind.Is("none"):
		c.Kind = ChoiceNone
	case kind.Is("tool"):
		c.Kind = ChoiceTool
		return c, needName(c.V, "name", c.Name)
	default:
		return c, invalid(kind, `must be "auto", "any", "tool" or "none", not %s`, shown(kind))
	}
	return c, nil
}
