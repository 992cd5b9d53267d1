// Package config turns plugins.yaml into one checked, immutable value.
//
// [Load] reads the file, the .env beside it, the environment and the flags,
// and answers with a [Config] or with every mistake at once, each with its
// place. Nothing here touches the network, and nothing changes after Load:
// goroutines share a *Config freely, and a new file is a new Config.
package config

import (
	"crypto/sha256"
	"net/netip"
	"time"
)

// Config is the whole configuration. The zero value is not useful; see
// [Default] for the values of an empty file and [Load] for everything else.
//
// The tag conf names the key in plugins.yaml. The tags min, max and enum bound
// the values; rule names a check of rules.go. Keys, types, defaults, checks and
// origins all follow from these tags, so a key exists in one place only.
type Config struct {
	// Version is the version of the file format. The only one so far is 1.
	Version  int       `conf:"version,required"`
	Server   Server    `conf:"server"`
	Auth     Auth      `conf:"auth"`
	Routing  Routing   `conf:"routing"`
	Plugins  Plugins   `conf:"plugins"`
	Channels []Channel `conf:"channels"`
	Log      Log       `conf:"log"`

	// Path is the file that was read, Dir its folder: relative paths in the
	// file start there, and the fields that hold paths are already joined.
	Path string
	Dir  string
	// FromFile says that there was such a file.
	FromFile bool
	// Files are all files that were read or looked for, with the hash of what
	// was found: plugins.yaml, .env, and what ca_file and file: name. When one of
	// them changes, Load may answer otherwise.
	Files []File
	// Origins tells where the values that are not defaults came from, by path
	// ("server.listen", "channels[0].weight"). Use [Config.Origin] to look one up.
	Origins map[string]Origin
}

// File is a file that a configuration was read from.
type File struct {
	Path string
	// Sum is the SHA-256 of its content; zero where it could not be read.
	Sum [sha256.Size]byte
}

// Server is how the proxy listens and what it lets in.
type Server struct {
	// Listen is host:port. An empty host means all interfaces, port 0 any free
	// port. Anything but a loopback host needs a client key.
	Listen string `conf:"listen" rule:"listen"`
	// WebUI serves the web UI at /.
	WebUI bool `conf:"web_ui"`
	// Environment is production, or development for verbose logs.
	Environment Environment `conf:"environment" enum:"production,development"`
	// HealthPath answers health checks without a key.
	HealthPath string `conf:"health_path" rule:"health_path"`
	// MaxConcurrentRequests counts requests and live streams under /v1.
	MaxConcurrentRequests int `conf:"max_concurrent_requests" min:"1" max:"1000000"`
	// Queue is where requests beyond MaxConcurrentRequests wait.
	Queue Queue `conf:"queue"`
	// RequestTimeout runs until some attempt has a response head. It never cuts
	// an answer or a body.
	RequestTimeout time.Duration `conf:"request_timeout" min:"1ms" max:"24h"`
	// BodyLimit is the largest request body in bytes.
	BodyLimit Size `conf:"body_limit" min:"1KiB" max:"1GiB"`
	// DrainTimeout is what live streams get at shutdown; 0 cuts them at once.
	DrainTimeout time.Duration `conf:"drain_timeout" max:"24h"`
	// StateDir holds the generated key, the history of the file and health.
	StateDir string `conf:"state_dir" rule:"dir"`
	// TrustedProxies are the peers whose X-Forwarded-* headers count.
	TrustedProxies []netip.Prefix `conf:"trusted_proxies"`
	// AllowedHosts are further Host names for the UI and the admin API;
	// loopback names always work.
	AllowedHosts []string  `conf:"allowed_hosts" rule:"host"`
	CORS         CORS      `conf:"cors"`
	RateLimit    RateLimit `conf:"rate_limit"`
}

