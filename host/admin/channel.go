package admin

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/edit"
)

func (a *api) listChannels(c *call, _ *nothing) (contract.Channels, error) {
	cfg, err := a.present(c)
	if err != nil {
		return contract.Channels{}, err
	}
	return contract.Channels{ETag: c.etag, Items: a.channelViews(cfg)}, nil
}

// present is the configuration as the file has it at this moment, with the file's state as the answer's etag: who bases a
// change on it must see what is there, which may be newer than what is in force. A file with mistakes, or none, shows what
// is in force; then single values cannot be changed anyway, or all of them are new.
func (a *api) present(c *call) (*config.Config, error) {
	v, err := a.Files.Read()
	if err != nil {
		return nil, refuse(codeWriteFailed, "plugins.yaml cannot be read: "+plain(err))
	}
	c.etag = v.Hash
	if v.Bytes == nil {
		return a.Config(), nil
	}
	cfg, _ := a.Files.Load(v.Bytes)
	if cfg == nil {
		return a.Config(), nil
	}
	return cfg, nil
}

// channelViews shows all channels of a configuration in the order of the file, with how they do where they are in force.
func (a *api) channelViews(cfg *config.Config) []contract.Channel {
	if len(cfg.Channels) == 0 && a.Demo() {
		cfg = a.Config() // the implicit channel is in no file
	}
	failures := a.lastErrors()
	out := make([]contract.Channel, 0, len(cfg.Channels))
	for i, s := range a.Health.Status(cfg.Channels) {
		ch := &cfg.Channels[i]
		status := a.channelStatus(ch, &s)
		status.LastError = failures[ch.Name]
		view := a.channelView(ch, status)
		view.Demo = a.Demo() && ch.Line == 0
		out = append(out, view)
	}
	return out
}

func (a *api) getChannel(c *call, _ *nothing) (contract.Channel, error) {
	cfg, err := a.present(c)
	if err != nil {
		return contract.Channel{}, err
	}
	if view := a.channelIn(cfg, c.name("channel")); view != nil {
		return *view, nil
	}
	return contract.Channel{}, noChannel(c.name("channel"))
}

// channelIn shows one channel of a configuration; nil where it has none of that name.
func (a *api) channelIn(cfg *config.Config, name string) *contract.Channel {
	for _, view := range a.channelViews(cfg) {
		if *view.Settings.Name == name {
			return &view
		}
	}
	return nil
}

func noChannel(name string) *problem {
	return refuse(codeNotFound, fmt.Sprintf("there is no channel named %.80q", name))
}

// named finds a channel of a draft, which edits then go to.
func (a *api) named(c *call, d *draft) (*config.Channel, error) {
	c.target = c.name("channel")
	cfg, err := d.usable()
	if err != nil {
		return nil, err
	}
	if ch := channelOf(cfg, c.target); ch != nil {
		return ch, nil
	}
	return nil, noChannel(c.target)
}

func channelOf(cfg *config.Config, name string) *config.Channel {
	for i := range cfg.Channels {
		if cfg.Channels[i].Name == name {
			return &cfg.Channels[i]
		}
	}
	return nil
}

func (a *api) createChannel(c *call, in *contract.NewChannel) (contract.ChannelChanged, error) {
	var out contract.ChannelChanged
	d, err := a.begin(c)
	if err != nil {
		return out, err
	}
	cfg, err := d.usable()
	if err != nil {
		return out, err
	}
	entry, err := newChannel(cfg, in, member(c.body, "settings"))
	if err != nil {
		return out, err
	}
	c.target = text(entry["name"])
	e := edit.Edit{Op: edit.Insert, Path: "channels", Value: entry}
	if in.Before != "" {
		if channelOf(cfg, in.Before) == nil {
			return out, noChannel(in.Before)
		}
		e.Before = quoted(in.Before)
	}
	d.typed = typedKeys(in.Keys, in.Settings)
	if err := a.apply(d, []edit.Edit{e}); err != nil {
		return out, err
	}
	out.Changed, err = a.finish(c, d)
	if err == nil && !out.DryRun {
		out.Channel = a.channelIn(d.new, c.target)
	}
	return out, err
}

// newChannel is the entry of a new channel in the file.
func newChannel(cfg *config.Config, in *contract.NewChannel, settings map[string]json.RawMessage) (map[string]any, error) {
	entry := map[string]any{}
	if in.CopyOf != "" {
		from := channelOf(cfg, in.CopyOf)
		if from == nil {
			return nil, noChannel(in.CopyOf)
		}
		entry = entryOf(from)
		delete(entry, "name")
	}
	for name, raw := range settings {
		value, err := settingValue(name, raw)
		if err != nil {
			return nil, err
		}
		entry[name] = value
	}
	if len(in.Keys) > 0 {
		entry["keys"] = keyEntries(in.Keys)
	}
	for _, name := range []string{"name", "adapter", "base_url"} {
		if text(entry[name]) == "" {
			return nil, refuse(codeInvalid, "a channel needs name, adapter and base_url").at("/settings/"+name, "is missing")
		}
	}
	for name, value := range entry {
		if value == nil {
			delete(entry, name)
		}
	}
	return entry, nil
}

// text is the text in a value that was read from JSON or made here; "" where it is none.
func text(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case json.RawMessage:
		var s string
		if json.Unmarshal(x, &s) == nil {
			return s
		}
	}
	return ""
}

