package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/edit"
	"github.com/claude-proxy/claude-proxy/host/config/store"
)

func dirOf(path string) string { return filepath.Dir(path) }

func newKeys(configPath *string) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "List, add, rotate and remove the keys of channels and clients",
		Long: "List, add, rotate and remove the keys of channels (credentials for upstreams) and of clients (what clients show to the\n" +
			"proxy). Keys are read from a variable, a file, the standard input or a question, never from a flag, and are kept in .env\n" +
			"unless --inline wants them in plugins.yaml.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().BoolVar(&dry, "dry-run", false, "show what would change and change nothing")
	cmd.AddCommand(newKeysList(configPath), newKeysAdd(configPath, &dry), newKeysRotate(configPath, &dry), newKeysRemove(configPath, &dry))
	return cmd
}

func newKeysList(configPath *string) *cobra.Command {
	return withJSON(&cobra.Command{
		Use:   "list [CHANNEL]",
		Short: "List the keys of a channel, or of all channels and clients",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w := open(cmd, configPath)
			cfg, err := w.quietly()
			if err != nil {
				return err
			}
			type row struct {
				Of      string `json:"of"`
				ID      string `json:"id"`
				Label   string `json:"label,omitempty"`
				Key     string `json:"key"`
				Enabled bool   `json:"enabled"`
				Reason  string `json:"reason,omitempty"`
				Line    int    `json:"line,omitempty"`
			}
			list := []row{}
			if len(args) == 1 {
				if _, err := channelNamed(cfg, args[0]); err != nil {
					return err
				}
			}
			for _, c := range cfg.Channels {
				if len(args) == 1 && c.Name != args[0] {
					continue
				}
				for _, k := range c.Keys {
					list = append(list, row{"channel " + c.Name, k.ID, k.Label, shownKey(k.Ref, k.Secret), k.Enabled, k.Reason, k.Line})
				}
			}
			if len(args) == 0 {
				for _, k := range cfg.Auth.Keys {
					list = append(list, row{"client", k.Name, "", shownKey(k.Ref, k.Key), k.Usable(), k.Reason, k.Line})
				}
			}
			return w.print(list, func(out io.Writer) error {
				rows := make([][]string, len(list))
				for i, r := range list {
					state := "yes"
					if !r.Enabled {
						state = "no"
						if r.Reason != "" {
							state += ": " + r.Reason
						}
					}
					rows[i] = []string{r.Of, r.ID, r.Label, r.Key, state}
				}
				return table(out, "OF ID LABEL KEY USABLE", rows)
			})
		},
	})
}

func shownKey(ref string, s config.Secret) string {
	if ref != "" {
		return ref
	}
	return s.String()
}

func newKeysAdd(configPath *string, dry *bool) *cobra.Command {
	var keys keySource
	var label, client string
	var admin bool
	cmd := &cobra.Command{
		Use:   "add [CHANNEL]",
		Short: "Add keys to a channel, or with --client make a client key",
		Long: "Add keys to a channel, or with --client make a client key, which is printed this once.\n\n" +
			"  claude-proxy keys add openai-main --env OPENAI_API_KEY_2 --label team-b\n" +
			"  claude-proxy keys add openai-main --stdin < keys.txt\n" +
			"  claude-proxy keys add --client laptop",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			w := open(cmd, configPath)
			cfg, err := w.quietly()
			if err != nil {
				return err
			}
			if client != "" {
				return w.addClient(client, admin, *dry)
			}
			if len(args) == 0 {
				return misuse("keys add takes a channel, or --client NAME")
			}
			c, err := channelNamed(cfg, args[0])
			if err != nil {
				return err
			}
			refs, err := keys.read(w, c.Name, *dry)
			if err != nil {
				return err
			}
			var edits []edit.Edit
			for i, ref := range refs {
				var value any = ref
				if label != "" {
					l := label
					if len(refs) > 1 {
						l = fmt.Sprintf("%s-%d", label, i+1)
					}
					value = map[string]string{"key": ref, "label": l}
				}
				edits = append(edits, edit.Edit{Op: edit.Insert, Path: "channels" + quoted(c.Name) + ".keys", Value: value})
			}
			return w.edit(*dry, edits...)
		},
	}
	keys.flags(cmd)
	cmd.Flags().StringVar(&label, "label", "", "a name that is shown instead of the key")
	cmd.Flags().StringVar(&client, "client", "", "make a key with this name for a client")
	cmd.Flags().BoolVar(&admin, "admin", false, "with --client: it may use the web UI and the admin API")
	return cmd
}

// addClient makes a client key; it stands in .env and is printed once.
func (w *workspace) addClient(name string, admin, dry bool) error {
	secret := "cp-" + rand.Text()
	refs, err := keepInEnv(w, name+"-client", []string{secret}, dry)
	if err != nil {
		return err
	}
	value := map[string]any{"name": name, "key": refs[0]}
	if admin {
		value["admin"] = true
	}
	if err := w.edit(dry, edit.Edit{Op: edit.Insert, Path: "auth.keys", Value: value}); err != nil || dry {
		return err
	}
	_, err = fmt.Fprintln(w.out, secret)
	return err
}

