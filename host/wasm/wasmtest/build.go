package wasmtest

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build compiles the Go program in folder dir as a plugin. It needs the go command, as any test does.
func Build(dir string) ([]byte, error) {
	if err := depend(dir); err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp("", "plugin-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(temp)
	out := filepath.Join(temp, "plugin.wasm")
	c := exec.Command("go", "build", "-ldflags=-s -w", "-buildmode=c-shared", "-o", out, ".")
	c.Dir = dir
	c.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if text, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build in %s: %w\n%s", dir, err, text)
	}
	return os.ReadFile(out)
}

// depend looks at everything that the program may be made of. The go command keeps the result of a test as long as the
// files that the test has looked at stay the same; what a command that it runs looks at does not count.
func depend(dir string) error {
	root, err := filepath.Abs(dir)
	for err == nil {
		if _, e := os.Stat(filepath.Join(root, "go.mod")); e == nil {
			break
		}
		if up := filepath.Dir(root); up != root {
			root = up
			continue
		}
		err = fmt.Errorf("%s lies in no Go module", dir)
	}
	for _, part := range []string{filepath.Join(root, "sdk"), filepath.Join(root, "plugins"), dir} {
		if err != nil {
			return err
		}
		err = filepath.WalkDir(part, func(_ string, d fs.DirEntry, err error) error {
			if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != "." {
				return filepath.SkipDir
			}
			return err
		})
	}
	return err
}
