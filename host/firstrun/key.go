// Package firstrun gives a proxy without a configured client key one of its own, and tells the person at the terminal how
// to use it.
package firstrun

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/claude-proxy/claude-proxy/host/config"
)

// keyFile is the generated key's name in the state folder.
const keyFile = "access-key"

// AccessKey reads the key in the state folder, or makes one there (folder 0700, file 0600). made says that it is new. Where
// the folder cannot be written there is a key all the same, for this run of the program, and an error that says so.
func AccessKey(stateDir string) (key config.Secret, path string, made bool, err error) {
	path = filepath.Join(stateDir, keyFile)
	b, err := os.ReadFile(path)
	if err == nil {
		if text := strings.TrimSpace(string(b)); text != "" {
			return config.NewSecret(text), path, false, nil
		}
		err = fs.ErrNotExist // an empty file is one whose writing was cut short
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return config.Secret{}, path, false, fmt.Errorf("cannot read the generated access key: %w\n  try: set PROXY_ACCESS_KEY, or point server.state_dir in plugins.yaml at a folder that can be read", err)
	}
	text := "cp-" + rand.Text()
	if err := os.MkdirAll(stateDir, 0o700); err != nil {
		return config.NewSecret(text), path, true, fmt.Errorf("cannot make the state folder: %w\n  try: set PROXY_ACCESS_KEY, or point server.state_dir in plugins.yaml at a folder that can be written", err)
	}
	if err := write(path, text+"\n"); err != nil {
		return config.NewSecret(text), path, true, fmt.Errorf("cannot keep the generated access key: %w\n  try: set PROXY_ACCESS_KEY, or point server.state_dir in plugins.yaml at a folder that can be written", err)
	}
	return config.NewSecret(text), path, true, nil
}

// HasAccessKey says that the state folder holds a key that AccessKey made.
func HasAccessKey(stateDir string) bool {
	info, err := os.Stat(filepath.Join(stateDir, keyFile))
	return err == nil && info.Mode().IsRegular() && info.Size() > 0
}

// write puts the text in place in one step, so that no other copy of the program reads half of it.
func write(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), keyFile+".*") // 0600 by its contract
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
