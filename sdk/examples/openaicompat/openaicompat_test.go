package openaicompat_test

import (
	"flag"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
	"github.com/claude-proxy/claude-proxy/sdk/examples/openaicompat"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

var update = flag.Bool("update", false, "rewrite the goldens in testdata")

// TestCases plays testdata: one behaviour of the adapter in each file.
func TestCases(t *testing.T) {
	adaptertest.Run(t, runner.Native(openaicompat.Module{}), "testdata", adaptertest.Options{Update: *update, Fields: true})
}
