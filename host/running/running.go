// Package running lets commands find the proxy that runs with a state folder.
package running

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// fileName is the file in the state folder; it holds no secret.
const fileName = "running.json"

// Info is what a running proxy says of itself.
type Info struct {
	PID int `json:"pid"`
	// URL is the address as a client on this machine writes it, without a path.
	URL string `json:"url"`
	// Config is the absolute path of the file.
	Config  string    `json:"config"`
	Version string    `json:"version"`
	Started time.Time `json:"started"`
}

// ErrNone: no proxy has said that it runs with this state folder.
var ErrNone = errors.New("no running proxy was found")

// Announce writes the file until the returned function is called. A proxy that is killed leaves it behind.
func Announce(stateDir string, i Info) (withdraw func(), err error) {
	text, err := json.Marshal(i)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(stateDir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(stateDir, fileName)
	f, err := os.CreateTemp(stateDir, fileName+".*") // 0600 by its contract
	if err != nil {
		return nil, err
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return nil, errors.Join(err, os.Remove(f.Name()))
	}
	return func() {
		// Another copy may have written its own meanwhile, and what is left behind does no harm.
		if now, err := Find(stateDir); err == nil && now.PID == i.PID && now.Started.Equal(i.Started) {
			_ = os.Remove(path)
		}
	}, nil
}

// Find reads what the proxy with this state folder said last. It may have been killed since. The error is ErrNone or what
// the file system says.
func Find(stateDir string) (Info, error) {
	path := filepath.Join(stateDir, fileName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Info{}, ErrNone
	}
	if err != nil {
		return Info{}, err
	}
	var i Info
	if err := json.Unmarshal(text, &i); err != nil {
		return Info{}, fmt.Errorf("%s is damaged: %w", path, err)
	}
	return i, nil
}
