//go:build wasip1

// Command wasm is the gemini adapter as a plugin.
package main

import (
	"github.com/claude-proxy/claude-proxy/plugins/gemini"
	"github.com/claude-proxy/claude-proxy/sdk/guest"
)

func init() { guest.Serve(gemini.Module{}) } // a reactor has no main: the host calls its exports

func main() {}
