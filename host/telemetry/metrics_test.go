package telemetry

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

var update = flag.Bool("update", false, "write METRICS.md anew")

func discardLogger() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// busy is a hub to which everything happened that a metric counts.
func busy(t *testing.T) *bench {
	b := newBench(t, nil)
	b.Hub = New(config.Default(), Options{
		Log: discardLogger(), Version: "test", Now: func() time.Time { return b.now },
		Health: func() []ChannelHealth {
			return []ChannelHealth{{Channel: "main", Up: true, InFlight: 1, Keys: []KeyHealth{{Key: "k-1", State: "cooling", Cooldown: 3 * time.Second}}}}
		},
		Plugins: func() []PluginHealth {
			return []PluginHealth{{Plugin: "acme", Up: true, Calls: 5, Faults: 1, Instances: 2}}
		},
	})
	rate := &failure.Fault{Source: failure.Channel, Kind: failure.KindStatus, Class: adapter.RateLimited, Message: upstreamKey}
	b.run("r1", "named", "ok", nil, rate, nil)
	b.run("r2", clientKey, "error", nil, rate)
	c := b.call("r3", "named")
	c.Head.Stream = false
	b.Started(c)
	r := record("ok")
	r.Call = c
	b.Ended(r)
	b.Reloaded(config.Default(), fmt.Errorf("bad file %s", upstreamKey), nil)
	return b
}

// The list of metrics is what the program shows, and the labels hold nothing else than names it knows.
func TestMetricsList(t *testing.T) {
	b := busy(t)
	families, err := b.meters.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var list bytes.Buffer
	list.WriteString("# Metrics\n\n`GET /metrics`, in the format of Prometheus: without a key from this machine, else with an admin key. Beside these the\n" +
		"metrics of the Go runtime (`go_…`) and of the process (`process_…`) are there. Labels hold names of the configuration, `other`\n" +
		"for models that it does not name, and `none` for requests that reached no channel. Written by `go test ./host/telemetry -update`.\n\n" +
		"| name | type | labels | what it says |\n|---|---|---|---|\n")
	for _, f := range families {
		if !ours(f.GetName()) {
			continue
		}
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		fmt.Fprintf(&list, "| `%s` | %s | %s | %s |\n", f.GetName(), strings.ToLower(f.GetType().String()), strings.Join(labels, ", "), f.GetHelp())
	}
	if *update {
		if err := os.WriteFile("METRICS.md", list.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile("METRICS.md")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(committed, list.Bytes()) {
		t.Errorf("METRICS.md is not what the program shows; go test ./host/telemetry -update writes it. Now:\n%s", list.String())
	}
	problems, err := testutil.GatherAndLint(b.meters.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if ours(p.Metric) {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

func TestMetricsValues(t *testing.T) {
	text := busy(t).metrics()
	for _, want := range []string{
		`claude_proxy_requests_total{adapter="openai",channel="c1",model="other",outcome="ok"} 1`,
		`claude_proxy_requests_total{adapter="openai",channel="c0",model="other",outcome="overloaded"} 1`,
		`claude_proxy_upstream_attempts_total{channel="c0",reason="rate_limited"} 2`,
		`claude_proxy_failovers_total{from="c0",reason="rate_limited",to="c1"} 1`,
		`claude_proxy_tokens_total{channel="c1",model="other",type="input"} 12`,
		`claude_proxy_losses_total{channel="c1",kind="dropped"} 1`,
		`claude_proxy_overhead_seconds_count{adapter="openai",stage="before_send"} 2`,
		`claude_proxy_overhead_seconds_bucket{adapter="openai",stage="per_read",le="5e-06"}`,
		`claude_proxy_key_state{channel="main",key="k-1",state="cooling"} 1`,
		`claude_proxy_key_state{channel="main",key="k-1",state="ok"} 0`,
		`claude_proxy_cooldown_seconds{channel="main",key="k-1"} 3`,
		`claude_proxy_plugin_calls_total{plugin="acme",result="ok"} 4`,
		`claude_proxy_config_last_reload_successful 0`,
		`claude_proxy_config_reloads_total{result="failed"} 1`,
		`claude_proxy_inflight_requests 0`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if i := strings.Index(text, "canary"); i >= 0 {
		t.Errorf("a key is shown: %s", text[max(0, i-100):i+50])
	}
	// no label holds what a client chose
	allowed := []string{"c0", "c1", "first", "second", "main", "none", "other", "openai", "k-1", "acme", "test"}
	for _, m := range regexp.MustCompile(`claude_proxy_\w+\{([^}]*)\}`).FindAllStringSubmatch(text, -1) {
		for _, l := range regexp.MustCompile(`(channel|from|to|key|model|adapter|plugin)="([^"]*)"`).FindAllStringSubmatch(m[1], -1) {
			if !slices.Contains(allowed, l[2]) {
				t.Errorf("label %s=%q", l[1], l[2])
			}
		}
	}
}

func TestLocal(t *testing.T) {
	b := newBench(t, func(c *config.Config) {
		c.Server.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}
	})
	f := func(peer, host string, want bool, headers ...string) {
		t.Helper()
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.RemoteAddr, r.Host = peer, host
		for _, h := range headers {
			r.Header.Set(h, "x")
		}
		if got := b.Local(r); got != want {
			t.Errorf("%s asks %s with %v: %v", peer, host, headers, got)
		}
	}
	f("127.0.0.1:999", "127.0.0.1:3000", true)
	f("127.0.0.1:999", "localhost:3000", true)
	f("[::1]:999", "[::1]:3000", true)
	f("[::ffff:127.0.0.1]:999", "127.0.0.1", true)
	f("10.0.0.1:999", "localhost:3000", false)
	f("127.0.0.1:999", "evil.example:3000", false) // rebinding
	f("127.0.0.2:999", "localhost:3000", false)    // a trusted proxy
	f("127.0.0.1:999", "localhost:3000", false, "X-Forwarded-For")
	f("127.0.0.1:999", "localhost:3000", false, "Forwarded")
	f("pipe", "localhost", false)
}

// What the hub adds to one request.
func BenchmarkHub(b *testing.B) {
	cfg := config.Default()
	cfg.Log.Requests, cfg.Log.Responses = false, false
	h := New(cfg, Options{Log: discardLogger(), Version: "test"})
	r := record("ok")
	r.Attempts = r.Attempts[1:]
	b.ReportAllocs()
	for b.Loop() {
		h.Started(r.Call)
		h.Ended(r)
	}
}
