package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/edit"
	"github.com/claude-proxy/claude-proxy/host/provider"
	"github.com/claude-proxy/claude-proxy/host/setup"
)

func newChannels(configPath *string) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "channels",
		Short: "List, test and change channels",
		Long:  "List, test and change channels. Changes go into plugins.yaml, where all else stays as it is; a running proxy takes them\nat once.",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().BoolVar(&dry, "dry-run", false, "show what would change and change nothing")
	cmd.AddCommand(newChannelsList(configPath), newChannelsTest(configPath), newChannelsAdd(configPath, &dry),
		newChannelsSwitch(configPath, &dry, true), newChannelsSwitch(configPath, &dry, false), newChannelsMove(configPath, &dry),
		newChannelsMap(configPath, &dry), newChannelsSet(configPath, &dry), newChannelsRemove(configPath, &dry))
	return cmd
}

func newChannelsList(configPath *string) *cobra.Command {
	return withJSON(&cobra.Command{
		Use:   "list",
		Short: "List the channels in the order of the file",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := open(cmd, configPath)
			cfg, err := w.quietly()
			if err != nil {
				return err
			}
			type row struct {
				Name     string `json:"name"`
				Adapter  string `json:"adapter"`
				BaseURL  string `json:"base_url"`
				Enabled  bool   `json:"enabled"`
				Priority int    `json:"priority"`
				Weight   int    `json:"weight"`
				Keys     int    `json:"keys"`
				Usable   int    `json:"usable_keys"`
				Line     int    `json:"line"`
			}
			list := []row{}
			for _, c := range cfg.Channels {
				r := row{c.Name, c.Adapter, c.BaseURL, c.Enabled, c.Priority, c.Weight, len(c.Keys), 0, c.Line}
				for _, k := range c.Keys {
					if k.Enabled && !k.Secret.Empty() {
						r.Usable++
					}
				}
				list = append(list, r)
			}
			return w.print(list, func(out io.Writer) error {
				rows := make([][]string, len(list))
				for i, r := range list {
					rows[i] = []string{r.Name, r.Adapter, r.BaseURL, onOff(r.Enabled), fmt.Sprint(r.Priority), fmt.Sprint(r.Weight), fmt.Sprintf("%d/%d", r.Usable, r.Keys)}
				}
				return table(out, "NAME ADAPTER BASE_URL ENABLED PRIORITY WEIGHT KEYS", rows)
			})
		},
	})
}

func onOff(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func newChannelsAdd(configPath *string, dry *bool) *cobra.Command {
	var c setup.Channel
	var of, before string
	var models []string
	var keys keySource
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a channel",
		Long: "Add a channel: at a provider that is known, or with an adapter and an address.\n\n" +
			"  claude-proxy channels add openai-main --provider openai --env OPENAI_API_KEY\n" +
			"  claude-proxy channels add box --adapter openaiold --base-url http://10.0.0.5:8000/v1 --map 'claude-*=qwen3'\n" +
			"  pass show openai | claude-proxy channels add openai-main --provider openai --stdin",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w := open(cmd, configPath)
			if of != "" {
				p, err := providerNamed(of)
				if err != nil {
					return err
				}
				from := setup.Of(p)
				if c.Adapter != "" {
					from.Adapter = c.Adapter
				}
				if c.BaseURL != "" {
					from.BaseURL = c.BaseURL
				}
				c = from
			}
			c.Name = args[0]
			if c.Adapter == "" || c.BaseURL == "" {
				return misuse("channels add needs --provider, or --adapter and --base-url")
			}
			renames, err := parseRenames(models)
			if err != nil {
				return err
			}
			if len(renames) > 0 {
				c.Models = renames
			}
			if keys.given() {
				if c.Keys, err = keys.read(w, c.Name, *dry); err != nil {
					return err
				}
			}
			return w.edit(*dry, c.Edit(before))
		},
	}
	f := cmd.Flags()
	f.StringVar(&of, "provider", "", "a known provider: "+strings.Join(providerNames(), ", "))
	f.StringVar(&c.Adapter, "adapter", "", "the adapter's name")
	f.StringVar(&c.BaseURL, "base-url", "", "the upstream's address")
	f.StringVar(&before, "before", "", "the channel in front of which it goes; the end without it")
	f.StringArrayVar(&models, "map", nil, "PATTERN=MODEL: ask the upstream for MODEL when a client asks for PATTERN; again for more")
	keys.flags(cmd)
	return cmd
}

func providerNames() (names []string) {
	for _, p := range provider.List() {
		names = append(names, p.ID)
	}
	return names
}

func providerNamed(id string) (provider.Provider, error) {
	for _, p := range provider.List() {
		if p.ID == id {
			return p, nil
		}
	}
	return provider.Provider{}, misuse("no provider is called %q; known are %s", id, strings.Join(providerNames(), ", "))
}

func parseRenames(list []string) (renames [][2]string, err error) {
	for _, m := range list {
		from, to, ok := strings.Cut(m, "=")
		if !ok || from == "" || to == "" {
			return nil, misuse("--map takes PATTERN=MODEL")
		}
		renames = append(renames, [2]string{from, to})
	}
	return renames, nil
}

