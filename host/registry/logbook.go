package registry

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// bookLines is how many lines of each plugin are kept.
const bookLines = 200

// Line is one line of what a plugin said, or of what happened to it.
type Line struct {
	Time  time.Time
	Level slog.Level
	// Text is the message with its attributes, scrubbed of what looks like a credential. It may have several lines.
	Text string
}

// logbook keeps the last lines about one plugin and passes them on to the log of the proxy.
type logbook struct {
	logger *slog.Logger
	next   atomic.Pointer[slog.Logger]

	mu    sync.Mutex
	lines []Line // a ring once it is full
	first int
}

func newLogbook(next *slog.Logger, plugin string) *logbook {
	b := &logbook{}
	b.to(next)
	b.logger = slog.New(bookHandler{book: b}).With("plugin", plugin)
	return b
}

// to says where lines go on from here.
func (b *logbook) to(next *slog.Logger) { b.next.Store(next) }

func (b *logbook) keep(l Line) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.lines) < bookLines {
		b.lines = append(b.lines, l)
		return
	}
	b.lines[b.first] = l
	b.first = (b.first + 1) % bookLines
}

// read gives the lines, the oldest first.
func (b *logbook) read() []Line {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append(append(make([]Line, 0, len(b.lines)), b.lines[b.first:]...), b.lines[:b.first]...)
}

// bookHandler is the logbook as a handler. The name of the plugin is known to its readers and not repeated in the lines.
type bookHandler struct {
	book  *logbook
	attrs []slog.Attr
}

func (h bookHandler) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelInfo || h.book.next.Load().Enabled(ctx, l)
}

func (h bookHandler) Handle(ctx context.Context, rec slog.Record) error {
	var text strings.Builder
	text.WriteString(rec.Message)
	add := func(a slog.Attr) bool {
		if a.Key != "plugin" {
			fmt.Fprintf(&text, " %s=%s", a.Key, a.Value.Resolve())
		}
		return true
	}
	for _, a := range h.attrs {
		add(a)
	}
	rec.Attrs(add)
	h.book.keep(Line{rec.Time, rec.Level, text.String()})
	next := h.book.next.Load().Handler()
	if !next.Enabled(ctx, rec.Level) {
		return nil
	}
	return next.WithAttrs(h.attrs).Handle(ctx, rec)
}

func (h bookHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	h.attrs = append(h.attrs[:len(h.attrs):len(h.attrs)], attrs...)
	return h
}

// WithGroup is not needed by anybody who writes here.
func (h bookHandler) WithGroup(string) slog.Handler { return h }
