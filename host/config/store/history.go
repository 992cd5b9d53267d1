package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aymanbagabas/go-udiff"
)

// kept is how many versions the history holds.
const kept = 20

// Entry is one version of the file in the history.
type Entry struct {
	ID   string    `json:"id"`
	Time time.Time `json:"time"`
	// Actor is who wrote it: "file" is an editor, "cli" a command, "ui:NAME" the web UI with that client key.
	Actor string `json:"actor"`
	Hash  string `json:"hash"`
	// Summary says what changed, without any secret.
	Summary string `json:"summary"`
}

// ErrNoEntry: the history has no such version.
var ErrNoEntry = errors.New("the history has no such version")

func (s *Store) historyDir() string { return filepath.Join(s.StateDir, "history") }

var entryID = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}\.[0-9]{9}Z-[0-9a-f]{8}$`)

// keep adds a version to the history unless it is the newest there. It may hold secrets, so it is readable by the owner
// alone. A history that cannot be written keeps nobody from saving.
func (s *Store) keep(v Version, actor, summary string) {
	if v.Bytes == nil {
		return
	}
	if list := s.History(); len(list) > 0 && list[0].Hash == v.Hash {
		return
	}
	now := s.Now().UTC()
	e := Entry{Time: now, Actor: actor, Hash: v.Hash, Summary: summary}
	e.ID = now.Format("20060102T150405.000000000Z") + "-" + v.Hash[:8]
	about, err := json.Marshal(e)
	if err == nil {
		err = writeSynced(filepath.Join(s.historyDir(), e.ID+".yaml"), v.Bytes)
	}
	if err == nil {
		err = writeSynced(filepath.Join(s.historyDir(), e.ID+".json"), about)
	}
	if err != nil {
		s.Log.Warn("a version of the configuration was not kept in the history", "error", err)
		return
	}
	s.prune()
}

// prune forgets the oldest versions, and texts without an entry.
func (s *Store) prune() {
	list := s.History()
	names, err := os.ReadDir(s.historyDir())
	if err != nil {
		return
	}
	for _, f := range names {
		id, _, _ := strings.Cut(strings.TrimPrefix(f.Name(), "."), ".yaml")
		id = strings.TrimSuffix(id, ".json")
		if i := slices.IndexFunc(list, func(e Entry) bool { return e.ID == id }); i >= 0 && i < kept {
			continue
		}
		if err := os.Remove(filepath.Join(s.historyDir(), f.Name())); err != nil {
			s.Log.Debug("cannot remove an old version", "error", err)
		}
	}
}

// Record takes the file as it is now into the history, where it is not the newest version already: somebody edited it.
func (s *Store) Record(actor, summary string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.lock()()
	if v, err := s.Read(); err == nil {
		s.keep(v, actor, summary)
	}
}

// History lists the versions, the newest first. The caller owns the slice.
func (s *Store) History() []Entry {
	files, err := filepath.Glob(filepath.Join(s.historyDir(), "*.json"))
	if err != nil {
		return nil
	}
	var list []Entry
	for _, f := range files {
		data, err := os.ReadFile(f)
		var e Entry
		if err != nil || json.Unmarshal(data, &e) != nil || e.ID != strings.TrimSuffix(filepath.Base(f), ".json") {
			continue // being written, or not ours
		}
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b Entry) int { return strings.Compare(b.ID, a.ID) })
	return list
}

// Get returns the text of a version of the history. The error is ErrNoEntry or what the file system says.
func (s *Store) Get(id string) ([]byte, error) {
	if !entryID.MatchString(id) {
		return nil, ErrNoEntry
	}
	text, err := os.ReadFile(filepath.Join(s.historyDir(), id+".yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoEntry
	}
	return text, err
}

// Rollback saves a version of the history again; the errors are those of Get and Save.
func (s *Store) Rollback(id, ifMatch, actor string) (Version, error) {
	text, err := s.Get(id)
	if err != nil {
		return Version{}, err
	}
	return s.change(ifMatch, actor, "rolled back to "+id, func(Version) ([]byte, error) { return text, nil })
}

// Diff is the difference of two texts in unified form, "" where there is none.
func Diff(a, b []byte) string {
	return udiff.Unified("plugins.yaml", "plugins.yaml", string(a), string(b))
}

// String is the entry as a terminal shows it.
func (e Entry) String() string {
	return fmt.Sprintf("%s  %s  %-8s %s", e.ID, e.Time.Local().Format(time.DateTime), e.Actor, e.Summary)
}
