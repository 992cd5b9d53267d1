package contract

import (
	"encoding/json"
	"time"
)

// ChannelSettings is a channel as plugins.yaml has it, without its keys. Answers hold every field; requests hold those to
// be set, and in a PATCH null takes a field out of the file, so that its default counts.
type ChannelSettings struct {
	// Name is unique and stable: health, history and affinity hang on it. To change it makes another channel of it.
	Name *string `json:"name,omitempty"`
	// Adapter is a built-in's name or a plugin's file name without .wasm.
	Adapter *string `json:"adapter,omitempty"`
	// BaseURL is the upstream's address, with or without the version segment.
	BaseURL *string `json:"base_url,omitempty"`
	// Auth says how the upstream takes a key: bearer, header:NAME or none; empty is what the adapter says.
	Auth    *string `json:"auth,omitempty"`
	Enabled *bool   `json:"enabled,omitempty"`
	// Priority orders channels, the lowest first.
	Priority *int `json:"priority,omitempty"`
	// Weight is the share among channels of one priority.
	Weight *int `json:"weight,omitempty"`
	// Serves are the model names taken from clients, as patterns ("!" excludes); empty is any.
	Serves *[]string `json:"serves,omitempty"`
	// Models rename what clients ask for. A list in a request replaces the whole map.
	Models      *[]ModelRule `json:"models,omitempty"`
	Tags        *[]string    `json:"tags,omitempty"`
	Description *string      `json:"description,omitempty"`
	Website     *string      `json:"website,omitempty"`
	// Loss says what happens to what the upstream cannot express.
	Loss *string `json:"loss,omitempty" jsonschema:"enum=allow,enum=warn,enum=strict"`
	// Headers are added to every upstream request. Answers mask the values; a PATCH changes the named ones and takes those
	// that are null away.
	Headers *map[string]*string `json:"headers,omitempty"`
	// ProxyURL is the outgoing proxy; answers hide its password.
	ProxyURL           *string   `json:"proxy_url,omitempty"`
	CAFile             *string   `json:"ca_file,omitempty"`
	InsecureSkipVerify *bool     `json:"insecure_skip_verify,omitempty"`
	Timeouts           *Timeouts `json:"timeouts,omitempty"`
	Limits             *Limits   `json:"limits,omitempty"`
	// Options are the adapter's own, checked against its schema. In a request they replace all options.
	Options *json.RawMessage `json:"options,omitempty" jsonschema:"type=object"`
}

// ModelRule renames the models that match a pattern.
type ModelRule struct {
	Pattern string `json:"pattern"`
	// Model is the upstream's name.
	Model string `json:"model"`
}

// Timeouts bound one attempt, as durations like "30s".
type Timeouts struct {
	Connect   *string `json:"connect,omitempty"`
	FirstByte *string `json:"first_byte,omitempty"`
	Whole     *string `json:"whole,omitempty"`
	Idle      *string `json:"idle,omitempty"`
}

// Limits bound what a channel is asked to do; 0 is no limit.
type Limits struct {
	RPM             *int `json:"rpm,omitempty"`
	MaxConcurrent   *int `json:"max_concurrent,omitempty"`
	MaxOutputTokens *int `json:"max_output_tokens,omitempty"`
	// Models are output limits for upstream models; a list in a request replaces the whole map.
	Models *[]ModelLimit `json:"models,omitempty"`
}

// ModelLimit is a limit for the upstream models that match a pattern.
type ModelLimit struct {
	Pattern         string `json:"pattern"`
	MaxOutputTokens int    `json:"max_output_tokens"`
}

// Channel is one upstream account set with how it does.
type Channel struct {
	Settings ChannelSettings `json:"settings"`
	Keys     []UpstreamKey   `json:"keys"`
	Status   ChannelStatus   `json:"status"`
	// Adapter describes the adapter that the settings name.
	Adapter AdapterUse `json:"adapter"`
	// Host is the host of base_url.
	Host string `json:"host"`
	// Line is where the channel begins in plugins.yaml; 0 for the implicit demo channel.
	Line int `json:"line"`
	// Demo marks the implicit channel that answers while no channel is defined; it cannot be changed.
	Demo bool `json:"demo"`
}

