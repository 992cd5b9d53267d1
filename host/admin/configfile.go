package admin

import (
	"errors"
	"fmt"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/config/store"
)

func (a *api) getConfig(c *call, _ *nothing) (contract.Config, error) {
	v, err := a.Files.Read()
	if err != nil {
		return contract.Config{}, refuse(codeWriteFailed, "plugins.yaml cannot be read: "+plain(err))
	}
	c.etag = v.Hash
	out := contract.Config{
		ETag: v.Hash, Path: a.Files.Path, Exists: v.Bytes != nil, Modified: v.ModTime.UTC(), Text: string(a.Files.Masked(v.Bytes)),
		Writable: v.Writable, Reason: v.Reason,
	}
	if out.Exists {
		_, report := a.Files.Load(v.Bytes)
		out.Problems = allProblems(report)
	}
	return out, nil
}

func (a *api) saveConfig(c *call, in *contract.ConfigText) (contract.Changed, error) {
	c.target = "plugins.yaml"
	d, err := a.begin(c)
	if err != nil {
		return contract.Changed{}, err
	}
	if d.text, err = a.Files.Unmasked([]byte(in.Text), d.before.Bytes); err != nil {
		return contract.Changed{}, refuse(codeInvalid, plain(err)).at("/text", "holds a placeholder that stands for nothing")
	}
	d.typed = []string{in.Text}
	return a.finish(c, d)
}

func (a *api) validateConfig(c *call, in *contract.ConfigText) (contract.Validation, error) {
	var out contract.Validation
	v, err := a.Files.Read()
	if err != nil {
		return out, refuse(codeWriteFailed, "plugins.yaml cannot be read: "+plain(err))
	}
	out.ETag = v.Hash
	text, err := a.Files.Unmasked([]byte(in.Text), v.Bytes)
	if err != nil {
		out.Problems = []contract.ConfigProblem{{Severity: "error", Code: "reference", File: "plugins.yaml", Message: plain(err)}}
		return out, nil
	}
	d := draft{before: v, text: text, typed: []string{in.Text}}
	if err := a.mayRefer(&d); err != nil {
		out.Problems = []contract.ConfigProblem{{Severity: "error", Code: string(codeVariable), File: "plugins.yaml", Message: plain(err)}}
		return out, nil
	}
	d.old, _ = a.Files.Load(v.Bytes)
	cfg, report := a.Files.Load(text)
	out.OK, out.Problems = cfg != nil, allProblems(report)
	out.Diff = store.Diff(a.Files.Masked(v.Bytes), a.Files.Masked(text))
	if d.new = cfg; cfg != nil {
		out.CarriesKeys = d.carriesAway(a.Config())
	}
	return out, nil
}

func (a *api) listHistory(c *call, _ *nothing) (contract.History, error) {
	var out contract.History
	for _, e := range a.Files.History() {
		out.Items = append(out.Items, historyEntry(e))
	}
	v, err := a.Files.Read()
	if err != nil {
		return out, refuse(codeWriteFailed, "plugins.yaml cannot be read: "+plain(err))
	}
	out.ETag, c.etag = v.Hash, v.Hash
	return out, nil
}

func historyEntry(e store.Entry) contract.HistoryEntry {
	return contract.HistoryEntry{ID: e.ID, Time: e.Time, Actor: e.Actor, ETag: e.Hash, Summary: e.Summary}
}

func (a *api) getHistory(c *call, _ *nothing) (contract.HistoryVersion, error) {
	text, err := a.version(c.name("id"))
	if err != nil {
		return contract.HistoryVersion{}, err
	}
	for _, e := range a.Files.History() {
		if e.ID == c.name("id") {
			return contract.HistoryVersion{HistoryEntry: historyEntry(e), Text: string(a.Files.Masked(text))}, nil
		}
	}
	return contract.HistoryVersion{}, noVersion()
}

func noVersion() *problem { return refuse(codeNotFound, "the history has no such version") }

// version is the text of a kept version; "" is the file as it is.
func (a *api) version(id string) ([]byte, error) {
	if id == "" {
		v, err := a.Files.Read()
		return v.Bytes, err
	}
	text, err := a.Files.Get(id)
	if errors.Is(err, store.ErrNoEntry) {
		return nil, noVersion()
	}
	return text, err
}

func (a *api) diffConfig(c *call, _ *nothing) (contract.Diff, error) {
	out := contract.Diff{From: c.asks("from"), To: c.asks("to")}
	from, err := a.version(out.From)
	if err != nil {
		return out, err
	}
	to, err := a.version(out.To)
	if err != nil {
		return out, err
	}
	out.Diff = store.Diff(a.Files.Masked(from), a.Files.Masked(to))
	return out, nil
}

func (a *api) rollbackConfig(c *call, in *contract.Rollback) (contract.Changed, error) {
	c.target = in.ID
	d, err := a.begin(c)
	if err != nil {
		return contract.Changed{}, err
	}
	if in.ID == "" {
		return contract.Changed{}, noVersion()
	}
	if d.text, err = a.version(in.ID); err != nil {
		return contract.Changed{}, err
	}
	d.recalled = true
	d.save = func() (store.Version, error) { return a.Files.Rollback(in.ID, d.before.Hash, a.actor(c)) }
	return a.finish(c, d)
}

func (a *api) exportConfig(*call, *nothing) (contract.Export, error) {
	v, err := a.Files.Read()
	if err != nil {
		return contract.Export{}, refuse(codeWriteFailed, "plugins.yaml cannot be read: "+plain(err))
	}
	cfg, _ := a.Files.Load(v.Bytes)
	text, variables := store.Export(v.Bytes, cfg)
	out := contract.Export{Text: string(text)}
	for _, x := range variables {
		out.Variables = append(out.Variables, contract.ExportVariable{Name: x.Name, For: x.For})
	}
	return out, nil
}

func (a *api) getConfigSchema(c *call) error {
	c.w.Header().Set("content-type", "application/schema+json")
	if _, err := c.w.Write(a.Schema()); err != nil {
		return fmt.Errorf("the schema was not sent: %w", err)
	}
	return nil
}

func (a *api) reload(c *call, _ *nothing) (contract.Reload, error) {
	return a.Reload(c.r.Context(), "api"), nil
}
