// Package watch tells when one of a few files has another content.
//
// It watches the folders, not the files: editors and mounted configuration replace a file by another one, and a watch on
// the file itself would end with the first save. What the system tells is only a hint to look; where it tells nothing, as
// on network file systems, a slow look now and then finds out.
package watch

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"github.com/claude-proxy/claude-proxy/host/config"
)

// Options say how patient the watch is. The zero value is usable.
type Options struct {
	// Quiet is how long nothing may happen before the files are looked at, so that a burst of writes is one change; 0
	// means 300 ms.
	Quiet time.Duration
	// Apart is the least time between two changes that are told; 0 means 1 s.
	Apart time.Duration
	// Poll is how often the files are looked at without a hint; 0 means 10 s.
	Poll time.Duration
	// Log is told when the system cannot watch; nil drops it.
	Log *slog.Logger
}

// maxFile is how much of a file counts, in bytes.
const maxFile = 8 << 20

// Run calls changed, in its own goroutine, whenever the content of one of the files differs from what is known of it, until
// ctx ends; each content is told once. files is asked before every look what is known, so that what changes while somebody
// reads it is not missed; a file that is not there counts too. ready is closed when the watch has begun; it may be nil.
func Run(ctx context.Context, files func() []config.File, changed func(), ready chan<- struct{}, o Options) {
	w := &watcher{files: files, changed: changed, quiet: o.Quiet, apart: o.Apart, log: o.Log, folders: make(map[string]bool)}
	if w.quiet == 0 {
		w.quiet = 300 * time.Millisecond
	}
	if w.apart == 0 {
		w.apart = time.Second
	}
	if o.Poll == 0 {
		o.Poll = 10 * time.Second
	}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	w.run(ctx, o.Poll, ready)
}

type watcher struct {
	files   func() []config.File
	changed func()
	quiet   time.Duration
	apart   time.Duration
	log     *slog.Logger

	system  *fsnotify.Watcher // nil where the system cannot watch
	folders map[string]bool
	stamps  []stamp
	// told is what the last call of changed was about, by path.
	told map[string][sha256.Size]byte
}

// stamp is what a file looks like from outside, and what is known of its content.
type stamp struct {
	path string
	sum  [sha256.Size]byte
	size int64
	time time.Time
	mode fs.FileMode
}

func (w *watcher) run(ctx context.Context, poll time.Duration, ready chan<- struct{}) {
	var events <-chan fsnotify.Event
	var failures <-chan error
	system, err := fsnotify.NewWatcher()
	if err != nil {
		w.log.Warn("the system cannot watch files: changes are found a little later", "error", err, "every", poll,
			"try", "sysctl fs.inotify.max_user_instances=512")
	} else {
		defer system.Close()
		w.system, events, failures = system, system.Events, system.Errors
	}
	w.stamps = w.stampsNow()
	w.watchFolders()
	if ready != nil {
		close(ready)
	}
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	due := time.NewTimer(0) // what changed before the watch began is found at once
	var last time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-events:
			due.Reset(max(w.quiet, w.apart-time.Since(last)))
		case err := <-failures:
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				w.log.Debug("the watch of the configuration had trouble", "error", err)
			}
			due.Reset(w.quiet)
		case <-ticker.C:
			if w.stampsDiffer() {
				due.Reset(w.quiet)
			}
		case <-due.C:
			if w.look() {
				last = time.Now()
				w.changed()
				// The change may have brought other files, and what happened to them meanwhile nobody told.
				due.Reset(w.quiet)
			}
		}
	}
}

// look reads the files, and reports whether one says something else than is known, which was not told yet.
func (w *watcher) look() bool {
	w.stamps = w.stampsNow()
	differs := false
	told := make(map[string][sha256.Size]byte)
	for _, s := range w.stamps {
		now := sum(s.path)
		if now == s.sum {
			continue
		}
		told[s.path] = now
		if last, ok := w.told[s.path]; !ok || last != now {
			differs = true
		}
	}
	w.told = told
	w.watchFolders()
	return differs
}

// sum is a hash of a file's content; one that cannot be read has one of its own.
func sum(path string) (hash [sha256.Size]byte) {
	file, err := os.Open(path)
	if err != nil {
		return hash
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.LimitReader(file, maxFile)); err == nil {
		h.Sum(hash[:0])
	}
	_ = file.Close() // nothing was written
	return hash
}

func (w *watcher) stampsDiffer() bool {
	return !slices.Equal(w.stamps, w.stampsNow())
}

func (w *watcher) stampsNow() []stamp {
	known := slices.Clone(w.files())
	slices.SortStableFunc(known, func(a, b config.File) int { return strings.Compare(a.Path, b.Path) })
	known = slices.CompactFunc(known, func(a, b config.File) bool { return a.Path == b.Path })
	var list []stamp
	for _, f := range known {
		s := stamp{path: f.Path, sum: f.Sum}
		if info, err := os.Stat(f.Path); err == nil {
			s.size, s.time, s.mode = info.Size(), info.ModTime(), info.Mode()
		}
		list = append(list, s)
	}
	return list
}

// watchFolders watches the folder of each file, and that of what it links to.
func (w *watcher) watchFolders() {
	if w.system == nil {
		return
	}
	wanted := make(map[string]bool)
	for _, s := range w.stamps {
		path := s.path
		for range 40 {
			wanted[filepath.Dir(path)] = true
			target, err := os.Readlink(path)
			if err != nil {
				break
			}
			if !filepath.IsAbs(target) {
				target = filepath.Join(filepath.Dir(path), target)
			}
			path = target
		}
		if real, err := filepath.EvalSymlinks(s.path); err == nil {
			wanted[filepath.Dir(real)] = true
		}
	}
	for dir := range wanted {
		if w.folders[dir] {
			continue
		}
		if err := w.system.Add(dir); err == nil {
			w.folders[dir] = true
		} else if !errors.Is(err, fs.ErrNotExist) {
			w.log.Warn("the system cannot watch a folder: changes there are found a little later", "folder", dir, "error", err,
				"try", "sysctl fs.inotify.max_user_watches=1048576")
			w.folders[dir] = true // once is enough
		}
	}
	for dir := range w.folders {
		if !wanted[dir] {
			_ = w.system.Remove(dir) // it is gone, or was never there
			delete(w.folders, dir)
		}
	}
}
