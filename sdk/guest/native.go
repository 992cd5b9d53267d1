//go:build !wasip1

package guest

import "github.com/claude-proxy/claude-proxy/sdk/abi"

// Outside the sandbox nobody listens, and the memory is not the adapter's.

func sandboxLog(abi.Level, string) {}

func limitMemory(int64) {}
