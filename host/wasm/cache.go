package wasm

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/claude-proxy/claude-proxy/host/wasm/meter"
)

// The engine keeps machine code in Config.CacheDir; beside it lies what the metering pass made of a module, so that a plugin that was
// loaded before needs neither. Whoever can write there can put any machine code into the proxy, with or without these files. Therefore
// the sum in a file is there for files that broke off or rotted, not against attackers.
const (
	meteredDir = "metered"
	// meteredFor is how long a file is kept. A plugin that is still in use then is metered once more.
	meteredFor = 90 * 24 * time.Hour
)

// metered is the module as the pass leaves it: from the cache, or made now and kept there.
func (l *Loader) metered(module []byte, sum [sha256.Size]byte, o meter.Options) (*meter.Module, error) {
	if l.config.CacheDir == "" {
		return meter.Rewrite(module, o)
	}
	dir := filepath.Join(l.config.CacheDir, meteredDir)
	key := sha256.Sum256(fmt.Appendf(nil, "%d %+v %x", meter.Version, o, sum))
	file := filepath.Join(dir, hex.EncodeToString(key[:]))
	if m := readMetered(file); m != nil {
		return m, nil
	}
	m, err := meter.Rewrite(module, o)
	if err != nil {
		return nil, err
	}
	// Without the file, the next load takes a tenth of a second longer. The engine complains about a folder that cannot be used.
	if err := writeMetered(dir, file, m); err == nil {
		forgetOld(dir, time.Now().Add(-meteredFor))
	}
	return m, nil
}

// A file is the sum of the rest, a line of JSON with what is known of the module, and its code.

func readMetered(file string) *meter.Module {
	b, err := os.ReadFile(file)
	if err != nil || len(b) < sha256.Size {
		return nil
	}
	rest := b[sha256.Size:]
	if sum := sha256.Sum256(rest); !bytes.Equal(sum[:], b[:sha256.Size]) {
		return nil
	}
	head, code, ok := bytes.Cut(rest, []byte{'\n'})
	m := &meter.Module{}
	if !ok || json.Unmarshal(head, m) != nil {
		return nil
	}
	m.Code = code
	return m
}

func writeMetered(dir, file string, m *meter.Module) error {
	known := *m
	known.Code = nil
	head, err := json.Marshal(known)
	if err != nil {
		return err
	}
	rest := append(append(head, '\n'), m.Code...)
	sum := sha256.Sum256(rest)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "new-") // for its owner alone
	if err != nil {
		return err
	}
	_, err = f.Write(append(sum[:], rest...))
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// forgetOld removes files that were written before a time.
func forgetOld(dir string, before time.Time) {
	list, _ := os.ReadDir(dir)
	for _, e := range list {
		if info, err := e.Info(); err == nil && info.ModTime().Before(before) {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}
