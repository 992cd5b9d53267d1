package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/failure"
	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// Canaries: no output of the package may hold them.
const (
	clientKey   = "canary-client-key-8d1f0a5c"
	upstreamKey = "canary-upstream-key-b71e9c"
)

// bench is a hub over a clock that stands still until it is moved.
type bench struct {
	*Hub
	t   *testing.T
	now time.Time
	log bytes.Buffer
}

func newBench(t *testing.T, change func(*config.Config)) *bench {
	cfg := config.Default()
	cfg.Log.Requests, cfg.Log.Responses = true, true
	cfg.Channels = []config.Channel{{Name: "main", Adapter: "openai", Serves: []string{"named", "gpt-*"}, Enabled: true}}
	if change != nil {
		change(cfg)
	}
	b := &bench{t: t, now: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)}
	b.Hub = New(cfg, Options{Log: slog.New(slog.NewTextHandler(&b.log, nil)), Version: "test", Now: func() time.Time { return b.now }})
	return b
}

// call is a request that presents the client's canary.
func (b *bench) call(id, model string) *relay.Call {
	c := *record("ok").Call
	doc, err := jsonindex.Parse([]byte(`{"model":"`+model+`"}`), jsonindex.ClientMode())
	if err != nil {
		b.t.Fatal(err)
	}
	c.ID, c.Op, c.Received, c.Head.Model, c.Doc = id, adapter.Messages, b.now, model, doc
	c.Method, c.Path, c.Query = "POST", "/v1/messages", "beta=true&key="+clientKey
	c.Header = http.Header{"X-Api-Key": {clientKey}, "Authorization": {"Bearer " + clientKey}, "User-Agent": {"sdk"}}
	return &c
}

// run serves one request that takes a second.
func (b *bench) run(id, model, outcome string, inside func(relay.Trace), faults ...*failure.Fault) relay.Trace {
	c := b.call(id, model)
	trace := b.Started(c)
	if trace != nil && inside != nil {
		inside(trace)
	}
	b.now = b.now.Add(time.Second)
	r := record(outcome)
	r.Call, r.Trace, r.Attempts = c, trace, nil
	r.Total, r.FirstByte, r.Before, r.Reads, r.Converting = time.Second, 100*time.Millisecond, 30*time.Microsecond, 2, 10*time.Microsecond
	for i, f := range faults {
		r.Attempts = append(r.Attempts, relay.Attempt{Channel: fmt.Sprint("c", i), Adapter: "openai", Key: "label", KeyID: "k-1", Model: "up", Fault: f})
	}
	if len(faults) == 0 {
		r.Attempts = []relay.Attempt{{Channel: "main", Adapter: "openai", Key: "label", KeyID: "k-1", Model: "up"}}
	}
	b.Ended(r)
	return trace
}

func ids(list []Exchange) string {
	var names []string
	for _, e := range list {
		names = append(names, e.ID)
	}
	return strings.Join(names, " ")
}

func TestRecent(t *testing.T) {
	b := newBench(t, func(c *config.Config) { c.Log.Recent = 3 })
	rate := &failure.Fault{Source: failure.Channel, Kind: failure.KindStatus, Class: adapter.RateLimited, Status: 429, Message: "Slow Down"}
	b.run("r1", "named", "ok", nil)
	b.run("r2", "other-model", "error", nil, rate)
	b.run("r3", "named", "ok", nil, rate, nil)
	f := func(filter Filter, want string) {
		t.Helper()
		if got := ids(b.Recent(filter)); got != want {
			t.Errorf("%+v: %q, want %q", filter, got, want)
		}
	}
	f(Filter{}, "r3 r2 r1")
	f(Filter{Limit: 2}, "r3 r2")
	f(Filter{Outcomes: []Outcome{Overloaded}}, "r2")
	f(Filter{Model: "named"}, "r3 r1")
	f(Filter{Channel: "c0"}, "r3 r2")
	f(Filter{Channel: "main", Key: "k-1"}, "r1")
	f(Filter{Text: "slow down"}, "r3 r2")
	f(Filter{Text: "nowhere"}, "")
	f(Filter{Before: b.now.Add(-time.Second)}, "r2 r1")
	f(Filter{Since: b.now.Add(-2 * time.Second)}, "r3 r2")
	f(Filter{Status: 404}, "")
	// the ring forgets the oldest
	b.run("r4", "named", "ok", nil)
	f(Filter{}, "r4 r3 r2")
	if _, ok := b.Get("r1"); ok {
		t.Error("r1 is still there")
	}
	if e, ok := b.Get("r3"); !ok || len(e.Attempts) != 2 || e.Attempts[0].Fault.Status != 429 || e.Channel != "c1" || e.Outcome != OK {
		t.Errorf("r3 is %+v", e)
	}
	// log.recent may change while the program runs
	cfg := config.Default()
	cfg.Log.Recent = 2
	b.Reloaded(cfg, nil, nil)
	f(Filter{}, "r4 r3")
	b.run("r5", "named", "ok", nil)
	f(Filter{}, "r5 r4")
	cfg.Log.Recent = 0
	b.Reloaded(cfg, nil, nil)
	b.run("r6", "named", "ok", nil)
	f(Filter{}, "")
}

