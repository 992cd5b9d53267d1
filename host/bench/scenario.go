package bench

// Kind is how a scenario loads its targets.
type Kind string

const (
	// Closed: a fixed number of requests is under way at any time.
	Closed Kind = "closed"
	// Open: requests come at a fixed rate, whether or not the ones before are answered.
	Open Kind = "open"
	// Slow: many streams at once that each say little.
	Slow Kind = "slow"
)

// Scenario is one line of the table.
type Scenario struct {
	Name string `json:"name"`
	Text string `json:"text"`
	Kind Kind   `json:"kind"`
	// Adapter is whose conversion is measured; Wasm runs it as a plugin, and native in the place of the bare proxy.
	Adapter string `json:"adapter"`
	Wasm    bool   `json:"wasm,omitempty"`
	// Events is how many text deltas an answer has; 0 for an answer that is not a stream.
	Events int `json:"events,omitempty"`
	// Budget is the highest ratio to the bare proxy, or to native; 0 is none. For open loops it is that of p50.
	Budget float64 `json:"budget,omitempty"`
	// RSSBudget is the highest resident size in MiB; 0 is none.
	RSSBudget float64 `json:"rss_budget,omitempty"`
	// LateBudget is how many ms later than through the bare proxy a delta may come at p99; 0 is none.
	LateBudget float64 `json:"late_budget_ms,omitempty"`
	// P99Budget is the highest ratio of added latency at p99.
	P99Budget float64 `json:"p99_budget,omitempty"`
	// Note says why there are no figures.
	Note string `json:"note,omitempty"`

	body  func(stream bool) string
	model string
	// channels is how many there are, keys how many each has; 0 is 1. extra are further lines of plugins.yaml.
	channels, keys int
	extra          string
	// sessions is how many conversations take turns; 0 sends none.
	sessions int
	// plugins is how many copies of the plugin are loaded; 0 is 1.
	plugins int
}

func (s *Scenario) stream() bool { return s.Events > 0 }

const agentEvents = 40

