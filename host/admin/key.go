package admin

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/edit"
)

func (a *api) listKeys(c *call, _ *nothing) (contract.UpstreamKeys, error) { return a.keysOf(c, "") }

func (a *api) listChannelKeys(c *call, _ *nothing) (contract.UpstreamKeys, error) {
	return a.keysOf(c, c.name("channel"))
}

// keysOf lists the keys of one channel, or of all.
func (a *api) keysOf(c *call, channel string) (contract.UpstreamKeys, error) {
	var out contract.UpstreamKeys
	cfg, err := a.present(c)
	if err != nil {
		return out, err
	}
	if channel != "" && channelOf(cfg, channel) == nil {
		return out, noChannel(channel)
	}
	out.ETag = c.etag
	for _, view := range a.channelViews(cfg) {
		if channel != "" && *view.Settings.Name != channel {
			continue
		}
		for _, k := range view.Keys {
			out.Items = append(out.Items, contract.ChannelKey{Channel: *view.Settings.Name, UpstreamKey: k})
		}
	}
	return out, nil
}

// keyEntries are keys as entries of the file: the short form where there is only a secret.
func keyEntries(keys []contract.NewKey) []any {
	out := make([]any, 0, len(keys))
	for i := range keys {
		out = append(out, keyEntry(&keys[i]))
	}
	return out
}

func keyEntry(k *contract.NewKey) any {
	raw, err := json.Marshal(k.KeySettings)
	if err != nil {
		panic("BUG: the settings of a key are no JSON: " + err.Error())
	}
	more := members(raw)
	if len(more) == 0 {
		return strings.TrimSpace(k.Key)
	}
	entry := map[string]any{"key": strings.TrimSpace(k.Key)}
	for name, value := range more {
		entry[name] = value
	}
	return entry
}

// keyEntryOf is a key of the file as an entry that says the same.
func keyEntryOf(k *config.Key) any {
	def := config.DefaultKey()
	entry := map[string]any{"key": written(k)}
	if k.Label != "" {
		entry["label"] = k.Label
	}
	if k.Weight != def.Weight {
		entry["weight"] = k.Weight
	}
	if len(k.Models) > 0 {
		entry["models"] = k.Models
	}
	if k.RPM != 0 {
		entry["rpm"] = k.RPM
	}
	if k.MaxConcurrent != 0 {
		entry["max_concurrent"] = k.MaxConcurrent
	}
	if !k.Enabled && k.Reason == "" {
		entry["enabled"] = false
	}
	if len(entry) == 1 {
		return entry["key"]
	}
	return entry
}

// written is a key as the file writes it: its reference, or the secret itself.
func written(k *config.Key) string {
	if k.Ref != "" {
		return k.Ref
	}
	return k.Secret.Reveal()
}

func (a *api) addKeys(c *call, in *contract.NewKeys) (contract.KeysAdded, error) {
	var out contract.KeysAdded
	d, err := a.begin(c)
	if err != nil {
		return out, err
	}
	ch, err := a.named(c, d)
	if err != nil {
		return out, err
	}
	var fresh []contract.NewKey
	fresh, out.Duplicates = a.sortOut(d.old, ch, given(in))
	if len(fresh) == 0 && len(out.Duplicates) == 0 {
		return out, refuse(codeBadRequest, "there is no key in the request").at("/keys", "is empty")
	}
	var edits []edit.Edit
	for i := range fresh {
		edits = append(edits, edit.Edit{Op: edit.Insert, Path: channelPath(ch.Name) + ".keys", Value: keyEntry(&fresh[i])})
		d.typed = append(d.typed, fresh[i].Key)
	}
	if err := a.apply(d, edits); err != nil {
		return out, err
	}
	if out.Changed, err = a.finish(c, d); err != nil {
		return out, err
	}
	known := keyIDs(ch)
	for _, k := range channelOf(d.new, ch.Name).Keys {
		if !slices.Contains(known, k.ID) {
			out.Added = append(out.Added, k.ID)
		}
	}
	return out, nil
}

func keyIDs(ch *config.Channel) []string {
	ids := make([]string, 0, len(ch.Keys))
	for _, k := range ch.Keys {
		ids = append(ids, k.ID)
	}
	return ids
}

// indexed is a key with its place in the request.
type indexed struct {
	at  int
	key contract.NewKey
}

// given are the keys of a request: the list, and one for each line of the text.
func given(in *contract.NewKeys) []indexed {
	var out []indexed
	for i, k := range in.Keys {
		out = append(out, indexed{i, k})
	}
	for i, line := range strings.Split(in.Text, "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, indexed{i, contract.NewKey{Key: line}})
		}
	}
	return out
}