func TestLive(t *testing.T) {
	b := newBench(t, nil)
	c := b.call("r1", "named")
	b.Started(c)
	b.now = b.now.Add(5 * time.Second)
	if l := b.Live(); ids(l) != "r1" || l[0].TotalMS != 5000 || l[0].Outcome != "" {
		t.Errorf("live: %+v", l)
	}
	r := record("ok")
	r.Call = c
	b.Ended(r)
	if l := b.Live(); len(l) != 0 {
		t.Errorf("live: %+v", l)
	}
}

func TestOutcomes(t *testing.T) {
	f := func(want Outcome, outcome string, status int, fault *failure.Fault) {
		t.Helper()
		r := record(outcome)
		r.Status, r.Attempts = status, nil
		if fault != nil {
			r.Attempts = []relay.Attempt{{Fault: fault}}
		}
		if got := outcomeOf(r); got != want {
			t.Errorf("%s %d %v: %s, want %s", outcome, status, fault, got, want)
		}
	}
	f(OK, "ok", 200, nil)
	f(Canceled, "client_gone", 0, nil)
	f(ClientError, "error", 404, nil)
	f(Overloaded, "error", 529, nil)
	f(ClientError, "error", 400, &failure.Fault{Source: failure.Client, Class: adapter.Invalid, Kind: failure.KindStatus})
	f(UpstreamError, "error", 502, &failure.Fault{Source: failure.Channel, Class: adapter.Auth, Kind: failure.KindStatus, Status: 401})
	f(UpstreamError, "cut", 200, &failure.Fault{Source: failure.Channel, Class: adapter.Overloaded, Kind: failure.KindCut})
	f(Overloaded, "error", 429, &failure.Fault{Source: failure.Channel, Class: adapter.RateLimited, Kind: failure.KindStatus})
	f(Timeout, "error", 504, &failure.Fault{Source: failure.Channel, Class: adapter.Overloaded, Kind: failure.KindTimeout})
	f(AdapterError, "error", 500, &failure.Fault{Source: failure.Adapter, Class: adapter.Internal, Kind: failure.KindProtocol})
}

func TestRefused(t *testing.T) {
	b := newBench(t, nil)
	b.Refused(Refusal{ID: "r1", Method: "POST", Path: "/v1/messages", Answer: failure.Unauthorized()})
	b.Refused(Refusal{ID: "r2", Client: "me", Method: "POST", Path: "/v1/messages", Answer: failure.Overloaded(time.Second)})
	if got := ids(b.Recent(Filter{})); got != "r2" {
		t.Errorf("recent: %q", got)
	}
	text := b.metrics()
	for _, want := range []string{`outcome="client_error"} 1`, `outcome="overloaded"} 1`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in\n%s", want, text)
		}
	}
	if !strings.Contains(b.log.String(), `msg="request refused" id=r1`) {
		t.Errorf("log: %s", b.log.String())
	}
}

