package admin

import (
	"encoding/json"
	"os"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/connect"
	"github.com/claude-proxy/claude-proxy/host/provider"
	"github.com/claude-proxy/claude-proxy/host/telemetry"
)

func (a *api) getFirstRun(*call, *nothing) (contract.FirstRun, error) {
	out := contract.FirstRun{Needed: a.Demo(), Requests: a.totals().Requests, KeySource: "file"}
	for _, k := range a.Config().Auth.Keys {
		if k.Usable() {
			view := clientKeyView(&k, a.now(), nil)
			out.KeySource = view.Source
			if view.Source != "file" {
				break
			}
		}
	}
	return out, nil
}

func (a *api) listPresets(*call, *nothing) (contract.Presets, error) {
	var out contract.Presets
	for _, p := range provider.List() {
		if _, loaded := a.Adapters.Manifest(p.Adapter); !loaded {
			continue
		}
		v := contract.Preset{
			ID: p.ID, Title: contract.LocalText{EN: p.EN, ZH: p.ZH}, NeedsKey: p.KeyVariable != "" || p.ID == "custom", KeyURL: p.KeyURL,
			Website: p.Website, KeyVariable: p.KeyVariable, Families: contract.Families{Opus: p.Opus, Sonnet: p.Sonnet, Haiku: p.Haiku},
			Settings: contract.ChannelSettings{Name: of(p.ID), Adapter: of(p.Adapter), BaseURL: of(p.BaseURL), Website: of(p.Website)},
		}
		if p.Options != "" {
			v.Settings.Options = of(json.RawMessage(p.Options))
		}
		if p.KeyVariable != "" {
			// Only whether it is set; the value is nobody's business here.
			v.VariableSet = os.Getenv(p.KeyVariable) != ""
		}
		out.Items = append(out.Items, v)
	}
	return out, nil
}

func (a *api) listSnippets(c *call, _ *nothing) (contract.Snippets, error) {
	t := connect.Target{BaseURL: baseURL(c.r), Key: "YOUR_KEY", Model: c.asks("model")}
	if t.Model == "" {
		t.Model = "claude-sonnet-4-5"
		if names := a.Routes().Models(); len(names) > 0 {
			t.Model = names[0]
		}
	}
	out := contract.Snippets{BaseURL: t.BaseURL}
	for _, s := range connect.Snippets(t) {
		out.Items = append(out.Items, contract.Snippet{
			ID: s.ID, Title: contract.LocalText{EN: s.EN, ZH: s.ZH}, Client: s.Client, Language: s.Language, Text: s.Text,
			Note: contract.LocalText{EN: s.NoteEN, ZH: s.NoteZH},
		})
	}
	return out, nil
}

// maxErrors is how many failed exchanges a report of a fault holds.
const maxErrors = 50

func (a *api) getDiagnostics(c *call, _ *nothing) (contract.Diagnostics, error) {
	out := contract.Diagnostics{Status: a.status(c), Settings: a.settings(a.Config(), ""), Audit: a.audit.list()}
	if v, err := a.Files.Read(); err == nil && v.Bytes != nil {
		_, report := a.Files.Load(v.Bytes)
		out.Problems = allProblems(report)
	}
	for _, p := range a.Adapters.Plugins() {
		if !p.Builtin {
			out.Plugins = append(out.Plugins, pluginView(a.Config(), &p))
		}
	}
	failed := telemetry.Filter{Limit: maxErrors}
	for _, o := range telemetry.Outcomes {
		if o != telemetry.OK && o != telemetry.Canceled {
			failed.Outcomes = append(failed.Outcomes, o)
		}
	}
	for _, e := range a.Hub.Recent(failed) {
		out.Errors = append(out.Errors, exchangeOf(&e))
	}
	return out, nil
}

// importConfig turns a configuration of another kind into a plugins.yaml.
func (a *api) importConfig(_ *call, in *contract.Import) (contract.Imported, error) {
	text, notes, err := a.Import(in.Format, []byte(in.Text))
	if err != nil {
		return contract.Imported{}, refuse(codeInvalid, plain(err)).at("/text", "cannot be read")
	}
	cfg, report := a.Files.Load(text)
	out := contract.Imported{Text: string(text), Notes: notes, Problems: allProblems(report), OK: cfg != nil}
	out.Needs = unset(cfg)
	return out, nil
}

// unset lists the references that lead nowhere.
func unset(cfg *config.Config) []string {
	var out []string
	if cfg == nil {
		return out
	}
	for _, ch := range cfg.Channels {
		for _, k := range ch.Keys {
			if k.Secret.Empty() && k.Ref != "" {
				out = append(out, k.Ref)
			}
		}
	}
	for _, k := range cfg.Auth.Keys {
		if k.Key.Empty() && k.Ref != "" {
			out = append(out, k.Ref)
		}
	}
	return out
}
