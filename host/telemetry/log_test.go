package telemetry

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/auth"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

func record(outcome string) *relay.Record {
	tokens := ops.Unknown()
	tokens.Input, tokens.Output = 12, 3
	return &relay.Record{
		Call:   &relay.Call{ID: "req_1", Principal: &auth.Principal{Name: "me"}, Head: messages.Head{Model: "m", Stream: true}, Session: "s"},
		Status: 200, Outcome: outcome, Tokens: tokens, Stop: "end_turn", UpstreamID: "msg_up",
		Attempts: []relay.Attempt{
			{Channel: "first", Adapter: "openai", Key: "k1", Model: "up", Fault: &failure.Fault{Source: failure.Channel, Kind: failure.KindStatus, Class: adapter.RateLimited, Status: 429, Message: "slow down"}},
			{Channel: "second", Adapter: "openai", Key: "k2", Model: "up"},
		},
		Losses: []adapter.Loss{{Kind: adapter.Noop, Path: "metadata"}, {Kind: adapter.Dropped, Path: "top_k", Note: "no such parameter"}},
	}
}

// The switches of the old system: requests says what came in, responses what came of it.
func TestRequestLog(t *testing.T) {
	f := func(requests, responses bool, outcome string, want, without []string) {
		t.Helper()
		var b bytes.Buffer
		logRequest(slog.New(slog.NewTextHandler(&b, nil)), requests, responses, record(outcome))
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("requests %v, responses %v: %q is missing in\n%s", requests, responses, w, b.String())
			}
		}
		for _, w := range without {
			if strings.Contains(b.String(), w) {
				t.Errorf("requests %v, responses %v: %q should not be in\n%s", requests, responses, w, b.String())
			}
		}
	}
	in := []string{"id=req_1", "client=me", "model=m", "stream=true", "session=s"}
	out := []string{"outcome=ok", "channel=second", "key=k2", "tokens_in=12", "tokens_out=3", "stop=end_turn", "noop metadata; dropped top_k (no such parameter)"}
	failed := []string{"attempt failed", "channel=first", "class=rate_limited", "upstream_status=429", "fault_of=channel"}
	f(true, true, "ok", append(append(in, out...), failed...), []string{"cache_read"})
	f(true, false, "ok", in, out)
	f(false, true, "ok", out, []string{"session=s"})
	f(false, false, "ok", nil, []string{"req_1"})
	f(true, true, "cut", []string{"level=WARN msg=request"}, nil)
}

func TestNewLogger(t *testing.T) {
	lines := func(c config.Log, env config.Environment) string {
		var b bytes.Buffer
		l := NewLogger(&b, c, env)
		l.Debug("d")
		l.Info("i")
		l.Warn("w")
		l.Error("e", "key", config.NewSecret("canary-secret-key-12345"))
		return b.String()
	}
	f := func(level config.LogLevel, env config.Environment, want int) {
		t.Helper()
		got := lines(config.Log{Level: level, Format: "json"}, env)
		if n := strings.Count(got, "\n"); n != want {
			t.Errorf("%s in %s: %d lines, want %d", level, env, n, want)
		}
		if strings.Contains(got, "canary-secret") || !strings.Contains(got, "…2345") {
			t.Errorf("a secret is not hidden: %s", got)
		}
	}
	f("error", "production", 1)
	f("warn", "production", 2)
	f("info", "production", 3)
	f("debug", "production", 4)
	f("error", "development", 4)

	var line map[string]any
	if err := json.Unmarshal([]byte(lines(config.Log{Level: "error", Format: "json"}, "production")), &line); err != nil {
		t.Error(err)
	}
	if text := lines(config.Log{Level: "error", Format: "text"}, "production"); !strings.Contains(text, "level=ERROR msg=e") {
		t.Errorf("text: %s", text)
	}
}

// What the line of one request costs.
func BenchmarkRequestLog(b *testing.B) {
	r := record("ok")
	r.Attempts, r.Total = r.Attempts[1:], time.Second
	l := slog.New(slog.NewTextHandler(discard{}, nil))
	b.ReportAllocs()
	for b.Loop() {
		logRequest(l, true, true, r)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