// Queue bounds the requests that wait for a free slot.
type Queue struct {
	// Length is how many may wait; 0 means none.
	Length int `conf:"length" max:"1000000"`
	// Wait is how long each waits at most.
	Wait time.Duration `conf:"wait" max:"1h"`
}

// CORS opens /v1 to pages of other origins.
type CORS struct {
	Enabled bool `conf:"enabled"`
	// Origins are "*" or scheme://host[:port].
	Origins []string `conf:"origins" rule:"origin"`
}

// RateLimit bounds the requests of each client key.
type RateLimit struct {
	Enabled     bool          `conf:"enabled"`
	Window      time.Duration `conf:"window" min:"1ms" max:"24h"`
	MaxRequests int           `conf:"max_requests" min:"1" max:"1000000000"`
}

// Auth lists who may use the proxy.
type Auth struct {
	// Keys are in file order; the key that PROXY_ACCESS_KEY adds comes last.
	Keys []ClientKey `conf:"keys"`
}

// ClientKey is one credential that clients present to the proxy.
type ClientKey struct {
	// Name is unique and safe to show.
	Name string `conf:"name,required" rule:"name"`
	// Key is empty where it is not configured (an unset ${NAME}) or must not
	// authenticate (a sample value); see [ClientKey.Usable].
	Key Secret `conf:"key,required" rule:"credential"`
	// Admin may use the UI and the admin API.
	Admin bool `conf:"admin"`
	// Models are patterns of host/pattern; empty means any model.
	Models []string `conf:"models" rule:"pattern"`
	// RPM is requests a minute; 0 means no limit.
	RPM int `conf:"rpm" max:"1000000000"`
	// TokensPerMinute is input and output together; 0 means no limit.
	TokensPerMinute int `conf:"tokens_per_minute" max:"1000000000000"`
	// MaxConcurrent is requests at a time; 0 means no limit.
	MaxConcurrent int `conf:"max_concurrent" max:"1000000"`
	// PickChannel may name a channel with x-claude-proxy-channel.
	PickChannel bool `conf:"pick_channel"`
	// Expires is the moment from which the key is refused; zero means never.
	Expires time.Time `conf:"expires"`
	Enabled bool      `conf:"enabled"`

	// Ref is "${NAME}" or "file:PATH" where the file refers to the secret
	// instead of holding it, else empty. Safe to show.
	Ref string
	// Reason says why Key is empty, in words for a person; else empty.
	Reason string
	// Line is where the entry starts in the file; 0 for PROXY_ACCESS_KEY.
	Line int
}

// Usable reports whether the key can authenticate anyone. Expiry is left to the
// caller, who has the clock.
func (k ClientKey) Usable() bool { return k.Enabled && !k.Key.Empty() }

// Routing says which channels answer for a model, and in which order.
type Routing struct {
	Strategy    Strategy      `conf:"strategy" enum:"failover,round-robin,random,least-busy,fastest"`
	Affinity    Affinity      `conf:"affinity" enum:"auto,off"`
	AffinityTTL time.Duration `conf:"affinity_ttl" min:"1s" max:"720h"`
	// Attempts is the most attempts one request may take.
	Attempts int `conf:"attempts" min:"1" max:"16"`
	// Models are the explicit routes in file order.
	Models []Route `conf:"models,map" rule:"map_pattern"`
}

// Route sends the models that match a pattern to a list of channels. The order
// of the targets takes the place of channel priorities.
type Route struct {
	Pattern string   `conf:",key"`
	Targets []Target `conf:",value"`
}

// Target is one channel of a [Route].
type Target struct {
	// Channel is the name of a channel that exists.
	Channel string `conf:"channel,required"`
	// Model is the upstream model; empty passes on what the channel would use.
	Model string `conf:"model"`
}

