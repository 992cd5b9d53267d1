package telemetry

import (
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/claude-proxy/claude-proxy/host/relay"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

const namespace = "claude_proxy"

// Buckets in seconds. An answer may take minutes; what the proxy adds is microseconds.
var (
	answerBuckets   = []float64{0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600}
	overheadBuckets = []float64{2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.5, 1}
)

// meters are the metrics that requests and reloads move. What can be asked for when it is read is a matter of state.go.
type meters struct {
	registry *prometheus.Registry
	handler  http.Handler

	requests  *prometheus.CounterVec
	whole     *prometheus.HistogramVec
	stream    *prometheus.HistogramVec
	firstByte *prometheus.HistogramVec
	tokens    *prometheus.CounterVec
	attempts  *prometheus.CounterVec
	failovers *prometheus.CounterVec
	losses    *prometheus.CounterVec
	overhead  *prometheus.HistogramVec
	reloads   *prometheus.CounterVec

	reloadFailed atomic.Bool
	reloadedAt   atomic.Int64
}

func newMeters(h *Hub, o *Options) *meters {
	m := &meters{registry: prometheus.NewRegistry()}
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
		m.registry.MustRegister(c)
		return c
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		v := prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
		m.registry.MustRegister(v)
		return v
	}
	m.requests = counter("requests_total", "Requests that ended, by what they came to. Channel and adapter are those of the last attempt.",
		"channel", "adapter", "model", "outcome")
	m.whole = histogram("request_duration_seconds", "Time from the request to the end of an answer that is not a stream.", answerBuckets, "channel")
	m.stream = histogram("stream_duration_seconds", "Time from the request to the end of a streamed answer.", answerBuckets, "channel")
	m.firstByte = histogram("time_to_first_byte_seconds", "Time from the request to the first byte of an answer.", answerBuckets, "channel")
	m.tokens = counter("tokens_total", "Tokens as upstreams reported them.", "channel", "model", "type")
	m.attempts = counter("upstream_attempts_total", "Attempts, by channel and what they came to: ok, or the kind or class of the fault.", "channel", "reason")
	m.failovers = counter("failovers_total", "Attempts on another channel or key after one that failed.", "from", "to", "reason")
	m.losses = counter("losses_total", "Fields of requests and answers that an upstream could not express as they were meant.", "channel", "kind")
	m.overhead = histogram("overhead_seconds",
		"The proxy's own time: before_send from the whole request to the first one upstream, per_read the mean of the answer's reads from upstream to client.",
		overheadBuckets, "adapter", "stage")
	m.reloads = counter("config_reloads_total", "Configurations that were read again, by result.", "result")
	for _, result := range [...]string{"ok", "failed"} {
		m.reloads.WithLabelValues(result)
	}
	m.reloadedAt.Store(h.now().Unix())
	build := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "build_info", Help: "Always 1; the labels say what runs.",
		ConstLabels: prometheus.Labels{"version": o.Version, "go": runtime.Version()}})
	build.Set(1)
	m.registry.MustRegister(build, &state{hub: h, health: o.Health, plugins: o.Plugins},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.handler = promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
	return m
}

// Metrics serves the metrics in the format of Prometheus. Who may read them is the caller's to say; see Hub.Local.
func (h *Hub) Metrics() http.Handler { return h.meters.handler }

// ended counts a request. Everything that becomes a label is a name of the configuration or of this program.
func (m *meters) ended(r *relay.Record, e *Exchange, names *labels) {
	channel, adapterName, model := none, none, names.model(e.Model)
	if n := len(r.Attempts); n > 0 {
		channel, adapterName = r.Attempts[n-1].Channel, r.Attempts[n-1].Adapter
	}
	m.requests.WithLabelValues(channel, adapterName, model, string(e.Outcome)).Inc()
	m.tried(r.Attempts)
	for _, l := range r.Losses {
		if l.Kind != adapter.Noop {
			m.losses.WithLabelValues(channel, l.Kind.String()).Inc()
		}
	}
	for i, n := range e.Tokens.byType() {
		if n > 0 {
			m.tokens.WithLabelValues(channel, model, tokenTypes[i]).Add(float64(n))
		}
	}
	if r.Before > 0 {
		m.overhead.WithLabelValues(adapterName, "before_send").Observe(r.Before.Seconds())
	}
	if r.Reads > 0 {
		m.overhead.WithLabelValues(adapterName, "per_read").Observe(r.Converting.Seconds() / float64(r.Reads))
	}
	if e.Outcome != OK || r.Call.Op != adapter.Messages {
		return // how fast an error is says nothing about answers
	}
	duration := m.whole
	if e.Stream {
		duration = m.stream
	}
	duration.WithLabelValues(channel).Observe(r.Total.Seconds())
	m.firstByte.WithLabelValues(channel).Observe(r.FirstByte.Seconds())
}

func (m *meters) tried(attempts []relay.Attempt) {
	for i := range attempts {
		a := &attempts[i]
		reason := reasonOf(a)
		m.attempts.WithLabelValues(a.Channel, reason).Inc()
		if i+1 < len(attempts) {
			m.failovers.WithLabelValues(a.Channel, attempts[i+1].Channel, reason).Inc()
		}
	}
}

// reasonOf names what an attempt came to: the kind of fault, or its class where that says more.
func reasonOf(a *relay.Attempt) string {
	switch f := a.Fault; {
	case f == nil:
		return "ok"
	case f.Kind.String() == "none", f.Kind.String() == "status":
		return f.Class.String()
	default:
		return f.Kind.String()
	}
}

func (m *meters) refused(o Outcome) {
	m.requests.WithLabelValues(none, none, none, string(o)).Inc()
}

func (m *meters) reloaded(now time.Time, err error) {
	m.reloadFailed.Store(err != nil)
	if err != nil {
		m.reloads.WithLabelValues("failed").Inc()
		return
	}
	m.reloads.WithLabelValues("ok").Inc()
	m.reloadedAt.Store(now.Unix())
}

// ours says whether a metric is one of this package's, not of the Go runtime or the process.
func ours(name string) bool { return strings.HasPrefix(name, namespace+"_") }
