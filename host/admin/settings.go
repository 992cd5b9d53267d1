package admin

import (
	"maps"
	"slices"
	"strings"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/config"
)

func (a *api) listSettings(c *call, _ *nothing) (contract.Settings, error) {
	cfg, err := a.present(c)
	if err != nil {
		return contract.Settings{}, err
	}
	return contract.Settings{ETag: c.etag, Items: a.settings(cfg, c.asks("section"))}, nil
}

// settings shows the values of a configuration whose path begins with a section; "" is all.
func (a *api) settings(cfg *config.Config, section string) []contract.Setting {
	out := []contract.Setting{}
	for _, v := range cfg.Values() {
		if section != "" && v.Path != section && !strings.HasPrefix(v.Path, section+".") && !strings.HasPrefix(v.Path, section+"[") {
			continue
		}
		s := contract.Setting{
			Path: v.Path, Value: v.JSON, Source: v.Origin.Source.String(), Name: v.Origin.Name, Line: v.Origin.Line,
			Editable: !overrides(v.Origin) && settable(v.Path), Restart: slices.Contains(a.RestartNeeded, v.Path),
		}
		if v.Default != nil {
			s.Default = of(v.Default)
		}
		out = append(out, s)
	}
	return out
}

// settable says whether PATCH settings may change a path: channels and keys have operations of their own.
func settable(path string) bool {
	head, _, _ := strings.Cut(path, ".")
	return slices.Contains([]string{"server", "routing", "plugins", "log"}, head)
}

func (a *api) updateSettings(c *call, in *contract.SettingsPatch) (contract.Changed, error) {
	c.target = strings.Join(slices.Sorted(maps.Keys(in.Values)), " ")
	d, err := a.begin(c)
	if err != nil {
		return contract.Changed{}, err
	}
	cfg, err := d.usable()
	if err != nil {
		return contract.Changed{}, err
	}
	known := config.Keys()
	values := map[string]any{}
	for path, raw := range in.Values {
		at := "/values/" + escapePointer(path)
		if !settable(path) || !slices.Contains(known, path) {
			return contract.Changed{}, refuse(codeBadRequest, "only single values of server, routing, plugins and log can be changed here").at(at, "is no such value")
		}
		if o := cfg.Origin(path); overrides(o) {
			return contract.Changed{}, overridden(path, o).at(at, "cannot be changed here")
		}
		values[path] = orNil(raw)
	}
	return a.set(c, d, "", values)
}

// escapePointer writes a name as a part of a JSON Pointer (RFC 6901).
func escapePointer(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
