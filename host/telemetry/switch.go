package telemetry

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"

	"github.com/claude-proxy/claude-proxy/host/config"
)

// Switch is a log whose level and format can be changed while others write to it. It is safe for concurrent use.
type Switch struct {
	w       io.Writer
	current atomic.Pointer[slog.Handler]
}

// NewSwitch returns a log that writes to w as the configuration wants it; see NewLogger.
func NewSwitch(w io.Writer, c config.Log, env config.Environment) *Switch {
	s := &Switch{w: w}
	s.Use(c, env)
	return s
}

// Use changes level and format from the next line on.
func (s *Switch) Use(c config.Log, env config.Environment) {
	h := NewLogger(s.w, c, env).Handler()
	s.current.Store(&h)
}

// Logger returns a logger that writes to the switch.
func (s *Switch) Logger() *slog.Logger { return slog.New(&switched{s: s}) }

// switched is a handler with what With has added to it, which is done anew for each format.
type switched struct {
	s    *Switch
	with []func(slog.Handler) slog.Handler
	last atomic.Pointer[built]
}

// built is the handler of a format with all that was added.
type built struct{ from, made slog.Handler }

func (h *switched) handler() slog.Handler {
	from := *h.s.current.Load()
	if b := h.last.Load(); b != nil && b.from == from {
		return b.made
	}
	made := from
	for _, add := range h.with {
		made = add(made)
	}
	h.last.Store(&built{from, made})
	return made
}

func (h *switched) Enabled(ctx context.Context, l slog.Level) bool {
	return (*h.s.current.Load()).Enabled(ctx, l)
}

func (h *switched) Handle(ctx context.Context, r slog.Record) error {
	return h.handler().Handle(ctx, r)
}

func (h *switched) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.plus(func(to slog.Handler) slog.Handler { return to.WithAttrs(attrs) })
}

func (h *switched) WithGroup(name string) slog.Handler {
	return h.plus(func(to slog.Handler) slog.Handler { return to.WithGroup(name) })
}

func (h *switched) plus(add func(slog.Handler) slog.Handler) slog.Handler {
	return &switched{s: h.s, with: append(h.with[:len(h.with):len(h.with)], add)}
}
