package watch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
)

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// begin starts a watch; every change that it tells sends what the first file then holds.
func begin(t *testing.T, o Options, files ...string) <-chan string {
	t.Helper()
	told, ready := make(chan string, 1000), make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		known := func() (list []config.File) {
			for _, path := range files {
				list = append(list, config.File{Path: path, Sum: sum(path)})
			}
			return list
		}
		at := known()
		Run(ctx, func() []config.File { return at }, func() {
			at = known()
			text, _ := os.ReadFile(files[0])
			told <- string(text)
		}, ready, o)
	}()
	t.Cleanup(func() { cancel(); <-done })
	<-ready
	return told
}

// expect waits until a change tells this text. Earlier ones may be seen on the way.
func expect(t *testing.T, told <-chan string, want string) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		select {
		case got := <-told:
			if got == want {
				return
			}
		case <-deadline:
			t.Fatalf("no change told %q", want)
		}
	}
}

var quick = Options{Quiet: 5 * time.Millisecond, Apart: time.Millisecond, Poll: time.Hour}

// F06: an editor that renames, twice and more, and one that writes in place.
func TestF06RenameReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plugins.yaml")
	put(t, path, "0")
	told := begin(t, quick, path)
	for i := 1; i <= 3; i++ {
		put(t, path+".swp", fmt.Sprint(i))
		if err := os.Rename(path+".swp", path); err != nil {
			t.Fatal(err)
		}
		expect(t, told, fmt.Sprint(i))
	}
	put(t, path, "in place")
	expect(t, told, "in place")
	// vim: the old one is moved away, a new one is made.
	if err := os.Rename(path, path+"~"); err != nil {
		t.Fatal(err)
	}
	put(t, path, "vim")
	expect(t, told, "vim")
}

// F06: the way Kubernetes changes a mounted ConfigMap: a link to a folder is exchanged.
func TestF06ConfigMap(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need rights there")
	}
	dir := t.TempDir()
	version := func(name, text string) {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, name, "plugins.yaml"), text)
		if err := os.Symlink(name, filepath.Join(dir, "..tmp")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "..tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	version("..1", "one")
	path := filepath.Join(dir, "plugins.yaml")
	if err := os.Symlink(filepath.Join("..data", "plugins.yaml"), path); err != nil {
		t.Fatal(err)
	}
	told := begin(t, quick, path)
	version("..2", "two")
	expect(t, told, "two")
	version("..3", "three")
	expect(t, told, "three")
}

// F07: five hundred writes are a few changes at most, and the last one counts.
func TestF07Burst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "plugins.yaml")
	put(t, path, "start")
	told := begin(t, Options{Quiet: 50 * time.Millisecond, Apart: 100 * time.Millisecond, Poll: time.Hour}, path)
	for i := range 500 {
		put(t, path, fmt.Sprint(i))
	}
	expect(t, told, "499")
	if n := len(told); n > 0 {
		t.Errorf("%d more changes after the last one", n)
	}
}

// F08: where the system tells nothing, a slow look finds the change.
func TestF08Poll(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "later", "plugins.yaml") // its folder is not there, so that nothing can watch it
	told := begin(t, Options{Quiet: time.Millisecond, Apart: time.Millisecond, Poll: 5 * time.Millisecond}, path)
	if err := os.Mkdir(filepath.Join(dir, "later"), 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, path, "there")
	expect(t, told, "there")
}

// Writing the same again is no change, nor is a neighbour.
func TestNoChange(t *testing.T) {
	dir := t.TempDir()
	path, env := filepath.Join(dir, "plugins.yaml"), filepath.Join(dir, ".env")
	put(t, path, "same")
	told := begin(t, quick, path, env)
	put(t, path, "same")
	put(t, filepath.Join(dir, "neighbour"), "x")
	put(t, env, "A=1")
	expect(t, told, "same") // that one is of .env
	put(t, path, "other")
	expect(t, told, "other")
	if n := len(told); n > 0 {
		t.Errorf("%d changes too many", n)
	}
}
