package claude_test

import (
	"flag"
	"testing"

	"github.com/claude-proxy/claude-proxy/plugins/claude"
	"github.com/claude-proxy/claude-proxy/sdk/adaptertest"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

var update = flag.Bool("update", false, "rewrite the goldens in testdata")

func TestCases(t *testing.T) {
	adaptertest.Run(t, runner.Native(claude.Module{}), "testdata", adaptertest.Options{Update: *update, Fields: true})
}
