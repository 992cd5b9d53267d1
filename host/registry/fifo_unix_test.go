//go:build unix

package registry

import (
	"path/filepath"
	"syscall"
	"testing"
)

// A named pipe holds nobody (P17).
func TestNamedPipe(t *testing.T) {
	w := watch(t)
	if err := syscall.Mkfifo(filepath.Join(w.dir, "pipe.wasm"), 0o644); err != nil {
		t.Skip(err)
	}
	w.refuses("pipe", "not a regular file")
	f, err := openFolder(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	if _, err := f.read("pipe"); err == nil {
		t.Error("a pipe was read")
	}
}
