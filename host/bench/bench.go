// Package bench measures what the proxy costs, against a bare httputil.ReverseProxy in the same run.
//
// Upstream, bare proxy and proxy are processes of their own on loopback. The client in this process checks every answer.
// Targets are driven in turns, round by round, so that what else the machine does hits all of them alike; figures are
// medians over the rounds. Processor time is that of the target's process, user and system.
package bench

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Options say what is measured.
type Options struct {
	// Command starts this program as one of the processes: the role and its arguments are appended. Role "proxy" with the
	// path of a plugins.yaml must serve it; the others are Serve's.
	Command []string
	// Binary is the program as users start it, for sizes and times of the start; empty leaves them out.
	Binary string
	// Scenarios are the names of those to run; empty means all.
	Scenarios []string
	// Rounds is how often targets take turns; 0 is 5. Round is how long each turn is; 0 is a second.
	Rounds int
	Round  time.Duration
	// Connections is how many requests are under way in a closed loop; 0 is 16. Streams is the number of slow ones; 0 is 1000.
	Connections, Streams int
	// Rate is requests a second of the open loop; 0 is 300.
	Rate int
	// Against is the address of another gateway that takes Claude requests for the models of hosttest.Fast; empty is none.
	Against string
	// Upstream is the host:port that the upstream listens on; empty is any free one.
	Upstream string
	// Plugins is a folder with the adapters as .wasm, named as those that are built in; empty builds them, which needs the
	// source and Go.
	Plugins string
	// Profiles is a folder for a processor profile of the proxy in each scenario; empty takes none.
	Profiles string
	// Progress is told what is being measured; nil is told nothing.
	Progress io.Writer
}

func (o *Options) fill() {
	if o.Rounds == 0 {
		o.Rounds = 5
	}
	if o.Round == 0 {
		o.Round = time.Second
	}
	if o.Connections == 0 {
		o.Connections = 16
	}
	if o.Streams == 0 {
		o.Streams = 1000
	}
	if o.Rate == 0 {
		o.Rate = 300
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
}

// run is one run of the bench.
type run struct {
	Options
	dir      string
	upstream *process
}

// start begins a run: a folder for its files and the upstream.
func start(ctx context.Context, o Options) (*run, error) {
	o.fill()
	dir, err := os.MkdirTemp("", "claude-proxy-bench")
	if err != nil {
		return nil, err
	}
	r := &run{Options: o, dir: dir}
	if r.upstream, err = r.spawn(ctx, "upstream", "upstream", cmp.Or(o.Upstream, anyPort)); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *run) close() {
	if r.upstream != nil {
		r.upstream.stop()
	}
	// What cannot be removed lies in the system's folder for such things.
	_ = os.RemoveAll(r.dir)
}

// Run measures the scenarios and returns the table.
func Run(ctx context.Context, o Options) (*Report, error) {
	list, err := pick(o.Scenarios)
	if err != nil {
		return nil, err
	}
	r, err := start(ctx, o)
	if err != nil {
		return nil, err
	}
	defer r.close()
	report := &Report{Machine: machine(), Rounds: r.Rounds, RoundSeconds: r.Round.Seconds(), Connections: r.Connections}
	for i := range list {
		s := &list[i]
		fmt.Fprintf(r.Progress, "%s\n", s.Name)
		row, err := r.measure(ctx, s)
		if err != nil {
			return nil, fmt.Errorf("scenario %s: %w", s.Name, err)
		}
		report.Rows = append(report.Rows, *row)
	}
	if o.Binary != "" && len(o.Scenarios) == 0 {
		fmt.Fprintln(r.Progress, "start")
		if report.Start, err = r.startup(ctx); err != nil {
			return nil, fmt.Errorf("start: %w", err)
		}
	}
	return report, nil
}

// Names lists the scenarios.
func Names() []string {
	var names []string
	for i := range scenarios {
		names = append(names, scenarios[i].Name)
	}
	return names
}

func pick(names []string) ([]Scenario, error) {
	if len(names) == 0 {
		return scenarios, nil
	}
	var list []Scenario
	for _, name := range names {
		i := slices.IndexFunc(scenarios, func(s Scenario) bool { return s.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no scenario %q; there are %v", name, Names())
		}
		list = append(list, scenarios[i])
	}
	return list, nil
}

// measure runs one scenario with fresh processes.
func (r *run) measure(ctx context.Context, s *Scenario) (*Row, error) {
	if s.Wasm {
		if _, err := r.module(s.Adapter); err != nil {
			without := *s
			without.Note = firstLine(err.Error())
			return &Row{Scenario: without}, nil
		}
	}
	targets, err := r.targets(ctx, s)
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, t := range targets {
			if t.process != nil && t.process != r.upstream {
				t.process.stop()
			}
		}
	}()
	for _, t := range targets {
		if err := t.learn(ctx, s); err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
		if err := t.warm(ctx, s, r); err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
	}
	if r.Profiles != "" {
		path := filepath.Join(r.Profiles, s.Name+".pprof")
		if err := targets[len(targets)-1].process.profile(path); err != nil {
			return nil, err
		}
	}
	for range r.Rounds {
		for _, t := range targets {
			turn, err := t.turn(ctx, s, r)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", t.name, err)
			}
			t.turns = append(t.turns, turn)
		}
	}
	if r.Profiles != "" {
		if err := targets[len(targets)-1].process.profile(""); err != nil {
			return nil, err
		}
	}
	row := &Row{Scenario: *s}
	for _, t := range targets {
		row.Targets = append(row.Targets, t.sum())
	}
	row.compare()
	return row, nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
