package telemetry

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// NewLogger writes log lines to w as the configuration wants them. Secrets keep themselves out of it: their type prints
// only its last characters. In the development environment everything from debug on is logged.
func NewLogger(w io.Writer, c config.Log, env config.Environment) *slog.Logger {
	opts := &slog.HandlerOptions{Level: level(c.Level, env)}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

func level(l config.LogLevel, env config.Environment) slog.Level {
	if env == "development" {
		return slog.LevelDebug
	}
	switch l {
	case "error":
		return slog.LevelError
	case "warn":
		return slog.LevelWarn
	case "debug":
		return slog.LevelDebug
	}
	return slog.LevelInfo
}

// logRequest writes one line per request and one per failed attempt. requests and responses are the switches log.requests
// and log.responses: the first says what came in, the second what came of it.
func logRequest(l *slog.Logger, requests, responses bool, r *relay.Record) {
	if !requests && !responses {
		return
	}
	ctx := context.Background()
	if l.Enabled(ctx, slog.LevelWarn) {
		for i := range r.Attempts {
			if a := &r.Attempts[i]; a.Fault != nil {
				l.LogAttrs(ctx, slog.LevelWarn, "attempt failed", attemptAttrs(r, a)...)
			}
		}
	}
	level := slog.LevelInfo
	if r.Outcome == "error" || r.Outcome == "cut" {
		level = slog.LevelWarn
	}
	if !l.Enabled(ctx, level) {
		return
	}
	attrs := make([]slog.Attr, 0, 24)
	attrs = append(attrs, slog.String("id", r.Call.ID), slog.String("client", r.Call.Principal.Name))
	if requests {
		attrs = appendRequest(attrs, r)
	}
	if responses {
		attrs = appendResponse(attrs, r)
	}
	l.LogAttrs(ctx, level, "request", attrs...)
}

func appendRequest(attrs []slog.Attr, r *relay.Record) []slog.Attr {
	c := r.Call
	attrs = append(attrs, slog.String("op", c.Op.String()), slog.String("model", c.Head.Model), slog.Bool("stream", c.Head.Stream))
	if c.Doc != nil {
		attrs = append(attrs, slog.Int("bytes_in", len(c.Doc.Src)))
	}
	if c.Peer.IsValid() {
		attrs = append(attrs, slog.String("from", c.Peer.String()))
	}
	if c.Session != "" {
		attrs = append(attrs, slog.String("session", c.Session))
	}
	return attrs
}

func appendResponse(attrs []slog.Attr, r *relay.Record) []slog.Attr {
	attrs = append(attrs, slog.String("outcome", r.Outcome), slog.Int("status", r.Status), slog.Int("attempts", len(r.Attempts)))
	if n := len(r.Attempts); n > 0 {
		last := &r.Attempts[n-1]
		attrs = append(attrs, slog.String("channel", last.Channel), slog.String("key", last.Key), slog.String("upstream_model", last.Model))
	}
	if r.Stop != "" {
		attrs = append(attrs, slog.String("stop", r.Stop))
	}
	for _, t := range []struct {
		name string
		n    int64
	}{{"tokens_in", r.Tokens.Input}, {"tokens_out", r.Tokens.Output}, {"cache_read", r.Tokens.CacheRead}, {"cache_write", r.Tokens.CacheWrite}} {
		if t.n >= 0 {
			attrs = append(attrs, slog.Int64(t.name, t.n))
		}
	}
	attrs = append(attrs, slog.Int64("bytes_out", r.BytesOut), slog.Duration("first_byte", r.FirstByte), slog.Duration("total", r.Total))
	if r.Message != "" {
		attrs = append(attrs, slog.String("message", r.Message))
	}
	if r.UpstreamID != "" {
		attrs = append(attrs, slog.String("upstream_id", r.UpstreamID))
	}
	if losses := lossText(r.Losses); losses != "" {
		attrs = append(attrs, slog.String("losses", losses))
	}
	return attrs
}

func attemptAttrs(r *relay.Record, a *relay.Attempt) []slog.Attr {
	attrs := []slog.Attr{
		slog.String("id", r.Call.ID), slog.String("channel", a.Channel), slog.String("key", a.Key), slog.String("model", a.Model),
		slog.String("fault_of", a.Fault.Source.String()), slog.String("class", a.Fault.Class.String()), slog.String("kind", a.Fault.Kind.String()),
		slog.String("message", a.Fault.Message), slog.Duration("total", a.Total),
	}
	if a.Fault.Status != 0 {
		attrs = append(attrs, slog.Int("upstream_status", a.Fault.Status))
	}
	return attrs
}

// lossText lists all losses, noops too: the log is where nothing is left out.
func lossText(losses []adapter.Loss) string {
	var b []byte
	for i, l := range losses {
		if i > 0 {
			b = append(b, "; "...)
		}
		b = fmt.Appendf(b, "%s %s", l.Kind, l.Path)
		if l.Note != "" {
			b = fmt.Appendf(b, " (%s)", l.Note)
		}
	}
	return string(b)
}
