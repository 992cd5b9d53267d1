package registry

import (
	"log/slog"
	"time"

	"github.com/claude-proxy/claude-proxy/host/wasm"
)

// Settings are what the configuration says about plugins.
type Settings struct {
	// Dir is the folder whose *.wasm files are plugins. It may appear later. Empty means no plugins.
	Dir string
	// CacheDir keeps compiled plugins between runs, so that a known file is loaded in a moment. Empty means no cache.
	CacheDir string
	// HistoryDir keeps the last versions of each plugin that served, for Rollback. Empty means none are kept.
	HistoryDir string
	// Interpreter runs plugins without machine code; see wasm.Config.
	Interpreter bool
	// Limits bound each plugin that Modules does not name.
	Limits wasm.Limits
	// Modules hold what differs for single plugins, by name.
	Modules map[string]Module
	// Log takes what happens to plugins and what they say; nil discards it.
	Log *slog.Logger
	// Changed is told of each plugin whose state changed, one call at a time. It must not block. May be nil.
	Changed func(PluginInfo)
	// Settle is how long a file must stay as it is before it is loaded. Default 300 ms.
	Settle time.Duration
	// Poll is after how long the folder is looked at although no notification came. Default 2 s.
	Poll time.Duration
}

// Module is what differs for one plugin.
type Module struct {
	// SHA256 is the only file that may serve, in lower-case hexadecimal; empty means any.
	SHA256 string
	// Limits bound it.
	Limits wasm.Limits
}

// keptVersions is how many versions of a plugin HistoryDir keeps.
const keptVersions = 5

func (s Settings) filled() Settings {
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	if s.Settle == 0 {
		s.Settle = 300 * time.Millisecond
	}
	if s.Poll == 0 {
		s.Poll = 2 * time.Second
	}
	return s
}

// of gives the limits and the pin of one plugin.
func (s *Settings) of(name string) (wasm.Limits, string) {
	if m, ok := s.Modules[name]; ok {
		return m.Limits, m.SHA256
	}
	return s.Limits, ""
}

// Use puts settings to work and starts watching the folder, or goes on with what changed: plugins whose limits changed are
// loaded again beside their old version. It returns at once; Settled waits for the plugins.
func (r *Registry) Use(s Settings) {
	s = s.filled()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	if r.loader == nil || s.CacheDir != r.settings.CacheDir || s.Interpreter != r.settings.Interpreter {
		r.loader = wasm.NewLoader(wasm.Config{CacheDir: s.CacheDir, Interpreter: s.Interpreter, Logger: s.Log})
	}
	r.settings, r.looked = s, false
	for _, slot := range r.slots {
		slot.log.to(s.Log)
		slot.due = slot.seen != nil
	}
	if r.stop == nil {
		r.stop = make(chan struct{})
		r.works.Go(func() { r.watch(r.stop) })
		return
	}
	r.look()
}

// look asks the watch for another look at the folder.
func (r *Registry) look() {
	select {
	case r.wake <- struct{}{}:
	default: // it was asked already
	}
}
