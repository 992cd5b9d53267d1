package registry

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// OldVersion is one version of a plugin that is kept.
type OldVersion struct {
	SHA256 string
	Size   int64
	// Since is when it was put into service last.
	Since time.Time
}

// keepVersion keeps a file that serves from now on, and drops the oldest beyond keptVersions. A failure costs the way back
// to this version and nothing else, so it is logged alone.
func keepVersion(dir string, s *slot, file []byte) {
	if dir == "" {
		return
	}
	if err := writeVersion(filepath.Join(dir, s.name), digest(file), file); err != nil {
		s.log.logger.Warn("cannot keep this version for a rollback", "error", err.Error())
	}
}

func writeVersion(dir, sum string, file []byte) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	path := filepath.Join(dir, sum+ending)
	now := time.Now()
	if os.Chtimes(path, now, now) != nil {
		temp, err := os.CreateTemp(dir, "."+sum[:8]+"-*")
		if err != nil {
			return err
		}
		defer os.Remove(temp.Name()) // it is gone when all went well
		_, err = temp.Write(file)
		if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
			return err
		}
		if err := os.Rename(temp.Name(), path); err != nil {
			return err
		}
	}
	for _, old := range oldVersions(dir)[min(keptVersions, len(oldVersions(dir))):] {
		if err := os.Remove(filepath.Join(dir, old.SHA256+ending)); err != nil {
			return err
		}
	}
	return nil
}

// oldVersions lists what a folder keeps, the newest first.
func oldVersions(dir string) []OldVersion {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // most often it is not there yet
	}
	var all []OldVersion
	for _, e := range entries {
		sum, ok := strings.CutSuffix(e.Name(), ending)
		info, err := e.Info()
		if !ok || err != nil || !validSum(sum) {
			continue
		}
		all = append(all, OldVersion{SHA256: sum, Size: info.Size(), Since: info.ModTime()})
	}
	slices.SortFunc(all, func(a, b OldVersion) int {
		return cmp.Or(b.Since.Compare(a.Since), cmp.Compare(a.SHA256, b.SHA256))
	})
	return all
}

func validSum(s string) bool {
	return len(s) == 64 && strings.Trim(s, "0123456789abcdef") == ""
}

// readVersion reads a version that is kept and makes sure that it still is what it was.
func readVersion(dir, name, sum string) ([]byte, error) {
	if !validSum(sum) {
		return nil, fmt.Errorf("%q is no sha256 in hexadecimal", sum)
	}
	root, err := os.OpenRoot(filepath.Join(dir, name))
	if err == nil {
		defer root.Close()
		var file *os.File
		if file, err = root.Open(sum + ending); err == nil {
			defer file.Close()
			b, err := io.ReadAll(io.LimitReader(file, maxFile+1))
			if err == nil && digest(b) != sum {
				err = errors.New("it was changed since it was kept")
			}
			if err != nil {
				return nil, fmt.Errorf("cannot read version %s of plugin %s: %w", sum[:8], name, err)
			}
			return b, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no version %s of plugin %s is kept", sum[:8], name)
	}
	return nil, fmt.Errorf("cannot read version %s of plugin %s: %w", sum[:8], name, err)
}
