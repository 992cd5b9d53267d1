package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/edit"
)

const sample = `version: 1
# the house
channels:
  - name: main     # ours
    adapter: openai
    base_url: https://a.example
    keys: [ canary-secret-1234567890abcd ]
`

// open makes a store of a file with this text ("" for none) in a folder of its own.
func open(t *testing.T, text string) (*Store, string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "plugins.yaml")
	if text != "" {
		write(t, path, text)
	}
	clock := time.Unix(1_800_000_000, 0)
	return New(Options{Path: path, Now: func() time.Time { clock = clock.Add(time.Second); return clock }}), path
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, s *Store) Version {
	t.Helper()
	v, err := s.Read()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func edited(from, to string) []byte { return []byte(strings.Replace(sample, from, to, 1)) }

func TestSave(t *testing.T) {
	s, path := open(t, sample)
	v := read(t, s)
	if string(v.Bytes) != sample || v.Hash != Hash([]byte(sample)) || !v.Writable {
		t.Fatalf("read %+v", v)
	}
	saved, err := s.Save(edited("openai", "claude"), v.Hash, "cli")
	if err != nil {
		t.Fatal(err)
	}
	if on, _ := os.ReadFile(path); !bytes.Equal(on, edited("openai", "claude")) || saved.Hash != Hash(on) {
		t.Errorf("the file holds %q", on)
	}
	// The same again with the old hash is a conflict that shows what is there.
	var conflict *Conflict
	if _, err := s.Save(edited("openai", "gemini"), v.Hash, "cli"); !errors.As(err, &conflict) || !errors.Is(err, ErrConflict) || conflict.Current.Hash != saved.Hash {
		t.Errorf("a stale hash: %v", err)
	}
	// What cannot be used is not written.
	var invalid *Invalid
	if _, err := s.Save([]byte("version: 1\nwieght: 2\n"), saved.Hash, "cli"); !errors.As(err, &invalid) || !invalid.Report.Has(config.CodeUnknownKey) {
		t.Errorf("an invalid text: %v", err)
	}
	if now := read(t, s); now.Hash != saved.Hash {
		t.Error("a refused save changed the file")
	}
	list := s.History()
	if len(list) != 2 || list[0].Actor != "cli" || list[0].Summary != "channel main: adapter openai → claude" || list[1].Actor != "file" {
		t.Errorf("history: %v", list)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*.tmp")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestSaveMakesTheFile(t *testing.T) {
	s, path := open(t, "")
	if v := read(t, s); v.Hash != "" || v.Bytes != nil || !v.Writable {
		t.Fatalf("a missing file reads as %+v", v)
	}
	if _, err := s.Save([]byte(sample), "", "cli"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if _, err := s.Save([]byte(sample), "", "cli"); !errors.Is(err, ErrConflict) {
		t.Errorf("a second writer that saw no file: %v", err)
	}
}

func TestEdit(t *testing.T) {
	s, _ := open(t, sample)
	cfg, _ := s.Load([]byte(sample))
	id := cfg.Channels[0].Keys[0].ID
	v, err := s.Edit([]edit.Edit{
		{Op: edit.Set, Path: "channels[main].keys[" + id + "]", Value: "canary-other-1234567890abcd"},
		{Op: edit.Insert, Path: "channels[main].keys", Value: "canary-third-1234567890abcd"},
	}, AnyVersion, "ui:me")
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Replace(sample, "canary-secret-1234567890abcd", "canary-other-1234567890abcd, canary-third-1234567890abcd", 1); string(v.Bytes) != want {
		t.Errorf("got %s", v.Bytes)
	}
	if got := s.History()[0].Summary; got != "channel main: 2 keys added, 1 key removed" {
		t.Errorf("summary: %s", got)
	}
	if _, err := s.Edit([]edit.Edit{{Op: edit.Delete, Path: "channels[none]"}}, AnyVersion, "ui:me"); !errors.Is(err, edit.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

// F24: twenty versions stay, readable by the owner alone, each can be shown, compared and taken back.
func TestF24History(t *testing.T) {
	s, path := open(t, sample)
	for i := range 25 {
		if _, err := s.Save(edited("openai", fmt.Sprintf("plug%d", i)), AnyVersion, "cli"); err != nil {
			t.Fatal(err)
		}
	}
	list := s.History()
	if len(list) != kept {
		t.Fatalf("%d versions", len(list))
	}
	files, _ := os.ReadDir(s.historyDir())
	if len(files) != 2*kept {
		t.Errorf("%d files in the history", len(files))
	}
	for _, f := range files {
		if info, _ := f.Info(); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", f.Name(), info.Mode())
		}
	}
	old, err := s.Get(list[3].ID)
	if err != nil {
		t.Fatal(err)
	}
	if d := Diff(old, read(t, s).Bytes); !strings.Contains(d, "-    adapter: plug21\n+    adapter: plug24\n") {
		t.Errorf("diff:\n%s", d)
	}
	v, err := s.Rollback(list[3].ID, read(t, s).Hash, "ui:me")
	if err != nil || !bytes.Equal(v.Bytes, old) {
		t.Fatalf("%v\n%s", err, v.Bytes)
	}
	if e := s.History()[0]; e.Actor != "ui:me" || e.Summary != "rolled back to "+list[3].ID {
		t.Errorf("%v", e)
	}
	for _, id := range []string{"", "../plugins", "20270115T080001.000000000Z-00000000"} {
		if _, err := s.Get(id); !errors.Is(err, ErrNoEntry) {
			t.Errorf("%q: %v", id, err)
		}
	}
	// An editor's version is taken in too.
	write(t, path, sample)
	s.Record("file", "edited by hand")
	s.Record("file", "edited by hand")
	if list := s.History(); list[0].Actor != "file" || list[1].Actor != "ui:me" {
		t.Errorf("%v", list[:2])
	}
}

// F16: a link stays a link, and what it leads to is replaced.
func TestF16Symlink(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("links need rights there")
	}
	s, path := open(t, "")
	deep := filepath.Join(t.TempDir(), "deep.yaml")
	write(t, deep, sample)
	if err := os.Symlink(deep, filepath.Join(filepath.Dir(path), "mid")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("mid", path); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Save(edited("openai", "claude"), AnyVersion, "cli"); err != nil {
		t.Fatal(err)
	}
	if target, err := os.Readlink(path); err != nil || target != "mid" {
		t.Errorf("the link is gone: %v", err)
	}
	if on, _ := os.ReadFile(deep); !bytes.Equal(on, edited("openai", "claude")) {
		t.Errorf("the target holds %q", on)
	}
}

// F15: the mode stays.
func TestF15Mode(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes there")
	}
	s, path := open(t, sample)
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Save(edited("openai", "claude"), AnyVersion, "cli"); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o640 {
		t.Errorf("mode %v", info.Mode())
	}
}

// F14: a single file that is mounted cannot be replaced by another; it is rewritten, with a copy kept.
func TestF14BindMount(t *testing.T) {
	for _, errno := range []error{syscall.EBUSY, syscall.EXDEV} {
		s, path := open(t, sample)
		if runtime.GOOS == "windows" {
			errno = syscall.Errno(32)
		}
		s.rename = func(from, to string) error { return &os.LinkError{Op: "rename", Old: from, New: to, Err: errno} }
		if _, err := s.Save(edited("https://a.example", "https://b"), AnyVersion, "cli"); err != nil {
			t.Fatal(err)
		}
		if on, _ := os.ReadFile(path); !bytes.Equal(on, edited("https://a.example", "https://b")) {
			t.Errorf("%v: the file holds %q", errno, on)
		}
		if copied, _ := os.ReadFile(filepath.Join(s.StateDir, backupFile)); string(copied) != sample {
			t.Errorf("%v: the copy holds %q", errno, copied)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*.tmp")); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// F12: when the disk is full the old file is untouched and the error says so.
func TestF12DiskFull(t *testing.T) {
	s, path := open(t, sample)
	s.rename = func(string, string) error { return &os.PathError{Op: "rename", Path: path, Err: syscall.ENOSPC} }
	_, err := s.Save(edited("openai", "claude"), AnyVersion, "cli")
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v", err)
	}
	if on, _ := os.ReadFile(path); string(on) != sample {
		t.Errorf("the file holds %q", on)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*.tmp")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// F09, F10: whoever writes between reading and saving is not overwritten, not even in the last moment.
func TestF09F10Conflict(t *testing.T) {
	s, path := open(t, sample)
	v := read(t, s)
	write(t, path, string(edited("openai", "byhand")))
	if _, err := s.Save(edited("openai", "claude"), v.Hash, "ui:me"); !errors.Is(err, ErrConflict) {
		t.Errorf("%v", err)
	}
	// The editor saves after the first check.
	v = read(t, s)
	load := s.Load
	s.Load = func(src []byte) (*config.Config, config.Report) {
		write(t, path, string(edited("openai", "later")))
		return load(src)
	}
	if _, err := s.Save(edited("openai", "claude"), v.Hash, "ui:me"); !errors.Is(err, ErrConflict) {
		t.Errorf("%v", err)
	}
	if on, _ := os.ReadFile(path); !bytes.Equal(on, edited("openai", "later")) {
		t.Errorf("the editor's text is gone: %q", on)
	}
}

// Many writers, each with a Store of its own as processes have, lose nothing.
func TestWritersTogether(t *testing.T) {
	_, path := open(t, "version: 1\n")
	const writers, each = 6, 8
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			s := New(Options{Path: path})
			for i := range each {
				name := fmt.Sprintf("w%d-%d", w, i)
				for {
					v, err := s.Read()
					if err != nil {
						t.Error(err)
						return
					}
					out, err := s.Apply(v.Bytes, []edit.Edit{{Op: edit.Insert, Path: "auth.keys", Value: map[string]any{"name": name, "key": "key-of-" + name}}})
					if err != nil {
						t.Error(err)
						return
					}
					if _, err = s.Save(out, v.Hash, "w"); err == nil {
						break
					} else if !errors.Is(err, ErrConflict) {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	group.Wait()
	s := New(Options{Path: path})
	cfg, report := s.Load(read(t, s).Bytes)
	if cfg == nil || len(cfg.Auth.Keys) != writers*each {
		t.Fatalf("keys were lost: %v", report)
	}
}
