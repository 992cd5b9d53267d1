package bench

import (
	"context"
	"fmt"
	"os"
	"time"
)

// idleBudget is the highest resident size of a proxy that has nothing to do, in MiB.
const idleBudget = 25

// Start is what a start costs: medians.
type Start struct {
	BinaryMiB float64 `json:"binary_mib"`
	// ReadyMS is from the start of the process to its line that says where it listens, FirstAnswerMS to the end of the first
	// converted answer.
	ReadyMS       float64 `json:"ready_ms"`
	FirstAnswerMS float64 `json:"first_answer_ms"`
	// IdleRSSMiB is a second after that.
	IdleRSSMiB float64 `json:"idle_rss_mib"`
	BareRSSMiB float64 `json:"bare_idle_rss_mib"`
}

// startup starts the proxy some times.
func (r *run) startup(ctx context.Context) (*Start, error) {
	info, err := os.Stat(r.Binary)
	if err != nil {
		return nil, err
	}
	s := scenarios[0]
	var ready, first, idle, bareIdle []float64
	for range r.Rounds {
		began := time.Now()
		p, err := r.proxy(ctx, &s, false)
		if err != nil {
			return nil, err
		}
		ready = append(ready, time.Since(began).Seconds()*1000)
		size, err := r.idle(ctx, p, &s, messagesPath, func() { first = append(first, time.Since(began).Seconds()*1000) })
		if err != nil {
			return nil, err
		}
		idle = append(idle, size)
		if p, err = r.spawn(ctx, "bare proxy", "bare", r.upstream.url); err != nil {
			return nil, err
		}
		if size, err = r.idle(ctx, p, &s, barePath(s.Adapter, s.model, false), func() {}); err != nil {
			return nil, err
		}
		bareIdle = append(bareIdle, size)
	}
	return &Start{
		BinaryMiB: float64(info.Size()) / (1 << 20), ReadyMS: median(ready), FirstAnswerMS: median(first),
		IdleRSSMiB: median(idle), BareRSSMiB: median(bareIdle),
	}, nil
}

// idle asks a process once and says how large it is a second later.
func (r *run) idle(ctx context.Context, p *process, s *Scenario, path string, answered func()) (float64, error) {
	defer p.stop()
	t := &target{name: ours, process: p, pid: p.pid, url: p.url + path, body: []byte(fill(s)), claude: path == messagesPath}
	if err := t.learn(ctx, s); err != nil {
		return 0, err
	}
	answered()
	time.Sleep(r.Round)
	return rss(p.pid, "VmRSS"), nil
}

func (s *Start) markdown() string {
	return fmt.Sprintf("\nStart: the program has %.1f MiB; it listens after %.0f ms and has given its first converted answer after %.0f ms; idle it has %.1f MiB (budget %d), the bare proxy %.1f MiB.\n",
		s.BinaryMiB, s.ReadyMS, s.FirstAnswerMS, s.IdleRSSMiB, idleBudget, s.BareRSSMiB)
}
