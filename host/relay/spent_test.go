package relay

import (
	"strings"
	"testing"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

func TestSpent(t *testing.T) {
	body := `{"model":"m","messages":[{"role":"user","content":"` + strings.Repeat("word ", 160) + `"}]}`
	doc, err := jsonindex.Parse([]byte(body), jsonindex.ClientMode())
	if err != nil {
		t.Fatal(err)
	}
	f := func(want int64, stream bool, change func(*Record)) {
		t.Helper()
		r := &Record{Call: &Call{Op: adapter.Messages, Doc: doc, Head: messages.Head{Stream: stream}}, Status: 200, Outcome: "ok", Tokens: ops.Unknown()}
		change(r)
		if got := r.Spent(); got != want {
			t.Errorf("%+v: spent %d, want %d", r.Tokens, got, want)
		}
	}
	estimate := estimateTokens(doc)
	// What the upstream reports counts; what came from its cache does not.
	f(100+20+3, false, func(r *Record) {
		r.Tokens = ops.Tokens{Input: 100, Output: 20, CacheRead: 9000, CacheWrite: 3, CacheWrite1h: 1, Thinking: 7}
		r.BytesOut = 1 << 20
	})
	// What it does not report is estimated.
	f(estimate+50, false, func(r *Record) { r.BytesOut = 200 })
	f(estimate+5, true, func(r *Record) { r.BytesOut = 200 })
	// A stream that was cut has told its input and little of its output.
	for _, outcome := range []string{"cut", "client_gone"} {
		f(100+1000, true, func(r *Record) {
			r.Tokens.Input, r.Tokens.Output, r.Outcome, r.BytesOut = 100, 1, outcome, 40_000
		})
	}
	// What brought nothing costs nothing.
	f(0, false, func(r *Record) { r.Status, r.Outcome, r.BytesOut = 502, "error", 300 })
	f(0, true, func(r *Record) { r.Outcome, r.BytesOut = "error", 300 })
	f(0, true, func(r *Record) { r.Status, r.Outcome = 0, "client_gone" })
	f(0, false, func(r *Record) { r.Call.Op, r.BytesOut = adapter.CountTokens, 300 })
}
