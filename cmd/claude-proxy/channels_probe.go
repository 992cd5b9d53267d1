package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/app"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/probe"
)

// testRow is what a test of a key came to.
type testRow struct {
	Channel   string  `json:"channel"`
	Key       string  `json:"key,omitempty"`
	Model     string  `json:"model"`
	Verdict   string  `json:"verdict"`
	Reason    string  `json:"reason,omitempty"`
	Try       string  `json:"try,omitempty"`
	DNS       float64 `json:"dns_ms"`
	Connect   float64 `json:"connect_ms"`
	TLS       float64 `json:"tls_ms"`
	FirstByte float64 `json:"first_byte_ms"`
	Total     float64 `json:"total_ms"`
}

func newChannelsTest(configPath *string) *cobra.Command {
	var q probe.Question
	var keyName string
	cmd := withJSON(&cobra.Command{
		Use:   "test [NAME...]",
		Short: "Ask the upstream of channels for a few words, with each of their keys",
		Long: "Ask the upstream of channels for a few words, with each of their keys; all enabled channels without a name. It does not\n" +
			"touch the health of a running proxy. \"cannot_probe\" is not a failure: the upstream could not be asked that way.\n" +
			"Exit codes: 0 none failed, 1 some did.",
		RunE: func(cmd *cobra.Command, args []string) error {
			w := open(cmd, configPath)
			cfg, err := w.quietly()
			if err != nil {
				return err
			}
			var list []*config.Channel
			for _, name := range args {
				c, err := channelNamed(cfg, name)
				if err != nil {
					return err
				}
				list = append(list, c)
			}
			for i := range cfg.Channels {
				if len(args) == 0 && cfg.Channels[i].Enabled {
					list = append(list, &cfg.Channels[i])
				}
			}
			rows, err := w.test(cmd.Context(), cfg, list, keyName, q)
			if err != nil {
				return err
			}
			return w.tested(rows)
		},
	})
	f := cmd.Flags()
	f.StringVar(&q.Model, "model", "", "the model to ask for; one that the channel names without it")
	f.BoolVar(&q.Stream, "stream", false, "ask for a stream")
	f.DurationVar(&q.Timeout, "timeout", 30*time.Second, "for each key")
	f.StringVar(&keyName, "key", "", "only this key, by its id or label")
	return cmd
}

func (w *workspace) test(ctx context.Context, cfg *config.Config, list []*config.Channel, keyName string, q probe.Question) ([]testRow, error) {
	rows := []testRow{}
	for _, c := range list {
		keys := make([]*config.Key, 0, len(c.Keys))
		for i := range c.Keys {
			keys = append(keys, &c.Keys[i])
		}
		if keyName != "" {
			k, err := keyNamed(c, keyName)
			if err != nil {
				return nil, err
			}
			keys = []*config.Key{k}
		}
		if len(keys) == 0 {
			keys = []*config.Key{nil}
		}
		for _, k := range keys {
			ch, release, err := app.Channel(ctx, cfg, c, w.reg, programVersion())
			if err != nil {
				return nil, err
			}
			r := probe.Run(ctx, ch, k, q)
			release()
			row := testRow{Channel: c.Name, Model: r.Model, Verdict: string(r.Verdict), Reason: r.Reason, Try: r.Try,
				DNS: ms(r.Timing.DNS), Connect: ms(r.Timing.Connect), TLS: ms(r.Timing.TLS), FirstByte: ms(r.Timing.FirstByte), Total: ms(r.Timing.Total)}
			if k != nil {
				row.Key = k.ID
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (w *workspace) tested(list []testRow) error {
	failed := false
	rows := make([][]string, len(list))
	for i, r := range list {
		failed = failed || r.Verdict == string(probe.Failed)
		time := func(ms float64) string {
			if ms == 0 {
				return "-"
			}
			return fmt.Sprintf("%.0f ms", ms)
		}
		rows[i] = []string{r.Channel, r.Key, r.Model, r.Verdict, time(r.DNS), time(r.Connect), time(r.TLS), time(r.FirstByte), time(r.Total), r.Reason}
	}
	err := w.print(list, func(out io.Writer) error {
		return table(out, "CHANNEL KEY MODEL VERDICT DNS CONNECT TLS FIRST_BYTE TOTAL REASON", rows)
	})
	if err == nil && failed {
		return exitError(exitFailed)
	}
	return err
}
