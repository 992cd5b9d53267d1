package telemetry

import (
	"context"
	"log/slog"
	"time"
)

// LogLine is a line of the log as subscribers get it.
type LogLine struct {
	Time    time.Time `json:"time"`
	Level   string    `json:"level"`
	Message string    `json:"message"`
	// Attrs are the line's attributes in their text form, groups joined by dots.
	Attrs map[string]string `json:"attrs,omitempty"`
}

// Handler returns a log handler that writes to next and tells the hub's subscribers of warnings and errors.
func (h *Hub) Handler(next slog.Handler) slog.Handler { return teeHandler{Handler: next, hub: h} }

// teeHandler keeps the attributes that WithAttrs adds, since next does not give them back.
type teeHandler struct {
	slog.Handler
	hub    *Hub
	attrs  []slog.Attr
	prefix string
}

func (t teeHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn && t.hub.feed.heard() {
		line := LogLine{Time: r.Time, Level: r.Level.String(), Message: r.Message, Attrs: make(map[string]string, r.NumAttrs()+len(t.attrs))}
		for _, a := range t.attrs {
			line.add("", a)
		}
		r.Attrs(func(a slog.Attr) bool {
			line.add(t.prefix, a)
			return true
		})
		t.hub.Publish(Log, line)
	}
	return t.Handler.Handle(ctx, r)
}

func (l *LogLine) add(prefix string, a slog.Attr) {
	v := a.Value.Resolve() // a Secret resolves to its masked form
	if v.Kind() != slog.KindGroup {
		l.Attrs[prefix+a.Key] = v.String()
		return
	}
	if a.Key != "" {
		prefix += a.Key + "."
	}
	for _, inner := range v.Group() {
		l.add(prefix, inner)
	}
}

func (t teeHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	list := t.attrs[:len(t.attrs):len(t.attrs)]
	for _, a := range attrs {
		a.Key = t.prefix + a.Key
		list = append(list, a)
	}
	return teeHandler{t.Handler.WithAttrs(attrs), t.hub, list, t.prefix}
}

func (t teeHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return t
	}
	return teeHandler{t.Handler.WithGroup(name), t.hub, t.attrs, t.prefix + name + "."}
}
