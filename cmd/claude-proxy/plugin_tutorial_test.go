package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// tutorial is the commands of sdk/README.md, in order.
func tutorial(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "sdk", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(strings.Fields(string(text))); n > 900 {
		t.Errorf("sdk/README.md has %d words; who has 15 minutes reads 900", n)
	}
	var commands []string
	for _, m := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		commands = append(commands, m[1])
	}
	if len(commands) == 0 || len(commands) > 6 {
		t.Fatalf("%d commands; six are enough", len(commands))
	}
	return commands
}

// The Chinese page has the same commands.
func TestTutorialTranslated(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "sdk", "README.zh-CN.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range tutorial(t) {
		if !strings.Contains(string(text), "```sh\n"+c+"```") {
			t.Errorf("sdk/README.zh-CN.md does not have\n%s", c)
		}
	}
}

// freePort is a port on which nobody listens at the moment.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// TestTutorial runs the commands of sdk/README.md as they are printed, in an empty folder and without a network, but with
// free ports in place of the usual ones. At the end it also asks for an answer in one piece.
func TestTutorial(t *testing.T) {
	commands := tutorial(t)
	for _, tool := range []string{"sh", "curl", "sed"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CLAUDE_PROXY_TUTORIAL") == "required" {
				t.Fatal(err)
			}
			t.Skipf("the commands need %s; .ci/run has it", tool)
		}
	}
	bin, dir := t.TempDir(), t.TempDir()
	if text, err := exec.Command("go", "build", "-o", filepath.Join(bin, "claude-proxy"), ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	proxyPort, mockPort := freePort(t), freePort(t)
	var script strings.Builder
	script.WriteString("set -e\nbehind=\ntrap 'kill $behind; wait || true' EXIT\n")
	for i, c := range commands {
		c = strings.ReplaceAll(c, "127.0.0.1:3000", "127.0.0.1:"+proxyPort)
		script.WriteString(strings.Replace(c, "claude-proxy mock", "claude-proxy mock --listen 127.0.0.1:"+mockPort, 1))
		if strings.HasSuffix(c, "&\n") {
			script.WriteString("behind=\"$behind $!\"\n")
		}
		if i == 0 {
			fmt.Fprintf(&script, "sed -i.old 's/127.0.0.1:3999/127.0.0.1:%s/' acme/plugins.yaml\n", mockPort)
		}
	}
	last := commands[len(commands)-1]
	script.WriteString("echo; echo whole:\n" + strings.ReplaceAll(strings.Replace(last, `"stream":true,`, "", 1), "127.0.0.1:3000", "127.0.0.1:"+proxyPort))

	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	sh := exec.CommandContext(ctx, "sh", "-c", script.String())
	sh.Dir = dir
	sh.WaitDelay = 20 * time.Second
	sh.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"), "PORT="+proxyPort,
		"GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off")
	text, err := sh.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, script.String(), text)
	}
	stream, whole, _ := strings.Cut(string(text), "whole:\n")
	for _, want := range []string{"ok: level 5 reached", "acme.wasm: ", "event: message_start", "text_delta", "event: message_stop"} {
		if !strings.Contains(stream, want) {
			t.Errorf("there is no %q in\n%s", want, stream)
		}
	}
	if !strings.Contains(whole, `"type":"message"`) || !strings.Contains(whole, `"stop_reason":"end_turn"`) {
		t.Errorf("the answer in one piece: %s", whole)
	}
}
