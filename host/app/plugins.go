package app

import (
	"os"
	"path/filepath"

	"github.com/claude-proxy/claude-proxy/host/config"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/host/wasm"
)

// plugins tells the registry what a configuration says about plugins.
func plugins(cfg *config.Config, o Options) registry.Settings {
	p := &cfg.Plugins
	s := registry.Settings{
		Dir: p.Dir, CacheDir: p.CacheDir, HistoryDir: filepath.Join(cfg.Server.StateDir, "plugins"),
		Limits: pluginLimits(&p.Limits), Modules: make(map[string]registry.Module, len(p.Modules)),
		Log: o.Log, Changed: o.PluginChanged, Interpreter: o.InterpretPlugins,
	}
	if s.CacheDir == "" {
		// Without a home there is no such folder, and every start compiles anew.
		if user, err := os.UserCacheDir(); err == nil {
			s.CacheDir = filepath.Join(user, "claude-proxy", "plugins")
		}
	}
	for _, m := range p.Modules {
		s.Modules[m.Name] = registry.Module{SHA256: m.SHA256, Limits: pluginLimits(&m.Limits)}
	}
	return s
}

func pluginLimits(l *config.PluginLimits) wasm.Limits {
	rate := l.LogRate
	if rate == 0 {
		rate = -1 // none, where the sandbox would take its default
	}
	return wasm.Limits{
		Memory: int64(l.Memory), FuelPerEvent: l.FuelPerEvent,
		FuelPerRequest: l.FuelPerRequest.Base, FuelPerByte: l.FuelPerRequest.PerByte, FuelStart: l.FuelStart,
		ExchangesPerInstance: l.ExchangesPerInstance, InstancesMax: l.InstancesMax, Output: int64(l.Output), LogRate: rate,
	}
}