// sortOut leaves out the keys that some channel of the same address has already, and those that come twice: a limit would
// be counted twice for one account.
func (a *api) sortOut(cfg *config.Config, ch *config.Channel, keys []indexed) (fresh []contract.NewKey, duplicates []contract.DuplicateKey) {
	have := make(map[string]contract.DuplicateKey)
	for i := range cfg.Channels {
		other := &cfg.Channels[i]
		if other.Name != ch.Name && other.BaseURL != ch.BaseURL {
			continue
		}
		for j := range other.Keys {
			k := &other.Keys[j]
			for _, text := range []string{k.Secret.Reveal(), k.Ref} {
				if text != "" {
					have[text] = contract.DuplicateKey{ID: k.ID, Channel: other.Name}
				}
			}
		}
	}
	for _, x := range keys {
		text := strings.TrimSpace(x.key.Key)
		if d, known := have[text]; known {
			d.Index = x.at
			duplicates = append(duplicates, d)
			continue
		}
		have[text] = contract.DuplicateKey{Channel: ch.Name}
		fresh = append(fresh, x.key)
	}
	return fresh, duplicates
}

// keyIn finds the key that the path names in the file.
func (a *api) keyIn(c *call, d *draft) (*config.Channel, *config.Key, error) {
	ch, err := a.named(c, d)
	if err != nil {
		return nil, nil, err
	}
	c.target += "/" + c.name("key")
	for i := range ch.Keys {
		if ch.Keys[i].ID == c.name("key") {
			return ch, &ch.Keys[i], nil
		}
	}
	return nil, nil, refuse(codeNotFound, fmt.Sprintf("the channel %q has no key %.40q", ch.Name, c.name("key")))
}

func keyPath(ch *config.Channel, k *config.Key) string {
	return fmt.Sprintf("%s.keys[%d]", channelPath(ch.Name), k.Index)
}

// isShort: the file has the secret alone in the place of the key.
func (a *api) isShort(d *draft, path string) bool {
	_, err := a.Files.Apply(d.before.Bytes, []edit.Edit{{Op: edit.Delete, Path: path + ".key"}})
	return err != nil
}

func (a *api) updateKey(c *call, _ *contract.KeySettings) (contract.KeyChanged, error) {
	var out contract.KeyChanged
	d, err := a.begin(c)
	if err != nil {
		return out, err
	}
	ch, k, err := a.keyIn(c, d)
	if err != nil {
		return out, err
	}
	patch, path := members(c.body), keyPath(ch, k)
	var edits []edit.Edit
	if a.isShort(d, path) && len(patch) > 0 {
		if strings.Contains(k.Ref, "…") {
			return out, editProblem(edit.ErrByHand)
		}
		entry := map[string]any{"key": written(k)}
		for name, raw := range patch {
			if !isNull(raw) {
				entry[name] = raw
			}
		}
		edits = append(edits, edit.Edit{Op: edit.Set, Path: path, Value: entry})
	} else {
		for _, name := range slices.Sorted(maps.Keys(patch)) {
			edits = append(edits, setOrDelete(path+"."+name, orNil(patch[name])))
		}
	}
	if err := a.apply(d, edits); err != nil {
		return out, err
	}
	out.Changed, err = a.finish(c, d)
	out.ID = k.ID
	return out, err
}

func (a *api) rotateKey(c *call, in *contract.KeySecret) (contract.KeyChanged, error) {
	var out contract.KeyChanged
	d, err := a.begin(c)
	if err != nil {
		return out, err
	}
	ch, k, err := a.keyIn(c, d)
	if err != nil {
		return out, err
	}
	secret := strings.TrimSpace(in.Key)
	if secret == "" {
		return out, refuse(codeBadRequest, "the new key is empty").at("/key", "is empty")
	}
	if _, duplicates := a.sortOut(d.old, ch, []indexed{{0, contract.NewKey{Key: secret}}}); len(duplicates) > 0 {
		return out, refuse(codeExists, fmt.Sprintf("the channel %q has this key already, as %s", duplicates[0].Channel, duplicates[0].ID))
	}
	path := keyPath(ch, k)
	if !a.isShort(d, path) {
		path += ".key"
	}
	d.typed = []string{secret}
	if err := a.apply(d, []edit.Edit{{Op: edit.Set, Path: path, Value: secret}}); err != nil {
		return out, err
	}
	if out.Changed, err = a.finish(c, d); err != nil {
		return out, err
	}
	for _, now := range channelOf(d.new, ch.Name).Keys {
		if now.Index == k.Index {
			out.ID = now.ID
		}
	}
	return out, nil
}

func (a *api) deleteKey(c *call, _ *nothing) (contract.Changed, error) {
	d, err := a.begin(c)
	if err != nil {
		return contract.Changed{}, err
	}
	ch, k, err := a.keyIn(c, d)
	if err != nil {
		return contract.Changed{}, err
	}
	if err := a.apply(d, []edit.Edit{{Op: edit.Delete, Path: keyPath(ch, k)}}); err != nil {
		return contract.Changed{}, err
	}
	return a.finish(c, d)
}

func (a *api) orderKeys(c *call, in *contract.KeyOrder) (contract.Changed, error) {
	d, err := a.begin(c)
	if err != nil {
		return contract.Changed{}, err
	}
	ch, err := a.named(c, d)
	if err != nil {
		return contract.Changed{}, err
	}
	edits, err := reorder(channelPath(ch.Name)+".keys", keyIDs(ch), in.IDs)
	if err != nil {
		return contract.Changed{}, err
	}
	if err := a.apply(d, edits); err != nil {
		return contract.Changed{}, err
	}
	return a.finish(c, d)
}
