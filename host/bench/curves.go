package bench

import (
	"context"
	"fmt"
	"math"
	"path"
	"strings"
)

// Curve shows how something grows with something else.
type Curve struct {
	// Name is the file's, Title says what is shown, X and Y name the axes.
	Name, Title, X, Y string
	Lines             []Line
}

// Line is one target of a curve.
type Line struct {
	Name   string
	Points []Point
}

// Point is one measurement.
type Point struct{ X, Y float64 }

// sweep is a row of scenarios that differ in one number.
type sweep struct {
	name, x string
	values  []int
	// at makes the scenario of a value for an adapter.
	at       func(value int) Scenario
	adapters []string
	wasm     bool
	// figures are what is plotted of each row.
	figures []figure
}

type figure struct {
	name, title, y string
	of             func(*Figures) float64
}

var perRequest = figure{"", "Processor time per request", "µs", func(f *Figures) float64 { return f.CPUMicros }}

func sweeps() []sweep {
	return []sweep{
		{name: "size", x: "bytes of the request", values: []int{1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 10 << 20}, adapters: []string{"openai", "claude"},
			at:      func(n int) Scenario { return Scenario{Kind: Closed, model: "fast-plain", body: chat(n)} },
			figures: []figure{perRequest}},
		{name: "events", x: "text deltas of the answer", values: []int{1, 10, 100, 1000, 10000}, adapters: []string{"openai", "claude"},
			at: func(n int) Scenario {
				return Scenario{Kind: Closed, Events: n, model: fmt.Sprintf("fast-stream-%d", n), body: small}
			},
			figures: []figure{perRequest}},
		{name: "streams", x: "live streams of 10 deltas a second", values: []int{10, 100, 1000, 5000}, adapters: []string{"openai"},
			at: func(int) Scenario { return Scenario{Kind: Slow, Events: 30, model: "fast-slow-30-100ms", body: small} },
			figures: []figure{
				{"-memory", "Peak memory", "MiB", func(f *Figures) float64 { return f.PeakRSSMiB }},
				{"-cpu", "Processor time per delta", "µs", func(f *Figures) float64 { return f.CPUMicrosEvent }},
			}},
		{name: "keys", x: "keys of the channel", values: []int{1, 10, 100, 1000}, adapters: []string{"openai"},
			at: func(n int) Scenario {
				return Scenario{Kind: Closed, model: "fast-plain", body: small, keys: n, extra: "routing: { strategy: least-busy, affinity: auto }\n", sessions: 64}
			},
			figures: []figure{perRequest}},
		{name: "plugins", x: "plugins that are loaded", values: []int{1, 5, 10, 20}, adapters: []string{"openai"}, wasm: true,
			at: func(n int) Scenario {
				return Scenario{Kind: Closed, Wasm: true, model: "fast-plain", body: small, plugins: n}
			},
			figures: []figure{perRequest,
				{"-memory", "Peak memory", "MiB", func(f *Figures) float64 { return f.PeakRSSMiB }}}},
	}
}

// Curves measures how costs grow with the size of a request, the length of an answer, the number of live streams, of keys and
// of plugins. quick takes fewer and smaller steps.
func Curves(ctx context.Context, o Options, quick bool) ([]Curve, error) {
	o.Rounds = min(max(o.Rounds, 1), 3)
	r, err := start(ctx, o)
	if err != nil {
		return nil, err
	}
	defer r.close()
	var all []Curve
	for _, s := range sweeps() {
		if quick {
			s.values = s.values[:2]
		}
		curves, err := r.sweep(ctx, &s)
		if err != nil {
			return nil, fmt.Errorf("curve %s: %w", s.name, err)
		}
		all = append(all, curves...)
	}
	return all, nil
}

func (r *run) sweep(ctx context.Context, s *sweep) ([]Curve, error) {
	curves := make([]Curve, len(s.figures))
	for i, f := range s.figures {
		curves[i] = Curve{Name: s.name + f.name, Title: f.title, X: s.x, Y: f.y}
	}
	for _, adapter := range s.adapters {
		for _, value := range s.values {
			one := s.at(value)
			one.Name, one.Adapter = fmt.Sprintf("%s-%s-%d", s.name, adapter, value), adapter
			fmt.Fprintln(r.Progress, one.Name)
			streams := r.Streams
			if one.Kind == Slow {
				r.Streams = value
			}
			row, err := r.measure(ctx, &one)
			r.Streams = streams
			if err != nil {
				return nil, fmt.Errorf("at %d: %w", value, err)
			}
			for i, f := range s.figures {
				for k := range row.Targets {
					curves[i].add(lineName(adapter, row.Targets[k].Target, len(s.adapters) > 1), float64(value), f.of(&row.Targets[k]))
				}
			}
		}
	}
	return curves, nil
}

func lineName(adapter, target string, several bool) string {
	switch {
	case target != ours && several:
		return target + ", " + adapter
	case target != ours:
		return target
	case adapter == "claude":
		return "passed through"
	}
	return "Claude→OpenAI"
}

func (c *Curve) add(line string, x, y float64) {
	for i := range c.Lines {
		if c.Lines[i].Name == line {
			c.Lines[i].Points = append(c.Lines[i].Points, Point{x, y})
			return
		}
	}
	c.Lines = append(c.Lines, Line{line, []Point{{x, y}}})
}

// growth is the steepest step of a line in a plot with two logarithmic axes: 1 is linear, 2 quadratic.
func (l *Line) growth() float64 {
	steepest := 0.0
	for i := 1; i < len(l.Points); i++ {
		a, b := l.Points[i-1], l.Points[i]
		if a.Y > 0 && b.Y > 0 {
			steepest = max(steepest, math.Log(b.Y/a.Y)/math.Log(b.X/a.X))
		}
	}
	return steepest
}

// CurvesMarkdown lists the curves: their ends, and how they grow at most. The plots are linked as lying in folder.
func CurvesMarkdown(curves []Curve, folder string) string {
	var b strings.Builder
	b.WriteString("| curve | line | from | to | steepest growth (1 is linear) |\n|---|---|---:|---:|---:|\n")
	for i := range curves {
		c := &curves[i]
		for k := range c.Lines {
			l := &c.Lines[k]
			first, last := l.Points[0], l.Points[len(l.Points)-1]
			fmt.Fprintf(&b, "| [%s](%s) by %s | %s | %.0f: %.4g %s | %.0f: %.4g %s | %.2f |\n", c.Title, path.Join(folder, c.Name+".svg"), c.X, l.Name, first.X, first.Y, c.Y, last.X, last.Y, c.Y, l.growth())
		}
	}
	return b.String()
}

// chat is a request of about size bytes in many messages.
func chat(size int) func(bool) string {
	return func(stream bool) string {
		var b strings.Builder
		fmt.Fprintf(&b, `{"model":"%s","max_tokens":100,"stream":%v,"messages":[{"role":"user","content":"hi"}`, modelSlot, stream)
		for b.Len() < size-200 {
			b.WriteString(`,{"role":"assistant","content":[{"type":"text","text":"` + strings.Repeat(`The quick brown fox said \"hello\".\n`, 6) + `"}]}`)
			b.WriteString(`,{"role":"user","content":[{"type":"text","text":"And then?"}]}`)
		}
		b.WriteString("]}")
		return b.String()
	}
}
