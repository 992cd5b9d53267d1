//go:build unix

package main

import (
	"syscall"
	"testing"
)

// F08: where the system does not tell of changed files, a signal does.
func TestF08Signal(t *testing.T) {
	s := newShell(t)
	t.Setenv("PORT", "0")
	t.Setenv("PROXY_ACCESS_KEY", clientKey)
	s.put("plugins.yaml", "version: 1\nchannels:\n"+channel("a", "openai", says(t, "hello").URL))
	p := s.serve()
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.await("reason=signal")
}
