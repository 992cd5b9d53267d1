// Command claude-proxy speaks the Claude Messages API to clients and any provider's API to upstreams.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

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
	exitAbsent  = 3 // no running proxy could be reached
)

// usageError is a command line that makes no sense.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

func misuse(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// run is the program as a function. Results go to stdout, messages to stderr.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return runWith(ctx, args, os.Stdin, stdout, stderr)
}

// runWith is run with another standard input.
func runWith(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetIn(stdin)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var code exitError
	var wrong usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintf(stderr, "claude-proxy: %v\n", err)
	if errors.Is(err, errAbsent) {
		return exitAbsent
	}
	if errors.As(err, &wrong) || strings.HasPrefix(err.Error(), "unknown command") {
		return exitInvalid
	}
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
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err.Error()} })
	root.PersistentFlags().StringVarP(&configPath, "config", "c", "plugins.yaml", "the configuration file")
	serve := newServe(&configPath)
	root.AddCommand(
		serve,
		newInit(&configPath),
		newValidate(&configPath),
		newConfig(&configPath),
		newChannels(&configPath),
		newKeys(&configPath),
		newRoute(&configPath),
		newImport(&configPath),
		newDoctor(&configPath),
		newReload(&configPath),
		newStatus(&configPath),
		newSnippet(&configPath),
		newRun(&configPath),
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
	blameArgs(root)
	return root
}

// blameArgs makes wrong arguments a fault of the command line, which has an exit code of its own.
func blameArgs(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return misuse("%v\n  try: %s --help", err, cmd.CommandPath())
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		blameArgs(sub)
	}
}
