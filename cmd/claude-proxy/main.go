// Command claude-proxy speaks the Claude Messages API to clients and any provider's API to upstreams.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
)

func main() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) }

// exitError ends the program with a code of its own; what there was to say is said.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// Exit codes, the same for every command.
const (
	exitFailed  = 1 // the command could not do what it was asked
	exitInvalid = 2 // the configuration or the command line is wrong
)

// run is the program as a function. Results go to stdout, messages to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var code exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintf(stderr, "claude-proxy: %v\n", err)
	return exitFailed
}

func newRoot() *cobra.Command {
	var configPath string
	root := &cobra.Command{
		Use:           "claude-proxy",
		Short:         "A proxy that speaks the Claude Messages API to clients and any provider's API to upstreams",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().StringVarP(&configPath, "config", "c", "plugins.yaml", "the configuration file")
	serve := newServe(&configPath)
	root.AddCommand(
		serve,
		newValidate(&configPath),
		newMock(),
		newPlugin(),
		newBench(),
		newBenchProcess(),
		newSoak(),
		newHealthcheck(&configPath),
		newVersion(),
	)
	// serve is what the program does without a command; its flags work there too.
	root.Flags().AddFlagSet(serve.Flags())
	root.RunE = serve.RunE
	return root
}
