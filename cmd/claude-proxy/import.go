package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/config/edit"
	"github.com/claude-proxy/claude-proxy/host/config/store"
	"github.com/claude-proxy/claude-proxy/host/migrate"
	"github.com/claude-proxy/claude-proxy/host/setup"
)

func editsOf(c setup.Channel) []edit.Edit { return []edit.Edit{c.Edit("")} }

func newImport(configPath *string) *cobra.Command {
	var inline, write bool
	cmd := &cobra.Command{
		Use:   "import [CONFIG.JSON]",
		Short: "Turn the config.json of the proxy before this one into plugins.yaml",
		Long: "Turn the config.json of the proxy before this one (.config/config.json without an argument) into plugins.yaml. It shows\n" +
			"what would come of it; with --write it writes plugins.yaml, and the keys into .env. The old .env works as it is.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w := open(cmd, configPath)
			from := first(args)
			if from == "" {
				from = filepath.Join(dirOf(w.path), ".config", "config.json")
			}
			text, err := os.ReadFile(from)
			if err != nil {
				return fmt.Errorf("%w\n  try: claude-proxy import PATH/config.json", err)
			}
			taken, err := store.ReadVariables(w.envPath())
			if err != nil {
				return err
			}
			plan, err := migrate.Read(text, inline, func(name string) bool { return taken[name] != "" || os.Getenv(name) != "" })
			if err != nil {
				return fmt.Errorf("%s cannot be imported: %w", from, err)
			}
			for _, note := range plan.Notes {
				fmt.Fprintln(w.err, "note:", note)
			}
			s := w.store()
			if !write {
				if _, err := w.out.Write(s.Masked(plan.Text)); err != nil {
					return err
				}
				fmt.Fprintf(w.err, "%d channels, %d keys for .env; nothing was written\n  try: claude-proxy import --write\n", plan.Channels, len(plan.Names))
				return nil
			}
			return w.imported(s, plan)
		},
	}
	cmd.Flags().BoolVar(&write, "write", false, "write the files")
	cmd.Flags().BoolVar(&inline, "inline", false, "keep the keys in plugins.yaml instead of .env")
	return cmd
}

// imported writes what came of an import, unless there are channels already.
func (w *workspace) imported(s *store.Store, plan *migrate.Plan) error {
	if err := w.fresh(); err != nil {
		return err
	}
	now, err := s.Read()
	if err != nil {
		return err
	}
	if len(plan.Names) > 0 {
		if err := store.SetVariables(w.envPath(), plan.Names, plan.Variables); err != nil {
			return err
		}
		if err := w.ignore(); err != nil {
			return err
		}
	}
	if _, err := s.Save(plan.Text, now.Hash, "import"); err != nil {
		var invalid *store.Invalid
		if errors.As(err, &invalid) {
			return w.saved(s, err)
		}
		return err
	}
	_, err = fmt.Fprintf(w.out, "%s: %d channels; .env: %d keys\n", w.path, plan.Channels, len(plan.Names))
	return err
}
