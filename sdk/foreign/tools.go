package foreign

import (
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/clienttools"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// placeholder is the tool by which Claude Code says that it has more tools to search for. Nobody can call it.
const placeholder = "DeferredToolPlaceholder"

// ToolChanges is which deferred tools a conversation has loaded and which tools it has removed. It costs a walk through
// the conversation, so it is read only when a tool is deferred or a system message changes the tools; nil stands for
// neither.
type ToolChanges struct {
	// loaded says what the conversation last said of a tool by name: true for loaded, false for removed.
	loaded map[string]bool
	// all says that Claude's own tool search is among the tools, for whose sake all deferred ones are sent.
	all bool
}

// ReadToolChanges goes through the conversation.
func (l *Ledger) ReadToolChanges(in *messages.Request) (*ToolChanges, error) {
	c := &ToolChanges{loaded: map[string]bool{}}
	tools := in.ToolIter()
	for tools.Next() {
		c.all = c.all || tools.Tool.Kind == messages.ToolSearch
	}
	if err := tools.Err(); err != nil {
		return nil, err
	}
	if choice, err := in.Choice(); err == nil && choice.Kind == messages.ChoiceTool {
		c.set(choice.Name, true)
	}
	it := in.Iter()
	for it.Next() {
		blocks := it.Message.Blocks()
		for blocks.Next() {
			if err := l.lookAt(c, &blocks.Block); err != nil {
				return nil, err
			}
		}
		if err := blocks.Err(); err != nil {
			return nil, err
		}
	}
	return c, it.Err()
}

func (l *Ledger) lookAt(c *ToolChanges, b *messages.Block) error {
	switch b.Type {
	case messages.BlockToolUse:
		c.set(b.Name, true)
	case messages.BlockToolResult:
		for it := b.Content.Iter(); it.Next(); {
			c.set(it.Val.Get("tool_name"), true)
		}
	case messages.BlockToolSearchToolResult:
		for it := b.Content.Get("tool_references").Iter(); it.Next(); {
			c.set(it.Val.Get("tool_name"), true)
		}
	case messages.BlockToolAddition, messages.BlockToolRemoval:
		tool := b.V.Get("tool")
		if !tool.Get("type").Is("tool_reference") {
			return l.Unsupported(b.V, "only tools of the list can be added or removed in the middle of a conversation")
		}
		c.set(tool.Get("name"), b.Type == messages.BlockToolAddition)
	}
	return nil
}

// set notes a tool's state; a value that is no readable name is none.
func (c *ToolChanges) set(name jsonindex.Value, loaded bool) {
	if text, ok := name.Text(); ok {
		c.loaded[text] = loaded
	}
}

// hides says whether a tool must not be sent. Nil hides nothing.
func (c *ToolChanges) hides(t *messages.Tool) bool {
	if c == nil || !t.Name.IsString() {
		return false
	}
	name, _ := t.Name.Text()
	if loaded, said := c.loaded[name]; said {
		return !loaded
	}
	return t.DeferLoading.True() && !c.all
}

// Tool is what becomes of one tool of a request.
type Tool uint8

// The fates of a tool.
const (
	// ToolLeft is left out; the loss is recorded.
	ToolLeft Tool = iota
	// ToolFunction becomes a function.
	ToolFunction
	// ToolChangesNeeded cannot be said before the ToolChanges are read.
	ToolChangesNeeded
)

// Tool says what becomes of a tool. Only functions have a form elsewhere: what the client describes itself, and what it
// runs and package clienttools describes, which is then not nil. All others are left out where drop says so, else refused.
func (l *Ledger) Tool(t *messages.Tool, c *ToolChanges, drop bool) (Tool, *clienttools.Tool, error) {
	switch {
	case t.Kind == messages.ToolSearch:
		l.leave(adapter.Approximated, "instead of a tool search all its tools are sent")
		return ToolLeft, nil, nil
	case t.DeferLoading.True() && t.Name.Is(placeholder):
		l.leave(adapter.Noop, "the placeholder of deferred tools")
		return ToolLeft, nil, nil
	case t.DeferLoading.True() && c == nil:
		return ToolChangesNeeded, nil, nil
	case c.hides(t):
		l.leave(adapter.Noop, "tools that are not loaded or were removed")
		return ToolLeft, nil, nil
	case t.Kind == messages.ToolCustom:
		return ToolFunction, nil, nil
	}
	if known := clienttools.Of(t); known != nil {
		return ToolFunction, known, nil
	}
	if drop {
		l.leave(adapter.Dropped, toolTitle(t))
		return ToolLeft, nil, nil
	}
	why := "no other model than Claude knows the tool"
	if t.Kind.Server() {
		why = "Claude's servers run the tool"
	}
	f := l.Unsupported(t.V, "%s %s", why, toolTitle(t))
	f.Message += "; remove it, or let the channel leave such tools out (option unsupported_tools: drop)"
	return ToolLeft, nil, f
}

func (l *Ledger) leave(kind adapter.LossKind, what string) { l.Loss(kind, "", "tools", what) }

// toolTitle names a tool for people.
func toolTitle(t *messages.Tool) string {
	const longest = 64
	var parts []string
	for _, v := range [...]jsonindex.Value{t.Name, t.Type} {
		if s, _ := v.Text(); s != "" {
			parts = append(parts, Shorten(s, longest))
		}
	}
	if len(parts) == 2 {
		return parts[0] + " (" + parts[1] + ")"
	}
	return strings.Join(parts, "")
}

// Sends says whether a tool of this name is among those that become functions.
func (c *ToolChanges) Sends(in *messages.Request, name jsonindex.Value) (bool, error) {
	it := in.ToolIter()
	for it.Next() {
		t := &it.Tool
		if !t.Name.IsString() || !SameText(t.Name, name) {
			continue
		}
		known := t.Kind == messages.ToolCustom || clienttools.Of(t) != nil
		return known && !c.hides(t) && !t.Name.Is(placeholder), nil
	}
	return false, it.Err()
}

// ToolFields records what a function has no member for, all but cache_control and strict. known is the tool's description
// where the client did not write it.
func (l *Ledger) ToolFields(t *messages.Tool, known *clienttools.Tool) {
	const in = "tools"
	if known != nil && !t.MaxCharacters.IsNull() {
		l.Loss(adapter.Noop, in, "max_characters", "the client cuts the text itself")
	}
	if !t.InputExamples.IsNull() {
		l.Loss(adapter.Tuned, in, "input_examples", "no such parameter")
	}
	if !t.EagerInputStreaming.IsNull() {
		l.Loss(adapter.Noop, in, "eager_input_streaming", "input is passed on as it comes")
	}
	if v := t.AllowedCallers; !v.IsNull() {
		kind := adapter.Noop
		for it := v.Iter(); it.Next(); {
			if !it.Val.Is("direct") {
				kind = adapter.Dropped
			}
		}
		l.Loss(kind, in, "allowed_callers", "the model alone calls")
	}
	if !t.MaxUses.IsNull() {
		l.Loss(adapter.Dropped, in, "max_uses", "no such parameter")
	}
	l.Others(in, t.Others())
}

// Choice reads tool_choice for a request that sends so many tools. ok says that the client makes one and that it has a
// meaning; where there are no tools the loss is recorded.
func (l *Ledger) Choice(in *messages.Request, tools int) (c messages.ToolChoice, ok bool, err error) {
	if c, err = in.Choice(); err != nil {
		return c, false, err
	}
	l.Others("tool_choice", c.Others())
	if !c.V.Exists() {
		return c, false, nil
	}
	if tools == 0 {
		kind := adapter.Noop
		if c.Kind == messages.ChoiceAny || c.Kind == messages.ChoiceTool {
			kind = adapter.Dropped
		}
		l.Loss(kind, "", "tool_choice", "there are no tools")
		return c, false, nil
	}
	return c, true, nil
}
