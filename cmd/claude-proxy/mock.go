package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/hosttest"
)

func newMock() *cobra.Command {
	var listen, script string
	cmd := &cobra.Command{
		Use:   "mock",
		Short: "Run a scripted upstream that speaks OpenAI, Gemini and Claude",
		Long: "Run a scripted upstream that speaks OpenAI Chat Completions, OpenAI Responses, Gemini and Claude, for trying out a\n" +
			"configuration without any account. Without a script it answers every request by itself and takes any key.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return mock(cmd.Context(), listen, script, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:3999", "listen on this host:port")
	cmd.Flags().StringVar(&script, "script", "", "a JSON file that says what to answer; see host/hosttest/README.md")
	return cmd
}

func mock(ctx context.Context, listen, scriptPath string, stdout io.Writer) error {
	script := &hosttest.Script{}
	if scriptPath != "" {
		var err error
		if script, err = hosttest.LoadScript(scriptPath); err != nil {
			return err
		}
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	srv, err := hosttest.Start(listen, script)
	if err != nil {
		return err
	}
	defer srv.Close()
	fmt.Fprintf(stdout, "the scripted upstream listens on %s\n", srv.URL)
	<-ctx.Done()
	return nil
}
