package admin

import (
	"encoding/json"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
)

func (a *api) listAdapters(*call, *nothing) (contract.Adapters, error) {
	var out contract.Adapters
	for _, p := range a.Adapters.Plugins() {
		if p.State == registry.Active {
			out.Items = append(out.Items, adapterView(&p))
		}
	}
	return out, nil
}

// adapterView is what a loaded adapter says of itself, under the name that channels use.
func adapterView(p *registry.PluginInfo) contract.Adapter {
	out := manifestView(&p.Manifest)
	out.Name, out.UsedBy = p.Name, list(p.Channels)
	if p.Builtin {
		out.Kind = "builtin"
	}
	return out
}

func manifestView(m *adapter.Manifest) contract.Adapter {
	out := contract.Adapter{
		Name: m.Name, Kind: "wasm", Version: m.Version, Title: contract.LocalText{EN: m.Title.EN, ZH: m.Title.ZH},
		Description: contract.LocalText{EN: m.Description.EN, ZH: m.Description.ZH}, Homepage: m.Homepage, License: m.License,
		BaseURL: m.BaseURL, Auth: m.Auth, Native: list(m.Native), UsedBy: []string{},
	}
	for _, op := range m.Operations {
		out.Operations = append(out.Operations, op.String())
	}
	if m.Options != "" && json.Valid([]byte(m.Options)) {
		out.Options = of(json.RawMessage(m.Options))
	}
	return out
}

// adapterUse tells of the adapter that a channel names.
func (a *api) adapterUse(name string) contract.AdapterUse {
	use := contract.AdapterUse{Name: name, Kind: "absent"}
	for _, p := range a.Adapters.Plugins() {
		if p.Name == name && p.State == registry.Active {
			use.Kind, use.Version = "wasm", p.Manifest.Version
			if p.Builtin {
				use.Kind = "builtin"
				break
			}
		}
	}
	return use
}