// keyNamed finds a key of a channel by its id or label.
func keyNamed(c *config.Channel, name string) (*config.Key, error) {
	var known []string
	for i := range c.Keys {
		k := &c.Keys[i]
		if k.ID == name || k.Label != "" && k.Label == name {
			return k, nil
		}
		known = append(known, k.ID)
	}
	return nil, fmt.Errorf("channel %s has no key %q; it has %s", c.Name, name, strings.Join(known, ", "))
}

func newKeysRotate(configPath *string, dry *bool) *cobra.Command {
	var keys keySource
	cmd := &cobra.Command{
		Use:   "rotate CHANNEL KEY",
		Short: "Put another key in the place of one (by its id or label)",
		Long: "Put another key in the place of one (by its id or label). Its label, weight and limits stay, requests under way end\n" +
			"with the old one. A key that comes from .env is changed there.",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			w := open(cmd, configPath)
			cfg, err := w.quietly()
			if err != nil {
				return err
			}
			c, err := channelNamed(cfg, args[0])
			if err != nil {
				return err
			}
			k, err := keyNamed(c, args[1])
			if err != nil {
				return err
			}
			if name := w.inDotEnv(k.Ref); name != "" && len(keys.env)+len(keys.file) == 0 && !keys.inline {
				return w.rotateInEnv(&keys, c, name, *dry)
			}
			refs, err := keys.read(w, c.Name, *dry)
			if err != nil {
				return err
			}
			if len(refs) != 1 {
				return misuse("keys rotate takes one key, and %d were given", len(refs))
			}
			return w.edit(*dry, w.replaceKey(c, k, refs[0]))
		},
	}
	keys.flags(cmd)
	return cmd
}

// replaceKey is the edit that gives a key another text, in whichever form it stands.
func (w *workspace) replaceKey(c *config.Channel, k *config.Key, text string) edit.Edit {
	at := fmt.Sprintf("channels%s.keys[%d]", quoted(c.Name), k.Index)
	if v, err := w.store().Read(); err == nil {
		if _, err := w.store().Apply(v.Bytes, []edit.Edit{{Op: edit.Delete, Path: at + ".key"}}); err == nil {
			at += ".key"
		}
	}
	return edit.Edit{Op: edit.Set, Path: at, Value: text}
}

// inDotEnv is the variable that a reference names, where .env sets it; else "".
func (w *workspace) inDotEnv(ref string) string {
	rest, opens := strings.CutPrefix(ref, "${")
	name, closes := strings.CutSuffix(rest, "}")
	if !opens || !closes || name == "" || strings.Contains(name, "$") {
		return ""
	}
	values, err := store.ReadVariables(w.envPath())
	if _, set := values[name]; err != nil || !set {
		return ""
	}
	return name
}

func (w *workspace) rotateInEnv(keys *keySource, c *config.Channel, name string, dry bool) error {
	own := *keys
	own.inline = true // the text itself, which goes into the variable that is there
	texts, err := own.read(w, c.Name, dry)
	if err != nil {
		return err
	}
	if len(texts) != 1 {
		return misuse("keys rotate takes one key, and %d were given", len(texts))
	}
	if dry {
		fmt.Fprintf(w.err, "%s would get another %s\n", w.envPath(), name)
		return nil
	}
	if err := store.SetVariables(w.envPath(), []string{name}, map[string]string{name: texts[0]}); err != nil {
		return err
	}
	fmt.Fprintf(w.err, "%s: %s is another key now (a running proxy takes it at once)\n", w.envPath(), name)
	return nil
}

func newKeysRemove(configPath *string, dry *bool) *cobra.Command {
	var client string
	cmd := &cobra.Command{
		Use:   "remove [CHANNEL KEY]",
		Short: "Take a key (by its id or label) out of a channel, or a client key out of the file",
		Args:  cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			w := open(cmd, configPath)
			cfg, err := w.quietly()
			if err != nil {
				return err
			}
			if client != "" {
				return w.edit(*dry, edit.Edit{Op: edit.Delete, Path: "auth.keys" + quoted(client)})
			}
			if len(args) != 2 {
				return misuse("keys remove takes a channel and a key, or --client NAME")
			}
			c, err := channelNamed(cfg, args[0])
			if err != nil {
				return err
			}
			k, err := keyNamed(c, args[1])
			if err != nil {
				return err
			}
			return w.edit(*dry, edit.Edit{Op: edit.Delete, Path: fmt.Sprintf("channels%s.keys[%d]", quoted(c.Name), k.Index)})
		},
	}
	cmd.Flags().StringVar(&client, "client", "", "the name of the client key")
	return cmd
}
