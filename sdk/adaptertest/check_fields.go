package adaptertest

import (
	"regexp"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// fields checks that nothing of the client's body is dropped in silence: each leaf is read, or a loss names it or what it
// lies in.
func (b *bench) fields() {
	if !b.s.options.Fields || b.t.at == atBegin || b.t.local || b.t.through || b.c.call.Op == adapter.Models {
		return
	}
	var doc jsonindex.Doc
	u := b.play(play{track: &doc, begin: true})
	silent := map[string]bool{}
	for _, path := range doc.Untouched() {
		path = withoutPositions(path)
		if !hostReads[path] && !named(path, u.losses) && !silent[path] {
			silent[path] = true
			b.fault(checkFields, "%s is neither read nor named by a loss", path)
		}
	}
}

// hostReads are the fields that an adapter gets in its Call.
var hostReads = map[string]bool{"model": true, "stream": true}

var position = regexp.MustCompile(`\[\d+\]`)

func withoutPositions(path string) string { return position.ReplaceAllString(path, "") }

func named(path string, losses []adapter.Loss) bool {
	for _, l := range losses {
		rest, ok := strings.CutPrefix(path, withoutPositions(l.Path))
		if ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
			return true
		}
	}
	return false
}
