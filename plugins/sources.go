package plugins

import "embed"

// Sources is the built-in adapters as something to begin a new one with: their code, their manuals, the test that plays
// their cases, and of the cases a few of each kind.
//
//go:embed */*[^t].go */*[^s]t.go */*[^t]est.go */*/*[^t].go */*/*[^s]t.go */*/*[^t]est.go */README.md
//go:embed claude/claude_test.go gemini/gemini_test.go openai/openai_test.go openaiold/openaiold_test.go openairesponses/openairesponses_test.go
//go:embed */testdata/agent-turn.txtar */testdata/text-stream.txtar */testdata/whole-text.txtar */testdata/images.txtar */testdata/models.txtar
//go:embed */testdata/option-unknown.txtar */testdata/c035-*.txtar */testdata/c044-*.txtar */testdata/c088-*.txtar */testdata/c095-*.txtar
//go:embed */testdata/error-401.txtar */testdata/error-429.txtar */testdata/error-500.txtar */testdata/failure-401.txtar */testdata/failure-429.txtar
//go:embed claude/testdata/stream-text.txtar claude/testdata/stream-thinking-and-tools.txtar claude/testdata/request-plain.txtar
var Sources embed.FS
