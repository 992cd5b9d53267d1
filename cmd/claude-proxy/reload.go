package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
)

func newReload(configPath *string) *cobra.Command {
	return withJSON(&cobra.Command{
		Use:   "reload",
		Short: "Let the running proxy read its files now, and say what came of it",
		Long: "Let the running proxy read its files now, and say what came of it. It does so by itself when a file is saved; this is for\n" +
			"file systems that do not tell, and for scripts that want to know.\n" +
			"Exit codes: 0 they are in force, 1 it could not be asked, 2 they have mistakes, 3 no proxy runs.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := open(cmd, configPath)
			r, err := w.remote()
			if err != nil {
				return err
			}
			var result contract.Reload
			if err := r.call(cmd.Context(), "POST", "reload", nil, &result); err != nil {
				return err
			}
			err = w.print(result, func(out io.Writer) error {
				for _, p := range result.Problems {
					fmt.Fprintf(w.err, "%s:%d:%d  %s %s\n", p.File, p.Line, p.Column, p.Path, p.Message)
				}
				if !result.OK {
					fmt.Fprintln(w.err, "the configuration before stays in force")
					return nil
				}
				if len(result.Changed) == 0 {
					fmt.Fprintln(out, "nothing changed")
				}
				for _, c := range result.Changed {
					fmt.Fprintln(out, c)
				}
				return nil
			})
			if err == nil && !result.OK {
				return exitError(exitInvalid)
			}
			return err
		},
	})
}

func newStatus(configPath *string) *cobra.Command {
	return withJSON(&cobra.Command{
		Use:   "status",
		Short: "Say how the running proxy does, with reasons",
		Long:  "Say how the running proxy does, with reasons.\nExit codes: 0 it can serve, 1 it cannot, 3 no proxy runs.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := open(cmd, configPath)
			r, err := w.remote()
			if err != nil {
				return err
			}
			var s contract.Status
			if err := r.call(cmd.Context(), "GET", "status", nil, &s); err != nil {
				return err
			}
			err = w.print(s, func(out io.Writer) error {
				fmt.Fprintf(out, "%s at %s, version %s, %d requests so far, %d under way\n", s.State, s.BaseURL, s.Program.Version, s.Totals.Requests, s.Totals.Live)
				for _, a := range s.Reasons {
					fmt.Fprintf(out, "%s: %s\n", a.Severity, a.Message)
				}
				rows := make([][]string, len(s.Channels))
				for i, c := range s.Channels {
					rows[i] = []string{c.Channel, c.State, fmt.Sprint(c.InFlight), c.Reason}
				}
				if len(rows) == 0 {
					return nil
				}
				return table(out, "CHANNEL STATE LIVE REASON", rows)
			})
			if err == nil && (s.State == "down" || s.State == "stopping") {
				return exitError(exitFailed)
			}
			return err
		},
	})
}
