package wasm

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/sdk/abi"
)

// maxLine is the most bytes of one line of a guest's log.
const maxLine = 4 << 10

// guestLog is the log of one plugin, shared by its instances: so many lines a second, each cut, on one line, and without
// what looks like a credential.
type guestLog struct {
	logger *slog.Logger
	rate   int
	now    func() time.Time

	mu      sync.Mutex
	second  time.Time // beginning of the second that left counts for
	left    int
	dropped int
}

func newGuestLog(l *slog.Logger, rate int) *guestLog {
	return &guestLog{logger: l, rate: rate, now: time.Now}
}

// line logs one line, or drops it.
func (g *guestLog) line(level abi.Level, text []byte) {
	to := slog.LevelError
	switch level {
	case abi.Debug:
		to = slog.LevelDebug
	case abi.Info:
		to = slog.LevelInfo
	case abi.Warn:
		to = slog.LevelWarn
	}
	if !g.logger.Enabled(context.Background(), to) {
		return
	}
	dropped, ok := g.admit()
	if !ok {
		return
	}
	if dropped > 0 {
		g.logger.Warn("plugin log: lines dropped, more came than log_rate allows", "lines", dropped)
	}
	g.logger.Log(context.Background(), to, "plugin log", "line", clean(text))
}

// admit says whether another line may be logged now, and how many were not since the last one.
func (g *guestLog) admit() (dropped int, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := g.now(); now.Sub(g.second) >= time.Second {
		g.second, g.left = now, g.rate
	}
	if g.left <= 0 {
		g.dropped++
		return 0, false
	}
	g.left--
	dropped, g.dropped = g.dropped, 0
	return dropped, true
}

// clean makes bytes from a guest fit for a log.
func clean(text []byte) string {
	text = text[:min(len(text), maxLine)]
	line := strings.ToValidUTF8(string(failure.Scrub(text, nil)), "\uFFFD")
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, line)
}

// lineBuffer cuts what a guest writes to a file into lines and remembers the last of it.
type lineBuffer struct{ partial, last []byte }

// write passes each complete line on, and what is longer than a line may be as soon as it is. What a line has beyond that
// is lost.
func (b *lineBuffer) write(p []byte, line func([]byte)) {
	if keep := p[max(0, len(p)-maxLine):]; len(keep) > 0 {
		b.last = append(b.last, keep...)
		b.last = b.last[max(0, len(b.last)-maxLine):]
	}
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		text := p
		if end >= 0 {
			text = p[:end]
		}
		b.partial = append(b.partial, text[:min(len(text), maxLine-len(b.partial))]...)
		if end < 0 {
			return
		}
		if len(b.partial) > 0 {
			line(b.partial)
		}
		b.partial, p = b.partial[:0], p[end+1:]
	}
}
