package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/edit"
	"github.com/claude-proxy/claude-proxy/host/config/store"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/plugins"
)

// workspace is the configuration that a command reads or changes, and where it says what.
type workspace struct {
	path     string
	given    bool
	in       io.Reader
	out, err io.Writer
	json     bool
	reg      *registry.Registry
}

// open prepares a command's workspace. It reads nothing yet.
func open(cmd *cobra.Command, configPath *string) *workspace {
	w := &workspace{path: *configPath, given: cmd.Flags().Changed("config"), in: cmd.InOrStdin(), out: cmd.OutOrStdout(), err: cmd.ErrOrStderr()}
	if f := cmd.Flags().Lookup("json"); f != nil {
		w.json = f.Value.String() == "true"
	}
	w.reg = registry.New(plugins.Builtin())
	return w
}

// withJSON gives a command the flag --json.
func withJSON(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().Bool("json", false, "print JSON")
	return cmd
}

// load reads the configuration. What is wrong is printed; the error is an exitError then.
func (w *workspace) load() (*config.Config, error) {
	return load(w.path, w.given, "", w.reg, w.err)
}

// quietly is load without warnings and notes, for commands that are about something else.
func (w *workspace) quietly() (*config.Config, error) {
	return load(w.path, w.given, "", w.reg, errorsOnly{w.err})
}

// errorsOnly drops what is worth knowing and nothing more. Problems are written one at a time.
type errorsOnly struct{ io.Writer }

func (e errorsOnly) Write(p []byte) (int, error) {
	if text := string(p); strings.Contains(text, "  warning: ") || strings.Contains(text, "  note: ") {
		return len(p), nil
	}
	return e.Writer.Write(p)
}

// store is the file with its history. A wrong file has a store too, in the usual place.
func (w *workspace) store() *store.Store {
	o := store.Options{Path: w.path, Load: func(src []byte) (*config.Config, config.Report) {
		return config.Load(config.LoadOptions{Path: w.path, Source: src, Adapters: w.reg.Names(), CheckOptions: w.reg.Check})
	}}
	if cfg, _ := source(w.path, w.given, "", nil, w.reg); cfg != nil {
		o.StateDir = cfg.Server.StateDir
	}
	return store.New(o)
}

// envPath is the .env file beside the configuration.
func (w *workspace) envPath() string { return filepath.Join(filepath.Dir(w.path), ".env") }

// retries is how often an edit begins anew when somebody else saves at the same moment.
const retries = 10

// edit changes the file as it is at this moment, or shows with dry what would change. It says what became of it.
func (w *workspace) edit(dry bool, edits ...edit.Edit) error {
	s := w.store()
	for i := 0; ; i++ {
		before, err := s.Read()
		if err != nil {
			return err
		}
		text := before.Bytes
		if text == nil {
			text = []byte("version: 1\n")
		}
		after, err := s.Apply(text, edits)
		if err != nil {
			return err
		}
		if dry {
			return w.preview(s, before.Bytes, after)
		}
		_, err = s.Save(after, before.Hash, "cli")
		if errors.Is(err, store.ErrConflict) && i < retries {
			continue
		}
		return w.saved(s, err)
	}
}

// preview shows what a change would do, and whether the result could be used.
func (w *workspace) preview(s *store.Store, before, after []byte) error {
	fmt.Fprint(w.out, store.Diff(s.Masked(before), s.Masked(after)))
	if _, report := s.Load(after); report.Failed() {
		fmt.Fprintln(w.err, report)
		return exitError(exitInvalid)
	}
	return nil
}

// saved says what became of a save.
func (w *workspace) saved(s *store.Store, err error) error {
	var invalid *store.Invalid
	if errors.As(err, &invalid) {
		fmt.Fprintln(w.err, invalid)
		fmt.Fprintln(w.err, "nothing was saved")
		return exitError(exitInvalid)
	}
	if err != nil {
		return err
	}
	summary := "saved"
	if list := s.History(); len(list) > 0 {
		summary = list[0].Summary
	}
	fmt.Fprintf(w.err, "%s: %s (a running proxy takes it at once; claude-proxy config rollback undoes it)\n", w.path, summary)
	return nil
}

// print writes a result: as JSON where that was asked for, else with text.
func (w *workspace) print(result any, text func(io.Writer) error) error {
	if w.json {
		e := json.NewEncoder(w.out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(result)
	}
	return text(w.out)
}

// table writes rows with aligned columns, a heading first.
func table(out io.Writer, heading string, rows [][]string) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, strings.ReplaceAll(heading, " ", "\t"))
	for _, r := range rows {
		fmt.Fprintln(t, strings.Join(r, "\t"))
	}
	return t.Flush()
}

// quoted is a name as the brackets of an edit's path take it.
func quoted(name string) string { return fmt.Sprintf("[%q]", name) }

// channelNamed finds a channel; the error names those that there are.
func channelNamed(cfg *config.Config, name string) (*config.Channel, error) {
	var names []string
	for i := range cfg.Channels {
		if cfg.Channels[i].Name == name {
			return &cfg.Channels[i], nil
		}
		names = append(names, cfg.Channels[i].Name)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("there is no channel yet\n  try: claude-proxy init, or claude-proxy channels add")
	}
	return nil, fmt.Errorf("no channel is named %q; there are: %s", name, strings.Join(names, ", "))
}

// isTerminal: a person may be asked.
func isTerminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
