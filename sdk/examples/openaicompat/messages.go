package openaicompat

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// messages writes the conversation: the system prompt, then each turn.
func (r *request) messages() error {
	r.w.Lit(`,"messages":[`)
	first, err := r.system(r.in.SystemBlocks(), "system", true)
	if err != nil {
		return err
	}
	role := messages.User
	it := r.in.Iter()
	for it.Next() {
		m := &it.Message
		role = m.Role
		for _, o := range m.Others() {
			r.up.Loss("messages."+o.Name, adapter.Dropped, "unknown here")
		}
		switch m.Role {
		case messages.System:
			if m.OutputConfig.Exists() || m.ClearAt.Exists() {
				r.up.Loss("messages.output_config", adapter.Tuned, "no setting is for one turn")
				r.up.Loss("messages.clear_at", adapter.Tuned, "instructions stay")
			}
			first, err = r.system(m.Blocks(), "messages.content", first)
		case messages.Assistant:
			first, err = r.assistant(m, first)
		default:
			first, err = r.user(m, first)
		}
		if err != nil {
			return err
		}
	}
	if role == messages.Assistant {
		r.up.Loss("messages", adapter.Approximated, "whether the last message is continued is up to the server")
	}
	r.w.Byte(']')
	return it.Err()
}

// begin begins one message of the upstream's.
func (r *request) begin(role string, first bool) {
	if !first {
		r.w.Byte(',')
	}
	r.w.Lit(`{"role":"` + role + `","content":`)
}

// system writes instructions as one message; nothing when there are none.
func (r *request) system(blocks messages.BlockIter, path string, first bool) (bool, error) {
	n := 0
	for blocks.Next() {
		b := &blocks.Block
		if b.Type != messages.BlockText {
			return first, adapter.Fail(adapter.Unsupported, b.Path(), "this server takes only text here")
		}
		if n++; n == 1 {
			r.begin("system", first)
			r.w.Byte('"')
		} else {
			r.w.Lit(`\n\n`)
		}
		r.w.Inner(b.Text)
		r.marks(b, path)
	}
	if n > 0 {
		r.w.Lit(`"}`)
		first = false
	}
	return first, blocks.Err()
}

// user writes a turn of the user: results of calls first, a message each, then what the user says.
func (r *request) user(m *messages.Message, first bool) (bool, error) {
	results, said := 0, 0
	blocks := m.Blocks()
	for blocks.Next() {
		b := &blocks.Block
		if b.Type != messages.BlockToolResult {
			said++
			continue
		}
		if err := r.result(b, first); err != nil {
			return false, err
		}
		results++
		first = false
	}
	if err := blocks.Err(); err != nil || results > 0 && said == 0 {
		return false, err
	}
	return false, r.says(m, first, said)
}

// says writes the texts and images of a turn: a single text as a string, else a list of parts.
func (r *request) says(m *messages.Message, first bool, parts int) error {
	r.begin("user", first)
	n := 0
	blocks := m.Blocks()
	for blocks.Next() {
		b := &blocks.Block
		if b.Type == messages.BlockToolResult {
			continue
		}
		if b.Type == messages.BlockText && parts == 1 {
			r.w.Raw(b.Text)
			r.marks(b, "messages.content")
			n++
			continue
		}
		if n++; n == 1 {
			r.w.Byte('[')
		} else {
			r.w.Byte(',')
		}
		if err := r.part(b); err != nil {
			return err
		}
		if n == parts {
			r.w.Byte(']')
		}
	}
	if n == 0 {
		r.w.Lit(`""`)
	}
	r.w.Byte('}')
	return blocks.Err()
}

// part writes a text or an image.
func (r *request) part(b *messages.Block) error {
	switch b.Type {
	case messages.BlockText:
		r.w.Lit(`{"type":"text","text":`)
		r.w.Raw(b.Text)
		r.w.Byte('}')
	case messages.BlockImage:
		if err := r.image(b); err != nil {
			return err
		}
	default:
		return adapter.Fail(adapter.Unsupported, b.Path(), "this server takes no block of type %s", b.Type)
	}
	r.marks(b, "messages.content")
	return nil
}

