//go:build wasip1

// Command wasm is the openai adapter as a plugin.
package main

import (
	"github.com/claude-proxy/claude-proxy/plugins/openai"
	"github.com/claude-proxy/claude-proxy/sdk/guest"
)

func init() { guest.Serve(openai.Module{}) } // a reactor has no main: the host calls its exports

func main() {}
