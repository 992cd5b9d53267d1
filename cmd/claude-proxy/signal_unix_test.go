//go:build unix

package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
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

// O01: the first signal lets live requests finish; whoever sends a second one does not want to wait for them.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	stalls := transcript()
	stalls.Fault = hosttest.Fault{CutBefore: 8, Cut: "stall"}
	dir := t.TempDir()
	path := filepath.Join(dir, "plugins.yaml")
	text := "version: 1\nserver: { listen: \"127.0.0.1:0\", drain_timeout: 1h }\nchannels:\n" + channel("main", "openai", upstreamOf(t, stalls).URL)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "serve", "--config", path)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), asProgram+"=1", "PORT=", "PROXY_ACCESS_KEY="+clientKey)
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout = cmd.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	await := func(pattern string) string {
		want := regexp.MustCompile(pattern)
		for lines.Scan() {
			if m := want.FindStringSubmatch(lines.Text()); m != nil {
				return m[len(m)-1]
			}
		}
		t.Fatalf("it ended without %q: %v", pattern, lines.Err())
		return ""
	}
	url := await(`listening on (http://\S+)`)
	_, resp := streamFrom(t, url, withTools("m", true)) // it streams, and is going to for an hour
	defer resp.Body.Close()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	await("stopping: no new requests")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("it ended with %v", err)
	}
}
