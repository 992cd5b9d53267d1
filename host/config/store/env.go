package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/joho/godotenv"
)

// plainValue is a value that needs no quotes in a .env file.
var plainValue = regexp.MustCompile(`^[A-Za-z0-9_\-./+=:,@~]+$`)

var nameOfVariable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// SetVariables puts variables into a .env file: a line that sets one already gets the new value, others are added at the
// end, and all else stays as it is. The file is made, readable by the owner alone, where it is missing. Values must be on
// one line; no error holds one.
func SetVariables(path string, names []string, values map[string]string) error {
	text, err := os.ReadFile(path)
	mode := fs.FileMode(0o600)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	lineBreak := "\n"
	if bytes.Contains(text, []byte("\r\n")) {
		lineBreak = "\r\n"
	}
	out := string(text)
	for _, name := range names {
		value := values[name]
		if !nameOfVariable.MatchString(name) {
			return fmt.Errorf("%q is not the name of a variable", name)
		}
		quoted, err := quoteValue(value)
		if err != nil {
			return fmt.Errorf("the value of %s %w", name, err)
		}
		// The last line that sets it counts, so that is the one to change.
		line := regexp.MustCompile(`(?m)^([ \t]*(?:export[ \t]+)?` + name + `[ \t]*=)[^\r\n]*`)
		if all := line.FindAllStringSubmatchIndex(out, -1); all != nil {
			last := all[len(all)-1]
			out = out[:last[3]] + quoted + out[last[1]:]
			continue
		}
		if out != "" && !strings.HasSuffix(out, "\n") {
			out += lineBreak
		}
		out += name + "=" + quoted + lineBreak
	}
	if err := writeSynced(path, []byte(out)); err != nil {
		return err
	}
	if mode != 0o600 {
		return os.Chmod(path, mode)
	}
	return nil
}

// quoteValue writes a value so that it is read back as it is.
func quoteValue(value string) (string, error) {
	switch {
	case strings.ContainsAny(value, "\r\n\x00"):
		return "", errors.New("has more than one line")
	case plainValue.MatchString(value):
		return value, nil
	case !strings.Contains(value, "'"):
		return "'" + value + "'", nil
	}
	return "", errors.New("has a single quote, which a .env file cannot hold together with other marks")
}

// Ignore adds lines to the .gitignore in a folder that is part of a git repository, where it lacks them. It reports
// whether it did.
func Ignore(dir string, lines ...string) (bool, error) {
	if !inRepository(dir) {
		return false, nil
	}
	path := filepath.Join(dir, ".gitignore")
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	out := string(text)
	for _, want := range lines {
		has := false
		for line := range strings.Lines(out) {
			has = has || strings.Trim(strings.TrimSpace(line), "/") == strings.Trim(want, "/")
		}
		if has {
			continue
		}
		if out != "" && !strings.HasSuffix(out, "\n") {
			out += "\n"
		}
		out += want + "\n"
	}
	if out == string(text) {
		return false, nil
	}
	return true, os.WriteFile(path, []byte(out), 0o644)
}

func inRepository(dir string) bool {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return false
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, ".git")); err == nil {
			return true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return false
		}
		dir = parent
	}
}

// ReadVariables returns what a .env file sets; nothing where it is missing.
func ReadVariables(path string) (map[string]string, error) {
	values, err := godotenv.Read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, errors.New("the .env file cannot be read") // the parser's own words may quote a secret
	}
	return values, nil
}
