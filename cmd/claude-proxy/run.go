package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/config"
)

func newRun(configPath *string) *cobra.Command {
	var client string
	cmd := &cobra.Command{
		Use:   "run -- COMMAND [ARGUMENT...]",
		Short: "Run a command, such as claude, with this proxy as its upstream",
		Long: "Run a command, such as claude, with this proxy as its upstream. Only the command's own environment is changed:\n" +
			"ANTHROPIC_BASE_URL and ANTHROPIC_AUTH_TOKEN are set, ANTHROPIC_API_KEY is taken away. Its exit code is passed on.",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w := open(cmd, configPath)
			cfg, err := w.quietly()
			if err != nil {
				return err
			}
			key, err := clientSecret(cfg, client)
			if err != nil {
				return err
			}
			path, err := exec.LookPath(args[0])
			if err != nil {
				return fmt.Errorf("cannot run %s: %w", args[0], err)
			}
			child := exec.CommandContext(cmd.Context(), path, args[1:]...)
			child.Env = childEnv(os.Environ(), baseURL(cfg), key)
			child.Stdin, child.Stdout, child.Stderr = w.in, w.out, w.err
			err = child.Run()
			var ended *exec.ExitError
			if errors.As(err, &ended) {
				return exitError(max(ended.ExitCode(), 1))
			}
			return err
		},
	}
	cmd.Flags().StringVar(&client, "client", "", "the client key to use, by name; the first that works without it")
	return cmd
}

// clientSecret finds a key that clients may use.
func clientSecret(cfg *config.Config, name string) (config.Secret, error) {
	if name != "" {
		k, err := clientNamed(cfg, name)
		if err != nil {
			return config.Secret{}, err
		}
		if !k.Usable() {
			return config.Secret{}, fmt.Errorf("the client key %q cannot be used: %s", name, k.Reason)
		}
		return k.Key, nil
	}
	for _, k := range cfg.Auth.Keys {
		if k.Usable() {
			return k.Key, nil
		}
	}
	if key := adminKey(cfg); !key.Empty() {
		return key, nil
	}
	return config.Secret{}, errors.New("no client key is there yet\n  try: claude-proxy serve, which makes one, or claude-proxy keys add --client me")
}

// childEnv points an environment at the proxy.
func childEnv(env []string, url string, key config.Secret) []string {
	var out []string
	for _, v := range env {
		name, _, _ := strings.Cut(v, "=")
		switch name {
		case "ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_API_KEY":
		default:
			out = append(out, v)
		}
	}
	return append(out, "ANTHROPIC_BASE_URL="+url, "ANTHROPIC_AUTH_TOKEN="+key.Reveal())
}
