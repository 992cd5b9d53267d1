package gemini

import (
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// toolChanges is which deferred tools a conversation has loaded and which tools it has removed. It is looked for only
// when some tool is deferred or a system message changes the tools.
type toolChanges struct {
	// state holds what the conversation last said of a tool by name.
	state map[string]toolState
	// all says that Claude's own tool search is among the tools, for whose sake all deferred ones are sent.
	all bool
}

type toolState uint8

const (
	toolLoaded toolState = iota + 1
	toolRemoved
)

// hides says whether a tool must not be sent.
func (c *toolChanges) hides(t *messages.Tool) bool {
	if c == nil || !t.Name.IsString() {
		return false
	}
	name, _ := t.Name.Text()
	switch c.state[name] {
	case toolRemoved:
		return true
	case toolLoaded:
		return false
	}
	return t.DeferLoading.True() && !c.all
}

// lookAtTools goes through the conversation for what changes the tools.
func (r *request) lookAtTools() error {
	c := &toolChanges{state: map[string]toolState{}}
	tools := r.in.ToolIter()
	for tools.Next() {
		c.all = c.all || tools.Tool.Kind == messages.ToolSearch
	}
	if err := tools.Err(); err != nil {
		return err
	}
	if choice, err := r.in.Choice(); err == nil && choice.Kind == messages.ChoiceTool {
		c.set(choice.Name, toolLoaded)
	}
	it := r.in.Iter()
	for it.Next() {
		blocks := it.Message.Blocks()
		for blocks.Next() {
			if err := r.lookAtBlock(c, &blocks.Block); err != nil {
				return err
			}
		}
		if err := blocks.Err(); err != nil {
			return err
		}
	}
	r.changes = c
	return it.Err()
}

func (r *request) lookAtBlock(c *toolChanges, b *messages.Block) error {
	switch b.Type {
	case messages.BlockToolUse:
		c.set(b.Name, toolLoaded)
	case messages.BlockToolResult:
		for it := b.Content.Iter(); it.Next(); {
			c.set(it.Val.Get("tool_name"), toolLoaded)
		}
	case messages.BlockToolSearchToolResult:
		for it := b.Content.Get("tool_references").Iter(); it.Next(); {
			c.set(it.Val.Get("tool_name"), toolLoaded)
		}
	case messages.BlockToolAddition, messages.BlockToolRemoval:
		tool := b.V.Get("tool")
		if !tool.Get("type").Is("tool_reference") {
			return r.unsupported(b.V, "only tools of the list can be added or removed in the middle of a conversation")
		}
		state := toolLoaded
		if b.Type == messages.BlockToolRemoval {
			state = toolRemoved
		}
		c.set(tool.Get("name"), state)
	}
	return nil
}

// set notes a tool's state; a value that is no readable name is none.
func (c *toolChanges) set(name jsonindex.Value, state toolState) {
	if text, ok := name.Text(); ok {
		c.state[text] = state
	}
}
