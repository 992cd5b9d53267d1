package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/store"
	"github.com/claude-proxy/claude-proxy/host/provider"
	"github.com/claude-proxy/claude-proxy/host/setup"
)

func newInit(configPath *string) *cobra.Command {
	var id, name, base string
	var models []string
	var keys keySource
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Begin a configuration: plugins.yaml with a first channel, .env for its key",
		Long: "Begin a configuration: a commented plugins.yaml with a first channel, .env (for you alone) with its key, and lines in\n" +
			".gitignore that keep both key and state out of git. At a terminal it asks; elsewhere flags say all.\n\n" +
			"  claude-proxy init\n" +
			"  claude-proxy init --provider openai --env OPENAI_API_KEY\n" +
			"  pass show deepseek | claude-proxy init --provider deepseek --stdin",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := open(cmd, configPath)
			if err := w.fresh(); err != nil {
				return err
			}
			asking := id == "" && isTerminal(w.in)
			if id == "" && !asking {
				return misuse("init asks only at a terminal\n  try: claude-proxy init --provider openai --env OPENAI_API_KEY   (known: %s)", strings.Join(providerNames(), ", "))
			}
			var p provider.Provider
			var err error
			if asking {
				p, err = w.askProvider()
			} else {
				p, err = providerNamed(id)
			}
			if err != nil {
				return err
			}
			c := setup.Of(p)
			if name != "" {
				c.Name = name
			}
			if base != "" {
				c.BaseURL = base
			}
			if c.BaseURL == "https://" {
				if !asking {
					return misuse("the provider %s needs --base-url", p.ID)
				}
				if c.BaseURL, err = w.ask("Address, with https:// and the version: "); err != nil {
					return err
				}
			}
			if renames, err := parseRenames(models); err != nil {
				return err
			} else if len(renames) > 0 {
				c.Models = renames
			}
			if err := w.initKeys(&c, p, &keys, asking); err != nil {
				return err
			}
			return w.begin(c)
		},
	}
	f := cmd.Flags()
	f.StringVar(&id, "provider", "", "a known provider: "+strings.Join(providerNames(), ", "))
	f.StringVar(&name, "name", "", "the channel's name; the provider's without it")
	f.StringVar(&base, "base-url", "", "another address than the provider's")
	f.StringArrayVar(&models, "map", nil, "PATTERN=MODEL: ask the upstream for MODEL when a client asks for PATTERN; again for more")
	keys.flags(cmd)
	return cmd
}

// fresh refuses to begin where something is already.
func (w *workspace) fresh() error {
	cfg, report := config.Load(config.LoadOptions{Path: w.path, Optional: true, Adapters: w.reg.Names()})
	if cfg == nil {
		fmt.Fprintln(w.err, report)
		return exitError(exitInvalid)
	}
	if len(cfg.Channels) > 0 {
		return fmt.Errorf("%s has channels already\n  try: claude-proxy channels add NAME --provider openai --env OPENAI_API_KEY", w.path)
	}
	return nil
}

// ask asks at the terminal.
func (w *workspace) ask(question string) (string, error) {
	fmt.Fprint(w.err, question)
	line, err := bufio.NewReader(w.in).ReadString('\n')
	return strings.TrimSpace(line), err
}

func (w *workspace) askProvider() (provider.Provider, error) {
	list := provider.List()
	fmt.Fprintln(w.err, "Which provider is the first channel for?")
	for i, p := range list {
		fmt.Fprintf(w.err, "  %2d  %s\n", i+1, p.EN)
	}
	text, err := w.ask("Number: ")
	if err != nil {
		return provider.Provider{}, err
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > len(list) {
		return provider.Provider{}, fmt.Errorf("%q is not one of the numbers", text)
	}
	return list[n-1], nil
}

// initKeys finds the first channel's keys. A variable that is there already is offered, never used in silence.
func (w *workspace) initKeys(c *setup.Channel, p provider.Provider, keys *keySource, asking bool) (err error) {
	switch {
	case keys.given():
		c.Keys, err = keys.read(w, c.Name, false)
		return err
	case !asking || p.KeyVariable == "":
		if p.KeyVariable != "" {
			return misuse("no key was given\n  try: --env %s, --file PATH, or --stdin", p.KeyVariable)
		}
		return nil
	}
	if os.Getenv(p.KeyVariable) != "" {
		answer, err := w.ask("Use the variable " + p.KeyVariable + " of the environment? [Y/n] ")
		if err != nil {
			return err
		}
		if answer == "" || strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes") {
			c.Keys = []string{"${" + p.KeyVariable + "}"}
			return nil
		}
	}
	if p.KeyURL != "" {
		fmt.Fprintf(w.err, "Keys are made at %s\n", p.KeyURL)
	}
	c.Keys, err = keys.read(w, c.Name, false)
	return err
}

// begin writes the file.
func (w *workspace) begin(c setup.Channel) error {
	s := w.store()
	now, err := s.Read()
	if err != nil {
		return err
	}
	text := now.Bytes
	if text == nil {
		schema := filepath.Join(s.StateDir, "plugins.schema.json")
		if err := store.WriteFile(schema, config.JSONSchema(w.optionSchemas())); err != nil {
			return err
		}
		rel, err := filepath.Rel(dirOf(w.path), schema)
		if err != nil {
			rel = schema
		}
		text = setup.Start(filepath.ToSlash(rel))
	}
	after, err := s.Apply(text, editsOf(c))
	if err != nil {
		return err
	}
	if _, err := s.Save(after, now.Hash, "cli"); err != nil {
		if errors.Is(err, store.ErrConflict) {
			return err
		}
		return w.saved(s, err)
	}
	if err := w.ignore(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w.out, "%s: channel %s\n\nNext:\n  claude-proxy channels test %s\n  claude-proxy\n", w.path, c.Name, c.Name)
	return err
}
