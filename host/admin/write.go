package admin

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/config/edit"
	"github.com/claude-proxy/claude-proxy/host/config/store"
)

// draft is a change of plugins.yaml that is not saved yet.
type draft struct {
	// before is the file as it was read; the change is based on exactly this version.
	before store.Version
	// old and new are the configurations before and after; old is nil where the file was wrong.
	old, new *config.Config
	text     []byte
	report   config.Report
	// typed are the texts in which the caller may have typed a key: one that stands there does not count as carried away.
	typed []string
	// recalled says that the text stood in the file before, so that its references may stay.
	recalled bool
	// save replaces the usual way of saving; nil is that.
	save func() (store.Version, error)
}

// begin reads the file and checks that the caller knows it: If-Match must name the version that is there.
func (a *api) begin(c *call) (*draft, error) {
	v, err := a.Files.Read()
	if err != nil {
		return nil, refuse(codeWriteFailed, "plugins.yaml cannot be read: "+plain(err))
	}
	d := &draft{before: v}
	if !c.dry() {
		if !v.Writable {
			return nil, readOnly(v.Reason)
		}
		match := c.r.Header.Get("If-Match")
		switch tag := strings.Trim(strings.TrimPrefix(match, "W/"), `"`); {
		case match == "":
			return nil, refuse(codePrecondition, "a change needs If-Match with the etag that it is based on, or *")
		case tag != store.AnyVersion && tag != v.Hash:
			return nil, conflict(v.Hash)
		}
	}
	d.old, d.report = a.Files.Load(v.Bytes)
	if v.Bytes == nil {
		d.old, d.report = a.Files.Load([]byte("version: 1\n"))
	}
	return d, nil
}

func readOnly(reason string) *problem {
	return refuse(codeReadOnly, "plugins.yaml cannot be written: "+reason).try("change the file by hand, or make it writable for the program")
}

func conflict(etag string) *problem {
	p := refuse(codeConflict, "plugins.yaml was changed since it was read; read it again and repeat the change")
	p.ETag = etag
	return p
}

// usable is the configuration that edits start from; a file with mistakes is mended as a text first.
func (d *draft) usable() (*config.Config, error) {
	if d.old == nil {
		p := refuse(codeInvalid, "plugins.yaml has mistakes, so single values cannot be changed").try("mend it in the config editor, or by hand")
		return nil, withReport(p, d.report)
	}
	return d.old, nil
}

// apply makes edits. Those that delete what is not there do nothing.
func (a *api) apply(d *draft, edits []edit.Edit) error {
	text := d.before.Bytes
	if text == nil {
		text = []byte("version: 1\n")
	}
	for _, e := range edits {
		out, err := a.Files.Apply(text, []edit.Edit{e})
		if errors.Is(err, edit.ErrNotFound) && e.Op == edit.Delete {
			continue
		}
		if err != nil {
			return editProblem(err)
		}
		text = out
	}
	d.text = text
	return nil
}

func editProblem(err error) error {
	switch {
	case errors.Is(err, edit.ErrExists):
		return refuse(codeExists, "an entry of this name is there already")
	case errors.Is(err, edit.ErrNotFound):
		return refuse(codeNotFound, "the entry is not in plugins.yaml")
	case errors.Is(err, edit.ErrByHand):
		return refuse(codeInvalid, "this part of plugins.yaml is written in a way that cannot be changed piece by piece").try("edit the text in the config editor")
	case errors.Is(err, edit.ErrInvalid):
		return refuse(codeBadRequest, "the change makes no sense")
	}
	return err
}

// finish checks a change, saves it unless it is a dry run, puts it to work and tells what it did.
func (a *api) finish(c *call, d *draft) (contract.Changed, error) {
	// Before anything is read that a reference leads to: what is wrong with it would tell of it.
	if err := a.mayRefer(d); err != nil {
		return contract.Changed{}, err
	}
	var report config.Report
	d.new, report = a.Files.Load(d.text)
	if d.new == nil {
		return contract.Changed{}, withReport(refuse(codeInvalid, "the configuration would have mistakes; nothing was changed"), report)
	}
	confirmed, err := a.confirmed(c)
	if err != nil {
		return contract.Changed{}, err
	}
	if err := a.mayChange(d, confirmed); err != nil {
		return contract.Changed{}, err
	}
	out := contract.Changed{
		ETag: d.before.Hash, DryRun: c.dry(), Diff: store.Diff(a.Files.Masked(d.before.Bytes), a.Files.Masked(d.text)),
		Warnings: configProblems(report.Warnings()),
	}
	c.etag = out.ETag
	if out.DryRun {
		return out, nil
	}
	v, err := a.save(c, d)
	if err != nil {
		return contract.Changed{}, err
	}
	reload := a.Reload(c.r.Context(), "api")
	out.ETag, out.Reload = v.Hash, &reload
	c.etag = v.Hash
	return out, nil
}

