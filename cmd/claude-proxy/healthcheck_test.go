package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHealthcheck asks a running proxy, one that has stopped, and one with a broken file.
func TestHealthcheck(t *testing.T) {
	p := start(t, "")
	_, port, err := net.SplitHostPort(strings.TrimPrefix(p.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "plugins.yaml")
	f := func(text string, want int, says string, args ...string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		if got := run(t.Context(), append([]string{"healthcheck", "-c", path}, args...), &out, &errs); got != want {
			t.Errorf("exit code %d, want %d: %s", got, want, errs.String())
		}
		if !strings.Contains(errs.String(), says) {
			t.Errorf("it says %q, want %q in it", errs.String(), says)
		}
	}
	f("version: 1\nserver: { listen: 127.0.0.1:"+port+" }\n", 0, "")
	f("version: 1\nserver: { listen: 127.0.0.1:"+port+" }\n", 0, "", "--ready")
	// The health path of the file is the one that is asked; the running proxy has another.
	f("version: 1\nserver: { listen: 127.0.0.1:"+port+", health_path: /elsewhere }\n", 1, "404")
	f("version: 1\nserver: { listen: 127.0.0.1:"+port+", health_paht: /health }\n", 2, "health_path")
	p.stop()
	<-p.done
	p.done <- nil
	f("version: 1\nserver: { listen: 127.0.0.1:"+port+" }\n", 1, "try: claude-proxy serve")
}
