// Package openaiold is the adapter for older and third-party servers that call themselves OpenAI-compatible. The conversion
// itself is package chat; here stands how such servers differ, as data: named presets, and options of a channel over them.
package openaiold

import (
	"github.com/claude-proxy/claude-proxy/plugins/openai/chat"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// name is the adapter's, and the issuer of its thinking signatures.
const name = "openaiold"

// Module is the adapter as the proxy knows it.
type Module struct{}

var _ adapter.Module = Module{}

// Manifest describes the adapter.
func (Module) Manifest() adapter.Manifest {
	return adapter.Manifest{
		Name:    name,
		Version: "1.0.0",
		Title:   adapter.Text{EN: "OpenAI-compatible", ZH: "OpenAI 兼容"},
		Description: adapter.Text{
			EN: "Older and third-party servers that speak Chat Completions: DeepSeek, Kimi, GLM, Qwen, OpenRouter, Ollama, vLLM and others",
			ZH: "较早的或第三方的 Chat Completions 兼容服务：DeepSeek、Kimi、GLM、Qwen、OpenRouter、Ollama、vLLM 等",
		},
		License:    "MIT",
		Auth:       "bearer",
		Operations: []adapter.Operation{adapter.Messages, adapter.Models},
		Options:    schema(),
	}
}

// New checks the options of a channel: first the preset, then everything that differs from it, in whatever order they
// stand. A nil or absent object gives the preset generic.
func (Module) New(given jsonindex.Value) (adapter.Adapter, error) {
	if !given.IsNull() && given.Kind() != jsonindex.Object {
		return nil, adapter.Fail(adapter.Invalid, "options", "must be an object")
	}
	d, err := dialectOf(given.Get(optionPreset))
	if err != nil {
		return nil, err
	}
	known := options()
	for it := given.Iter(); it.Next(); {
		key := string(it.Key())
		if key == optionPreset {
			continue
		}
		o := find(known, key)
		if o == nil {
			return nil, adapter.Fail(adapter.Invalid, key, "unknown option; known are %s", names(known))
		}
		if err := o.set(&d, it.Val); err != nil {
			return nil, err
		}
	}
	if err := agree(&d); err != nil {
		return nil, err
	}
	return chat.New(d)
}
