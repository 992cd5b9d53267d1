package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Report is the table.
type Report struct {
	Machine      string  `json:"machine"`
	Rounds       int     `json:"rounds"`
	RoundSeconds float64 `json:"round_seconds"`
	Connections  int     `json:"connections"`
	Rows         []Row   `json:"rows"`
	Start        *Start  `json:"start,omitempty"`
}

// Row is one scenario.
type Row struct {
	Scenario
	Targets []Figures `json:"targets,omitempty"`
	// Ratio is processor time per request of the proxy to that of what it is compared with, the median over the rounds; in an
	// open loop it is that of the latency added at p50, and RatioP99 at p99. 0 is not known.
	Ratio    float64 `json:"ratio,omitempty"`
	RatioP99 float64 `json:"ratio_p99,omitempty"`
	// LaterMS is by how much deltas of slow streams came later at p99 than through what is compared with, the median over the
	// rounds; below 0 they came earlier.
	LaterMS float64 `json:"later_p99_ms,omitempty"`
}

// Figures are medians over the rounds of one target.
type Figures struct {
	Target string `json:"target"`
	// Requests is how many there were in all, every one answered as it should.
	Requests int `json:"requests"`
	// CPUMicros is processor time per request, CPUMicrosEvent per event of a stream, beyond nothing: the whole divided.
	CPUMicros      float64 `json:"cpu_us,omitempty"`
	CPUMicrosEvent float64 `json:"cpu_us_event,omitempty"`
	// Allocations are objects on the heap per request, AllocationsEvent per event.
	Allocations      float64 `json:"allocations,omitempty"`
	AllocationsEvent float64 `json:"allocations_event,omitempty"`
	P50MS            float64 `json:"p50_ms"`
	P99MS            float64 `json:"p99_ms"`
	PeakRSSMiB       float64 `json:"peak_rss_mib,omitempty"`
	// LateP50MS and LateP99MS are how long after it was due a delta of a slow stream reached the client.
	LateP50MS float64 `json:"late_p50_ms,omitempty"`
	LateP99MS float64 `json:"late_p99_ms,omitempty"`

	turns []Turn
}

// sum makes figures of the turns.
func (t *target) sum() Figures {
	f := Figures{Target: t.name, turns: t.turns}
	for i := range t.turns {
		f.Requests += t.turns[i].Requests
	}
	of := func(value func(*Turn) float64) float64 {
		list := make([]float64, len(t.turns))
		for i := range t.turns {
			list[i] = value(&t.turns[i])
		}
		return median(list)
	}
	f.CPUMicros = of((*Turn).cpuMicros)
	f.Allocations = of(func(t *Turn) float64 { return float64(t.Mallocs) / float64(t.Requests) })
	f.P50MS = of(func(t *Turn) float64 { return percentile(t.Latencies, 0.5) })
	f.P99MS = of(func(t *Turn) float64 { return percentile(t.Latencies, 0.99) })
	f.LateP50MS = of(func(t *Turn) float64 { return percentile(t.Late, 0.5) })
	f.LateP99MS = of(func(t *Turn) float64 { return percentile(t.Late, 0.99) })
	f.PeakRSSMiB = of(func(t *Turn) float64 { return t.PeakRSS })
	return f
}

func (t *Turn) cpuMicros() float64 {
	return float64(t.CPU) / float64(time.Microsecond) / float64(t.Requests)
}

func median(list []float64) float64 {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	if n := len(list); n%2 == 0 {
		return (list[n/2-1] + list[n/2]) / 2
	}
	return list[len(list)/2]
}

// compare fills in what follows from the figures of several targets.
func (r *Row) compare() {
	for i := range r.Targets {
		if f := &r.Targets[i]; r.Events > 0 {
			f.CPUMicrosEvent, f.AllocationsEvent = f.CPUMicros/float64(r.Events), f.Allocations/float64(r.Events)
		}
	}
	us, base := r.of(ours), r.of(bareGo)
	if base == nil {
		base = r.of(native)
	}
	if us == nil || base == nil {
		return
	}
	if d := r.of(direct); d != nil {
		added := func(q float64) float64 {
			return ratio(us, base, func(i int, f *Figures) float64 {
				return percentile(f.turns[i].Latencies, q) - percentile(d.turns[i].Latencies, q)
			})
		}
		r.Ratio, r.RatioP99 = added(0.5), added(0.99)
		return
	}
	r.Ratio = ratio(us, base, func(i int, f *Figures) float64 { return f.turns[i].cpuMicros() })
	var later []float64
	for i := range us.turns {
		later = append(later, percentile(us.turns[i].Late, 0.99)-percentile(base.turns[i].Late, 0.99))
	}
	r.LaterMS = median(later)
}

// ratio is the median over the rounds of one figure to another.
func ratio(us, base *Figures, value func(round int, f *Figures) float64) float64 {
	var list []float64
	for i := range us.turns {
		if b := value(i, base); b > 0 {
			list = append(list, value(i, us)/b)
		}
	}
	return median(list)
}

