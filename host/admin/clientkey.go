package admin

import (
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/edit"
)

// generatedName is the client key that the program makes where nobody configured one.
const generatedName = "generated"

func (a *api) listClientKeys(c *call, _ *nothing) (contract.ClientKeys, error) {
	cfg, err := a.present(c)
	if err != nil {
		return contract.ClientKeys{}, err
	}
	out := contract.ClientKeys{ETag: c.etag}
	now, used := a.now(), a.clientsUsed()
	known := map[string]bool{}
	add := func(k *config.ClientKey) {
		if !known[k.Name] {
			known[k.Name] = true
			out.Items = append(out.Items, clientKeyView(k, now, used))
		}
	}
	for i := range cfg.Auth.Keys {
		add(&cfg.Auth.Keys[i])
	}
	// A generated key is in no file.
	for i := range a.Config().Auth.Keys {
		if k := &a.Config().Auth.Keys[i]; k.Line == 0 {
			add(k)
		}
	}
	return out, nil
}

func clientKeyView(k *config.ClientKey, now time.Time, used map[string]time.Time) contract.ClientKey {
	v := contract.ClientKey{
		Name: k.Name, Masked: k.Key.String(), Ref: k.Ref, Source: "file", Admin: k.Admin, Models: list(k.Models), RPM: k.RPM,
		TokensPerMinute: k.TokensPerMinute, MaxConcurrent: k.MaxConcurrent, PickChannel: k.PickChannel, Expires: moment(k.Expires),
		Enabled: k.Enabled, Usable: k.Usable(), Reason: k.Reason, Line: k.Line, LastUsed: moment(used[k.Name]),
	}
	if k.Line == 0 {
		v.Source = "environment"
		if k.Name == generatedName {
			v.Source = "generated"
		}
	}
	switch {
	case v.Usable && !k.Expires.IsZero() && !now.Before(k.Expires):
		v.Usable, v.Reason = false, "it has expired"
	case !k.Enabled && v.Reason == "":
		v.Reason = "it is disabled"
	}
	return v
}

// clientKeyIn finds the client key that the path names; one that is not in the file cannot be changed here.
func (a *api) clientKeyIn(c *call, d *draft) (*config.ClientKey, error) {
	c.target = c.name("name")
	cfg, err := d.usable()
	if err != nil {
		return nil, err
	}
	for i := range cfg.Auth.Keys {
		if k := &cfg.Auth.Keys[i]; k.Name == c.target && k.Line > 0 {
			return k, nil
		}
	}
	for _, k := range a.Config().Auth.Keys {
		if k.Name == c.target {
			return nil, refuse(codeOverridden, "the key does not come from plugins.yaml").
				try("change PROXY_ACCESS_KEY where the program is started, or delete the generated key in the state folder")
		}
	}
	return nil, refuse(codeNotFound, fmt.Sprintf("there is no client key named %.80q", c.target))
}

func clientKeyPath(name string) string { return "auth.keys[" + quoted(name) + "]" }

func (a *api) createClientKey(c *call, in *contract.ClientKeySettings) (contract.CreatedClientKey, error) {
	var out contract.CreatedClientKey
	d, err := a.begin(c)
	if err != nil {
		return out, err
	}
	if _, err := d.usable(); err != nil {
		return out, err
	}
	if in.Name == nil || *in.Name == "" {
		return out, refuse(codeBadRequest, "a client key needs a name").at("/name", "is missing")
	}
	out.Name, c.target = *in.Name, *in.Name
	for _, k := range a.Config().Auth.Keys {
		if k.Name == out.Name {
			return out, refuse(codeExists, "a client key of this name is there already")
		}
	}
	secret := newClientKey()
	entry := map[string]any{"key": secret}
	for name, raw := range members(c.body) {
		if !isNull(raw) {
			entry[name] = raw
		}
	}
	if err := a.apply(d, []edit.Edit{{Op: edit.Insert, Path: "auth.keys", Value: entry}}); err != nil {
		return out, err
	}
	if out.Changed, err = a.finish(c, d); err == nil && !out.DryRun {
		out.Key = secret
	}
	return out, err
}

// newClientKey makes a key that nobody can guess.
func newClientKey() string { return "cp-" + rand.Text() }

func (a *api) updateClientKey(c *call, in *contract.ClientKeySettings) (contract.Changed, error) {
	d, err := a.begin(c)
	if err != nil {
		return contract.Changed{}, err
	}
	k, err := a.clientKeyIn(c, d)
	if err != nil {
		return contract.Changed{}, err
	}
	patch := members(c.body)
	if n := in.Name; n != nil && *n != k.Name && slices.ContainsFunc(a.Config().Auth.Keys, func(o config.ClientKey) bool { return o.Name == *n }) {
		return contract.Changed{}, refuse(codeExists, "a client key of this name is there already")
	}
	var edits []edit.Edit
	for _, name := range slices.Sorted(maps.Keys(patch)) {
		if name != "name" {
			edits = append(edits, setOrDelete(clientKeyPath(k.Name)+"."+name, orNil(patch[name])))
		}
	}
	if in.Name != nil {
		edits = append(edits, edit.Edit{Op: edit.Set, Path: clientKeyPath(k.Name) + ".name", Value: *in.Name})
	}
	if err := a.apply(d, edits); err != nil {
		return contract.Changed{}, err
	}
	return a.finishKeepingAdmin(c, d)
}

func (a *api) rotateClientKey(c *call, _ *nothing) (contract.CreatedClientKey, error) {
	var out contract.CreatedClientKey
	d, err := a.begin(c)
	if err != nil {
		return out, err
	}
	k, err := a.clientKeyIn(c, d)
	if err != nil {
		return out, err
	}
	if k.Ref != "" {
		return out, refuse(codeOverridden, "the key is kept in "+k.Ref+", not in plugins.yaml").try("change it there")
	}
	out.Name = k.Name
	secret := newClientKey()
	if err := a.apply(d, []edit.Edit{{Op: edit.Set, Path: clientKeyPath(k.Name) + ".key", Value: secret}}); err != nil {
		return out, err
	}
	if out.Changed, err = a.finish(c, d); err == nil && !out.DryRun {
		out.Key = secret
	}
	return out, err
}

func (a *api) deleteClientKey(c *call, _ *nothing) (contract.Changed, error) {
	d, err := a.begin(c)
	if err != nil {
		return contract.Changed{}, err
	}
	k, err := a.clientKeyIn(c, d)
	if err != nil {
		return contract.Changed{}, err
	}
	if err := a.apply(d, []edit.Edit{{Op: edit.Delete, Path: clientKeyPath(k.Name)}}); err != nil {
		return contract.Changed{}, err
	}
	return a.finishKeepingAdmin(c, d)
}

// finishKeepingAdmin finishes a change of client keys unless nobody could sign in after it.
func (a *api) finishKeepingAdmin(c *call, d *draft) (contract.Changed, error) {
	cfg, _ := a.Files.Load(d.text)
	if cfg != nil && admins(d.old) > 0 && admins(cfg) == 0 {
		return contract.Changed{}, refuse(codeLastAdmin, "no admin key would be left, and nobody could sign in").
			try("make another client key with admin: true first")
	}
	return a.finish(c, d)
}
