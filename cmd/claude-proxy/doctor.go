package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/doctor"
)

func newDoctor(configPath *string) *cobra.Command {
	var offline bool
	cmd := withJSON(&cobra.Command{
		Use:   "doctor",
		Short: "Look for what commonly keeps the proxy from working",
		Long: "Look for what commonly keeps the proxy from working: files and their rights, the address, the way to each upstream, the\n" +
			"clock, and the environment of clients. No key is sent anywhere; claude-proxy channels test does that.\n" +
			"Exit codes: 0 nothing failed, 1 something did, 2 the configuration is wrong.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := open(cmd, configPath)
			cfg, err := w.load()
			if err != nil {
				return err
			}
			list := doctor.Examine(cmd.Context(), doctor.Patient{Config: cfg, Store: w.store(), Environ: os.Environ(), Offline: offline})
			failed := false
			err = w.print(list, func(out io.Writer) error {
				for _, f := range list {
					fmt.Fprintf(out, "%-8s %s: %s\n", f.State, f.Check, f.Message)
					if f.Try != "" {
						fmt.Fprintf(out, "         try: %s\n", f.Try)
					}
				}
				return nil
			})
			for _, f := range list {
				failed = failed || f.State == doctor.Failed
			}
			if err == nil && failed {
				return exitError(exitFailed)
			}
			return err
		},
	})
	cmd.Flags().BoolVar(&offline, "offline", false, "leave the upstreams alone")
	return cmd
}
