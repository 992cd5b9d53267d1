package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// client asks over connections that it keeps.
type client struct{ transport *http.Transport }

func newClient(connections int) *client {
	return &client{&http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true}}
}

func (c *client) close() { c.transport.CloseIdleConnections() }

// ask sends one request, reads the answer into buf and checks it.
func (c *client) ask(ctx context.Context, t *target, session string, buf *bytes.Buffer) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(t.body))
	if err != nil {
		return nil, err
	}
	req.Header["X-Api-Key"] = []string{ClientKey}
	req.Header["Anthropic-Version"] = []string{"2023-06-01"}
	req.Header["Content-Type"] = []string{"application/json"}
	if session != "" {
		req.Header["X-Claude-Code-Session-Id"] = []string{session}
	}
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if buf == nil {
		buf = new(bytes.Buffer)
	}
	buf.Reset()
	if _, err := io.Copy(buf, resp.Body); err != nil {
		return nil, fmt.Errorf("an answer was cut: %w", err)
	}
	return buf.Bytes(), t.want.check(resp.StatusCode, buf.Bytes())
}

// Turn is what a target did in one turn.
type Turn struct {
	Requests int
	// CPU and Mallocs are those of the target's process; Mallocs is 0 where it does not tell.
	CPU     time.Duration
	Mallocs uint64
	// Latencies are sorted.
	Latencies []time.Duration
	// PeakRSS is in MiB.
	PeakRSS float64
}

// percentile is a latency that a share q of all does not exceed.
func (t *Turn) percentile(q float64) time.Duration {
	if len(t.Latencies) == 0 {
		return 0
	}
	return t.Latencies[min(int(q*float64(len(t.Latencies))), len(t.Latencies)-1)]
}

// warm lets connections, pools and caches come to where they stay.
func (t *target) warm(ctx context.Context, s *Scenario, r *run) error {
	if s.Kind == Slow {
		return nil // its streams warm up while they run
	}
	_, err := t.closed(ctx, s, r.Connections, r.Round/4)
	return err
}

// turn lets a target work and measures it.
func (t *target) turn(ctx context.Context, s *Scenario, r *run) (Turn, error) {
	var before memory
	var err error
	if t.process != nil {
		forgetPeak(t.pid)
		if before, err = t.process.memory(); err != nil {
			return Turn{}, err
		}
	}
	began := cpu(t.pid)
	var latencies []time.Duration
	switch s.Kind {
	case Slow:
		latencies, err = t.slow(ctx, s, r.Streams)
	case Open:
		latencies, err = t.open(ctx, s, r.Rate, 3*r.Round)
	default:
		latencies, err = t.closed(ctx, s, r.Connections, r.Round)
	}
	if err != nil {
		return Turn{}, err
	}
	turn := Turn{Requests: len(latencies), CPU: cpu(t.pid) - began, Latencies: latencies, PeakRSS: rss(t.pid, "VmHWM")}
	if t.process != nil {
		after, err := t.process.memory()
		if err != nil {
			return Turn{}, err
		}
		turn.Mallocs = after.Mallocs - before.Mallocs
	}
	slices.Sort(turn.Latencies)
	return turn, nil
}

// session is the conversation of the i-th request.
func (s *Scenario) session(i int) string {
	if s.sessions == 0 {
		return ""
	}
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", i%s.sessions)
}

// closed keeps a number of requests under way for d.
func (t *target) closed(ctx context.Context, s *Scenario, connections int, d time.Duration) ([]time.Duration, error) {
	c := newClient(connections)
	defer c.close()
	end := time.Now().Add(d)
	return gather(connections, func(worker int) ([]time.Duration, error) {
		var list []time.Duration
		var buf bytes.Buffer
		for i := worker; len(list) == 0 || time.Now().Before(end); i += connections {
			began := time.Now()
			if _, err := c.ask(ctx, t, s.session(i), &buf); err != nil {
				return nil, err
			}
			list = append(list, time.Since(began))
		}
		return list, nil
	})
}

// open sends requests at a fixed rate for d. A latency counts from when the request was due.
func (t *target) open(ctx context.Context, s *Scenario, rate int, d time.Duration) ([]time.Duration, error) {
	c := newClient(256)
	defer c.close()
	start := time.Now().Add(10 * time.Millisecond)
	return gather(max(1, int(d.Seconds()*float64(rate))), func(i int) ([]time.Duration, error) {
		due := start.Add(time.Duration(i) * time.Second / time.Duration(rate))
		time.Sleep(time.Until(due))
		if _, err := c.ask(ctx, t, s.session(i), nil); err != nil {
			return nil, err
		}
		return []time.Duration{time.Since(due)}, nil
	})
}

// slow opens streams over half a second and reads them to their end.
func (t *target) slow(ctx context.Context, s *Scenario, streams int) ([]time.Duration, error) {
	c := newClient(streams)
	defer c.close()
	return gather(streams, func(i int) ([]time.Duration, error) {
		time.Sleep(time.Duration(i) * 500 * time.Millisecond / time.Duration(streams))
		began := time.Now()
		if _, err := c.ask(ctx, t, s.session(i), nil); err != nil {
			return nil, err
		}
		return []time.Duration{time.Since(began)}, nil
	})
}

// gather runs n workers and joins what they measured; the first error counts.
func gather(n int, work func(i int) ([]time.Duration, error)) ([]time.Duration, error) {
	var mu sync.Mutex
	var all []time.Duration
	var first error
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			list, err := work(i)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, list...)
			if first == nil {
				first = err
			}
		})
	}
	wg.Wait()
	return all, first
}
