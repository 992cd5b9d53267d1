//go:build unix

package main

import (
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"
)

// F08: where the system does not tell of changed files, a signal does.
func TestF08Signal(t *testing.T) {
	s := newShell(t)
	t.Setenv("PORT", "0")
	t.Setenv("PROXY_ACCESS_KEY", clientKey)
	s.put("plugins.yaml", "version: 1\nchannels:\n"+channel("a", "openai", says(t, "hello").URL))
	// Until the program listens for it, the signal would end the test.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGHUP)
	defer signal.Stop(signals)
	p := s.serve()
	for deadline := time.Now().Add(30 * time.Second); !strings.Contains(p.out.String(), "reason=signal"); time.Sleep(10 * time.Millisecond) {
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatal("the signal was not heard")
		}
	}
}
