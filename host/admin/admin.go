// Package admin is the admin API: what the web UI and the command line see and change of a running proxy.
//
// The shapes of all requests and answers are in the package contract; openapi.json is the whole of it for programs. The
// API edits plugins.yaml, which stays the truth, and puts the result to work.
package admin

import _ "embed"

// document is openapi.json, which a test holds to the table of operations.
//
//go:embed openapi.json
var document []byte

type api struct{}
