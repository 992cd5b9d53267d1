package contract

// Routing is how requests find their channel.
type Routing struct {
	ETag        string `json:"etag"`
	Strategy    string `json:"strategy" jsonschema:"enum=failover,enum=round-robin,enum=random,enum=least-busy,enum=fastest"`
	Affinity    string `json:"affinity" jsonschema:"enum=auto,enum=off"`
	AffinityTTL string `json:"affinity_ttl"`
	Attempts    int    `json:"attempts"`
	// Models are the explicit routes in the order of the file.
	Models []Route `json:"models"`
	// Overridden names, by field, the variable or flag that wins over the file; such a field is read-only.
	Overridden map[string]string `json:"overridden"`
	// Names are the literal model names that the proxy lists, with who serves them.
	Names []ModelName `json:"names"`
}

// Route sends the models that match a pattern to a list of channels, in order.
type Route struct {
	Pattern string        `json:"pattern"`
	Targets []RouteTarget `json:"targets"`
	// Warnings say what is odd, such as a channel that is disabled; only in answers.
	Warnings []string `json:"warnings,omitempty" jsonschema:"readOnly=true"`
}

// RouteTarget is one channel of a route.
type RouteTarget struct {
	Channel string `json:"channel"`
	// Model is the upstream model; empty passes on what the channel would use.
	Model string `json:"model,omitempty"`
}

// ModelName is a model name that clients may ask for.
type ModelName struct {
	Name string `json:"name"`
	// Channels are the enabled channels that would take it, best first, with the upstream's name for it.
	Channels []RouteTarget `json:"channels"`
}

// RoutingPatch changes how requests find their channel. In a PATCH null takes a field out of the file.
type RoutingPatch struct {
	Strategy    *string `json:"strategy,omitempty" jsonschema:"enum=failover,enum=round-robin,enum=random,enum=least-busy,enum=fastest"`
	Affinity    *string `json:"affinity,omitempty" jsonschema:"enum=auto,enum=off"`
	AffinityTTL *string `json:"affinity_ttl,omitempty"`
	Attempts    *int    `json:"attempts,omitempty"`
	// Models replaces all explicit routes.
	Models *[]Route `json:"models,omitempty"`
}

// ExplainRequest asks which way a request would take. Nothing is sent.
type ExplainRequest struct {
	Model  string `json:"model"`
	Stream bool   `json:"stream,omitempty"`
	// Op is messages (the default) or count_tokens.
	Op string `json:"op,omitempty" jsonschema:"enum=messages,enum=count_tokens"`
	// ClientKey is the name of the client key that asks; empty is one that may do everything.
	ClientKey string `json:"client_key,omitempty"`
	// Channel is what x-claude-proxy-channel would say.
	Channel string `json:"channel,omitempty"`
	// Session ties the request to a conversation, as x-claude-code-session-id does.
	Session string `json:"session,omitempty"`
}

// Explanation is the way of a request: every rule, channel and key, chosen or skipped, and why.
type Explanation struct {
	Model string `json:"model"`
	// Refusal is why no channel would be tried at all; empty where one would.
	Refusal string `json:"refusal"`
	// RefusedBecause is the refusal for other languages; absent where there is none.
	RefusedBecause *Because `json:"refused_because,omitempty"`
	// Steps are what was decided before channels were looked at, in order.
	Steps []ExplainStep `json:"steps"`
	// Channels are all channels: first those that would be tried, in the order of the next request, then the skipped ones.
	Channels []ExplainChannel `json:"channels"`
	// Strategy is the strategy that spreads requests over equals.
	Strategy string `json:"strategy"`
	// Settled says that the order is certain; false where chance or turns decide among equals.
	Settled bool `json:"settled"`
}

// ExplainStep is one rule that was looked at.
type ExplainStep struct {
	// Rule is client_key, pick_channel, route, priority, strategy or affinity; Name the pattern or value.
	Rule string `json:"rule"`
	Name string `json:"name"`
	// Chosen says that the rule decides; else it does not apply.
	Chosen  bool     `json:"chosen"`
	Reason  string   `json:"reason"`
	Because *Because `json:"because,omitempty"`
}

// Because is a reason for those who say it in another language than English: which sentence it is, and the names that
// belong into it.
type Because struct {
	Code string `json:"code" jsonschema:"enum=any_model,enum=this_model,enum=key_refused,enum=model_refused,enum=pick_refused,enum=picks,enum=picks_unknown,enum=picks_another,enum=pattern_misses,enum=pattern_decides,enum=pattern_beaten,enum=route_names_others,enum=no_route,enum=no_key_for_model,enum=switched_off,enum=serves_not,enum=key_not_ready,enum=key_other_models,enum=route_off,enum=channel_off,enum=nobody_serves,enum=nobody_but_near,enum=no_fit_key,enum=fit,enum=health,enum=adapter_absent,enum=stays,enum=order_decides,enum=strategy_decides"`
	// With are the names by their place in the sentence. They come from clients, upstreams and the file.
	With map[string]string `json:"with,omitempty"`
}

// ExplainChannel is what becomes of a channel.
type ExplainChannel struct {
	Channel string `json:"channel"`
	// Rank is its place among those to be tried, from 1; 0 where it is skipped.
	Rank int `json:"rank"`
	// Code is chosen, possible, disabled, not_served, not_in_route, no_key, absent, cooling, full or invalid.
	Code    string   `json:"code"`
	Reason  string   `json:"reason"`
	Because *Because `json:"because,omitempty"`
	// Model is the upstream's name for the model.
	Model string `json:"model"`
	// Tier groups channels of one priority, from 0.
	Tier            int          `json:"tier"`
	MaxOutputTokens int64        `json:"max_output_tokens"`
	Keys            []ExplainKey `json:"keys"`
}

// ExplainKey is what becomes of a key.
type ExplainKey struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	// Code is usable, disabled, not_configured, model_not_allowed, cooling, invalid, quota or full.
	Code    string   `json:"code"`
	Reason  string   `json:"reason"`
	Because *Because `json:"because,omitempty"`
	Usable  bool     `json:"usable"`
}
