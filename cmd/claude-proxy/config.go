package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/store"
)

func newConfig(configPath *string) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Show the configuration, its history and its schema; take a change back",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newConfigShow(configPath), newConfigHistory(configPath), newConfigDiff(configPath), newConfigRollback(configPath), newConfigSchema(configPath))
	return cmd
}

func newConfigShow(configPath *string) *cobra.Command {
	var origins, all bool
	cmd := withJSON(&cobra.Command{
		Use:   "show",
		Short: "Show the values in force, without secrets",
		Long:  "Show the values in force, without secrets. Which one counts: flag > environment > .env > plugins.yaml > default.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := open(cmd, configPath)
			cfg, err := w.quietly()
			if err != nil {
				return err
			}
			type row struct {
				Path   string `json:"path"`
				Value  string `json:"value"`
				Source string `json:"source"`
				Name   string `json:"name,omitempty"`
				Line   int    `json:"line,omitempty"`
			}
			list := []row{}
			for _, s := range cfg.Settings() {
				if all || s.Origin.Source != config.FromDefault {
					list = append(list, row{s.Path, s.Value, s.Origin.Source.String(), s.Origin.Name, s.Origin.Line})
				}
			}
			return w.print(list, func(out io.Writer) error {
				if !origins {
					for _, r := range list {
						fmt.Fprintf(out, "%s: %s\n", r.Path, r.Value)
					}
					return nil
				}
				rows := make([][]string, len(list))
				for i, r := range list {
					from := r.Source
					if r.Name != "" {
						from += " " + r.Name
					}
					if r.Line > 0 {
						from += fmt.Sprintf(" line %d", r.Line)
					}
					rows[i] = []string{r.Path, r.Value, from}
				}
				return table(out, "SETTING VALUE FROM", rows)
			})
		},
	})
	cmd.Flags().BoolVar(&origins, "origins", false, "say where each value comes from")
	cmd.Flags().BoolVar(&all, "all", false, "show defaults too")
	return cmd
}

func newConfigHistory(configPath *string) *cobra.Command {
	return withJSON(&cobra.Command{
		Use:   "history",
		Short: "List the last versions of plugins.yaml, the newest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := open(cmd, configPath)
			list := w.store().History()
			if list == nil {
				list = []store.Entry{}
			}
			return w.print(list, func(out io.Writer) error {
				for _, e := range list {
					fmt.Fprintln(out, e)
				}
				return nil
			})
		},
	})
}

// version finds a version: "" is the newest that differs from the file, else an id, or the number of a line of the history
// counted from 1.
func (w *workspace) version(s *store.Store, id string) (string, []byte, error) {
	now, err := s.Read()
	if err != nil {
		return "", nil, err
	}
	list := s.History()
	var number int
	if n, err := fmt.Sscanf(id, "%d", &number); err == nil && n == 1 && fmt.Sprint(number) == id && number >= 1 && number <= len(list) {
		id = list[number-1].ID
	}
	if id == "" {
		for _, e := range list {
			if e.Hash != now.Hash {
				id = e.ID
				break
			}
		}
		if id == "" {
			return "", nil, errors.New("the history has no other version")
		}
	}
	text, err := s.Get(id)
	if err != nil {
		return "", nil, fmt.Errorf("%w: %q\n  try: claude-proxy config history", err, id)
	}
	return id, text, nil
}

func newConfigDiff(configPath *string) *cobra.Command {
	return &cobra.Command{
		Use:   "diff [VERSION]",
		Short: "Show what changed since a version of the history, without secrets",
		Long:  "Show what changed since a version of the history, without secrets. Without one, since the last other version.\nExit codes: 0 always when it could be compared.",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w := open(cmd, configPath)
			s := w.store()
			_, old, err := w.version(s, first(args))
			if err != nil {
				return err
			}
			now, err := s.Read()
			if err != nil {
				return err
			}
			_, err = fmt.Fprint(w.out, store.Diff(s.Masked(old), s.Masked(now.Bytes)))
			return err
		},
	}
}

func newConfigRollback(configPath *string) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "rollback [VERSION]",
		Short: "Take plugins.yaml back to a version of the history",
		Long:  "Take plugins.yaml back to a version of the history. Without one, to the last other version. The version that is left is in\nthe history too, so that this can be taken back as well.",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w := open(cmd, configPath)
			s := w.store()
			id, text, err := w.version(s, first(args))
			if err != nil {
				return err
			}
			now, err := s.Read()
			if err != nil {
				return err
			}
			if dry {
				return w.preview(s, now.Bytes, text)
			}
			_, err = s.Rollback(id, now.Hash, "cli")
			return w.saved(s, err)
		},
	}
	cmd.Flags().BoolVar(&dry, "dry-run", false, "show the difference and change nothing")
	return cmd
}

func newConfigSchema(configPath *string) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of plugins.yaml, with the options of the built-in adapters",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := open(cmd, configPath)
			_, err := w.out.Write(config.JSONSchema(w.optionSchemas()))
			return err
		},
	}
}

// optionSchemas are the schemas of the options of the adapters that are there.
func (w *workspace) optionSchemas() map[string]string {
	options := make(map[string]string)
	for _, name := range w.reg.Names() {
		if m, ok := w.reg.Manifest(name); ok && m.Options != "" {
			options[name] = m.Options
		}
	}
	return options
}

// first is the first argument, "" without one.
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}
