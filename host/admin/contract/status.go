package contract

import "time"

// Status is the proxy as a whole: what the frame around every screen shows.
type Status struct {
	// State is ok, degraded (something needs attention), down (no request can be served) or stopping.
	State string `json:"state" jsonschema:"enum=ok,enum=degraded,enum=down,enum=stopping"`
	// Reasons say why it is not ok.
	Reasons []Attention `json:"reasons"`
	// Demo: no channel is defined and the built-in demo answers.
	Demo        bool   `json:"demo"`
	Environment string `json:"environment"`
	// ReadOnly says that nothing can be changed, ReadOnlyReason why.
	ReadOnly       bool   `json:"read_only"`
	ReadOnlyReason string `json:"read_only_reason"`
	// ETag is the state of plugins.yaml on disk; Serving is that of the configuration at work. They differ while a bad file
	// is there.
	ETag    string `json:"etag"`
	Serving string `json:"serving"`
	Config  string `json:"config"`
	// LastReload is the newest attempt to put the file to work.
	LastReload *Reload `json:"last_reload,omitempty"`
	Program    Program `json:"program"`
	// BaseURL is the address for clients, without /v1.
	BaseURL  string          `json:"base_url"`
	Channels []ChannelStatus `json:"channels"`
	Capture  Capture         `json:"capture"`
	Totals   Totals          `json:"totals"`
}

// Program is the running program.
type Program struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	// Commit is the revision that it was built from; empty is not known.
	Commit  string    `json:"commit"`
	Started time.Time `json:"started"`
}

// Attention is something that needs somebody's attention, with what to do.
type Attention struct {
	// Code is channel_down, channel_degraded, key_invalid, key_quota, key_cooling, plugin_failed, reload_failed, read_only,
	// no_channel, restart_needed or config_warning.
	Code string `json:"code"`
	// Severity is error or warning.
	Severity string `json:"severity" jsonschema:"enum=error,enum=warning"`
	Message  string `json:"message"`
	// Channel, Key and Plugin name what it is about; empty where it is not about one.
	Channel string     `json:"channel,omitempty"`
	Key     string     `json:"key,omitempty"`
	Plugin  string     `json:"plugin,omitempty"`
	Until   *time.Time `json:"until,omitempty"`
}

// Totals count since the start of the program; Live and Waiting are now.
type Totals struct {
	Requests int64 `json:"requests"`
	OK       int64 `json:"ok"`
	Errors   int64 `json:"errors"`
	// Live are requests and streams under way.
	Live         int   `json:"live"`
	InputTokens  int64 `json:"input_tokens"`
	OutputTokens int64 `json:"output_tokens"`
	CacheRead    int64 `json:"cache_read_tokens"`
	CacheWrite   int64 `json:"cache_write_tokens"`
}

// Overview is the last hour, or day, for the first screen. The last point is of a step that is still running; it comes anew
// with each event tick.
type Overview struct {
	Start  time.Time `json:"start"`
	StepMS int64     `json:"step_ms"`
	Points []Point   `json:"points"`
	// Window sums the points up.
	Window Window `json:"window"`
	// Attention lists what needs it, the gravest first.
	Attention []Attention `json:"attention"`
	// Errors are the failed requests of the window, grouped by what they have in common, newest first.
	Errors []ErrorGroup `json:"errors"`
	// Reloads are the newest attempts to put the configuration to work, newest first.
	Reloads []Reload `json:"reloads"`
}

// Point is one step of the time series.
type Point struct {
	Time time.Time `json:"time"`
	// Requests counts the requests that ended in the step, by outcome; outcomes that did not occur may be missing.
	Requests map[string]int64 `json:"requests"`
	// Live is the most at a time.
	Live int64 `json:"live"`
	// FirstByte percentiles in milliseconds; 0 where nothing was answered.
	FirstByteP50 float64 `json:"first_byte_p50_ms"`
	FirstByteP95 float64 `json:"first_byte_p95_ms"`
	InputTokens  int64   `json:"input_tokens"`
	OutputTokens int64   `json:"output_tokens"`
	CacheRead    int64   `json:"cache_read_tokens"`
	CacheWrite   int64   `json:"cache_write_tokens"`
}

// Window sums a stretch of time up.
type Window struct {
	Requests int64 `json:"requests"`
	OK       int64 `json:"ok"`
	// SuccessRate is from 0 to 1, of the requests that were not the client's fault; 1 where there were none.
	SuccessRate  float64 `json:"success_rate"`
	FirstByteP50 float64 `json:"first_byte_p50_ms"`
	FirstByteP95 float64 `json:"first_byte_p95_ms"`
	InputTokens  int64   `json:"input_tokens"`
	OutputTokens int64   `json:"output_tokens"`
	CacheRead    int64   `json:"cache_read_tokens"`
	CacheWrite   int64   `json:"cache_write_tokens"`
	// KeysCooling counts the keys that are out now.
	KeysCooling int `json:"keys_cooling"`
}

// ErrorGroup are failed requests of one kind.
type ErrorGroup struct {
	// Fingerprint is channel, class and status.
	Fingerprint string    `json:"fingerprint"`
	Channel     string    `json:"channel"`
	Class       string    `json:"class"`
	Status      int       `json:"status"`
	Message     string    `json:"message"`
	Count       int64     `json:"count"`
	Last        time.Time `json:"last"`
	// Example is the id of the newest exchange.
	Example string `json:"example"`
}
