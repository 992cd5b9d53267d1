package registry

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// watch looks at the folder whenever something happens in it, and now and then in case nobody said so. Notifications only
// say when to look; what counts is what lies there.
func (r *Registry) watch(stop <-chan struct{}) {
	var b bell
	defer b.close()
	var complaint string
	for {
		s := r.current()
		b.hang(s.Dir)
		again, err := r.scan(s)
		if text := errorText(err); text != complaint {
			if complaint = text; err != nil {
				s.Log.Error("cannot look for plugins; those that are loaded go on serving", "folder", s.Dir, "error", text)
			}
		}
		pause := s.Poll
		if again {
			pause = min(s.Poll, s.Settle)
		}
		timer := time.NewTimer(pause)
		select {
		case <-stop:
			timer.Stop()
			return
		case ev := <-b.events():
			r.touch(ev.Name)
		case <-b.errors():
		case <-r.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// touch notes that something was done to a file, even where it looks the same from outside.
func (r *Registry) touch(path string) {
	name, ok := strings.CutSuffix(filepath.Base(path), ending)
	if !ok {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.slots[name]; s != nil && s.seen != nil {
		s.due, s.since = true, time.Now()
	}
}

// scan looks at the folder once and begins what is to be done. again says that it has to look again soon.
func (r *Registry) scan(set Settings) (again bool, err error) {
	files, err := list(set.Dir)
	if err == nil {
		again = r.compare(files, set.Settle)
	}
	r.mu.Lock()
	if !r.looked {
		r.looked = true
		close(r.changed)
		r.changed = make(chan struct{})
	}
	r.mu.Unlock()
	return again, err
}

// list is what lies in the folder. A folder that does not exist is empty.
func list(dir string) (map[string]found, error) {
	if dir == "" {
		return nil, nil
	}
	f, err := openFolder(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.close()
	return f.list()
}

// compare brings the slots up to what lies in the folder.
func (r *Registry) compare(files map[string]found, settle time.Duration) (again bool) {
	now := time.Now()
	var gone, refused []*slot
	r.mu.Lock()
	for name, f := range files {
		s := r.slot(name)
		if f.err != nil {
			if errorText(s.fault) != f.err.Error() {
				s.fault = f.err
				refused = append(refused, s)
			}
			s.seen, s.since, s.due = nil, now, false
			continue
		}
		if !same(s.seen, f.info) {
			s.seen, s.since, s.due = f.info, now, true
		}
		if !s.due || s.loading {
			continue
		}
		// What was not written to for a while is complete, also where it came into sight only now.
		if now.Sub(s.since) < settle && now.Sub(f.info.ModTime()) < settle {
			again = true
			continue
		}
		s.due, s.loading = false, true
		r.works.Go(func() { r.take(s) })
	}
	for name, s := range r.slots {
		if _, there := files[name]; there || s.loading {
			continue
		}
		// Some programs replace a file by removing it first.
		if s.seen != nil || s.since.IsZero() {
			s.seen, s.since, s.due = nil, now, false
		}
		if now.Sub(s.since) < settle {
			again = true
			continue
		}
		s.loading = true
		gone = append(gone, s)
	}
	r.mu.Unlock()
	for _, s := range refused {
		r.complain(s, files[s.name].err)
		r.tell(s)
	}
	for _, s := range gone {
		r.gone(s)
	}
	return again
}

// bell rings when something happens in a folder. Where the system cannot watch, it stays silent.
type bell struct {
	dir     string
	watcher *fsnotify.Watcher
}

// hang watches this folder from here on. A folder that does not exist yet, or that is another one by now under the same
// name, is watched again at the next look.
func (b *bell) hang(dir string) {
	if b.watcher != nil && b.dir != dir {
		b.close()
	}
	if dir == "" {
		return
	}
	if b.watcher == nil {
		w, err := fsnotify.NewWatcher()
		if err != nil {
			return
		}
		b.dir, b.watcher = dir, w
	}
	if len(b.watcher.WatchList()) == 0 {
		_ = b.watcher.Add(dir) // it may not exist: we look now and then in any case
	}
}

// events and errors, such as too many events at once, are both reasons to look. Nil channels never deliver.
func (b *bell) events() <-chan fsnotify.Event {
	if b.watcher == nil {
		return nil
	}
	return b.watcher.Events
}

func (b *bell) errors() <-chan error {
	if b.watcher == nil {
		return nil
	}
	return b.watcher.Errors
}

func (b *bell) close() {
	if b.watcher != nil {
		_ = b.watcher.Close() // nothing depends on it
		b.watcher = nil
	}
}