func (a *api) updateChannel(c *call, in *contract.ChannelPatch) (contract.ChannelChanged, error) {
	var out contract.ChannelChanged
	d, err := a.begin(c)
	if err != nil {
		return out, err
	}
	ch, err := a.named(c, d)
	if err != nil {
		return out, err
	}
	edits, err := channelEdits(ch, member(c.body, "settings"))
	if err != nil {
		return out, err
	}
	if in.Keys != nil {
		edits = append(edits, edit.Edit{Op: edit.Set, Path: channelPath(ch.Name) + ".keys", Value: keyEntries(*in.Keys)})
		d.typed = typedKeys(*in.Keys, in.Settings)
	} else {
		d.typed = typedKeys(nil, in.Settings)
	}
	name := ch.Name
	if n := in.Settings.Name; n != nil && *n != ch.Name {
		if channelOf(d.old, *n) != nil {
			return out, refuse(codeExists, "a channel of this name is there already")
		}
		name = *n
		edits = append(edits, renamed(d.old, ch.Name, name)...)
	}
	if err := a.apply(d, edits); err != nil {
		return out, err
	}
	out.Changed, err = a.finish(c, d)
	if err == nil && !out.DryRun {
		out.Channel = a.channelIn(d.new, name)
	}
	return out, err
}

func (a *api) updateChannels(c *call, in *contract.BulkPatch) (contract.Changed, error) {
	d, err := a.begin(c)
	if err != nil {
		return contract.Changed{}, err
	}
	cfg, err := d.usable()
	if err != nil {
		return contract.Changed{}, err
	}
	settings := member(c.body, "settings")
	for name := range settings {
		if !slices.Contains([]string{"enabled", "priority", "weight", "tags", "loss"}, name) {
			return contract.Changed{}, refuse(codeBadRequest, "several channels can be changed in enabled, priority, weight, tags and loss").
				at("/settings/"+name, "cannot be changed for several channels at once")
		}
	}
	var edits []edit.Edit
	for i, name := range in.Channels {
		ch := channelOf(cfg, name)
		if ch == nil {
			return contract.Changed{}, noChannel(name).at(fmt.Sprintf("/channels/%d", i), "is not there")
		}
		more, err := channelEdits(ch, settings)
		if err != nil {
			return contract.Changed{}, err
		}
		edits = append(edits, more...)
	}
	if err := a.apply(d, edits); err != nil {
		return contract.Changed{}, err
	}
	return a.finish(c, d)
}

func (a *api) deleteChannel(c *call, _ *nothing) (contract.ChannelChanged, error) {
	var out contract.ChannelChanged
	d, err := a.begin(c)
	if err != nil {
		return out, err
	}
	ch, err := a.named(c, d)
	if err != nil {
		return out, err
	}
	for _, r := range d.old.Routing.Models {
		if slices.ContainsFunc(r.Targets, func(t config.Target) bool { return t.Channel == ch.Name }) {
			return out, refuse(codeInUse, fmt.Sprintf("the route %q leads to the channel", r.Pattern)).try("change routing.models first")
		}
	}
	if err := a.apply(d, []edit.Edit{{Op: edit.Delete, Path: channelPath(ch.Name)}}); err != nil {
		return out, err
	}
	out.Changed, err = a.finish(c, d)
	return out, err
}

func (a *api) orderChannels(c *call, in *contract.ChannelOrder) (contract.Changed, error) {
	d, err := a.begin(c)
	if err != nil {
		return contract.Changed{}, err
	}
	cfg, err := d.usable()
	if err != nil {
		return contract.Changed{}, err
	}
	var have, want []string
	for i := range cfg.Channels {
		have = append(have, cfg.Channels[i].Name)
	}
	for _, p := range in.Items {
		want = append(want, p.Name)
	}
	edits, err := reorder("channels", have, want)
	if err != nil {
		return contract.Changed{}, err
	}
	for _, p := range in.Items {
		if ch := channelOf(cfg, p.Name); p.Priority != nil && ch.Priority != *p.Priority {
			edits = append(edits, edit.Edit{Op: edit.Set, Path: channelPath(p.Name) + ".priority", Value: *p.Priority})
		}
	}
	if err := a.apply(d, edits); err != nil {
		return contract.Changed{}, err
	}
	return a.finish(c, d)
}

// reorder moves the entries of a list into an order that names each of them once.
func reorder(path string, have, want []string) ([]edit.Edit, error) {
	a, b := slices.Sorted(slices.Values(have)), slices.Sorted(slices.Values(want))
	if !slices.Equal(a, b) {
		return nil, refuse(codeBadRequest, "the order must name each entry exactly once")
	}
	var edits []edit.Edit
	now := slices.Clone(have)
	for i, name := range want {
		if now[i] == name {
			continue
		}
		edits = append(edits, edit.Edit{Op: edit.Move, Path: path + "[" + quoted(name) + "]", Before: quoted(now[i])})
		now = slices.Insert(slices.DeleteFunc(now, func(n string) bool { return n == name }), i, name)
	}
	return edits, nil
}

func (a *api) resetChannel(c *call, in *contract.Reset) (contract.ChannelStatus, error) {
	c.target = c.name("channel")
	ch := channelOf(a.Config(), c.target)
	if ch == nil {
		return contract.ChannelStatus{}, noChannel(c.target)
	}
	if in.Key != "" && !slices.ContainsFunc(ch.Keys, func(k config.Key) bool { return k.ID == in.Key }) {
		return contract.ChannelStatus{}, refuse(codeNotFound, "the channel has no such key")
	}
	a.Health.Reset(ch.Name, in.Key)
	return a.statuses()[ch.Name], nil
}