// Channel is one upstream account set.
type Channel struct {
	// Name is unique and stable: health, history and affinity hang on it.
	Name string `conf:"name,required" rule:"name"`
	// Adapter is a built-in's name or a plugin's file name without ".wasm". A
	// name nobody knows is valid: the channel is unavailable until it appears.
	Adapter string `conf:"adapter,required" rule:"adapter"`
	// BaseURL is http or https without user, query or fragment; see
	// [Channel.Endpoint] for how adapter paths are joined to it.
	BaseURL string `conf:"base_url,required" rule:"base_url"`
	Keys    []Key  `conf:"keys"`
	// Auth says how the upstream takes a key: "bearer", "header:NAME" or "none";
	// empty means as the adapter says.
	Auth string `conf:"auth" rule:"auth_scheme"`
	// Serves are the model names taken from clients, as patterns of
	// host/pattern; empty means any.
	Serves []string `conf:"serves" rule:"pattern"`
	// Models rename what the client asked for; no match passes the name on.
	Models  []ModelRule `conf:"models,map" rule:"map_pattern"`
	Enabled bool        `conf:"enabled"`
	// Priority orders channels, the lowest first.
	Priority int `conf:"priority" max:"1000000"`
	// Weight is this channel's share among equals.
	Weight      int      `conf:"weight" min:"1" max:"1000000"`
	Tags        []string `conf:"tags"`
	Description string   `conf:"description"`
	Website     string   `conf:"website" rule:"website"`
	// Loss says what happens to what the upstream cannot express.
	Loss Loss `conf:"loss" enum:"allow,warn,strict"`
	// Headers are added to every upstream request, in file order.
	Headers []Header `conf:"headers,map" rule:"header_name"`
	// ProxyURL is the outgoing proxy; its zero value means the environment's.
	ProxyURL ProxyURL `conf:"proxy_url"`
	// CAFile is a PEM file of further roots; empty means the system's alone.
	CAFile             string   `conf:"ca_file" rule:"ca_file"`
	InsecureSkipVerify bool     `conf:"insecure_skip_verify"`
	Timeouts           Timeouts `conf:"timeouts"`
	Limits             Limits   `conf:"limits"`
	// Options are the adapter's own, as JSON in the order of the file; "{}"
	// where there are none. Read-only.
	Options []byte `conf:"options,json"`

	// Line is where the entry starts in the file.
	Line int

	base *Base
}

// Key is one upstream credential of a channel.
type Key struct {
	// ID names the key in logs, health and the UI. It is derived from the
	// secret, stays the same over restarts and moves, and is safe to show.
	ID string
	// Secret is empty where a reference could not be resolved; Enabled is false
	// then.
	Secret Secret `conf:"key,required" rule:"credential"`
	Label  string `conf:"label" rule:"label"`
	// Weight is this key's share among the channel's keys.
	Weight int `conf:"weight" min:"1" max:"1000000"`
	// Models are patterns of host/pattern; empty means any model.
	Models []string `conf:"models" rule:"pattern"`
	// RPM is requests a minute; 0 means no limit.
	RPM int `conf:"rpm" max:"1000000000"`
	// MaxConcurrent is requests at a time; 0 means no limit.
	MaxConcurrent int  `conf:"max_concurrent" max:"1000000"`
	Enabled       bool `conf:"enabled"`

	// Ref is "${NAME}" or "file:PATH" where the file refers to the secret
	// instead of holding it, else empty. Safe to show.
	Ref string
	// Reason says why Enabled is false although the file does not say so; else
	// empty.
	Reason string
	// Line is where the entry starts in the file, Index its place in the
	// channel's list there, from 0.
	Line  int
	Index int
}

// ModelRule renames the models that match a pattern.
type ModelRule struct {
	Pattern string `conf:",key"`
	Model   string `conf:",value" rule:"model"`
}

// Header is one header of every upstream request of a channel.
type Header struct {
	// Name is as written in the file.
	Name string `conf:",key"`
	// Value may be a credential of a gateway in between, so it is a [Secret].
	Value Secret `conf:",value" rule:"header_value"`
}

