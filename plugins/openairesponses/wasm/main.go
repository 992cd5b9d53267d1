//go:build wasip1

// Command wasm is the openairesponses adapter as a plugin.
package main

import (
	"github.com/claude-proxy/claude-proxy/plugins/openairesponses"
	"github.com/claude-proxy/claude-proxy/sdk/guest"
)

func init() { guest.Serve(openairesponses.Module{}) } // a reactor has no main: the host calls its exports

func main() {}
