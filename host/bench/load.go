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

	"github.com/claude-proxy/claude-proxy/host/hosttest"
)

// client asks over connections that it keeps.
type client struct{ transport *http.Transport }

func newClient(connections int) *client {
	return &client{&http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true}}
}

func (c *client) close() { c.transport.CloseIdleConnections() }

// ask sends one request, reads the answer into buf and checks it.
func (c *client) ask(ctx context.Context, t *target, session string, buf *bytes.Buffer) ([]byte, error) {
	if buf == nil {
		buf = new(bytes.Buffer)
	}
	resp, err := c.send(ctx, t, session)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	buf.Reset()
	if _, err := buf.ReadFrom(resp.Body); err != nil {
		return nil, fmt.Errorf("an answer was cut: %w", err)
	}
	return buf.Bytes(), t.want.check(resp.StatusCode, buf.Bytes())
}

// follow sends one request, reads the answer as it comes and checks it. It returns how late each delta was.
func (c *client) follow(ctx context.Context, t *target, session string) ([]time.Duration, error) {
	resp, err := c.send(ctx, t, session)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var late []time.Duration
	answer := make([]byte, 0, 1<<10)
	read := 0 // how much of the answer was looked at
	for err == nil {
		answer = slices.Grow(answer, 512)
		var n int
		n, err = resp.Body.Read(answer[len(answer):cap(answer)])
		answer = answer[:len(answer)+n]
		for now, more := time.Now(), true; more; {
			due, rest, ok := hosttest.NextDue(answer[read:])
			if ok {
				late = append(late, now.Sub(due))
			}
			read, more = len(answer)-len(rest), ok
		}
	}
	if err != io.EOF {
		return nil, fmt.Errorf("an answer was cut: %w", err)
	}
	return late, t.want.check(resp.StatusCode, answer)
}

// send sends one request.
func (c *client) send(ctx context.Context, t *target, session string) (*http.Response, error) {
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
	return c.transport.RoundTrip(req)
}

// Turn is what a target did in one turn.
type Turn struct {
	Requests int
	// CPU and Mallocs are those of the target's process; Mallocs is 0 where it does not tell.
	CPU     time.Duration
	Mallocs uint64
	// Latencies are sorted.
	Latencies []time.Duration
	// Late is by how much each delta of slow streams was late, sorted.
	Late []time.Duration
	// PeakRSS is in MiB.
	PeakRSS float64
}

// percentile is what a share q of a sorted list does not exceed, in ms; 0 of nothing.
func percentile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]) / float64(time.Millisecond)
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
	var latencies, late []time.Duration
	switch s.Kind {
	case Slow:
		latencies, late, err = t.slow(ctx, s, r.Streams)
	case Open:
		latencies, err = t.open(ctx, s, r.Rate, 3*r.Round)
	default:
		latencies, err = t.closed(ctx, s, r.Connections, r.Round)
	}
	if err != nil {
		return Turn{}, err
	}
	turn := Turn{Requests: len(latencies), CPU: cpu(t.pid) - began, Latencies: latencies, Late: late, PeakRSS: rss(t.pid, "VmHWM")}
	if t.process != nil {
		after, err := t.process.memory()
		if err != nil {
			return Turn{}, err
		}
		turn.Mallocs = after.Mallocs - before.Mallocs
	}
	slices.Sort(turn.Latencies)
	slices.Sort(turn.Late)
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

// perStream is how long after one slow stream the next one is opened: for a thousand that is two seconds, so that neither
// connections nor deltas come all at once.
const perStream = 2 * time.Millisecond

// maxOpening is how long the opening of all slow streams may take: less than they last.
const maxOpening = 2 * time.Second

// slow opens streams one after the other, in time for all to be live together, and reads them to their end. late is how late
// their deltas came.
func (t *target) slow(ctx context.Context, s *Scenario, streams int) (latencies, late []time.Duration, err error) {
	c := newClient(streams)
	defer c.close()
	apart := min(perStream, maxOpening/time.Duration(streams))
	var mu sync.Mutex
	latencies, err = gather(streams, func(i int) ([]time.Duration, error) {
		time.Sleep(time.Duration(i) * apart)
		began := time.Now()
		list, err := c.follow(ctx, t, s.session(i))
		if err != nil {
			return nil, err
		}
		took := time.Since(began)
		mu.Lock()
		late = append(late, list...)
		mu.Unlock()
		return []time.Duration{took}, nil
	})
	return latencies, late, err
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
