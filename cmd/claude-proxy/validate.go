package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/plugins"
)

func newValidate(configPath *string) *cobra.Command {
	return &cobra.Command{
		Use:   "validate",
		Short: "Check the configuration file and say everything that is wrong with it",
		Long:  "Check the configuration file and say everything that is wrong with it.\nNothing is sent anywhere. Exit codes: 0 it can be used, 2 it cannot.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := load(*configPath, cmd.Flags().Changed("config"), "", registry.New(plugins.Builtin()), cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: ok, %d channels, %d client keys\n", cfg.Path, len(cfg.Channels), len(cfg.Auth.Keys))
			return err
		},
	}
}
