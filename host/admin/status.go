package admin

import (
	"fmt"
	"net/http"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/registry"
	"github.com/claude-proxy/claude-proxy/host/telemetry"
)

func (a *api) getStatus(c *call, _ *nothing) (contract.Status, error) { return a.status(c), nil }

// status is the proxy as a whole.
func (a *api) status(c *call) contract.Status {
	cfg := a.Config()
	out := contract.Status{
		Demo: a.Demo(), Environment: string(cfg.Server.Environment), Config: a.Files.Path, LastReload: a.LastReload(),
		Program: a.program(), BaseURL: baseURL(c.r), Capture: a.capture(), Totals: a.totals(),
	}
	v, err := a.Files.Read()
	switch {
	case err != nil:
		out.ReadOnly, out.ReadOnlyReason = true, "it cannot be read: "+plain(err)
	case !v.Writable:
		out.ReadOnly, out.ReadOnlyReason = true, v.Reason
	}
	out.ETag = v.Hash
	for _, r := range a.Reloads() {
		if r.OK {
			out.Serving = r.ETag
			break
		}
	}
	for _, view := range a.channelViews(cfg) {
		out.Channels = append(out.Channels, view.Status)
	}
	out.Reasons = a.attention(out.Channels, out.ReadOnlyReason)
	out.State = overall(out.Channels, out.Reasons)
	if a.Stopping != nil && a.Stopping() {
		out.State = "stopping"
	}
	return out
}

// baseURL is the proxy's address for clients as the caller reaches it, without /v1.
func baseURL(r *http.Request) string {
	if secureCookie(r) {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// overall is the worst of what counts: without any channel that serves, nothing does.
func overall(channels []contract.ChannelStatus, reasons []contract.Attention) string {
	serves := slices.ContainsFunc(channels, func(s contract.ChannelStatus) bool {
		return s.State == "ok" || s.State == "degraded" || s.State == "untested"
	})
	switch {
	case !serves:
		return "down"
	case len(reasons) > 0:
		return "degraded"
	}
	return "ok"
}

func (a *api) program() contract.Program {
	p := contract.Program{Version: a.Version, Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH, Started: a.started.UTC()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				p.Commit = s.Value
			}
		}
	}
	return p
}

// attention lists what somebody should look at, errors first.
func (a *api) attention(channels []contract.ChannelStatus, readOnly string) []contract.Attention {
	var out []contract.Attention
	add := func(x contract.Attention) { out = append(out, x) }
	if r := a.LastReload(); r != nil && !r.OK {
		add(contract.Attention{Code: "reload_failed", Severity: "error", Message: "plugins.yaml has mistakes; the configuration from before is in force"})
	} else if r != nil && len(r.RestartNeeded) > 0 {
		add(contract.Attention{Code: "restart_needed", Severity: "warning", Message: fmt.Sprintf("changed settings take effect at the next start: %v", r.RestartNeeded)})
	}
	for _, p := range a.Adapters.Plugins() {
		if !p.Builtin && p.Error != "" {
			add(contract.Attention{Code: "plugin_failed", Severity: severity(p.State != registry.Active), Plugin: p.Name, Message: p.Error})
		}
	}
	for _, s := range channels {
		switch s.State {
		case "cooling", "invalid", "quota", "unavailable":
			add(contract.Attention{Code: "channel_down", Severity: "error", Channel: s.Channel, Message: s.Reason, Until: s.Until})
		case "degraded":
			add(contract.Attention{Code: "channel_degraded", Severity: "warning", Channel: s.Channel, Message: s.Reason})
		}
		for _, k := range s.Keys {
			if s.State == "degraded" && (k.State == "invalid" || k.State == "quota" || k.State == "cooling") {
				add(contract.Attention{Code: "key_" + k.State, Severity: "warning", Channel: s.Channel, Key: k.ID, Message: k.Reason, Until: k.Until})
			}
		}
	}
	if a.Demo() {
		add(contract.Attention{Code: "no_channel", Severity: "warning", Message: "no channel is defined; a built-in demo answers"})
	}
	if readOnly != "" {
		add(contract.Attention{Code: "read_only", Severity: "warning", Message: "plugins.yaml cannot be changed here: " + readOnly})
	}
	slices.SortStableFunc(out, func(x, y contract.Attention) int {
		return map[string]int{"error": 0, "warning": 1}[x.Severity] - map[string]int{"error": 0, "warning": 1}[y.Severity]
	})
	return out
}

func severity(grave bool) string {
	if grave {
		return "error"
	}
	return "warning"
}

// totals count since the start.
func (a *api) totals() contract.Totals {
	t := a.Hub.Totals()
	out := contract.Totals{
		Live: t.Live, InputTokens: t.Tokens.Input, OutputTokens: t.Tokens.Output, CacheRead: t.Tokens.CacheRead, CacheWrite: t.Tokens.CacheWrite,
	}
	for outcome, n := range t.Requests {
		out.Requests += n
		if outcome == telemetry.OK {
			out.OK += n
		} else if outcome != telemetry.Canceled {
			out.Errors += n
		}
	}
	return out
}

// lastErrors finds the newest failure of each channel among the recent exchanges.
func (a *api) lastErrors() map[string]*contract.LastError {
	out := make(map[string]*contract.LastError)
	for _, e := range a.Hub.Recent(telemetry.Filter{}) {
		for i := len(e.Attempts) - 1; i >= 0; i-- {
			t := &e.Attempts[i]
			if t.Fault == nil || t.Fault.Source == "client" || out[t.Channel] != nil {
				continue
			}
			out[t.Channel] = &contract.LastError{Time: e.Time.UTC(), Class: t.Fault.Class, Status: t.Fault.Status, Message: t.Fault.Message}
		}
	}
	return out
}

// clientsUsed finds when each client key was used last, among the recent exchanges.
func (a *api) clientsUsed() map[string]time.Time {
	out := make(map[string]time.Time)
	for _, e := range a.Hub.Recent(telemetry.Filter{}) {
		if e.Client != "" && out[e.Client].Before(e.Time) {
			out[e.Client] = e.Time
		}
	}
	return out
}
