package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/watch"
)

const (
	// patience is how long a file that is empty, missing or cut off may take to become whole: it is being written.
	patience = 2 * time.Second
	// again is how often such a file is looked at.
	again = 100 * time.Millisecond
	// keptReloads is how many results are remembered.
	keptReloads = 50
)

// ReasonFile is the reason of a reload that a change of the files brought about.
const ReasonFile = "file"

// ReloadResult is what one attempt to put the files to work came to.
type ReloadResult struct {
	// Reason is who asked: ReasonFile, "signal", "api", "cli".
	Reason string
	Time   time.Time
	Took   time.Duration
	// OK says that the files are in force now. Otherwise the configuration before stays, and Error says why.
	OK    bool
	Error string
	// Hash is that of plugins.yaml as it was read; "" where that is not known.
	Hash string
	// Changes says what is different, without any secret; empty where nothing is.
	Changes []string
	// Restart names changed settings that count from the next start on.
	Restart []string
	// Report holds what is wrong or worth knowing, with its places.
	Report config.Report
}

// reloads are the results so far.
type reloads struct {
	one  sync.Mutex // one reload at a time
	mu   sync.Mutex
	list []ReloadResult // the newest first
}

// Reload reads the files and puts them to work: everything is checked and built first and then exchanged in one step. New
// requests see the new configuration at once, those under way end with the old one. Where anything is wrong the old
// configuration stays in force; the error tells what, and so does the result. Nothing here waits for the network.
func (a *App) Reload(ctx context.Context, reason string) (ReloadResult, error) {
	a.reloads.one.Lock()
	defer a.reloads.one.Unlock()
	r := ReloadResult{Reason: reason, Time: time.Now()}
	err := a.reload(ctx, &r)
	r.Took = time.Since(r.Time)
	if r.OK = err == nil; err != nil {
		r.Error = err.Error()
	}
	a.tell(r)
	return r, err
}

// Reloads lists the newest results, the newest first.
func (a *App) Reloads() []ReloadResult {
	a.reloads.mu.Lock()
	defer a.reloads.mu.Unlock()
	return slices.Clone(a.reloads.list)
}

func (a *App) reload(ctx context.Context, r *ReloadResult) error {
	if a.options.Load == nil {
		return errors.New("this proxy has no files to read again")
	}
	if a.draining.Load() {
		return errors.New("the proxy is stopping")
	}
	old := a.current.Load()
	cfg, err := a.load(ctx, r)
	if err != nil {
		return err
	}
	take, undo := func() {}, func() {}
	if d := a.doors.Load(); d != nil && cfg.Server.Listen != old.config.Server.Listen {
		if take, undo, err = d.move(old.config.Server.Listen, cfg.Server.Listen); err != nil {
			return err
		}
	}
	next, err := build(cfg, a.options.Registry, a.options.Version, old)
	if err != nil {
		undo()
		return err
	}
	r.Changes = config.Changes(old.config, cfg)
	if cfg.Server.StateDir != old.config.Server.StateDir {
		r.Restart = append(r.Restart, "server.state_dir")
	}
	a.current.Store(next)
	take()
	if !reflect.DeepEqual(cfg.Plugins, old.config.Plugins) {
		a.options.Registry.Use(plugins(cfg, a.options))
	}
	a.gate.Resize(cfg.Server.MaxConcurrentRequests, cfg.Server.Queue.Length, cfg.Server.Queue.Wait)
	if a.options.UseLog != nil {
		a.options.UseLog(cfg.Log, cfg.Server.Environment)
	}
	if n := a.retire(old); n == manyRetired {
		a.log.Warn("many earlier configurations still have requests under way", "configurations", n)
	}
	return nil
}

// load reads the files. One that is empty or not there is being written at this moment, most likely; when an editor
// announced itself, that also goes for one that breaks off.
func (a *App) load(ctx context.Context, r *ReloadResult) (*config.Config, error) {
	for {
		r.Hash = a.fileHash()
		cfg, report := a.options.Load()
		missing := a.missing()
		r.Report = report
		if cfg != nil && !missing {
			return cfg, nil
		}
		unfinished := missing || report.Has(config.CodeEmpty) || r.Reason == ReasonFile && report.Has(config.CodeSyntax)
		if !unfinished || time.Since(r.Time) >= patience {
			if missing {
				return nil, fmt.Errorf("%s is not there any more", a.Config().Path)
			}
			return nil, fmt.Errorf("the configuration has mistakes: %w", report.Err())
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(again):
		}
	}
}

// missing reports whether the file is gone that the configuration in force was read from. A proxy that began without one
// may go on without.
func (a *App) missing() bool {
	cfg := a.Config()
	if !cfg.FromFile {
		return false
	}
	_, err := os.Stat(cfg.Path)
	return errors.Is(err, fs.ErrNotExist)
}

// shownChanges is how many characters of changes a log line holds.
const shownChanges = 1000

// tell says what a reload came to: in the log, to observers, and to whoever asks later.
func (a *App) tell(r ReloadResult) {
	a.reloads.mu.Lock()
	a.reloads.list = append([]ReloadResult{r}, a.reloads.list[:min(len(a.reloads.list), keptReloads-1)]...)
	a.reloads.mu.Unlock()
	if a.options.Reloaded != nil {
		a.options.Reloaded(r)
	}
	if r.OK {
		a.record(strings.Join(r.Changes, "; "))
	}
	switch {
	case !r.OK && r.Report.Failed():
		for _, p := range r.Report.Problems {
			if p.Severity == config.Error {
				a.log.Error("the configuration is wrong", "at", place(p), "path", p.Path, "message", p.Message, "hint", p.Hint)
			}
		}
		a.log.Error("the configuration before stays in force", "reason", r.Reason)
	case !r.OK:
		a.log.Error("the configuration before stays in force", "reason", r.Reason, "error", r.Error)
	default:
		a.log.Info("the configuration was read again", "reason", r.Reason, "changes", shortened(strings.Join(r.Changes, "; ")), "took", r.Took)
		for _, p := range r.Report.Warnings() {
			a.log.Warn("the configuration may not be what was meant", "at", place(p), "path", p.Path, "message", p.Message, "hint", p.Hint)
		}
		if len(r.Restart) > 0 {
			a.log.Warn("some changes count from the next start on", "settings", strings.Join(r.Restart, ", "))
		}
	}
	if r.OK {
		a.hub.Reloaded(a.Config(), nil, r)
	} else {
		a.hub.Reloaded(nil, errors.New(r.Error), r)
	}
}

// record takes the file into the history, where it is not the newest version already: somebody edited it by hand.
func (a *App) record(summary string) {
	if a.options.Files == nil {
		return
	}
	if summary == "" {
		summary = "comments and layout only"
	}
	a.options.Files.Record("file", shortened(summary))
}

func shortened(changes string) string {
	if runes := []rune(changes); len(runes) > shownChanges {
		return string(runes[:shownChanges]) + "…"
	}
	return changes
}

func place(p config.Problem) string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Watch reloads whenever one of the files changes that the configuration in force was read from, until ctx ends. ready is
// closed when the watch has begun; it may be nil.
func (a *App) Watch(ctx context.Context, ready chan<- struct{}, o watch.Options) {
	if o.Log == nil {
		o.Log = a.log
	}
	a.record("as it was when the proxy started")
	watch.Run(ctx, func() []config.File { return a.Config().Files }, func() {
		// What it came to was told already.
		_, _ = a.Reload(ctx, ReasonFile)
	}, ready, o)
}
