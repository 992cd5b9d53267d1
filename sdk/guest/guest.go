// Package guest turns an adapter.Module into a plugin: a WebAssembly module that speaks ABI v1 (sdk/ABI.md). The whole
// program of a plugin is
//
//	//go:build wasip1
//
//	package main
//
//	import "github.com/claude-proxy/claude-proxy/sdk/guest"
//
//	func init() { guest.Serve(acme.Module{}) } // a reactor has no main: the host calls its exports
//	func main() {}
//
// built with GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared.
package guest

import (
	"github.com/claude-proxy/claude-proxy/sdk/abi"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// served is what the exports act on. A WebAssembly instance is one program with one adapter, called by one caller at a
// time, and its exports are functions without a receiver: there is nowhere else to keep it.
var served = newServer(nil)

// Serve makes the exports serve this adapter. Call it once, from init. Outside the sandbox it has no effect.
func Serve(m adapter.Module) { served.module = m }

// Log writes one line to the host's log, which cuts it at 4 KiB, removes what looks like a credential and drops what is
// too much. Outside the sandbox it has no effect. Never log what clients say.
func Log(level abi.Level, text string) { served.log(level, text) }
