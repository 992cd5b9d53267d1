// Package sdk holds the sources of the SDK itself, so that the program can write a project for an adapter that builds on a
// machine with nothing but Go. Adapters use the packages below this one, never this one.
package sdk

import "embed"

// Module is the path of the module that a copy of the SDK makes by itself, and GoVersion the Go version that it needs.
const (
	Module    = "github.com/claude-proxy/claude-proxy/sdk"
	GoVersion = "1.26"
)

// Sources is everything that belongs into a copy of the SDK, and the examples with their cases. Tests are left out: the
// patterns together are all names that do not end in _test.go, as a test makes sure of.
//
//go:embed ABI.md */README.md
//go:embed */*[^t].go */*[^s]t.go */*[^t]est.go
//go:embed render/grammar/*.go adaptertest/generic
//go:embed examples/*/*.go examples/*/wasm/main.go examples/echo/testdata/*.txtar examples/openaicompat/testdata/*.txtar
var Sources embed.FS
