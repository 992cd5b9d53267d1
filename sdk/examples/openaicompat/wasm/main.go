//go:build wasip1

// Command wasm is the openaicompat adapter as a plugin.
package main

import (
	"github.com/claude-proxy/claude-proxy/sdk/examples/openaicompat"
	"github.com/claude-proxy/claude-proxy/sdk/guest"
)

func init() { guest.Serve(openaicompat.Module{}) } // a reactor has no main: the host calls its exports

func main() {}
