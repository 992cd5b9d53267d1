package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/routing"
)

func newRoute(configPath *string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "route",
		Short: "Explain which way a request takes",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newRouteExplain(configPath))
	return cmd
}

// routeRow is a channel or a key on the way of a request.
type routeRow struct {
	Channel string `json:"channel"`
	Key     string `json:"key,omitempty"`
	Model   string `json:"model,omitempty"`
	Verdict string `json:"verdict"`
	Reason  string `json:"reason,omitempty"`
}

func newRouteExplain(configPath *string) *cobra.Command {
	var model, client, pick string
	var live bool
	cmd := withJSON(&cobra.Command{
		Use:   "explain --model NAME",
		Short: "Show every rule, channel and key for a model: chosen or skipped, and why",
		Long: "Show every rule, channel and key for a model: chosen or skipped, and why. It goes by the configuration alone; with --live\n" +
			"the running proxy adds what it knows of the health of channels and keys.\n" +
			"Exit codes: 0 some channel would be asked, 1 none would.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if model == "" {
				return misuse("route explain needs --model")
			}
			w := open(cmd, configPath)
			if live {
				return w.explainLive(cmd, contract.ExplainRequest{Model: model, ClientKey: client, Channel: pick})
			}
			cfg, err := w.quietly()
			if err != nil {
				return err
			}
			q := routing.Question{Model: model, Pick: pick}
			if client != "" {
				if q.Client, err = clientNamed(cfg, client); err != nil {
					return err
				}
			}
			return w.explained(routing.New(cfg).Explain(q))
		},
	})
	f := cmd.Flags()
	f.StringVar(&model, "model", "", "the model as the client names it")
	f.StringVar(&client, "client", "", "the client key that asks, by name; one that may do everything without it")
	f.StringVar(&pick, "channel", "", "the channel that the client picks itself")
	f.BoolVar(&live, "live", false, "ask the running proxy")
	return cmd
}

func clientNamed(cfg *config.Config, name string) (*config.ClientKey, error) {
	for i := range cfg.Auth.Keys {
		if cfg.Auth.Keys[i].Name == name {
			return &cfg.Auth.Keys[i], nil
		}
	}
	return nil, fmt.Errorf("no client key is named %q", name)
}

// explained prints an explanation.
func (w *workspace) explained(e routing.Explanation) error {
	type rule struct {
		Rule   string `json:"rule"`
		Name   string `json:"name,omitempty"`
		Chosen bool   `json:"chosen"`
		Reason string `json:"reason"`
	}
	result := struct {
		Refusal string     `json:"refusal,omitempty"`
		Rules   []rule     `json:"rules"`
		Ways    []routeRow `json:"channels"`
	}{Refusal: e.Refusal.String(), Rules: []rule{}, Ways: []routeRow{}}
	for _, r := range e.Rules {
		result.Rules = append(result.Rules, rule{r.Kind, r.Name, r.Chosen, r.Reason.String()})
	}
	for _, c := range e.Channels {
		result.Ways = append(result.Ways, routeRow{Channel: c.Channel.Name, Model: c.Candidate.Model, Verdict: string(c.Verdict), Reason: c.Reason.String()})
		for _, k := range c.Keys {
			result.Ways = append(result.Ways, routeRow{Channel: c.Channel.Name, Key: k.Key.ID, Verdict: string(k.Verdict), Reason: k.Reason.String()})
		}
	}
	err := w.print(result, func(out io.Writer) error {
		for _, r := range result.Rules {
			fmt.Fprintf(out, "%s %s %s: %s\n", mark(r.Chosen), r.Rule, r.Name, r.Reason)
		}
		rows := make([][]string, len(result.Ways))
		for i, r := range result.Ways {
			rows[i] = []string{r.Channel, r.Key, r.Model, r.Verdict, r.Reason}
		}
		if err := table(out, "CHANNEL KEY MODEL VERDICT REASON", rows); err != nil {
			return err
		}
		if result.Refusal != "" {
			fmt.Fprintf(out, "refused: %s\n", result.Refusal)
		}
		return nil
	})
	if err == nil && result.Refusal != "" {
		return exitError(exitFailed)
	}
	return err
}

func mark(chosen bool) string {
	if chosen {
		return "*"
	}
	return "-"
}

func (w *workspace) explainLive(cmd *cobra.Command, q contract.ExplainRequest) error {
	r, err := w.remote()
	if err != nil {
		return err
	}
	var e contract.Explanation
	if err := r.call(cmd.Context(), "POST", "routing/explain", q, &e); err != nil {
		return err
	}
	err = w.print(e, func(out io.Writer) error {
		for _, step := range e.Steps {
			fmt.Fprintf(out, "%s %s %s: %s\n", mark(step.Chosen), step.Rule, step.Name, step.Reason)
		}
		var rows [][]string
		for _, c := range e.Channels {
			rows = append(rows, []string{c.Channel, "", c.Model, c.Code, c.Reason})
			for _, k := range c.Keys {
				rows = append(rows, []string{c.Channel, k.ID, "", k.Code, k.Reason})
			}
		}
		if err := table(out, "CHANNEL KEY MODEL VERDICT REASON", rows); err != nil {
			return err
		}
		if e.Refusal != "" {
			fmt.Fprintf(out, "refused: %s\n", e.Refusal)
		}
		return nil
	})
	if err == nil && e.Refusal != "" {
		return exitError(exitFailed)
	}
	return err
}
