package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// backupFile holds the version before one that had to be written in place, in the state folder.
const backupFile = "plugins.yaml.backup"

// fillSeed fills b with randomness.
func fillSeed(b []byte) {
	// It never fails, by its documentation.
	_, _ = rand.Read(b)
}

// real is the file itself where Path is a symbolic link, so that the link stays one.
func (s *Store) real() string {
	path := s.Path
	for range 40 { // as deep as the kernel follows
		target, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return path
}

// writable reports whether the file, or where it is missing a file in its folder, can be written.
func writable(path string) (bool, string) {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		if file, err = os.CreateTemp(filepath.Dir(path), temporary(path)); err == nil {
			err = errors.Join(file.Close(), os.Remove(file.Name()))
		}
		if err != nil {
			return false, "its folder cannot be written: " + bare(err)
		}
		return true, ""
	}
	if err != nil {
		return false, bare(err)
	}
	// Nothing was written.
	_ = file.Close()
	return true, ""
}

// bare drops the path from an error of the file system.
func bare(err error) string {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err.Error()
	}
	return err.Error()
}

// temporary is the pattern of the files that are about to become path.
func temporary(path string) string { return "." + filepath.Base(path) + ".*.tmp" }

// sweep takes away what writers left behind that were killed. The lock is held, so nobody is at work on one of these.
func (s *Store) sweep() {
	path := s.real()
	stale, err := filepath.Glob(filepath.Join(filepath.Dir(path), temporary(path)))
	if err != nil {
		return // the folder's name is no pattern; then nothing is found
	}
	for _, name := range stale {
		if err := os.Remove(name); err != nil {
			s.Log.Debug("cannot remove a left-over file", "error", err)
		}
	}
}

// write puts text in the place of the version with hash before: first into a file of its own in the same folder, which is
// complete on the disk before it takes the name. Where names cannot be exchanged (a single file mounted into a container,
// a folder that is read-only, a file that another program holds open on Windows), the file is rewritten in place after a
// copy of it was made.
func (s *Store) write(text []byte, before string) error {
	path := s.real()
	temp, err := s.prepare(path, text)
	if err == nil {
		if err = s.unchanged(before); err == nil {
			if err = s.renameTo(temp, path); err == nil {
				return syncDir(filepath.Dir(path))
			}
		}
		if removeErr := os.Remove(temp); removeErr != nil && !errors.Is(removeErr, fs.ErrNotExist) {
			s.Log.Debug("cannot remove a left-over file", "error", removeErr)
		}
		if errors.Is(err, ErrConflict) || !mayRewrite(err) {
			return err
		}
	} else if !errors.Is(err, fs.ErrPermission) && !readOnlyFS(err) {
		return fmt.Errorf("cannot write %s: %w", s.Path, err)
	}
	return s.rewrite(path, text, before, err)
}

// prepare writes text into a new file beside path, with the mode and, where that is possible, the owner of path.
func (s *Store) prepare(path string, text []byte) (string, error) {
	temp, err := os.CreateTemp(filepath.Dir(path), temporary(path)) // 0600 by its contract
	if err != nil {
		return "", err
	}
	_, err = temp.Write(text)
	if info, statErr := os.Stat(path); err == nil && statErr == nil {
		if info.Mode().Perm() != 0o600 {
			err = os.Chmod(temp.Name(), info.Mode().Perm())
		}
		keepOwner(temp.Name(), info)
	}
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err != nil {
		return "", errors.Join(err, os.Remove(temp.Name()))
	}
	return temp.Name(), nil
}

// unchanged fails with a Conflict when the file is another version by now: an editor takes no lock.
func (s *Store) unchanged(before string) error {
	now, err := s.Read()
	if err != nil {
		return err
	}
	if now.Hash != before {
		return &Conflict{Current: now}
	}
	return nil
}

// renameTo gives the new file its name. On Windows a reader may hold the old one for a moment.
func (s *Store) renameTo(temp, path string) error {
	err := s.rename(temp, path)
	for i := 0; err != nil && runtime.GOOS == "windows" && i < 10; i++ {
		time.Sleep(20 * time.Millisecond)
		err = s.rename(temp, path)
	}
	return err
}

// rewrite is the way in place. why is what kept the better one from working.
func (s *Store) rewrite(path string, text []byte, before string, why error) error {
	if err := s.unchanged(before); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", s.Path, errors.Join(why, err))
	}
	old, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil {
		err = writeSynced(filepath.Join(s.StateDir, backupFile), old)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("cannot keep a copy before writing %s in place: %w", s.Path, err), file.Close())
	}
	_, err = file.WriteAt(text, 0)
	if err == nil {
		err = file.Truncate(int64(len(text)))
	}
	if err != nil {
		// Back to what was there; the copy remains in any case.
		_, undo := file.WriteAt(old, 0)
		err = errors.Join(err, undo, file.Truncate(int64(len(old))))
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("cannot write %s in place: %w", s.Path, err)
	}
	s.Log.Warn("the configuration was written in place, which a crash could cut short: mount its folder instead of the single file",
		"file", s.Path, "reason", why, "backup", filepath.Join(s.StateDir, backupFile))
	return nil
}

// WriteFile writes a file in one step, readable by the owner alone; folders that are missing are made.
func WriteFile(path string, text []byte) error { return writeSynced(path, text) }

// writeSynced writes a file of ours in one step, readable by the owner alone.
func writeSynced(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = temp.Write(text)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temp.Name()))
	}
	return syncDir(filepath.Dir(path))
}
