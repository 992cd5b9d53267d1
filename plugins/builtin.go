// Package plugins lists the adapters that are compiled into the program. Dropped *.wasm files lie in this folder too.
package plugins

import (
	"github.com/claude-proxy/claude-proxy/plugins/claude"
	"github.com/claude-proxy/claude-proxy/plugins/gemini"
	"github.com/claude-proxy/claude-proxy/plugins/openai"
	"github.com/claude-proxy/claude-proxy/plugins/openaiold"
	"github.com/claude-proxy/claude-proxy/plugins/openairesponses"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// Builtin returns the built-in adapters, in the order in which people are shown them.
func Builtin() []adapter.Module {
	return []adapter.Module{openai.Module{}, openaiold.Module{}, openairesponses.Module{}, gemini.Module{}, claude.Module{}}
}
