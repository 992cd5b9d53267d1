package relay

import (
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

// maxLossHeader caps the response header that lists losses.
const maxLossHeader = 1 << 10

// lossHeader groups request-side losses by kind, worst first: "dropped: top_k, speed; tuned: max_tokens". Noops are left
// to the log. It is empty when nothing was lost.
func lossHeader(losses []adapter.Loss) string {
	var b strings.Builder
	for kind := adapter.Dropped; kind > adapter.Noop; kind-- {
		first := true
		for i, l := range losses {
			if l.Kind != kind || listed(losses[:i], l) {
				continue
			}
			path := headerText(l.Path)
			if b.Len()+len(path)+len(kind.String())+len(", …; : ") > maxLossHeader {
				b.WriteString(", ...")
				return b.String()
			}
			switch {
			case first && b.Len() > 0:
				b.WriteString("; ")
				fallthrough
			case first:
				b.WriteString(kind.String())
				b.WriteString(": ")
			default:
				b.WriteString(", ")
			}
			first = false
			b.WriteString(path)
		}
	}
	return b.String()
}

func listed(before []adapter.Loss, l adapter.Loss) bool {
	for _, x := range before {
		if x.Kind == l.Kind && x.Path == l.Path {
			return true
		}
	}
	return false
}

// headerText keeps a client's field name from breaking the header or its grouping.
func headerText(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f || r == ';' || r == ',' {
			return '_'
		}
		return r
	}, s)
}
