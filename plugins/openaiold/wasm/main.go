//go:build wasip1

// Command wasm is the openaiold adapter as a plugin.
package main

import (
	"github.com/claude-proxy/claude-proxy/plugins/openaiold"
	"github.com/claude-proxy/claude-proxy/sdk/guest"
)

func init() { guest.Serve(openaiold.Module{}) } // a reactor has no main: the host calls its exports

func main() {}
