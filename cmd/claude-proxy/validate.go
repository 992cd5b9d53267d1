package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/app"
	"github.com/claude-proxy/claude-proxy/host/config"
)

func newValidate(configPath *string) *cobra.Command {
	var format string
	var strict bool
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Check the configuration file and say everything that is wrong with it",
		Long: "Check the configuration file and say everything that is wrong with it. Nothing is sent anywhere.\n" +
			"Exit codes: 0 it can be used, 1 it can be used and --strict found warnings, 2 it cannot be used.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := open(cmd, configPath)
			cfg, report := w.withPlugins(cmd.Context())
			if err := w.report(cfg, report, format); err != nil {
				return err
			}
			switch {
			case cfg == nil:
				return exitError(exitInvalid)
			case strict && len(report.Warnings()) > 0:
				return exitError(exitFailed)
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&format, "output", "o", "text", "text, json, or github for annotations of a workflow")
	cmd.Flags().BoolVar(&strict, "strict", false, "fail on warnings too")
	return cmd
}

// compilePatience is how long a check waits for plugins that may never have been compiled before.
const compilePatience = 2 * time.Minute

// withPlugins reads the configuration once more with the plugins that its channels need, so that their options are checked
// by the plugins themselves.
func (w *workspace) withPlugins(ctx context.Context) (*config.Config, config.Report) {
	cfg, report := source(w.path, w.given, "", nil, w.reg)
	if cfg == nil || !slices.ContainsFunc(cfg.Channels, func(c config.Channel) bool { return !slices.Contains(w.reg.Names(), c.Adapter) }) {
		return cfg, report
	}
	ctx, cancel := context.WithTimeout(ctx, compilePatience)
	defer cancel()
	app.LoadPlugins(ctx, cfg, w.reg)
	defer w.reg.Close()
	return source(w.path, w.given, "", nil, w.reg)
}

// report prints what is wrong. The results of json and github go to the standard output, texts for people to stderr.
func (w *workspace) report(cfg *config.Config, report config.Report, format string) error {
	all := append(report.Problems, report.Notes...)
	switch format {
	case "text":
		for _, p := range all {
			fmt.Fprintln(w.err, p)
		}
		if cfg == nil {
			return nil
		}
		_, err := fmt.Fprintf(w.out, "%s: ok, %d channels, %d client keys\n", cfg.Path, len(cfg.Channels), len(cfg.Auth.Keys))
		return err
	case "json":
		type problem struct {
			Severity config.Severity `json:"severity"`
			Code     config.Code     `json:"code"`
			File     string          `json:"file"`
			Line     int             `json:"line,omitempty"`
			Column   int             `json:"column,omitempty"`
			Path     string          `json:"path,omitempty"`
			Message  string          `json:"message"`
			Allowed  string          `json:"allowed,omitempty"`
			Hint     string          `json:"hint,omitempty"`
			Try      string          `json:"try,omitempty"`
		}
		list := []problem{}
		for _, p := range all {
			list = append(list, problem{p.Severity, p.Code, p.File, p.Line, p.Col, p.Path, p.Message, p.Allowed, p.Hint, p.Try})
		}
		e := json.NewEncoder(w.out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(struct {
			OK       bool      `json:"ok"`
			Problems []problem `json:"problems"`
		}{cfg != nil, list})
	case "github":
		for _, p := range all {
			kind := map[config.Severity]string{config.Error: "error", config.Warning: "warning", config.Note: "notice"}[p.Severity]
			text := strings.TrimSpace(p.Path + ": " + p.Message + " " + p.Hint)
			place := ""
			if p.Line > 0 {
				place = fmt.Sprintf(" file=%s,line=%d,col=%d", githubValue(p.File), p.Line, p.Col)
			}
			if _, err := fmt.Fprintf(w.out, "::%s%s::%s\n", kind, place, githubText(text)); err != nil {
				return err
			}
		}
		return nil
	}
	return misuse("-o takes text, json or github")
}

// githubText escapes the message of a workflow command, githubValue one of its properties.
func githubText(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func githubValue(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(githubText(s))
}
