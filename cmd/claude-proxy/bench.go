package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/bench"
)

// benchChild is the hidden command by which the bench starts its processes.
const benchChild = "bench-process"

func newBench() *cobra.Command {
	var o bench.Options
	var quick bool
	var jsonPath, into, curves, ceilings string
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure what the proxy costs, against a bare reverse proxy in the same run",
		Long: "Measure what the proxy costs: processor time, allocations, latency and memory, against a bare httputil.ReverseProxy in\n" +
			"the same run. Upstream, bare proxy and proxy are processes on this machine; every answer is checked. Prints one table.\n\n" +
			"Scenarios: " + strings.Join(bench.Names(), ", "),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			self, err := os.Executable()
			if err != nil {
				return err
			}
			o.Command, o.Binary, o.Progress = []string{self, benchChild}, self, cmd.ErrOrStderr()
			if quick {
				o.Rounds, o.Round, o.Streams = 3, 200*time.Millisecond, 200
			}
			if curves != "" {
				return benchCurves(cmd.Context(), o, quick, curves, into, cmd.OutOrStdout())
			}
			if ceilings != "" {
				return benchCeilings(cmd.Context(), o, ceilings, cmd.OutOrStdout())
			}
			report, err := bench.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			return benchReport(report, jsonPath, into, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.Scenarios, "scenario", nil, "only these scenarios")
	f.StringVar(&o.Against, "against", "", "put the gateway at this URL into the table; it takes Claude requests and asks the upstream whose address --upstream fixes")
	f.StringVar(&o.Upstream, "upstream", "", "listen on this host:port with the upstream, for a gateway that is configured beforehand")
	f.BoolVar(&quick, "quick", false, "short rounds: shows that it works, not what it costs")
	f.IntVar(&o.Rounds, "rounds", 5, "how often the targets take turns")
	f.DurationVar(&o.Round, "round", time.Second, "how long each turn is")
	f.StringVar(&jsonPath, "json", "", "write the figures to this file")
	f.StringVar(&into, "into", "", "put the table into this Markdown file, between the lines <!-- bench --> and <!-- /bench -->, or those of curves")
	f.StringVar(&curves, "curves", "", "measure how costs grow instead, and write the plots into this folder")
	f.StringVar(&ceilings, "ceilings", "", "measure the scenarios of this JSON file and fail when the proxy allocates more than it says")
	f.StringVar(&o.Plugins, "plugins", "", "a folder with the adapters as .wasm (claude.wasm, openai.wasm, …); without it they are built, which needs Go and the source")
	f.StringVar(&o.Profiles, "profiles", "", "write a processor profile of the proxy in each scenario into this folder")
	return cmd
}

func benchReport(report *bench.Report, jsonPath, into string, stdout, stderr io.Writer) error {
	if jsonPath != "" {
		f, err := os.Create(jsonPath)
		if err != nil {
			return err
		}
		if err := report.WriteJSON(f); err != nil {
			f.Close()
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	fmt.Fprint(stdout, report.Markdown())
	for _, line := range report.Over() {
		fmt.Fprintln(stderr, "over budget:", line)
	}
	if into == "" {
		return nil
	}
	return putBetween(into, "bench", report.Markdown())
}

func benchCeilings(ctx context.Context, o bench.Options, path string, stdout io.Writer) error {
	c, err := bench.LoadCeilings(path)
	if err != nil {
		return err
	}
	o.Scenarios = c.Scenarios()
	report, err := bench.Run(ctx, o)
	if err != nil {
		return err
	}
	fmt.Fprint(stdout, report.Markdown())
	if above := c.Above(report); len(above) > 0 {
		return fmt.Errorf("more allocations than %s allows:\n  %s", path, strings.Join(above, "\n  "))
	}
	return nil
}

// putBetween replaces what stands between two marks of a Markdown file.
func putBetween(path, mark, text string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	open, end := "<!-- "+mark+" -->", "<!-- /"+mark+" -->"
	before, rest, ok := strings.Cut(string(old), open)
	_, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		return fmt.Errorf("%s has no lines %s and %s", path, open, end)
	}
	return os.WriteFile(path, []byte(before+open+"\n\n"+text+"\n"+end+after), 0o644)
}

func benchCurves(ctx context.Context, o bench.Options, quick bool, dir, into string, stdout io.Writer) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	curves, err := bench.Curves(ctx, o, quick)
	if err != nil {
		return err
	}
	for _, c := range curves {
		if err := os.WriteFile(filepath.Join(dir, c.Name+".svg"), c.SVG(), 0o644); err != nil {
			return err
		}
	}
	if into == "" {
		fmt.Fprint(stdout, bench.CurvesMarkdown(curves, filepath.ToSlash(dir)))
		return nil
	}
	folder, err := filepath.Rel(filepath.Dir(into), dir)
	if err != nil {
		return err
	}
	table := bench.CurvesMarkdown(curves, filepath.ToSlash(folder))
	fmt.Fprint(stdout, table)
	return putBetween(into, "curves", table)
}

// newBenchProcess is one of the processes of the bench; it ends with its standard input.
func newBenchProcess() *cobra.Command {
	return &cobra.Command{
		Use:    benchChild,
		Hidden: true,
		Args:   cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := context.WithCancel(cmd.Context())
			go bench.Obey(cmd.InOrStdin(), cmd.OutOrStdout(), stop)
			if args[0] == "proxy" && len(args) == 2 {
				// Lines of the log are written, as they are where users run it, and read by nobody.
				log, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
				if err != nil {
					return err
				}
				defer log.Close()
				return serve(ctx, args[1], true, "", false, cmd.OutOrStdout(), log)
			}
			return bench.Serve(ctx, args, cmd.OutOrStdout())
		},
	}
}
