package relay

import (
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

func TestLossHeader(t *testing.T) {
	f := func(want string, losses ...adapter.Loss) {
		t.Helper()
		if got := lossHeader(losses); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	l := func(kind adapter.LossKind, path string) adapter.Loss { return adapter.Loss{Kind: kind, Path: path} }
	f("")
	f("", l(adapter.Noop, "context_management"))
	f("dropped: top_k", l(adapter.Dropped, "top_k"))
	// worst first, grouped, each once
	f("dropped: top_k, speed; approximated: a; tuned: max_tokens",
		l(adapter.Tuned, "max_tokens"), l(adapter.Dropped, "top_k"), l(adapter.Noop, "x"), l(adapter.Approximated, "a"), l(adapter.Dropped, "speed"), l(adapter.Dropped, "top_k"))
	// a client's own field names cannot break the header
	f("dropped: a__b_c_d_", l(adapter.Dropped, "a\r\nb;c,d\xff"))

	var many []adapter.Loss
	for range 100 {
		many = append(many, l(adapter.Dropped, strings.Repeat("x", 20+len(many))))
	}
	if got := lossHeader(many); len(got) > maxLossHeader || !strings.HasSuffix(got, ", ...") {
		t.Errorf("%d bytes, ending %q", len(got), got[len(got)-10:])
	}
}