// image writes an image by its address, or its bytes as a data URL. The bytes are long: they are named, never read.
func (r *request) image(b *messages.Block) error {
	var s messages.Source
	if err := messages.DecodeSource(b.Source, &s); err != nil {
		return err
	}
	r.w.Lit(`{"type":"image_url","image_url":{"url":"`)
	switch s.Kind {
	case messages.SourceBase64:
		r.w.Lit("data:")
		r.w.Inner(s.MediaType)
		r.w.Lit(";base64,")
		r.w.Inner(s.Data)
	case messages.SourceURL:
		r.w.Inner(s.URL)
	default:
		return adapter.Fail(adapter.Unsupported, messages.Path(b.Source), "this server takes images by base64 and url alone")
	}
	r.w.Lit(`"}}`)
	for _, o := range s.Others() {
		r.up.Loss("messages.content.source."+o.Name, adapter.Dropped, "unknown here")
	}
	if !b.Transformations.IsNull() {
		r.up.Loss("messages.content.transformations", adapter.Noop, "of no use here")
	}
	return nil
}

// result writes the result of one call. Only text can be told.
func (r *request) result(b *messages.Block, first bool) error {
	r.begin("tool", first)
	r.w.Byte('"')
	if b.IsError.True() {
		r.w.Lit("Error: ")
		r.up.Loss("messages.content.is_error", adapter.Approximated, "told in the text")
	}
	n := 0
	blocks := b.Blocks()
	for blocks.Next() {
		in := &blocks.Block
		if in.Type != messages.BlockText {
			return adapter.Fail(adapter.Unsupported, in.Path(), "this server takes only text in the result of a tool")
		}
		if n++; n > 1 {
			r.w.Lit(`\n`)
		}
		r.w.Inner(in.Text)
		r.marks(in, "messages.content.content")
	}
	r.w.Lit(`","tool_call_id":`)
	r.w.Raw(b.ToolUseID)
	r.w.Byte('}')
	r.marks(b, "messages.content")
	return blocks.Err()
}

// assistant writes a turn of the model: its text, then its calls.
func (r *request) assistant(m *messages.Message, first bool) (bool, error) {
	r.begin("assistant", first)
	r.w.Byte('"')
	calls := 0
	blocks := m.Blocks()
	for blocks.Next() {
		switch b := &blocks.Block; b.Type {
		case messages.BlockText:
			r.w.Inner(b.Text)
			r.marks(b, "messages.content")
		case messages.BlockToolUse:
			calls++
		case messages.BlockThinking, messages.BlockRedactedThinking:
			r.up.Loss("messages.content", adapter.Tuned, "earlier thinking is left out")
		default:
			return false, adapter.Fail(adapter.Unsupported, b.Path(), "this server takes no block of type %s", b.Type)
		}
	}
	r.w.Byte('"')
	if calls > 0 {
		r.calls(m)
	}
	r.w.Byte('}')
	return false, blocks.Err()
}

// calls writes the calls of a turn. The input goes byte for byte into a string.
func (r *request) calls(m *messages.Message) {
	r.w.Lit(`,"tool_calls":[`)
	n := 0
	for blocks := m.Blocks(); blocks.Next(); {
		b := &blocks.Block
		if b.Type != messages.BlockToolUse {
			continue
		}
		if n++; n > 1 {
			r.w.Byte(',')
		}
		r.w.Lit(`{"id":`)
		r.w.Raw(b.ID)
		r.w.Lit(`,"type":"function","function":{"name":`)
		r.w.Raw(b.Name)
		r.w.Lit(`,"arguments":"`)
		r.w.Escape(b.Input)
		r.w.Lit(`"}}`)
		r.marks(b, "messages.content")
		if !b.Caller.IsNull() || !b.ToolsetName.IsNull() {
			r.up.Loss("messages.content.caller", adapter.Noop, "all calls are the model's")
			r.up.Loss("messages.content.toolset_name", adapter.Noop, "all calls are the model's")
		}
	}
	r.w.Byte(']')
}

// marks reports what a block carries besides its content.
func (r *request) marks(b *messages.Block, path string) {
	if !b.CacheControl.IsNull() {
		r.up.Loss(path+".cache_control", adapter.Noop, "the server caches prompts by itself, or not at all")
	}
	if b.Type == messages.BlockText && !b.Citations.IsNull() {
		r.up.Loss(path+".citations", adapter.Dropped, "no such field")
	}
	for _, o := range b.Others() {
		r.up.Loss(path+"."+o.Name, adapter.Dropped, "unknown here")
	}
}