func (a *api) save(c *call, d *draft) (store.Version, error) {
	// The file must still be the one that was checked, also where the caller would overwrite anything.
	save := d.save
	if save == nil {
		save = func() (store.Version, error) { return a.Files.Save(d.text, d.before.Hash, a.actor(c)) }
	}
	v, err := save()
	var changed *store.Conflict
	var invalid *store.Invalid
	switch {
	case err == nil:
		return v, nil
	case errors.As(err, &changed):
		return v, conflict(changed.Current.Hash)
	case errors.As(err, &invalid):
		return v, withReport(refuse(codeInvalid, "the configuration would have mistakes; nothing was changed"), invalid.Report)
	case errors.Is(err, store.ErrReadOnly):
		return v, readOnly(plain(err))
	}
	a.Log.Error("plugins.yaml cannot be saved", "id", c.id, "error", err.Error())
	return v, refuse(codeWriteFailed, "plugins.yaml could not be written, the old one is untouched: "+plain(err)).
		try("look at the free space and the rights of the file and its folder")
}

// actor is who the history names.
func (a *api) actor(c *call) string {
	if c.who.session != nil {
		return "ui:" + c.who.name
	}
	return "api:" + c.who.name
}

// confirmed says whether the request carries an admin key, which allows what could send keys elsewhere.
func (a *api) confirmed(c *call) (bool, error) {
	key := c.r.Header.Get("X-Confirm-Key")
	if key == "" {
		return c.who.confirmed(), nil
	}
	if wait := a.throttle.blocked(c.address); wait > 0 {
		return false, throttled(wait)
	}
	if _, ok := a.adminKey(key); !ok {
		a.throttle.failed(c.address)
		a.delay(c)
		return false, refuse(codeConfirm, "the key in X-Confirm-Key is not one of an admin")
	}
	return true, nil
}

// mayRefer refuses references that only the file may hold. A text that cannot be read is refused for that later.
func (a *api) mayRefer(d *draft) error {
	if d.recalled {
		return nil
	}
	if err := store.CheckReferences(d.before.Bytes, d.text, a.Config().Plugins.EnvAllow); errors.Is(err, store.ErrReference) {
		return refuse(codeVariable, plain(err)).try("name the variable in plugins.env_allow, or write the reference into the file by hand")
	}
	return nil
}

// mayChange holds a change to the rules that keep keys, and what variables hold, from being sent elsewhere.
func (a *api) mayChange(d *draft, confirmed bool) error {
	if confirmed {
		return nil
	}
	old := cmp.Or(d.old, a.Config())
	for _, name := range d.new.Plugins.EnvAllow {
		if !slices.Contains(old.Plugins.EnvAllow, name) {
			return refuse(codeVariable, fmt.Sprintf("plugins.env_allow would newly allow %s", name)).
				try("confirm it with the admin key in X-Confirm-Key, or change the file by hand")
		}
	}
	if names := d.carriesAway(a.Config()); len(names) > 0 {
		p := refuse(codeCarriedAway, "keys of "+strings.Join(names, ", ")+" would go to another address").
			try("type the keys again in the same change, or confirm it with the admin key in X-Confirm-Key")
		p.Channels = names
		return p
	}
	return nil
}

// carriesAway names the channels that would send a known key to another address without its having been typed again. Keys
// are known from the file as it was and, where that has mistakes, from the configuration in force.
func (d *draft) carriesAway(inForce *config.Config) []string {
	old := cmp.Or(d.old, inForce)
	typed := func(s config.Secret) bool {
		return !s.Empty() && slices.ContainsFunc(d.typed, func(text string) bool { return strings.Contains(text, s.Reveal()) })
	}
	known := *old
	known.Channels = slices.Clone(old.Channels)
	for i := range known.Channels {
		ch := &known.Channels[i]
		ch.Keys = slices.DeleteFunc(slices.Clone(ch.Keys), func(k config.Key) bool { return typed(k.Secret) })
		ch.Headers = slices.DeleteFunc(slices.Clone(ch.Headers), func(h config.Header) bool { return typed(h.Value) })
	}
	known.Auth.Keys = slices.DeleteFunc(slices.Clone(old.Auth.Keys), func(k config.ClientKey) bool { return typed(k.Key) })
	return store.CarriesKeysAway(&known, d.new)
}

// plain is an error for people: without the program's words around it, on one line.
func plain(err error) string { return strings.ReplaceAll(err.Error(), "\n", " ") }
