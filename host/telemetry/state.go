package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// ChannelHealth is how a channel is, as metrics tell it.
type ChannelHealth struct {
	Channel string `json:"channel"`
	// Up says that a request could be served now.
	Up       bool        `json:"up"`
	InFlight int         `json:"in_flight"`
	Keys     []KeyHealth `json:"keys"`
}

// KeyHealth is how a key is.
type KeyHealth struct {
	// Key is the key's id.
	Key string `json:"key"`
	// State is one of KeyStates.
	State string `json:"state"`
	// Cooldown is how long the key, or its channel, is still left in peace; 0 when it is not.
	Cooldown time.Duration `json:"cooldown_ns"`
}

// KeyStates are all states of a key.
var KeyStates = [...]string{"ok", "cooling", "quota", "invalid", "disabled"}

// PluginHealth is how a plugin is.
type PluginHealth struct {
	Plugin string
	// Up says that some version of it serves.
	Up bool
	// Calls, Faults, Busy, Replays and Lost count since the program started: calls into the guest, those of them that failed,
	// exchanges refused because all instances were full, exchanges rebuilt after a fault, and those that could not be.
	Calls, Faults, Busy, Replays, Lost int64
	// Instances and Exchanges are what there is now, MemoryBytes what the instances hold.
	Instances, Exchanges int
	MemoryBytes          int64
}

// state collects what is asked for only when metrics are read.
type state struct {
	hub     *Hub
	health  func() []ChannelHealth
	plugins func() []PluginHealth
}

func described(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(namespace+"_"+name, help, labels, nil)
}

var (
	descInFlight     = described("inflight_requests", "Requests under way.")
	descLost         = described("events_lost_total", "Live events that subscribers were too slow for.")
	descReloadOK     = described("config_last_reload_successful", "1 when the file that was read last is in force, 0 when an older configuration is.")
	descReloadTime   = described("config_last_reload_success_timestamp_seconds", "When the configuration in force was put to work.")
	descUp           = described("channel_up", "1 when the channel could serve a request now.", "channel")
	descChannelUsed  = described("channel_inflight_attempts", "Attempts under way.", "channel")
	descKey          = described("key_state", "1 for the state that the key is in. The key is named by its id, a fingerprint.", "channel", "key", "state")
	descCooldown     = described("cooldown_seconds", "How long the key or its channel is still left in peace.", "channel", "key")
	descPluginUp     = described("plugin_up", "1 when some version of the plugin serves.", "plugin")
	descPluginCalls  = described("plugin_calls_total", "Calls into the plugin, by result; busy are exchanges refused because all instances were full.", "plugin", "result")
	descPluginReplay = described("plugin_replays_total", "Exchanges that a fault of another one interrupted, by whether they could be rebuilt.", "plugin", "result")
	descPluginInst   = described("plugin_instances", "Instances of the plugin.", "plugin")
	descPluginOpen   = described("plugin_open_exchanges", "Exchanges that the plugin has in hand.", "plugin")
	descPluginMemory = described("plugin_memory_bytes", "Memory of the plugin's instances.", "plugin")
)

// Describe implements prometheus.Collector.
func (s *state) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range [...]*prometheus.Desc{
		descInFlight, descLost, descReloadOK, descReloadTime, descUp, descChannelUsed, descKey, descCooldown,
		descPluginUp, descPluginCalls, descPluginReplay, descPluginInst, descPluginOpen, descPluginMemory,
	} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (s *state) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	count := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
	}
	s.hub.mu.Lock()
	live := len(s.hub.live)
	s.hub.mu.Unlock()
	gauge(descInFlight, float64(live))
	count(descLost, float64(s.hub.feed.lost.Load()))
	gauge(descReloadOK, one(!s.hub.meters.reloadFailed.Load()))
	gauge(descReloadTime, float64(s.hub.meters.reloadedAt.Load()))
	if s.health != nil {
		for _, c := range s.health() {
			gauge(descUp, one(c.Up), c.Channel)
			gauge(descChannelUsed, float64(c.InFlight), c.Channel)
			for _, k := range c.Keys {
				for _, state := range KeyStates {
					gauge(descKey, one(state == k.State), c.Channel, k.Key, state)
				}
				gauge(descCooldown, k.Cooldown.Seconds(), c.Channel, k.Key)
			}
		}
	}
	if s.plugins != nil {
		for _, p := range s.plugins() {
			gauge(descPluginUp, one(p.Up), p.Plugin)
			count(descPluginCalls, float64(p.Calls-p.Faults), p.Plugin, "ok")
			count(descPluginCalls, float64(p.Faults), p.Plugin, "fault")
			count(descPluginCalls, float64(p.Busy), p.Plugin, "busy")
			count(descPluginReplay, float64(p.Replays), p.Plugin, "rebuilt")
			count(descPluginReplay, float64(p.Lost), p.Plugin, "lost")
			gauge(descPluginInst, float64(p.Instances), p.Plugin)
			gauge(descPluginOpen, float64(p.Exchanges), p.Plugin)
			gauge(descPluginMemory, float64(p.MemoryBytes), p.Plugin)
		}
	}
}

func one(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}
