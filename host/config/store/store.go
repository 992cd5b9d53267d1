// Package store keeps plugins.yaml: it reads and replaces the file so that some complete version is there whatever
// happens, keeps the last versions, and refuses to overwrite what somebody else has written meanwhile.
package store

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/edit"
)

// maxFile is the largest file that is read, in bytes: what the configuration takes.
const maxFile = 4 << 20

// AnyVersion in place of a hash overwrites whatever is there.
const AnyVersion = "*"

// Version is one state of the file.
type Version struct {
	// Bytes is the text; nil where there is no file. Read-only.
	Bytes []byte
	// Hash is the SHA-256 of the text in hex, and its ETag; "" where there is no file.
	Hash string
	// ModTime is when the file was written; zero where there is none.
	ModTime time.Time
	// Writable says whether Save can work; Reason says why not, for a person.
	Writable bool
	Reason   string
}

// ErrConflict: the file is not the version that was to be replaced. The error is a *Conflict; the API answers 412.
var ErrConflict = errors.New("the file was changed meanwhile")

// Conflict is ErrConflict with what is there now.
type Conflict struct{ Current Version }

func (c *Conflict) Error() string { return ErrConflict.Error() }

// Is makes errors.Is(err, ErrConflict) true.
func (c *Conflict) Is(target error) bool { return target == ErrConflict }

// Invalid is the error of a text that cannot be used; nothing was written. The API answers 422.
type Invalid struct{ Report config.Report }

func (e *Invalid) Error() string { return e.Report.String() }

// ErrReadOnly: neither the file nor its folder can be written. It is wrapped with the reason.
var ErrReadOnly = errors.New("the file cannot be written")

// Options are what New needs.
type Options struct {
	// Path is the file; it need not be there yet.
	Path string
	// StateDir is the folder of the history; empty means ".claude-proxy" beside the file. It is made on the first save.
	StateDir string
	// Load checks a text as if it stood in the file; nil means config.Load with the environment of the process.
	Load func(src []byte) (*config.Config, config.Report)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Log is told what went wrong beside a save that succeeded; nil drops it.
	Log *slog.Logger
}

// Store is one plugins.yaml on disk. It is safe for concurrent use, also by several processes.
type Store struct {
	Options
	mu sync.Mutex
	// seed makes the stand-ins for secrets differ from those of any other Store.
	seed [16]byte
	// rename is os.Rename, but for tests of the systems on which it fails.
	rename func(from, to string) error
}

// New returns the store of one file. It opens nothing.
func New(o Options) *Store {
	if o.StateDir == "" {
		o.StateDir = filepath.Join(filepath.Dir(o.Path), ".claude-proxy")
	}
	if o.Load == nil {
		o.Load = func(src []byte) (*config.Config, config.Report) {
			return config.Load(config.LoadOptions{Path: o.Path, Source: src})
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Store{Options: o, rename: os.Rename}
	fillSeed(s.seed[:])
	return s
}

// Hash is the ETag of a text.
func Hash(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Read returns the file as it is. A missing file is no error.
func (s *Store) Read() (Version, error) {
	file, err := os.Open(s.Path)
	if errors.Is(err, fs.ErrNotExist) {
		v := Version{}
		v.Writable, v.Reason = writable(s.real())
		return v, nil
	}
	if err != nil {
		return Version{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return Version{}, err
	}
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return Version{}, err
	}
	if len(text) > maxFile {
		return Version{}, fmt.Errorf("%s is larger than %v", s.Path, config.Size(maxFile))
	}
	v := Version{Bytes: text, Hash: Hash(text), ModTime: info.ModTime()}
	v.Writable, v.Reason = writable(s.real())
	return v, nil
}

// Save replaces the file by a text that was checked first. ifMatch is the hash of the version that it replaces: "" for
// none, AnyVersion for any. actor is who does it, as "cli" or "ui:me"; it is kept in the history. The errors are
// *Conflict, *Invalid, ErrReadOnly, or what the system says (a full disk is syscall.ENOSPC); the old file is untouched
// then.
func (s *Store) Save(text []byte, ifMatch, actor string) (Version, error) {
	return s.change(ifMatch, actor, "", func(Version) ([]byte, error) { return text, nil })
}

// Edit makes edits in the file as it is now and saves the result; everything else is like Save. With AnyVersion the
// edits go into whatever is there, which loses nothing of it.
func (s *Store) Edit(edits []edit.Edit, ifMatch, actor string) (Version, error) {
	return s.change(ifMatch, actor, "", func(v Version) ([]byte, error) { return s.Apply(v.Bytes, edits) })
}

// Apply makes edits in a text and returns the new text; nothing is saved.
func (s *Store) Apply(src []byte, edits []edit.Edit) ([]byte, error) {
	return edit.Apply(src, edits, s.names(src))
}

// names finds upstream keys by their ids, which depend on what their references lead to.
func (s *Store) names(src []byte) edit.Names {
	once := sync.OnceValue(func() *config.Config { cfg, _ := s.Load(src); return cfg })
	return func(channel, id string) (int, bool) {
		cfg := once()
		if cfg == nil {
			return 0, false
		}
		for _, c := range cfg.Channels {
			for _, k := range c.Keys {
				if c.Name == channel && k.ID == id {
					return k.Index, true
				}
			}
		}
		return 0, false
	}
}

// change is the one way in which the file changes.
func (s *Store) change(ifMatch, actor, summary string, make func(Version) ([]byte, error)) (Version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.lock()()
	current, err := s.Read()
	if err != nil {
		return Version{}, err
	}
	if ifMatch != AnyVersion && ifMatch != current.Hash {
		return Version{}, &Conflict{Current: current}
	}
	text, err := make(current)
	if err != nil {
		return Version{}, err
	}
	cfg, report := s.Load(text)
	if report.Failed() {
		return Version{}, &Invalid{Report: report}
	}
	if current.Hash == Hash(text) {
		return current, nil
	}
	if !current.Writable {
		return Version{}, fmt.Errorf("%w: %s", ErrReadOnly, current.Reason)
	}
	old, _ := s.Load(current.Bytes)
	if current.Bytes == nil {
		old = nil
	}
	s.keep(current, "file", "as it was found")
	if err := s.write(text, current.Hash); err != nil {
		return Version{}, err
	}
	saved, err := s.Read()
	if err != nil {
		return Version{}, err
	}
	if summary == "" {
		summary = summarize(config.Changes(old, cfg))
	}
	s.keep(saved, actor, summary)
	return saved, nil
}

// summarize makes one line of a list of changes.
func summarize(changes []string) string {
	const most = 300
	if len(changes) == 0 {
		return "comments and layout only"
	}
	text := strings.Join(changes, "; ")
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return text
}

// lock keeps other processes of ours out while the file changes, and returns what lets them in again. Where no lock can
// be had, as on some network file systems, the check of the version has to do.
func (s *Store) lock() func() {
	if err := os.MkdirAll(s.StateDir, 0o700); err != nil {
		return func() {}
	}
	l := flock.New(filepath.Join(s.StateDir, "lock"), flock.SetPermissions(0o600))
	if err := l.Lock(); err != nil {
		s.Log.Debug("the configuration is written without a lock", "error", err)
		return func() {}
	}
	s.sweep()
	return func() {
		if err := l.Unlock(); err != nil {
			s.Log.Debug("a lock was not given back", "error", err)
		}
	}
}
