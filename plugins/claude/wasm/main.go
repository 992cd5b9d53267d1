//go:build wasip1

// Command wasm is the claude adapter as a plugin.
package main

import (
	"github.com/claude-proxy/claude-proxy/plugins/claude"
	"github.com/claude-proxy/claude-proxy/sdk/guest"
)

func init() { guest.Serve(claude.Module{}) } // a reactor has no main: the host calls its exports

func main() {}