func (r *Row) of(name string) *Figures {
	for i := range r.Targets {
		if r.Targets[i].Target == name {
			return &r.Targets[i]
		}
	}
	return nil
}

// WriteJSON writes the report as JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// Markdown is the report as a table.
func (r *Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s; %d alternated rounds of %g s, %d connections, medians. CPU is µs of the proxy's process per request (per event).\n\n", r.Machine, r.Rounds, r.RoundSeconds, r.Connections)
	b.WriteString("| scenario | compared with | its CPU | our CPU | ratio | budget | allocations, its / ours | p50, its / ours, ms | p99, its / ours, ms | peak RSS, its / ours, MiB | delta late at p50, p99, its / ours, ms |\n")
	b.WriteString("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for i := range r.Rows {
		r.Rows[i].markdown(&b)
	}
	if r.Start != nil {
		b.WriteString(r.Start.markdown())
	}
	return b.String()
}

func (r *Row) markdown(b *strings.Builder) {
	if r.Note != "" {
		fmt.Fprintf(b, "| %s | not measured: %s ||||||||||\n", r.Text, r.Note)
		return
	}
	us := r.of(ours)
	for i := range r.Targets {
		it := &r.Targets[i]
		if it.Target == ours || it.Target == direct {
			continue
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s | %s / %.0f | %.2f / %.2f | %.2f / %.2f | %.0f / %.0f | %s |\n", r.Text, it.Target,
			it.cpu(), us.cpu(), r.ratios(it), r.budgets(it), it.allocations(), us.Allocations, it.P50MS, us.P50MS, it.P99MS, us.P99MS, it.PeakRSSMiB, us.PeakRSSMiB, r.late(it))
	}
}

func (f *Figures) cpu() string {
	switch {
	case f.CPUMicros == 0:
		return "–"
	case f.CPUMicrosEvent > 0:
		return fmt.Sprintf("%.0f (%.1f)", f.CPUMicros, f.CPUMicrosEvent)
	}
	return fmt.Sprintf("%.0f", f.CPUMicros)
}

// allocations are only known of our own processes.
func (f *Figures) allocations() string {
	if f.Target == against {
		return "–"
	}
	return fmt.Sprintf("%.0f", f.Allocations)
}

func (r *Row) ratios(it *Figures) string {
	switch {
	case it.Target == against && it.CPUMicros > 0:
		return fmt.Sprintf("%.2f", r.of(ours).CPUMicros/it.CPUMicros)
	case it.Target == against || r.Ratio == 0:
		return "–"
	case r.RatioP99 > 0:
		return fmt.Sprintf("added %.2f / %.2f", r.Ratio, r.RatioP99)
	}
	return fmt.Sprintf("%.2f", r.Ratio)
}

// late shows how late deltas came.
func (r *Row) late(it *Figures) string {
	us := r.of(ours)
	if us.LateP99MS == 0 {
		return "–"
	}
	text := fmt.Sprintf("%.2f / %.2f, %.2f / %.2f", it.LateP50MS, us.LateP50MS, it.LateP99MS, us.LateP99MS)
	if it.Target != against {
		text += fmt.Sprintf(" (%+.2f)", r.LaterMS)
	}
	return text
}

// budgets are those of the ratio to the bare proxy.
func (r *Row) budgets(it *Figures) string {
	switch {
	case it.Target == against:
		return "–"
	case r.P99Budget > 0:
		return fmt.Sprintf("%g / %g", r.Budget, r.P99Budget)
	case r.RSSBudget > 0:
		return fmt.Sprintf("%g MiB, +%g ms", r.RSSBudget, r.LateBudget)
	case r.Budget > 0:
		return fmt.Sprintf("%g", r.Budget)
	}
	return "–"
}

// Over lists the budgets that do not hold in this run.
func (r *Report) Over() []string {
	var list []string
	add := func(row *Row, what string, got, budget float64) {
		if budget > 0 && got > budget {
			list = append(list, fmt.Sprintf("%s: %s is %.2f, the budget %g", row.Name, what, got, budget))
		}
	}
	for i := range r.Rows {
		row := &r.Rows[i]
		add(row, "the ratio", row.Ratio, row.Budget)
		add(row, "the ratio at p99", row.RatioP99, row.P99Budget)
		add(row, "how much later deltas come at p99, in ms,", row.LaterMS, row.LateBudget)
		if us := row.of(ours); us != nil {
			add(row, "peak RSS", us.PeakRSSMiB, row.RSSBudget)
		}
	}
	if r.Start != nil && r.Start.IdleRSSMiB > idleBudget {
		list = append(list, fmt.Sprintf("start: idle RSS is %.1f MiB, the budget %d", r.Start.IdleRSSMiB, idleBudget))
	}
	return list
}
