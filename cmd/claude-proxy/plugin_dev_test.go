package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
)

// told is an output that can be waited for.
type told struct {
	hosttest.Log
	more chan struct{} // holds one token when something was written
}

func (o *told) Write(p []byte) (int, error) {
	n, err := o.Log.Write(p)
	select {
	case o.more <- struct{}{}:
	default:
	}
	return n, err
}

// await waits until the output so far fits.
func (o *told) await(t *testing.T, what string, fits func(string) bool) string {
	t.Helper()
	deadline := time.After(4 * time.Minute)
	for {
		if text := o.String(); fits(text) {
			return text
		}
		select {
		case <-o.more:
		case <-deadline:
			t.Fatalf("%s did not come:\n%s", what, o.String())
		}
	}
}

// TestPluginDev changes a project while plugin dev looks after it: the new code is judged and serves, without a restart.
func TestPluginDev(t *testing.T) {
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOWORK", "off")
	t.Setenv("PROXY_ACCESS_KEY", clientKey)
	dir := filepath.Join(t.TempDir(), "parrot")
	if code, _, stderr := command(t, "plugin", "new", "parrot", "--like", "echo", "--dir", dir); code != 0 {
		t.Fatal(stderr)
	}
	out := &told{more: make(chan struct{}, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	go func() { ended <- run(ctx, []string{"plugin", "dev", dir, "--run", "^(whole|stream)$"}, out, out) }()
	text := out.await(t, "the greeting", func(s string) bool {
		return strings.Contains(s, "waiting for the next change") && strings.Contains(s, "Try it")
	})
	url := regexp.MustCompile(`listening on (http://\S+)`).FindStringSubmatch(text)
	if url == nil {
		t.Fatal(text)
	}
	say := func() string {
		req, err := http.NewRequest(http.MethodPost, url[1]+"/v1/messages", strings.NewReader(ask("any", "Hello", false)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("x-api-key", clientKey)
		req.Header.Set("content-type", "application/json")
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var b strings.Builder
		if _, err := io.Copy(&b, resp.Body); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	until := func(want string) {
		t.Helper()
		look := time.NewTicker(100 * time.Millisecond)
		defer look.Stop()
		deadline := time.After(2 * time.Minute)
		for got := say(); !strings.Contains(got, want); got = say() {
			select {
			case <-look.C:
			case <-deadline:
				t.Fatalf("the answer is %s, not %s\n%s", got, want, out.String())
			}
		}
	}
	until(`"text":"Hello"`)

	file := filepath.Join(dir, "parrot.go")
	code, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	change := func(old, with string) {
		t.Helper()
		if !strings.Contains(string(code), old) {
			t.Fatalf("%s holds no %q", file, old)
		}
		if err := os.WriteFile(file, []byte(strings.Replace(string(code), old, with, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	change("a := &echo{}", "a := &echo{")
	out.await(t, "the compiler's complaint", func(s string) bool { return strings.Contains(s, "does not build") && strings.Contains(s, "parrot.go:") })
	until(`"text":"Hello"`) // what served goes on serving
	change("a := &echo{}", `a := &echo{prefix: "Squawk! "}`)
	out.await(t, "the verdict", func(s string) bool { return strings.Contains(s, `+ text 0 plain "Squawk! "`) })
	until(`"text":"Squawk! Hello"`)

	cancel()
	if code := <-ended; code != 0 {
		t.Errorf("it ended with code %d\n%s", code, out.String())
	}
}

func TestConcerns(t *testing.T) {
	for name, want := range map[string]bool{"/p/request.go": true, "/p/testdata/x.txtar": true, "/p/acme.wasm": false, "/p/.request.go.swp": false, "/p/request.go~": false} {
		if concerns(fsnotify.Event{Name: name, Op: fsnotify.Write}) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
	if concerns(fsnotify.Event{Name: "/p/request.go", Op: fsnotify.Chmod}) {
		t.Error("a change of permissions counts")
	}
}