// AdapterUse is what a channel says of its adapter.
type AdapterUse struct {
	Name string `json:"name"`
	// Kind is builtin, wasm, or absent where no adapter of that name is loaded.
	Kind    string `json:"kind" jsonschema:"enum=builtin,enum=wasm,enum=absent"`
	Version string `json:"version"`
}

// Channels are all channels in the order of the file.
type Channels struct {
	// ETag is the configuration's state, for If-Match.
	ETag  string    `json:"etag"`
	Items []Channel `json:"items"`
}

// NewChannel is a channel to be added. Settings need name, adapter and base_url at least.
type NewChannel struct {
	Settings ChannelSettings `json:"settings"`
	Keys     []NewKey        `json:"keys,omitempty"`
	// CopyOf names a channel whose settings and keys are the start; settings given here win. Its keys are copied only where
	// the address stays the same.
	CopyOf string `json:"copy_of,omitempty"`
	// Before names the channel that it is put before; empty puts it last.
	Before string `json:"before,omitempty"`
}

// ChannelPatch changes a channel.
type ChannelPatch struct {
	Settings ChannelSettings `json:"settings"`
	// Keys replaces all keys; needed where base_url, proxy_url, ca_file or insecure_skip_verify change and the admin key is
	// not confirmed.
	Keys *[]NewKey `json:"keys,omitempty"`
}

// BulkPatch changes several channels alike, in one write.
type BulkPatch struct {
	Channels []string `json:"channels"`
	// Settings may hold enabled, priority, weight, tags and loss.
	Settings ChannelSettings `json:"settings"`
}

// ChannelOrder is the new order of all channels, first to last.
type ChannelOrder struct {
	Items []ChannelPlace `json:"items"`
}

// ChannelPlace is one channel's place in the order.
type ChannelPlace struct {
	Name string `json:"name"`
	// Priority is its new priority; absent keeps the present one.
	Priority *int `json:"priority,omitempty"`
}

// ChannelChanged answers a write to one channel.
type ChannelChanged struct {
	Changed
	// Channel is the channel as it is now; absent with dry_run and after a deletion.
	Channel *Channel `json:"channel,omitempty"`
}

// ChannelStatus is how a channel does.
type ChannelStatus struct {
	Channel string `json:"channel"`
	// State: ok; degraded (some key or model is out); cooling, invalid or quota (no key can be used before Until);
	// unavailable (its adapter is not loaded, or it has no usable key); disabled; untested (nothing went through it yet).
	State string `json:"state" jsonschema:"enum=ok,enum=degraded,enum=cooling,enum=invalid,enum=quota,enum=unavailable,enum=disabled,enum=untested"`
	// Reason says why in English; Code is for translation, empty when ok.
	Reason string     `json:"reason"`
	Code   string     `json:"code"`
	Until  *time.Time `json:"until,omitempty"`
	// KeysOK of KeysTotal keys can be used now.
	KeysOK    int `json:"keys_ok"`
	KeysTotal int `json:"keys_total"`
	InFlight  int `json:"in_flight"`
	// Requests counts attempts since the start, Failures those of which the upstream or the way to it was at fault.
	Requests int64 `json:"requests"`
	Failures int64 `json:"failures"`
	// FirstByteMS is the usual time to the first content; 0 is not known.
	FirstByteMS float64       `json:"first_byte_ms"`
	LastUsed    *time.Time    `json:"last_used,omitempty"`
	LastError   *LastError    `json:"last_error,omitempty"`
	Models      []ModelStatus `json:"models"`
	Keys        []KeyStatus   `json:"keys"`
}

// ModelStatus is how an upstream model on a channel (or on one key of it) does. Models without a record are well.
type ModelStatus struct {
	Model  string     `json:"model"`
	State  string     `json:"state"`
	Reason string     `json:"reason"`
	Until  *time.Time `json:"until,omitempty"`
}

// LastError is the newest failure.
type LastError struct {
	Time time.Time `json:"time"`
	// Class is the failure's class, such as rate_limited.
	Class string `json:"class"`
	// Status is the upstream's HTTP status; 0 where there was none.
	Status  int    `json:"status"`
	Message string `json:"message"`
}
