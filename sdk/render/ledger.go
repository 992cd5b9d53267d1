package render

import (
	"unicode/utf8"

	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

const (
	maxLosses = 256 // different ones
	maxName   = 256 // bytes of an id, a model, a path or a note that are kept
)

// losses keeps different losses once. Beyond maxLosses one entry stands for all that follow.
type losses struct{ list []Loss }

func (l *losses) reset() { l.list = l.list[:0] }

func (l *losses) add(kind ops.LossKind, path, note []byte) {
	path, note = cut(path), cut(note)
	for i := range l.list {
		e := &l.list[i]
		if e.Kind == kind && e.Path == string(path) && e.Note == string(note) {
			return
		}
	}
	if len(l.list) < maxLosses {
		l.list = append(l.list, Loss{kind, string(path), string(note)})
		return
	}
	if len(l.list) == maxLosses {
		l.list = append(l.list, Loss{kind, "", "more losses than can be listed"})
		return
	}
	e := &l.list[maxLosses]
	e.Kind = max(e.Kind, kind)
}

// upstream is what the upstream calls its message and model.
type upstream struct{ id, model []byte }

func (u *upstream) set(o ops.Op) {
	id, model, _ := o.Two()
	if len(id) > 0 {
		u.id = append(u.id[:0], cut(id)...)
	}
	if len(model) > 0 {
		u.model = append(u.model[:0], cut(model)...)
	}
}

// cut shortens s to maxName bytes, not within a rune.
func cut(s []byte) []byte {
	if len(s) <= maxName {
		return s
	}
	n := maxName
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
