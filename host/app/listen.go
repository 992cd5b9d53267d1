package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/claude-proxy/claude-proxy/host/relay"
)

// Limits of the listener. The write side has no limit of its own: every write has one.
const (
	headerTimeout  = 10 * time.Second
	keepAlive      = 120 * time.Second
	maxHeaderBytes = 64 << 10
	// lastWords is how long streams that outlive the drain have to write their error event.
	lastWords = 2 * time.Second
	// silence is how long a stopping server waits for the first byte of a connection: browsers and clients open some to spare.
	silence = 500 * time.Millisecond
)

// Listen opens the configured address. When the port is taken, the error says what to do.
func Listen(addr string) (net.Listener, error) {
	l, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("cannot listen on %s: the address is in use, perhaps by another copy of this program\n  try: PORT=3001 claude-proxy   (or set server.listen in plugins.yaml): %w", addr, err)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", addr, err)
	}
	return l, nil
}

// doors are the listeners of a running proxy: one, and after a change of the address those whose requests are not done.
type doors struct {
	app    *App
	base   context.Context
	failed chan error

	mu   sync.Mutex
	open []*door // the newest last
}

type door struct {
	server   *http.Server
	listener net.Listener
	leaving  bool // its listener is closed, or about to be

	mu sync.Mutex
	// silent are the connections that have not said anything yet.
	silent map[net.Conn]struct{}
}

// connState keeps silent.
func (o *door) connState(c net.Conn, s http.ConnState) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if s == http.StateNew {
		o.silent[c] = struct{}{}
	} else {
		delete(o.silent, c)
	}
}

// shutdown closes the listener and waits for its requests. Without its help, http.Server gives connections that never said
// anything five seconds, which is long for somebody who waits at a terminal.
func (o *door) shutdown(ctx context.Context) error {
	timer := time.AfterFunc(silence, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		for c := range o.silent {
			_ = c.Close() // the only error is that it was closed already
		}
	})
	defer timer.Stop()
	return o.server.Shutdown(ctx)
}

// Serve serves on l until stop is cancelled, then lets live requests finish for the configured drain time. What is left
// after it ends with an error event. A nil error means that the server stopped because it was asked to.
func (a *App) Serve(stop context.Context, l net.Listener) error {
	base, kill := context.WithCancelCause(context.Background())
	defer kill(nil)
	defer a.keepHealth()()
	go a.memory.Watch(base)
	d := &doors{app: a, base: base, failed: make(chan error, 8)}
	d.add(l)
	a.doors.Store(d)
	select {
	case err := <-d.failed:
		return err
	case <-stop.Done():
	}
	a.draining.Store(true)
	if a.admin != nil {
		a.admin.Stop() // its streams of events last for ever, and nothing in them is worth waiting for
	}
	drain := a.Config().Server.DrainTimeout
	a.log.Info("stopping: no new requests, live ones may finish", "drain_timeout", drain)
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	err := d.shutdown(ctx)
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	a.log.Warn("ending the requests that are still live")
	kill(relay.ErrDraining)
	last, cancelLast := context.WithTimeout(context.Background(), lastWords)
	defer cancelLast()
	if err := d.shutdown(last); err != nil {
		return errors.Join(err, d.close())
	}
	return nil
}

// add serves on one more listener.
func (d *doors) add(l net.Listener) {
	next := &door{listener: l, silent: map[net.Conn]struct{}{}}
	next.server = &http.Server{
		Handler:           d.app.handler,
		BaseContext:       func(net.Listener) context.Context { return d.base },
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       keepAlive,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(d.app.log.Handler(), slog.LevelDebug),
		ConnState:         next.connState,
	}
	d.mu.Lock()
	d.open = append(d.open, next)
	d.mu.Unlock()
	go func() {
		err := next.server.Serve(l)
		d.mu.Lock()
		leaving := next.leaving
		d.mu.Unlock()
		if !leaving {
			d.failed <- err
		}
	}()
}

// move opens another address. It is there before the old one goes, except where both have the same port: then the old
// one makes way, and comes back when the new one cannot be had. The returned function takes the step: before it is
// called, nothing but the listener has changed, and undo takes that back.
func (d *doors) move(old, addr string) (take, undo func(), err error) {
	l, err := Listen(addr)
	if err == nil {
		return func() { d.leave(); d.add(l) }, func() { _ = l.Close() }, nil // nobody came in yet
	}
	if !errors.Is(err, syscall.EADDRINUSE) || !samePort(old, addr) {
		return nil, nil, err
	}
	back := func() {
		if l, err := Listen(old); err == nil {
			d.add(l)
		} else {
			d.failed <- err
		}
	}
	d.leave()
	if l, err = Listen(addr); err != nil {
		back()
		return nil, nil, err
	}
	return func() { d.add(l) }, func() { _ = l.Close(); back() }, nil
}

// Addr is where the proxy listens for new connections, nil before Serve.
func (a *App) Addr() net.Addr {
	d := a.doors.Load()
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open[len(d.open)-1].listener.Addr()
}

func samePort(a, b string) bool {
	_, x, errX := net.SplitHostPort(a)
	_, y, errY := net.SplitHostPort(b)
	return errX == nil && errY == nil && x == y
}

// leave closes the newest listener. Its requests go on to their end.
func (d *doors) leave() {
	d.mu.Lock()
	old := d.open[len(d.open)-1]
	old.leaving = true
	d.mu.Unlock()
	_ = old.listener.Close() // the only error is that it was closed already
	go func() {
		// It waits for the last request of this door; at the end of the program shutdown does.
		if err := old.shutdown(d.base); err != nil {
			return
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		for i, o := range d.open {
			if o == old {
				d.open = append(d.open[:i:i], d.open[i+1:]...)
				break
			}
		}
	}()
}

func (d *doors) all() []*door {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, o := range d.open {
		o.leaving = true
	}
	return append([]*door(nil), d.open...)
}

// shutdown closes all listeners and waits for their requests.
func (d *doors) shutdown(ctx context.Context) error {
	return d.each(func(o *door) error { return o.shutdown(ctx) })
}

func (d *doors) close() error { return d.each(func(o *door) error { return o.server.Close() }) }

// each does something with all servers at once.
func (d *doors) each(do func(*door) error) error {
	all := d.all()
	results := make(chan error, len(all))
	for _, o := range all {
		go func() { results <- do(o) }()
	}
	var err error
	for range all {
		err = errors.Join(err, <-results)
	}
	return err
}

func (d *doors) keepAlive(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, o := range d.open {
		o.server.SetKeepAlivesEnabled(on)
	}
}
