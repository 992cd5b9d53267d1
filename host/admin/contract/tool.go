package contract

import "encoding/json"

// ProbeRequest tests a channel with a tiny real request through its adapter. It never changes health.
type ProbeRequest struct {
	// Channel is a saved channel, or Draft one that is not saved yet. Exactly one is given.
	Channel string      `json:"channel,omitempty"`
	Draft   *NewChannel `json:"draft,omitempty"`
	// Model is the client's or the upstream's name; empty takes one that the channel names.
	Model string `json:"model,omitempty"`
	// Key is the ID of a key, "all" for each of them, or empty for the first that can be used.
	Key    string `json:"key,omitempty"`
	Stream bool   `json:"stream,omitempty"`
	// Prompt is what is asked; empty is a few words.
	Prompt string `json:"prompt,omitempty"`
	// MaxTokens of the answer; 0 is 16.
	MaxTokens int `json:"max_tokens,omitempty"`
	// TimeoutMS bounds each probe; 0 is 30000, at most 120000.
	TimeoutMS int `json:"timeout_ms,omitempty"`
	// Models asks for the upstream's own list of models too.
	Models bool `json:"models,omitempty"`
}

// ProbeResult is what a test found, one result for each key.
type ProbeResult struct {
	Items []Probe `json:"items"`
	// Models is the upstream's own list; empty where it was not asked for or offers none.
	Models []string `json:"models"`
	// ModelsNote says why there is no list.
	ModelsNote string `json:"models_note"`
}

// Probe is the test of one key.
type Probe struct {
	Key   string `json:"key"`
	Label string `json:"label"`
	Model string `json:"model"`
	// Verdict: ok; failed (the upstream was asked and it did not serve); cannot_probe (it could not be asked, which says
	// nothing about the key).
	Verdict string `json:"verdict" jsonschema:"enum=ok,enum=failed,enum=cannot_probe"`
	// Reason says why it is not ok, Class and Status what was answered.
	Reason string `json:"reason"`
	Class  string `json:"class"`
	Status int    `json:"status"`
	// Try is what to do next.
	Try    string      `json:"try,omitempty"`
	Timing ProbeTiming `json:"timing"`
	// TokensPerSecond of the answer; 0 is not known.
	TokensPerSecond float64 `json:"tokens_per_second"`
	InputTokens     int64   `json:"input_tokens"`
	OutputTokens    int64   `json:"output_tokens"`
	// Text is the beginning of what was answered.
	Text string `json:"text"`
	// UpstreamModel and UpstreamID are the upstream's own words.
	UpstreamModel string `json:"upstream_model"`
	UpstreamID    string `json:"upstream_id"`
	// Losses are what the upstream could not express of the probe.
	Losses []Loss `json:"losses"`
	// Request and Response are the upstream's side, secrets redacted.
	Request  *CapturedMessage `json:"request,omitempty"`
	Response *CapturedMessage `json:"response,omitempty"`
}

// ProbeTiming splits the time of a probe; 0 is where a step was not needed or not reached.
type ProbeTiming struct {
	DNSMS     float64 `json:"dns_ms"`
	ConnectMS float64 `json:"connect_ms"`
	TLSMS     float64 `json:"tls_ms"`
	// FirstByteMS is from the request's being sent to the first byte of the answer.
	FirstByteMS float64 `json:"first_byte_ms"`
	TotalMS     float64 `json:"total_ms"`
	// Reused says that a kept connection served, so DNS, connect and TLS are 0.
	Reused bool `json:"reused"`
}

// Preset is a known provider for the first-run wizard.
type Preset struct {
	ID    string    `json:"id"`
	Title LocalText `json:"title"`
	// Settings are the beginning of a channel.
	Settings ChannelSettings `json:"settings"`
	// NeedsKey is false for local servers.
	NeedsKey bool `json:"needs_key"`
	// KeyURL is where a key is made; Website the provider's own.
	KeyURL  string `json:"key_url"`
	Website string `json:"website"`
	// KeyVariable is the variable that usually holds the key.
	KeyVariable string `json:"key_variable"`
	// VariableSet says that this variable is set where the program runs. It is offered, never used silently.
	VariableSet bool `json:"variable_set"`
	// Families suggests an upstream model for each family of Claude models.
	Families Families `json:"families"`
}

// Families are models for the three families; empty is no suggestion.
type Families struct {
	Opus   string `json:"opus"`
	Sonnet string `json:"sonnet"`
	Haiku  string `json:"haiku"`
}

// Presets are all known providers.
type Presets struct {
	Items []Preset `json:"items"`
}

// FirstRun is what the wizard needs to begin.
type FirstRun struct {
	// Needed: no channel is defined.
	Needed bool `json:"needed"`
	// Requests counts what clients asked since the start; the wizard's last step waits for the first.
	Requests int64 `json:"requests"`
	// KeySource is how clients find a key: generated, environment or file.
	KeySource string `json:"key_source" jsonschema:"enum=generated,enum=environment,enum=file"`
}

// Snippet is a piece to copy that connects a client to this proxy. The key stands as $PROXY_ACCESS_KEY or YOUR_KEY.
type Snippet struct {
	// ID as "claude-code/bash".
	ID    string    `json:"id"`
	Title LocalText `json:"title"`
	// Client groups the snippets of one client.
	Client string `json:"client"`
	// Language names the syntax for colouring.
	Language string `json:"language"`
	Text     string `json:"text"`
	// Note is what people trip on.
	Note LocalText `json:"note"`
}

// Snippets are all pieces to copy.
type Snippets struct {
	BaseURL string    `json:"base_url"`
	Items   []Snippet `json:"items"`
}

// PlaygroundRequest is a Claude Messages request that the proxy sends through itself. The answer is exactly what a client
// would get: a message, or a stream of Claude events where body.stream is true.
type PlaygroundRequest struct {
	// Body is the request as POST /v1/messages takes it.
	Body json.RawMessage `json:"body" jsonschema:"type=object"`
	// Channel picks a channel; empty lets the routing decide.
	Channel string `json:"channel,omitempty"`
	// Beta is the header anthropic-beta.
	Beta string `json:"beta,omitempty"`
}

// Diagnostics is everything that helps to find a fault, scrubbed of secrets, for a report to somebody else.
type Diagnostics struct {
	Status   Status          `json:"status"`
	Settings []Setting       `json:"settings"`
	Problems []ConfigProblem `json:"problems"`
	Plugins  []Plugin        `json:"plugins"`
	// Errors are the newest failed exchanges.
	Errors []Exchange   `json:"errors"`
	Audit  []AuditEntry `json:"audit"`
}