// Timeouts bound one attempt.
type Timeouts struct {
	// Connect covers DNS, TCP and TLS.
	Connect time.Duration `conf:"connect" min:"1ms" max:"24h"`
	// FirstByte runs to the response head of a stream.
	FirstByte time.Duration `conf:"first_byte" min:"1ms" max:"24h"`
	// Whole runs to the last byte of an unstreamed answer.
	Whole time.Duration `conf:"whole" min:"1ms" max:"24h"`
	// Idle runs between two bytes of the upstream.
	Idle time.Duration `conf:"idle" min:"1ms" max:"24h"`
}

// Limits bound what a channel is asked to do. 0 means no limit.
type Limits struct {
	RPM           int `conf:"rpm" max:"1000000000"`
	MaxConcurrent int `conf:"max_concurrent" max:"1000000"`
	// MaxOutputTokens lowers max_tokens of requests above it.
	MaxOutputTokens int `conf:"max_output_tokens" max:"1000000000"`
	// Models are limits for the upstream models that match, before
	// MaxOutputTokens.
	Models []ModelLimit `conf:"models,map" rule:"map_pattern"`
}

// ModelLimit is a limit for the upstream models that match a pattern.
type ModelLimit struct {
	Pattern         string `conf:",key"`
	MaxOutputTokens int    `conf:",value" min:"1" max:"1000000000"`
}

// Plugins says where .wasm adapters come from and what they may use.
type Plugins struct {
	Dir string `conf:"dir" rule:"dir"`
	// EnvAllow are the names that ${…} may use when it is written through the
	// UI or the admin API. The file itself may use any.
	EnvAllow []string `conf:"env_allow" rule:"env_name"`
	// CacheDir holds compiled modules; empty means the user's cache folder.
	CacheDir string       `conf:"cache_dir" rule:"optional_dir"`
	Limits   PluginLimits `conf:"limits"`
	// Modules hold what differs for single plugins, in file order.
	Modules []Module `conf:"modules,map" rule:"adapter"`
}

// Module is what differs for one plugin.
type Module struct {
	// Name is the plugin's file name without ".wasm".
	Name string `conf:",key"`
	// SHA256 pins the file, in lower-case hex; empty means no pin.
	SHA256 string `conf:"sha256" rule:"sha256"`
	// Limits start from [Plugins.Limits]; only what is written here differs.
	Limits PluginLimits `conf:"limits"`
}

// PluginLimits bound one plugin.
type PluginLimits struct {
	// Memory is bytes per instance.
	Memory Size `conf:"memory" min:"1MiB" max:"4GiB"`
	// FuelPerEvent and the other fuels are counted in instructions.
	FuelPerEvent         int64       `conf:"fuel_per_event" min:"1"`
	FuelPerRequest       RequestFuel `conf:"fuel_per_request"`
	FuelStart            int64       `conf:"fuel_start" min:"1"`
	ExchangesPerInstance int         `conf:"exchanges_per_instance" min:"1" max:"1000000"`
	InstancesMax         int         `conf:"instances_max" min:"1" max:"100000"`
	// Output is bytes that one exchange may produce.
	Output Size `conf:"output" min:"1KiB" max:"4GiB"`
	// LogRate is log lines a second.
	LogRate int `conf:"log_rate" max:"1000000"`
}

// RequestFuel is the fuel of one request: Base, and PerByte for each byte of
// its body.
type RequestFuel struct {
	Base    int64 `conf:"base" min:"1"`
	PerByte int64 `conf:"per_byte"`
}

// Log says what is written and kept about requests.
type Log struct {
	Level     LogLevel  `conf:"level" enum:"error,warn,info,debug"`
	Format    LogFormat `conf:"format" enum:"text,json"`
	Requests  bool      `conf:"requests"`
	Responses bool      `conf:"responses"`
	Bodies    Bodies    `conf:"bodies" enum:"off,errors,all"`
	// Recent is how many exchanges stay in memory for the UI; 0 means none.
	Recent int `conf:"recent" max:"1000000"`
}
