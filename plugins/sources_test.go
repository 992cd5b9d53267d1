package plugins_test

import (
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/plugins"
)

// A project can begin as any built-in adapter: all their code is there, of their tests the one that plays the cases, and it
// stays small.
func TestSources(t *testing.T) {
	size := 0
	have := map[string]bool{}
	err := fs.WalkDir(plugins.Sources, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := plugins.Sources.ReadFile(path)
		size += len(b)
		have[path] = true
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if size > 1200<<10 {
		t.Errorf("the sources are %d bytes, and in every program", size)
	}
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		path = filepath.ToSlash(path)
		dir, name, _ := strings.Cut(path, "/")
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || name == "" || strings.Contains(path, "testdata/") {
			return err
		}
		if want := !strings.HasSuffix(path, "_test.go") || name == dir+"_test.go"; have[path] != want {
			t.Errorf("%s: embedded %v; mend the patterns in sources.go", path, have[path])
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
