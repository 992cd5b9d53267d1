package main

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/connect"
	"github.com/claude-proxy/claude-proxy/host/running"
)

// shells are other words for variants of a snippet.
var shells = map[string]string{"pwsh": "powershell", "zsh": "bash", "sh": "bash", "settings.json": "settings", "bat": "cmd"}

func newSnippet(configPath *string) *cobra.Command {
	var shell, model string
	cmd := withJSON(&cobra.Command{
		Use:   "snippet [CLIENT]",
		Short: "Print what points a client at this proxy",
		Long: "Print what points a client at this proxy, ready to paste; without CLIENT, list what there is. The key is a placeholder.\n\n" +
			"  claude-proxy snippet claude-code --shell pwsh\n" +
			"  claude-proxy snippet python",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w := open(cmd, configPath)
			cfg, err := w.quietly()
			if err != nil {
				return err
			}
			target := connect.Target{BaseURL: baseURL(cfg), Key: shownAccess(cfg), Model: cmp.Or(model, exampleModel(cfg))}
			if len(args) == 0 {
				return w.listSnippets(target)
			}
			id := args[0]
			if shell != "" {
				id += "/" + cmp.Or(shells[shell], shell)
			}
			s, err := connect.Find(target, id)
			if err != nil {
				return misuse("%v", err)
			}
			if w.json {
				return w.print(s, nil)
			}
			if s.NoteEN != "" {
				fmt.Fprintln(w.err, s.NoteEN)
			}
			_, err = fmt.Fprintln(w.out, s.Text)
			return err
		},
	})
	cmd.Flags().StringVar(&shell, "shell", "", "bash, pwsh, cmd or settings.json, where the client has variants")
	cmd.Flags().StringVar(&model, "model", "", "the model in the examples")
	return cmd
}

func (w *workspace) listSnippets(t connect.Target) error {
	list := connect.Snippets(t)
	if w.json {
		return w.print(list, nil)
	}
	rows := make([][]string, len(list))
	for i, s := range list {
		rows[i] = []string{s.ID, s.EN}
	}
	return table(w.out, "CLIENT NAME", rows)
}

// baseURL is where clients of this machine reach the proxy: the one that runs, else where it would listen.
func baseURL(cfg *config.Config) string {
	if info, err := running.Find(cfg.Server.StateDir); err == nil {
		return info.URL
	}
	host, port, err := net.SplitHostPort(cfg.Server.Listen)
	if err != nil {
		return "http://" + cfg.Server.Listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// shownAccess is how a snippet writes the key: never the key itself.
func shownAccess(cfg *config.Config) string {
	usable := slices.IndexFunc(cfg.Auth.Keys, func(k config.ClientKey) bool { return k.Usable() })
	switch {
	case usable < 0:
		return "$(cat " + cfg.Server.StateDir + "/access-key)"
	case strings.HasPrefix(cfg.Auth.Keys[usable].Ref, "${"):
		return "$" + strings.Trim(cfg.Auth.Keys[usable].Ref, "${}")
	}
	return "YOUR_KEY"
}
