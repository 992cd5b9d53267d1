package app

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/balance"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/routing"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// failing is a balancer that knows something, and the channel it knows it of.
func failing(t *testing.T) (*balance.Balancer, []config.Channel) {
	t.Helper()
	c, k := config.DefaultChannel(), config.DefaultKey()
	c.Name, k.ID = "main", "k1"
	b := balance.New(time.Now, func() float64 { return 0.5 })
	pick := b.Begin([]routing.Candidate{{Channel: &c, Keys: []*config.Key{&k}, Model: "m"}}, balance.Request{})
	target, _, ok := pick.Next()
	if !ok {
		t.Fatal("no target")
	}
	pick.Failed(target, failure.Rule(&failure.Fault{Source: failure.Channel, Kind: failure.KindStatus, Class: adapter.Auth, Status: 401}))
	pick.End()
	c.Keys = []config.Key{k}
	return b, []config.Channel{c}
}

func TestHealthFile(t *testing.T) {
	b, channels := failing(t)
	path := filepath.Join(t.TempDir(), "state", healthName)
	var log bytes.Buffer
	f := &healthFile{path: path, balancer: b, log: slog.New(slog.NewTextHandler(&log, nil))}
	f.restore() // there is none
	f.save()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info, err)
	}
	// What did not change is not written.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	f.save()
	if _, err := os.Stat(path); err == nil {
		t.Error("written again without a change")
	}
	f.written--
	f.save()
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("%d files in the state folder", len(left))
	}
	next := &healthFile{path: path, balancer: balance.New(time.Now, func() float64 { return 0.5 }), log: f.log}
	next.restore()
	if got := next.balancer.Status(channels)[0].Keys[0]; got.State != balance.Invalid {
		t.Errorf("%+v", got)
	}
	if log.Len() > 0 {
		t.Error(log.String())
	}
}

// A file that is broken, or no file at all, is worth a warning, and the program runs with fresh health.
func TestHealthFileIsNotTrusted(t *testing.T) {
	f := func(prepare func(path string) error) {
		t.Helper()
		path := filepath.Join(t.TempDir(), healthName)
		if err := prepare(path); err != nil {
			t.Fatal(err)
		}
		_, channels := failing(t)
		var log bytes.Buffer
		file := &healthFile{path: path, balancer: balance.New(time.Now, func() float64 { return 0.5 }), log: slog.New(slog.NewTextHandler(&log, nil))}
		file.restore()
		if got := file.balancer.Status(channels)[0].Keys[0].State; got != balance.OK {
			t.Error(got)
		}
		if strings.Count(log.String(), "level=WARN") != 1 {
			t.Errorf("the log says %q", log.String())
		}
	}
	f(func(path string) error {
		return os.WriteFile(path, []byte(`{"version":1,"channels":{"main":{"keys":{"k1":{"wh`), 0o600)
	})
	f(func(path string) error { return os.WriteFile(path, []byte("\x00\x00\x00\x00"), 0o600) })
	f(func(path string) error { return os.WriteFile(path, nil, 0o600) })
	f(func(path string) error { return os.Mkdir(path, 0o700) })
	f(func(path string) error {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			return err
		}
		return os.Truncate(path, maxHealthFile+1)
	})
}

// O11: a state folder that cannot be written is worth one warning, not death, and not one every five seconds.
func TestHealthFileWithoutAFolder(t *testing.T) {
	b, _ := failing(t)
	blocked := filepath.Join(t.TempDir(), "a file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	f := &healthFile{path: filepath.Join(blocked, healthName), balancer: b, log: slog.New(slog.NewTextHandler(&log, nil))}
	f.restore()
	log.Reset()
	f.save()
	f.save()
	b.Reset("main", "")
	f.save()
	if strings.Count(log.String(), "level=WARN") != 1 {
		t.Errorf("the log says %q", log.String())
	}
	if err := os.Remove(blocked); err != nil {
		t.Fatal(err)
	}
	f.save()
	if _, err := os.Stat(f.path); err != nil {
		t.Error(err)
	}
}
