package sdk_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk"
)

// A copy of the SDK has every Go file but tests, and stays small.
func TestSources(t *testing.T) {
	size := 0
	have := map[string]bool{}
	err := fs.WalkDir(sdk.Sources, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := sdk.Sources.ReadFile(path)
		size += len(b)
		have[path] = true
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if size > 700<<10 {
		t.Errorf("the sources are %d bytes, and in every program", size)
	}
	err = filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		path = filepath.ToSlash(path)
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || !strings.Contains(path, "/") || strings.Contains(path, "testdata/") {
			return err
		}
		test := strings.HasSuffix(path, "_test.go") && !strings.HasPrefix(path, "examples/") && !strings.HasPrefix(path, "render/grammar/")
		example := strings.HasPrefix(path, "examples/") || strings.HasPrefix(path, "render/grammar/")
		if have[path] == test && !example || example && !have[path] {
			t.Errorf("%s: embedded %v, is a test: %v; mend the patterns in sources.go", path, have[path], test)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// The copy needs the Go version that the whole needs.
func TestGoVersion(t *testing.T) {
	b, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), "\ngo "+sdk.GoVersion) || !strings.HasPrefix(string(b), "module "+strings.TrimSuffix(sdk.Module, "/sdk")+"\n") {
		t.Errorf("go.mod does not agree with %s and %s", sdk.GoVersion, sdk.Module)
	}
}
