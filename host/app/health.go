package app

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/claude-proxy/claude-proxy/host/balance"
)

const (
	// healthName is the file in the state folder that carries health over a restart.
	healthName = "health.json"
	// saveEvery is how often health is written when it changed.
	saveEvery = 5 * time.Second
	// maxHealthFile is the largest such file that is read.
	maxHealthFile = 8 << 20
)

// Health tells how the configured channels and their keys are.
func (a *App) Health() []balance.ChannelStatus {
	return a.balancer.Status(a.current.Load().http.Config.Channels)
}

// ResetHealth forgets what is known against a channel with all its keys, or against one of them (by id; "" means all). It
// says whether anything was.
func (a *App) ResetHealth(channel, keyID string) bool { return a.balancer.Reset(channel, keyID) }

// healthFile keeps health in the state folder. What cannot be read or written is worth a warning and nothing more: health
// is learnt anew.
type healthFile struct {
	path     string
	balancer *balance.Balancer
	log      *slog.Logger
	// written is what balancer.Changes said at the last writing, failing that the last one failed.
	written uint64
	failing bool
}

// restore gives the balancer what the program knew when it ran last.
func (f *healthFile) restore() {
	info, err := os.Stat(f.path)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxHealthFile) {
		err = errors.New("it is no regular file, or far too large")
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(f.path)
	}
	if err == nil {
		err = f.balancer.Restore(text)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.log.Warn("health of the last run is ignored", "file", f.path, "error", err.Error())
	}
}

// keep writes health whenever it changed, until ctx ends, and then once more.
func (f *healthFile) keep(ctx context.Context) {
	tick := time.NewTicker(saveEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			f.save()
		case <-ctx.Done():
			f.save()
			return
		}
	}
}

// keepHealth writes health until the function that it returns is called, which writes it for the last time.
func (a *App) keepHealth() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.health.keep(ctx)
	}()
	return func() {
		cancel()
		<-done
	}
}

// save writes health if it changed since it was last written.
func (f *healthFile) save() {
	changes := f.balancer.Changes()
	if changes == f.written {
		return
	}
	err := replace(f.path, f.balancer.Save())
	switch {
	case err == nil:
		f.written, f.failing = changes, false
	case !f.failing:
		f.failing = true
		f.log.Warn("health cannot be kept for the next start", "error", err.Error(), "try", "point server.state_dir at a folder that can be written")
	}
}

// replace puts the text in place in one step, so that a crash leaves the old file or the new one. The folder is made where
// it is missing; both are for the owner alone.
func replace(path string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // 0600 by its contract
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
