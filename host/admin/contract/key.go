package contract

import "time"

// UpstreamKey is one upstream credential, without its secret.
type UpstreamKey struct {
	// ID is derived from the secret and stays the same over restarts and moves; it is the fingerprint.
	ID    string `json:"id"`
	Label string `json:"label"`
	// Masked is the end of a long secret, as "…a1b2"; Ref is "${NAME}" or "file:PATH" where the file refers to it.
	Masked string `json:"masked"`
	Ref    string `json:"ref"`
	Weight int    `json:"weight"`
	// Models are patterns of upstream models that it may be used for; empty is any.
	Models        []string `json:"models"`
	RPM           int      `json:"rpm"`
	MaxConcurrent int      `json:"max_concurrent"`
	Enabled       bool     `json:"enabled"`
	// Reason says why it is not used although nobody disabled it, such as an unset variable; else empty.
	Reason string    `json:"reason"`
	Line   int       `json:"line"`
	Status KeyStatus `json:"status"`
}

// KeyStatus is how a key does.
type KeyStatus struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	// State is ok, cooling, invalid, quota or disabled.
	State    string        `json:"state" jsonschema:"enum=ok,enum=cooling,enum=invalid,enum=quota,enum=disabled"`
	Reason   string        `json:"reason"`
	Until    *time.Time    `json:"until,omitempty"`
	InFlight int           `json:"in_flight"`
	Requests int64         `json:"requests"`
	Failures int64         `json:"failures"`
	LastUsed *time.Time    `json:"last_used,omitempty"`
	Models   []ModelStatus `json:"models"`
}

// ChannelKey is an upstream key with the channel that it belongs to.
type ChannelKey struct {
	Channel string `json:"channel"`
	UpstreamKey
}

// UpstreamKeys are the keys of one channel, or of all.
type UpstreamKeys struct {
	ETag  string       `json:"etag"`
	Items []ChannelKey `json:"items"`
}

// KeySettings is what may be said about a key besides its secret. In a PATCH null takes a field out of the file.
type KeySettings struct {
	Label         *string   `json:"label,omitempty"`
	Weight        *int      `json:"weight,omitempty"`
	Models        *[]string `json:"models,omitempty"`
	RPM           *int      `json:"rpm,omitempty"`
	MaxConcurrent *int      `json:"max_concurrent,omitempty"`
	Enabled       *bool     `json:"enabled,omitempty"`
}

// NewKey is a key to be added.
type NewKey struct {
	// Key is the secret itself, or ${NAME} for a name in plugins.env_allow. It never comes back.
	Key string `json:"key" jsonschema:"writeOnly=true"`
	KeySettings
}

// NewKeys adds keys to a channel, as a list or as pasted text.
type NewKeys struct {
	Keys []NewKey `json:"keys,omitempty"`
	// Text holds one key a line; empty lines and lines that begin with # do not count.
	Text string `json:"text,omitempty" jsonschema:"writeOnly=true"`
}

// KeysAdded tells what became of the keys of one request.
type KeysAdded struct {
	Changed
	// Added are the IDs of the new keys.
	Added []string `json:"added"`
	// Duplicates were left out because the same key is there already.
	Duplicates []DuplicateKey `json:"duplicates"`
}

// DuplicateKey is a key that is there already.
type DuplicateKey struct {
	// Index is the place in keys, or the line of text, from 0.
	Index int `json:"index"`
	// ID names the key, Channel where it already is.
	ID      string `json:"id"`
	Channel string `json:"channel"`
}

// KeySecret is the new secret of a key.
type KeySecret struct {
	Key string `json:"key" jsonschema:"writeOnly=true"`
}

// KeyOrder is the new order of a channel's keys, by ID.
type KeyOrder struct {
	IDs []string `json:"ids"`
}

// KeyChanged answers a write to one key.
type KeyChanged struct {
	Changed
	// ID is the key's ID after the change: another secret is another ID.
	ID string `json:"id"`
}

// Reset names what is to be taken for well again.
type Reset struct {
	// Key is the ID of the key; empty means the whole channel.
	Key string `json:"key,omitempty"`
}

// ClientKey is one key that clients present to the proxy, without its secret.
type ClientKey struct {
	Name   string `json:"name"`
	Masked string `json:"masked"`
	Ref    string `json:"ref"`
	// Source is file, environment (PROXY_ACCESS_KEY), or generated (kept in the state folder). Only file can be changed.
	Source          string     `json:"source" jsonschema:"enum=file,enum=environment,enum=generated"`
	Admin           bool       `json:"admin"`
	Models          []string   `json:"models"`
	RPM             int        `json:"rpm"`
	TokensPerMinute int        `json:"tokens_per_minute"`
	MaxConcurrent   int        `json:"max_concurrent"`
	PickChannel     bool       `json:"pick_channel"`
	Expires         *time.Time `json:"expires,omitempty"`
	Enabled         bool       `json:"enabled"`
	// Usable is false where it is disabled, expired or not configured; Reason says why.
	Usable bool   `json:"usable"`
	Reason string `json:"reason"`
	Line   int    `json:"line"`
	// LastUsed is the newest of the recent requests with it; absent where there is none.
	LastUsed *time.Time `json:"last_used,omitempty"`
}

// ClientKeys are all client keys in the order of the file.
type ClientKeys struct {
	ETag  string      `json:"etag"`
	Items []ClientKey `json:"items"`
}

// ClientKeySettings is what may be said about a client key besides its secret. In a PATCH null takes a field out of the
// file.
type ClientKeySettings struct {
	Name            *string    `json:"name,omitempty"`
	Admin           *bool      `json:"admin,omitempty"`
	Models          *[]string  `json:"models,omitempty"`
	RPM             *int       `json:"rpm,omitempty"`
	TokensPerMinute *int       `json:"tokens_per_minute,omitempty"`
	MaxConcurrent   *int       `json:"max_concurrent,omitempty"`
	PickChannel     *bool      `json:"pick_channel,omitempty"`
	Expires         *time.Time `json:"expires,omitempty"`
	Enabled         *bool      `json:"enabled,omitempty"`
}

// CreatedClientKey answers the making of a client key and its rotation.
type CreatedClientKey struct {
	Changed
	Name string `json:"name"`
	// Key is the secret, shown this once; empty with dry_run.
	Key string `json:"key"`
}
