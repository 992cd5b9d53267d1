package registry

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode"
)

const (
	// ending is what a plugin's file name ends with.
	ending = ".wasm"
	// maxFile is the largest file that is read.
	maxFile = 32 << 20
	// maxName is the most bytes of a plugin's name.
	maxName = 64
)

// folder is the folder of plugins, opened anew for each look so that a folder that was swapped is noticed. Nothing outside
// it is reached: links that lead out of it are refused by os.Root.
type folder struct{ root *os.Root }

func openFolder(dir string) (folder, error) {
	root, err := os.OpenRoot(dir)
	return folder{root}, err
}

func (f folder) close() { _ = f.root.Close() } // only reading and finished writes came before

// found is one file that wants to be a plugin.
type found struct {
	info fs.FileInfo // of what a link leads to
	err  error       // why it cannot be one
}

// list finds the files that want to be plugins, by name without the ending. Hidden files and those that are not called
// *.wasm, such as half-copied ones under another name, are none of our business.
func (f folder) list() (map[string]found, error) {
	dir, err := f.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	all := map[string]found{}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ending)
		if !ok || e.IsDir() || strings.HasPrefix(name, ".") {
			continue
		}
		info, err := f.root.Stat(e.Name())
		switch {
		case errors.Is(err, fs.ErrNotExist) && e.Type()&fs.ModeSymlink == 0:
			continue // it went away just now
		case err == nil:
			err = fit(name, info)
		}
		all[name] = found{info, err}
	}
	return all, nil
}

// fit says what keeps a file from being read as a plugin.
func fit(name string, info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return errors.New("it is not a regular file")
	case info.Size() > maxFile:
		return fmt.Errorf("the file has %d bytes, more than %d", info.Size(), maxFile)
	}
	return CheckName(name)
}

// CheckName says whether a plugin may have this name, which is its file name without the ending. The same names may stand
// in a channel's adapter.
func CheckName(name string) error {
	ok := name != "" && len(name) <= maxName && name[0] != '-' && name[0] != '.'
	for _, c := range name {
		ok = ok && (unicode.IsLetter(c) || unicode.IsDigit(c) || strings.ContainsRune("-_.", c))
	}
	if !ok {
		return fmt.Errorf("%q cannot be the name of a plugin: use up to %d letters, digits, dots, dashes and underscores", name, maxName)
	}
	return nil
}

// read reads a plugin's file whole.
func (f folder) read(name string) ([]byte, error) {
	// A named pipe in place of the file must not hold us.
	file, err := f.root.OpenFile(name+ending, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	before, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if err := fit(name, before); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, err
	}
	after, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !same(before, after) || int64(len(b)) != after.Size() {
		return nil, errors.New("the file changed while it was read")
	}
	return b, nil
}

// write puts a plugin's file in place, whole or not at all.
func (f folder) write(name string, b []byte) (err error) {
	temp := "." + name + ending + ".new"
	file, err := f.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.root.Remove(temp) // the error that counts is there already
		}
	}()
	_, err = file.Write(b)
	if err == nil {
		err = file.Sync()
	}
	if e := file.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = f.root.Rename(temp, name+ending)
	}
	return err
}

func (f folder) remove(name string) error { return f.root.Remove(name + ending) }

// same says whether two looks found the same file, unchanged as far as that shows from outside.
func same(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// makeFolder makes the folder for a first plugin.
func makeFolder(dir string) error {
	if err := os.MkdirAll(filepath.Clean(dir), 0o755); err != nil {
		return fmt.Errorf("cannot make the folder for plugins: %w", err)
	}
	return nil
}
