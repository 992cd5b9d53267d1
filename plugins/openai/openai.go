// Package openai is the adapter for OpenAI's own Chat Completions. The conversion itself is package chat; here stands what
// OpenAI takes, and what a channel may choose.
//
// https://platform.openai.com/docs/api-reference/chat
package openai

import (
	"github.com/claude-proxy/claude-proxy/plugins/openai/chat"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// Module is the adapter as the proxy knows it.
type Module struct{}

var _ adapter.Module = Module{}

// optionsSchema describes Options; New checks the same.
const optionsSchema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "reasoning": {
      "enum": ["auto", "on", "off"], "default": "auto",
      "description": "Whether the channel's models reason. auto goes by the model's name; an unknown name counts as a current reasoning model."
    },
    "unsupported_tools": {
      "enum": ["refuse", "drop"], "default": "refuse",
      "description": "What to do with tools, MCP servers and containers that only Claude's own servers can run."
    },
    "stop_sequences": {
      "enum": ["cut", "refuse"], "default": "cut",
      "description": "What to do with stop sequences that the model cannot honour: let the proxy cut the text, or refuse the request."
    },
    "prefill": {
      "enum": ["refuse", "send"], "default": "refuse",
      "description": "What to do with a conversation that ends with an assistant message, which the model cannot continue."
    }
  }
}`

// Manifest describes the adapter.
func (Module) Manifest() adapter.Manifest {
	return adapter.Manifest{
		Name:    "openai",
		Version: "1.0.0",
		Title:   adapter.Text{EN: "OpenAI", ZH: "OpenAI"},
		Description: adapter.Text{
			EN: "OpenAI's Chat Completions",
			ZH: "OpenAI 的 Chat Completions 接口",
		},
		Homepage:   "https://platform.openai.com/docs/api-reference/chat",
		License:    "MIT",
		BaseURL:    "https://api.openai.com/v1",
		Auth:       "bearer",
		Operations: []adapter.Operation{adapter.Messages, adapter.Models},
		Options:    optionsSchema,
	}
}

// New checks the options of a channel. A nil or absent object gives the defaults.
func (Module) New(options jsonindex.Value) (adapter.Adapter, error) {
	d := dialect()
	if !options.IsNull() && options.Kind() != jsonindex.Object {
		return nil, adapter.Fail(adapter.Invalid, "options", "must be an object")
	}
	for it := options.Iter(); it.Next(); {
		if err := set(&d, string(it.Key()), it.Val); err != nil {
			return nil, err
		}
	}
	return chat.New(d)
}

// set applies one option.
func set(d *chat.Dialect, name string, v jsonindex.Value) error {
	var second, third bool
	var err error
	switch name {
	case "reasoning":
		second, third, err = oneOf(name, v, "auto", "on", "off")
		if second || third {
			d.Families = only(d.Families, second)
		}
	case "unsupported_tools":
		d.DropTools, _, err = oneOf(name, v, "refuse", "drop", "")
	case "stop_sequences":
		d.RefuseStop, _, err = oneOf(name, v, "cut", "refuse", "")
	case "prefill":
		d.SendPrefill, _, err = oneOf(name, v, "refuse", "send", "")
	default:
		return adapter.Fail(adapter.Invalid, name, "unknown option; known are reasoning, unsupported_tools, stop_sequences and prefill")
	}
	return err
}

// oneOf says which of the allowed words an option is; a third of "" is none.
func oneOf(name string, v jsonindex.Value, first, second, third string) (isSecond, isThird bool, err error) {
	switch {
	case v.Is(first):
	case v.Is(second):
		isSecond = true
	case third != "" && v.Is(third):
		isThird = true
	case third == "":
		err = adapter.Fail(adapter.Invalid, name, "must be %q or %q", first, second)
	default:
		err = adapter.Fail(adapter.Invalid, name, "must be %q, %q or %q", first, second, third)
	}
	return isSecond, isThird, err
}

// only keeps the families that reason, or those that do not. The last one left takes every model.
func only(families []chat.Family, reasoning bool) (kept []chat.Family) {
	for _, f := range families {
		if f.Reasoning == reasoning {
			kept = append(kept, f)
		}
	}
	kept[len(kept)-1].Models = nil
	return kept
}
