package admin

import (
	"encoding/json"
	"net/url"
	"time"

	"github.com/claude-proxy/claude-proxy/host/admin/contract"
	"github.com/claude-proxy/claude-proxy/host/balance"
	"github.com/claude-proxy/claude-proxy/host/config"
)

// of returns a pointer to a copy.
func of[T any](v T) *T { return &v }

// settingsOf shows a channel without its secrets.
func settingsOf(c *config.Channel) contract.ChannelSettings {
	headers := make(map[string]*string, len(c.Headers))
	for _, h := range c.Headers {
		headers[h.Name] = of(h.Value.String())
	}
	models := make([]contract.ModelRule, 0, len(c.Models))
	for _, m := range c.Models {
		models = append(models, contract.ModelRule{Pattern: m.Pattern, Model: m.Model})
	}
	limits := make([]contract.ModelLimit, 0, len(c.Limits.Models))
	for _, m := range c.Limits.Models {
		limits = append(limits, contract.ModelLimit{Pattern: m.Pattern, MaxOutputTokens: m.MaxOutputTokens})
	}
	options := json.RawMessage("{}")
	if len(c.Options) > 0 {
		options = c.Options
	}
	span := func(d time.Duration) *string { return of(config.FormatDuration(d)) }
	return contract.ChannelSettings{
		Name: &c.Name, Adapter: &c.Adapter, BaseURL: &c.BaseURL, Auth: &c.Auth, Enabled: &c.Enabled, Priority: &c.Priority, Weight: &c.Weight,
		Serves: of(list(c.Serves)), Models: &models, Tags: of(list(c.Tags)), Description: &c.Description, Website: &c.Website,
		Loss: of(string(c.Loss)), Headers: &headers, ProxyURL: of(c.ProxyURL.String()), CAFile: &c.CAFile,
		InsecureSkipVerify: &c.InsecureSkipVerify,
		Timeouts: &contract.Timeouts{
			Connect: span(c.Timeouts.Connect), FirstByte: span(c.Timeouts.FirstByte), Whole: span(c.Timeouts.Whole), Idle: span(c.Timeouts.Idle),
		},
		Limits: &contract.Limits{
			RPM: &c.Limits.RPM, MaxConcurrent: &c.Limits.MaxConcurrent, MaxOutputTokens: &c.Limits.MaxOutputTokens, Models: &limits,
		},
		Options: &options,
	}
}

// list is never nil, so that JSON says [].
func list[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}

// channelView is everything that is shown of a channel.
func (a *api) channelView(c *config.Channel, s contract.ChannelStatus) contract.Channel {
	host := ""
	if u, err := url.Parse(c.BaseURL); err == nil {
		host = u.Host
	}
	return contract.Channel{
		Settings: settingsOf(c), Keys: keyViews(c, s.Keys), Status: s, Adapter: a.adapterUse(c.Adapter), Host: host, Line: c.Line,
	}
}

// keyViews shows the keys of a channel; statuses are in the same order.
func keyViews(c *config.Channel, statuses []contract.KeyStatus) []contract.UpstreamKey {
	out := make([]contract.UpstreamKey, 0, len(c.Keys))
	for i := range c.Keys {
		k := &c.Keys[i]
		view := contract.UpstreamKey{
			ID: k.ID, Label: k.Label, Masked: k.Secret.String(), Ref: k.Ref, Weight: k.Weight, Models: list(k.Models), RPM: k.RPM,
			MaxConcurrent: k.MaxConcurrent, Enabled: k.Enabled || k.Reason != "", Reason: k.Reason, Line: k.Line,
			Status: contract.KeyStatus{ID: k.ID, Label: k.Label, State: string(balance.OK)},
		}
		if i < len(statuses) {
			view.Status = statuses[i]
		}
		out = append(out, view)
	}
	return out
}

// statusOf tells how a channel does.
func statusOf(c *config.Channel, s *balance.ChannelStatus, loaded bool) contract.ChannelStatus {
	out := contract.ChannelStatus{
		Channel: c.Name, State: string(s.State), Reason: s.Reason, Until: moment(s.Until), KeysTotal: len(c.Keys), InFlight: s.InFlight,
		Requests: s.Attempts, Failures: s.Failed, FirstByteMS: ms(s.FirstByte), LastUsed: moment(s.LastUsed), Models: modelStatuses(s.Models),
	}
	degraded := len(s.Models) > 0
	usable := 0
	for i := range s.Keys {
		k := &s.Keys[i]
		out.Keys = append(out.Keys, keyStatusOf(k))
		if c.Keys[i].Enabled {
			usable++
		}
		if k.State == balance.OK {
			out.KeysOK++
			degraded = degraded || len(k.Models) > 0
		} else if c.Keys[i].Enabled || c.Keys[i].Reason != "" {
			degraded = true
		}
	}
	switch {
	case !c.Enabled:
		out.State, out.Code = "disabled", "disabled"
	case !loaded:
		out.State, out.Code, out.Reason = "unavailable", "adapter_absent", "the adapter "+c.Adapter+" is not loaded"
	case len(c.Keys) > 0 && usable == 0:
		out.State, out.Code, out.Reason = "unavailable", "no_usable_key", "none of its keys can be used"
	case s.State != balance.OK:
		out.Code = string(s.State)
	case degraded:
		out.State, out.Code, out.Reason = "degraded", "degraded", "some of its keys or models are out"
	case s.Attempts == 0:
		out.State, out.Code, out.Reason = "untested", "untested", "nothing went through it yet"
	}
	return out
}

func keyStatusOf(k *balance.KeyStatus) contract.KeyStatus {
	return contract.KeyStatus{
		ID: k.ID, Label: k.Label, State: string(k.State), Reason: k.Reason, Until: moment(k.Until), InFlight: k.InFlight,
		Requests: k.Attempts, Failures: k.Failed, LastUsed: moment(k.LastUsed), Models: modelStatuses(k.Models),
	}
}

func modelStatuses(in []balance.ModelStatus) []contract.ModelStatus {
	out := make([]contract.ModelStatus, 0, len(in))
	for _, m := range in {
		out = append(out, contract.ModelStatus{Model: m.Model, State: string(m.State), Reason: m.Reason, Until: moment(m.Until)})
	}
	return out
}

// moment is nil for the zero time.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return of(t.UTC())
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// statuses tells how all channels in force do, by name.
func (a *api) statuses() map[string]contract.ChannelStatus {
	channels := a.Config().Channels
	out := make(map[string]contract.ChannelStatus, len(channels))
	for i, s := range a.Health.Status(channels) {
		out[s.Channel] = a.channelStatus(&channels[i], &s)
	}
	return out
}

func (a *api) channelStatus(c *config.Channel, s *balance.ChannelStatus) contract.ChannelStatus {
	_, loaded := a.Adapters.Manifest(c.Adapter)
	return statusOf(c, s, loaded)
}
