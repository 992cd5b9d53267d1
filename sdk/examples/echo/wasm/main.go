//go:build wasip1

// Command wasm is the echo adapter as a plugin.
package main

import (
	"github.com/claude-proxy/claude-proxy/sdk/examples/echo"
	"github.com/claude-proxy/claude-proxy/sdk/guest"
)

func init() { guest.Serve(echo.Module{}) } // a reactor has no main: the host calls its exports

func main() {}
