package openairesponses

import (
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// toolStates is which deferred tools a conversation has loaded and which tools it has removed. It is looked for only
// when some tool is deferred or a system message changes the tools.
type toolStates struct {
	// loaded says what the conversation last said of a tool by name: true for loaded, false for removed.
	loaded map[string]bool
	// all says that Claude's own tool search is among the tools, for whose sake all deferred ones are sent.
	all bool
}

// hides says whether a tool must not be sent. Without any state nothing is hidden.
func (s *toolStates) hides(t *messages.Tool) bool {
	if s == nil || !t.Name.IsString() {
		return false
	}
	name, _ := t.Name.Text()
	if loaded, said := s.loaded[name]; said {
		return !loaded
	}
	return t.DeferLoading.True() && !s.all
}

// set notes a tool's state; a value that is no readable name is none.
func (s *toolStates) set(name jsonindex.Value, loaded bool) {
	if text, ok := name.Text(); ok {
		s.loaded[text] = loaded
	}
}

// again has the request converted once more, with the states of its tools.
func (r *request) again() error {
	if err := r.readStates(); err != nil {
		return err
	}
	return errAgain
}

// readStates goes through the conversation.
func (r *request) readStates() error {
	s := &toolStates{loaded: map[string]bool{}}
	tools := r.in.ToolIter()
	for tools.Next() {
		s.all = s.all || tools.Tool.Kind == messages.ToolSearch
	}
	if err := tools.Err(); err != nil {
		return err
	}
	if choice, err := r.in.Choice(); err == nil && choice.Kind == messages.ChoiceTool {
		s.set(choice.Name, true)
	}
	it := r.in.Iter()
	for it.Next() {
		blocks := it.Message.Blocks()
		for blocks.Next() {
			if err := r.readState(s, &blocks.Block); err != nil {
				return err
			}
		}
		if err := blocks.Err(); err != nil {
			return err
		}
	}
	r.states = s
	return it.Err()
}

func (r *request) readState(s *toolStates, b *messages.Block) error {
	switch b.Type {
	case messages.BlockToolUse:
		s.set(b.Name, true)
	case messages.BlockToolResult:
		for it := b.Content.Iter(); it.Next(); {
			s.set(it.Val.Get("tool_name"), true)
		}
	case messages.BlockToolSearchToolResult:
		for it := b.Content.Get("tool_references").Iter(); it.Next(); {
			s.set(it.Val.Get("tool_name"), true)
		}
	case messages.BlockToolAddition, messages.BlockToolRemoval:
		tool := b.V.Get("tool")
		if !tool.Get("type").Is("tool_reference") {
			return r.unsupported(b.V, "only tools of the list can be added or removed in the middle of a conversation")
		}
		s.set(tool.Get("name"), b.Type == messages.BlockToolAddition)
	}
	return nil
}
