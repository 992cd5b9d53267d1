package registry

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

// module takes the option "ok" and no other.
type module struct{ name string }

func (m module) Manifest() adapter.Manifest { return adapter.Manifest{Name: m.name, Version: "1"} }

func (m module) New(options jsonindex.Value) (adapter.Adapter, error) {
	for it := options.Iter(); it.Next(); {
		if string(it.Key()) != "ok" {
			return nil, adapter.Fail(adapter.Invalid, string(it.Key()), "unknown option")
		}
	}
	return nothing{}, nil
}

type nothing struct{}

func (nothing) Begin(_ *adapter.Call, up *adapter.UpstreamRequest) (adapter.Exchange, error) {
	up.Local = true
	up.Answer.Done()
	return nil, nil
}

func TestBind(t *testing.T) {
	r := New([]adapter.Module{module{"b"}, module{"a"}})
	if got := strings.Join(r.Names(), ","); got != "a,b" {
		t.Errorf("names %s", got)
	}
	if m, ok := r.Manifest("a"); !ok || m.Name != "a" {
		t.Errorf("manifest %v %v", m, ok)
	}
	if _, ok := r.Manifest("c"); ok {
		t.Error("a manifest of nothing")
	}
	b, err := r.Bind("ch", "a", []byte(`{"ok":1}`))
	if err != nil {
		t.Fatal(err)
	}
	l, err := b.Lease()
	if err != nil || l.Manifest.Name != "a" {
		t.Fatalf("lease %v %v", l.Manifest, err)
	}
	var up adapter.UpstreamRequest
	run, err := l.Channel.Begin(&adapter.Call{}, &up)
	if err != nil || !up.Local {
		t.Fatalf("begin %v", err)
	}
	run.Close()
	l.Release()

	_, err = r.Bind("ch", "a", []byte(`{"bad":1}`))
	var f *adapter.Failure
	if !errors.As(err, &f) || f.Field != "bad" {
		t.Errorf("a bad option: %v", err)
	}
	if err := r.Check("a", []byte(`{"bad":1}`)); err == nil {
		t.Error("a bad option passed the check")
	}
	if err := r.Check("zzz", nil); err != nil {
		t.Errorf("check of nothing: %v", err)
	}
}

// A channel whose adapter is absent is valid and unavailable.
func TestAbsent(t *testing.T) {
	b, err := New(nil).Bind("ch", "acme", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Lease(); !errors.Is(err, ErrAbsent) || b.Available() {
		t.Errorf("%v, available %v", err, b.Available())
	}
}

// closing counts how often a runner was closed.
type closing struct {
	runner.Runner
	mu     sync.Mutex
	closed int
}

func (c *closing) Close() {
	c.mu.Lock()
	c.closed++
	c.mu.Unlock()
}

// A retired version closes once, when the last lease is back, and nobody gets hold of it afterwards.
func TestLastLeaseCloses(t *testing.T) {
	c := &closing{Runner: runner.Native(module{"a"})}
	v := newVersion(c)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 200 {
				if v.hold() {
					c.mu.Lock()
					if c.closed > 0 {
						t.Error("held after close")
					}
					c.mu.Unlock()
					v.release()
				}
			}
		})
	}
	wg.Go(v.release)
	wg.Wait()
	if c.closed != 1 || v.hold() {
		t.Errorf("closed %d times", c.closed)
	}
}
