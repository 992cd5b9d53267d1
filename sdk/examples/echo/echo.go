// Package echo is the smallest adapter: it says again what the user said last, and needs no upstream for it.
//
// It shows the contract without a vendor's format: a manifest, an option, losses, refusals and an answer as ops. For one
// that talks to a server read package openaicompat beside it.
package echo

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// Module is the adapter as it is published.
type Module struct{}

var _ adapter.Module = Module{}

// Manifest describes the adapter.
func (Module) Manifest() adapter.Manifest {
	return adapter.Manifest{
		Name:        "echo",
		Version:     "0.1.0",
		Title:       adapter.Text{EN: "Echo", ZH: "回声"},
		Description: adapter.Text{EN: "Says again what the user said", ZH: "重复用户所说的话"},
		License:     "MIT",
		Auth:        "none",
		Options: `{
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "prefix": { "type": "string", "default": "", "description": "What stands before the echo." }
  }
}`,
	}
}

// New checks the options of a channel.
func (Module) New(options jsonindex.Value) (adapter.Adapter, error) {
	a := &echo{}
	if !options.IsNull() && options.Kind() != jsonindex.Object {
		return nil, adapter.Fail(adapter.Invalid, "options", "must be an object")
	}
	for it := options.Iter(); it.Next(); {
		name := string(it.Key())
		if name != "prefix" {
			return nil, adapter.Fail(adapter.Invalid, name, "unknown option; the only one is prefix")
		}
		var ok bool
		if a.prefix, ok = it.Val.Text(); !ok {
			return nil, adapter.Fail(adapter.Invalid, name, "must be a string")
		}
	}
	return a, nil
}

// echo is the adapter of one channel.
type echo struct{ prefix string }

// Begin answers by itself: up.Local says so, and the answer is in up.Answer. There is no exchange then.
func (a *echo) Begin(call *adapter.Call, up *adapter.UpstreamRequest) (adapter.Exchange, error) {
	var r messages.Request
	if err := messages.Decode(call.Body.Root(), &r); err != nil {
		return nil, err
	}
	choice, err := r.Choice()
	if err != nil {
		return nil, err
	}
	if choice.Kind == messages.ChoiceAny || choice.Kind == messages.ChoiceTool {
		return nil, adapter.Fail(adapter.Unsupported, "tool_choice", "an echo calls no tools")
	}
	last, err := lastOfUser(&r)
	if err != nil {
		return nil, err
	}
	ignored(&r, up)
	up.Local = true
	if a.prefix != "" {
		up.Answer.TextString(0, a.prefix)
	}
	if err := say(&last, up); err != nil {
		return nil, err
	}
	up.Answer.Stop(ops.EndTurn, "", nil)
	up.Answer.Done()
	return nil, nil
}

// lastOfUser finds the turn that is echoed. It looks at all turns, so that an ill-formed one is found.
func lastOfUser(r *messages.Request) (last messages.Message, err error) {
	it := r.Iter()
	for it.Next() {
		if it.Message.Role == messages.User {
			last = it.Message
		}
	}
	return last, it.Err()
}

// say emits the texts of the turn. Anything else in it is lost, and said to be.
func say(m *messages.Message, up *adapter.UpstreamRequest) error {
	blocks := m.Blocks()
	for blocks.Next() {
		b := &blocks.Block
		if b.Type != messages.BlockText {
			up.Loss("messages.content."+b.Type.String(), adapter.Dropped, "an echo repeats text alone")
			continue
		}
		// A text of more than 16 KiB cannot be read, only passed to an upstream; and here is none.
		if !up.Answer.Text(0, b.Text) {
			return adapter.Fail(adapter.Unsupported, b.Path(), "too long for an echo")
		}
	}
	return blocks.Err()
}

// ignored lists what an echo has no use for: a field that nobody names would have been dropped in silence.
func ignored(r *messages.Request, up *adapter.UpstreamRequest) {
	for it := r.V.Iter(); it.Next(); {
		switch name := string(it.Key()); name {
		case "model", "stream":
		case "messages":
			up.Loss(name, adapter.Noop, "only the last turn of the user counts")
		default:
			up.Loss(name, adapter.Noop, "an echo has no use for it")
		}
	}
}
