package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/plugins"
)

// healthTimeout is what one check may take. Container engines give up on theirs after some seconds, too.
const healthTimeout = 4 * time.Second

// newHealthcheck is for images that hold nothing but this program: there is no curl to ask with.
func newHealthcheck(configPath *string) *cobra.Command {
	var ready bool
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask the proxy of this configuration whether it is well; exit code 0 means yes",
		Long: "Ask the proxy that runs with this configuration whether it is well.\n\n" +
			"It calls server.health_path at the address of server.listen, as a container's HEALTHCHECK does. Exit codes: 0 it is\n" +
			"well, 1 it is not or does not answer, 2 the configuration is not valid.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			reg := registry.New(plugins.Builtin())
			cfg, err := load(*configPath, cmd.Flags().Changed("config"), "", reg, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			path := cfg.Server.HealthPath
			if ready {
				path = "/readyz"
			}
			host, port, err := net.SplitHostPort(cfg.Server.Listen)
			if err != nil {
				return fmt.Errorf("server.listen %s: %w", cfg.Server.Listen, err)
			}
			if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
				host = "127.0.0.1"
			}
			return healthy(cmd.Context(), "http://"+net.JoinHostPort(host, port)+path)
		},
	}
	cmd.Flags().BoolVar(&ready, "ready", false, "ask /readyz: does it take new requests")
	return cmd
}

// healthy is nil when url answers 200 in time.
func healthy(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	// The default transport would ask a proxy of the environment for the way to this machine.
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer from %s within %s", url, healthTimeout)
	}
	if err != nil {
		return fmt.Errorf("no answer from %s: %w\n  try: claude-proxy serve", url, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, resp.Status)
	}
	return nil
}