// A slow subscriber loses the oldest events, learns how many, and holds up nobody.
func TestSlowSubscriber(t *testing.T) {
	b := newBench(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	all := b.Subscribe(ctx)
	reloads := b.Subscribe(ctx, Reload)
	for range queueLength + 10 {
		b.Publish(Health, "x")
	}
	b.Publish(Reload, "y")
	first := <-all
	if first.Seq != 12 {
		t.Errorf("the first event is number %d", first.Seq)
	}
	last := first
	for len(all) > 0 {
		last = <-all
	}
	if last.Lost != 11 || last.Type != Reload {
		t.Errorf("the last is %+v", last)
	}
	if e := <-reloads; e.Seq != queueLength+11 || e.Lost != 0 {
		t.Errorf("the subscriber of reloads got %+v", e)
	}
	cancel()
	if _, open := <-reloads; open {
		t.Error("the channel is open after its context ended")
	}
}

func TestEventsHammer(t *testing.T) {
	b := newBench(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	var readers, writers sync.WaitGroup
	for range 4 {
		ch := b.Subscribe(ctx)
		readers.Go(func() {
			var last Event
			missed := uint64(0)
			for e := range ch {
				missed += e.Seq - last.Seq - 1
				last = e
			}
			if last.Seq != 8000 || missed != last.Lost {
				t.Errorf("%d events are missing up to number %d, which says %d", missed, last.Seq, last.Lost)
			}
		})
	}
	for range 4 {
		writers.Go(func() {
			for range 2000 {
				b.Publish(Log, nil)
			}
		})
	}
	writers.Wait()
	cancel()
	readers.Wait()
}

func TestRequestEvents(t *testing.T) {
	b := newBench(t, nil)
	ch := b.Subscribe(t.Context(), RequestStarted, RequestEnded)
	b.run("r1", "named", "ok", nil)
	started, ended := (<-ch).Data.(Exchange), (<-ch).Data.(Exchange)
	if started.Outcome != "" || started.Model != "named" || ended.Outcome != OK || ended.TotalMS != 1000 {
		t.Errorf("started %+v, ended %+v", started, ended)
	}
}

func TestLogEvents(t *testing.T) {
	b := newBench(t, nil)
	ch := b.Subscribe(t.Context(), Log)
	l := slog.New(b.Handler(slog.NewTextHandler(io.Discard, nil))).With("part", "x").WithGroup("g").With("a", 1)
	l.Info("not this")
	l.Warn("this", "key", config.NewSecret(upstreamKey), slog.Group("in", "n", 2))
	line := (<-ch).Data.(LogLine)
	want := map[string]string{"part": "x", "g.a": "1", "g.key": "…e9c", "g.in.n": "2"}
	for k := range want {
		if k != "g.key" && line.Attrs[k] != want[k] {
			t.Errorf("%s is %q", k, line.Attrs[k])
		}
	}
	if line.Message != "this" || strings.Contains(fmt.Sprint(line), upstreamKey) {
		t.Errorf("line: %+v", line)
	}
}

func TestSeries(t *testing.T) {
	b := newBench(t, nil)
	b.run("r1", "named", "ok", nil) // 12:00:01
	long := b.call("r2", "named")
	b.Started(long)
	b.now = b.now.Add(34 * time.Second) // 12:00:35, nothing between
	b.run("r3", "named", "client_gone", nil)
	s := b.Series(LastHour)
	if s.StepSeconds != 10 || !s.Start.Equal(time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)) {
		t.Fatalf("series starts at %s, steps of %d s", s.Start, s.StepSeconds)
	}
	if got := fmt.Sprint(s.Requests[OK], s.Requests[Canceled], s.InFlight, s.Tokens["input"], s.Tokens["cache_read"]); got != "[1 0 0 0] [0 0 0 1] [1 1 1 2] [12 0 0 12] [0 0 0 0]" {
		t.Errorf("series: %s", got)
	}
	if p := s.FirstByteP50; p[0] < 90 || p[0] > 110 || p[1] != -1 {
		t.Errorf("first byte: %v", p)
	}
	// hours later only what is left of the hour is there, and the day knows more
	b.now = b.now.Add(2 * time.Hour)
	if s := b.Series(LastHour); len(s.InFlight) != fineSize || slices.Max(s.Requests[OK]) != 0 || slices.Min(s.InFlight) != 1 {
		t.Errorf("after two hours: %+v", s)
	}
	if s := b.Series(LastDay); len(s.InFlight) != 25 || s.Requests[OK][0] != 1 {
		t.Errorf("the day: %+v", s)
	}
	// a clock that is set back counts into the newest
	b.now = b.now.Add(-3 * time.Hour)
	b.run("r4", "named", "ok", nil)
	if s := b.Series(LastHour); s.Requests[OK][fineSize-1] != 1 {
		t.Errorf("after the clock was set back: %+v", s.Requests[OK])
	}
}

func TestQuantile(t *testing.T) {
	var d durations
	for i := range 1000 {
		d.add(float64(i + 1))
	}
	f := func(q, want float64) {
		t.Helper()
		if got := d.quantile(q); got < want*0.9 || got > want*1.1 {
			t.Errorf("quantile %v is %v, want about %v", q, got, want)
		}
	}
	f(0.5, 500)
	f(0.95, 950)
	f(1, 1000)
	d.add(0)
	d.add(1e12) // longer than anything: the last step
	f(0.5, 500)
}

func (b *bench) metrics() string {
	w := httptest.NewRecorder()
	b.Metrics().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

func emitted(f func(*ops.Emitter)) []byte {
	var e ops.Emitter
	f(&e)
	return e.Buf
}