// change is a command that edits one channel.
func change(configPath *string, dry *bool, cmd *cobra.Command, edits func(c *config.Channel, args []string) ([]edit.Edit, error)) *cobra.Command {
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		w := open(cmd, configPath)
		cfg, err := w.quietly()
		if err != nil {
			return err
		}
		c, err := channelNamed(cfg, args[0])
		if err != nil {
			return err
		}
		list, err := edits(c, args)
		if err != nil {
			return err
		}
		return w.edit(*dry, list...)
	}
	return cmd
}

func newChannelsSwitch(configPath *string, dry *bool, on bool) *cobra.Command {
	use, short := "disable NAME", "Switch a channel off"
	if on {
		use, short = "enable NAME", "Switch a channel on"
	}
	return change(configPath, dry, &cobra.Command{Use: use, Short: short, Args: cobra.ExactArgs(1)}, func(c *config.Channel, _ []string) ([]edit.Edit, error) {
		return []edit.Edit{{Op: edit.Set, Path: "channels" + quoted(c.Name) + ".enabled", Value: on}}, nil
	})
}

func newChannelsMove(configPath *string, dry *bool) *cobra.Command {
	var before string
	var priority int
	cmd := change(configPath, dry, &cobra.Command{
		Use:   "move NAME",
		Short: "Put a channel in front of another one, or at the end",
		Long:  "Put a channel in front of another one, or at the end. Among channels of one priority the order of the file decides;\n--priority changes that too (lower goes first).",
		Args:  cobra.ExactArgs(1),
	}, func(c *config.Channel, _ []string) ([]edit.Edit, error) {
		list := []edit.Edit{{Op: edit.Move, Path: "channels" + quoted(c.Name)}}
		if before != "" {
			list[0].Before = fmt.Sprintf("%q", before)
		}
		if priority >= 0 {
			list = append(list, edit.Edit{Op: edit.Set, Path: "channels" + quoted(c.Name) + ".priority", Value: priority})
		}
		return list, nil
	})
	cmd.Flags().StringVar(&before, "before", "", "the channel in front of which it goes; the end without it")
	cmd.Flags().IntVar(&priority, "priority", -1, "its priority from now on")
	return cmd
}

func newChannelsMap(configPath *string, dry *bool) *cobra.Command {
	var remove bool
	cmd := change(configPath, dry, &cobra.Command{
		Use:   "map NAME PATTERN=MODEL...",
		Short: "Ask a channel's upstream for MODEL when a client asks for PATTERN",
		Long:  "Ask a channel's upstream for MODEL when a client asks for PATTERN; with --remove and PATTERN alone, no longer.",
		Args:  cobra.MinimumNArgs(2),
	}, func(c *config.Channel, args []string) ([]edit.Edit, error) {
		at := "channels" + quoted(c.Name) + ".models"
		var list []edit.Edit
		if remove {
			for _, pattern := range args[1:] {
				list = append(list, edit.Edit{Op: edit.Delete, Path: at + quoted(pattern)})
			}
			return list, nil
		}
		renames, err := parseRenames(args[1:])
		for _, m := range renames {
			list = append(list, edit.Edit{Op: edit.Set, Path: at + quoted(m[0]), Value: m[1]})
		}
		return list, err
	})
	cmd.Flags().BoolVar(&remove, "remove", false, "take the renames of these patterns away")
	return cmd
}

func newChannelsSet(configPath *string, dry *bool) *cobra.Command {
	return change(configPath, dry, &cobra.Command{
		Use:   "set NAME SETTING=VALUE...",
		Short: "Change single settings of a channel",
		Long: "Change single settings of a channel. Values are read as in plugins.yaml; lists and mappings in flow style.\n\n" +
			"  claude-proxy channels set main weight=3 timeouts.idle=5m 'tags=[a, b]'",
		Args: cobra.MinimumNArgs(2),
	}, func(c *config.Channel, args []string) ([]edit.Edit, error) {
		var list []edit.Edit
		for _, a := range args[1:] {
			setting, text, ok := strings.Cut(a, "=")
			if !ok || setting == "" {
				return nil, misuse("channels set takes SETTING=VALUE")
			}
			if setting == "keys" || strings.HasPrefix(setting, "keys[") {
				return nil, errors.New("keys are no values of a command line, which others can see\n  try: claude-proxy keys add --help")
			}
			value, err := edit.ParseValue(text)
			if err != nil {
				return nil, misuse("%s: %v", setting, err)
			}
			list = append(list, edit.Edit{Op: edit.Set, Path: "channels" + quoted(c.Name) + "." + setting, Value: value})
		}
		return list, nil
	})
}

func newChannelsRemove(configPath *string, dry *bool) *cobra.Command {
	return change(configPath, dry, &cobra.Command{
		Use:   "remove NAME",
		Short: "Take a channel out of the file",
		Args:  cobra.ExactArgs(1),
	}, func(c *config.Channel, _ []string) ([]edit.Edit, error) {
		return []edit.Edit{{Op: edit.Delete, Path: "channels" + quoted(c.Name)}}, nil
	})
}