var scenarios = []Scenario{
	{Name: "small", Text: "small request, Claude→OpenAI", Kind: Closed, Adapter: "openai", Budget: 1.3, model: "fast-plain", body: small},
	{Name: "agent-30k", Text: "30 KB agent request with tools, Claude→OpenAI", Kind: Closed, Adapter: "openai", Budget: 1.6, model: "fast-plain", body: agent(30 << 10)},
	{Name: "agent-100k", Text: "100 KB agent request with tools, Claude→OpenAI", Kind: Closed, Adapter: "openai", model: "fast-plain", body: agent(100 << 10)},
	{Name: "images-1m", Text: "1 MB request with pictures, Claude→OpenAI", Kind: Closed, Adapter: "openai", model: "fast-plain", body: images(1 << 20)},
	{Name: "stream-200", Text: "stream of 200 deltas, Claude→OpenAI", Kind: Closed, Adapter: "openai", Events: 200, Budget: 1.5, model: "fast-stream-200", body: small},
	{Name: "agent-stream", Text: "30 KB agent request, stream with two tools, Claude→OpenAI", Kind: Closed, Adapter: "openai", Events: agentEvents, model: "fast-agent", body: agent(30 << 10)},

	{Name: "pass-small", Text: "small request, passed through", Kind: Closed, Adapter: "claude", Budget: 1.2, model: "fast-plain", body: small},
	{Name: "pass-30k", Text: "30 KB agent request, passed through", Kind: Closed, Adapter: "claude", Budget: 1.35, model: "fast-plain", body: agent(30 << 10)},
	{Name: "pass-100k", Text: "100 KB agent request, passed through", Kind: Closed, Adapter: "claude", model: "fast-plain", body: agent(100 << 10)},
	{Name: "pass-images-1m", Text: "1 MB request with pictures, passed through", Kind: Closed, Adapter: "claude", model: "fast-plain", body: images(1 << 20)},
	{Name: "pass-stream-200", Text: "stream of 200 deltas, passed through", Kind: Closed, Adapter: "claude", Events: 200, Budget: 1.2, model: "fast-stream-200", body: small},
	{Name: "pass-agent-stream", Text: "30 KB agent request, stream with two tools, passed through", Kind: Closed, Adapter: "claude", Events: agentEvents, model: "fast-agent", body: agent(30 << 10)},

	{Name: "gemini-small", Text: "small request, Claude→Gemini", Kind: Closed, Adapter: "gemini", model: "fast-plain", body: small},
	{Name: "gemini-30k", Text: "30 KB agent request with tools, Claude→Gemini", Kind: Closed, Adapter: "gemini", model: "fast-plain", body: agent(30 << 10)},
	{Name: "gemini-stream-200", Text: "stream of 200 deltas, Claude→Gemini", Kind: Closed, Adapter: "gemini", Events: 200, model: "fast-stream-200", body: small},
	{Name: "responses-small", Text: "small request, Claude→Responses", Kind: Closed, Adapter: "openairesponses", model: "fast-plain", body: small},
	{Name: "responses-30k", Text: "30 KB agent request with tools, Claude→Responses", Kind: Closed, Adapter: "openairesponses", model: "fast-plain", body: agent(30 << 10)},
	{Name: "responses-stream-200", Text: "stream of 200 deltas, Claude→Responses", Kind: Closed, Adapter: "openairesponses", Events: 200, model: "fast-stream-200", body: small},

	{Name: "wasm-small", Text: "small request, Claude→OpenAI, plugin against built-in", Kind: Closed, Adapter: "openai", Wasm: true, Budget: 2, model: "fast-plain", body: small},
	{Name: "wasm-30k", Text: "30 KB agent request, Claude→OpenAI, plugin against built-in", Kind: Closed, Adapter: "openai", Wasm: true, Budget: 2, model: "fast-plain", body: agent(30 << 10)},
	{Name: "wasm-stream-200", Text: "stream of 200 deltas, Claude→OpenAI, plugin against built-in", Kind: Closed, Adapter: "openai", Wasm: true, Events: 200, Budget: 2, model: "fast-stream-200", body: small},
	{Name: "wasm-gemini-stream", Text: "stream of 200 deltas, Claude→Gemini, plugin against built-in", Kind: Closed, Adapter: "gemini", Wasm: true, Events: 200, model: "fast-stream-200", body: small},
	{Name: "wasm-responses-stream", Text: "stream of 200 deltas, Claude→Responses, plugin against built-in", Kind: Closed, Adapter: "openairesponses", Wasm: true, Events: 200, model: "fast-stream-200", body: small},
	{Name: "wasm-pass-30k", Text: "30 KB agent request, passed through, plugin against built-in", Kind: Closed, Adapter: "claude", Wasm: true, model: "fast-plain", body: agent(30 << 10)},

	{Name: "slow-streams", Text: "1000 live streams, a delta every 400 ms each, Claude→OpenAI", Kind: Slow, Adapter: "openai", Events: 12, RSSBudget: 90, LateBudget: 50, model: "fast-timed-12-400ms", body: small},
	{Name: "rate", Text: "open loop at 300 requests a second: added latency, Claude→OpenAI", Kind: Open, Adapter: "openai", Budget: 1.25, P99Budget: 1.5, model: "fast-plain", body: small},
	{Name: "grid", Text: "8 channels of 20 keys, affinity on, 64 conversations", Kind: Closed, Adapter: "openai", model: "fast-plain", body: small,
		channels: 8, keys: 20, extra: "routing: { strategy: round-robin, affinity: auto }\n", sessions: 64},
	{Name: "no-log", Text: "small request with the request log off (all other rows have it on, and metrics)", Kind: Closed, Adapter: "openai", model: "fast-plain", body: small,
		extra: "log: { requests: false, responses: false }\n"},
}
