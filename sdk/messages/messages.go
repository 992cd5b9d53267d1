// Package messages gives typed views of a Claude Messages request.
//
// Nothing is copied: every field is a jsonindex.Value, a cursor into the indexed body, and a zero Value means that the
// client left the field out. Each JSON object is decoded once, in one pass, when its iterator reaches it or its reader
// is called; nothing is decoded that nobody asks for. What a view does not know stays reachable through its Others
// method, so that an adapter can report it as a loss.
//
// Every error is an *adapter.Failure of class Invalid whose Field is the exact path of the value at fault. Paths are
// made up only when an error occurs.
//
// The fields are those of https://docs.claude.com/en/api/messages; each view links to the page of its own part. Views
// are plain values for one goroutine; they live as long as the body that they point into.
package messages

import (
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// Member is one member of a JSON object.
type Member struct {
	Name string
	V    jsonindex.Value
}

// Request is the body of POST /v1/messages or /v1/messages/count_tokens. See
// https://docs.claude.com/en/api/messages#body-parameters; fields marked (beta) stand on
// https://docs.claude.com/en/api/beta/messages/create.
//
// A field that the client sent as null is kept as a null Value; jsonindex.Value.IsNull is true for it and for an absent
// one.
type Request struct {
	// V is the whole body.
	V jsonindex.Value
	// Model is the model's name, a non-empty string. Required.
	Model jsonindex.Value
	// Messages is the array of turns; read it with Iter. Required.
	Messages jsonindex.Value
	// MaxTokens is the output limit; see Limit.
	MaxTokens jsonindex.Value
	// System is a string or an array of text blocks; read it with SystemBlocks.
	System jsonindex.Value
	// Stream is a bool.
	Stream jsonindex.Value
	// Tools is an array; read it with ToolIter.
	Tools jsonindex.Value
	// ToolChoice is an object; read it with Choice.
	ToolChoice jsonindex.Value
	// Thinking is an object; read it with ThinkingConfig.
	Thinking jsonindex.Value
	// OutputConfig is an object with effort, format and task_budget; read it with Output.
	OutputConfig jsonindex.Value
	// OutputFormat is the deprecated twin of output_config.format (beta); Output reads it too.
	OutputFormat jsonindex.Value
	// StopSequences is an array of strings.
	StopSequences jsonindex.Value
	// Temperature, TopP and TopK are numbers, of anthropic-version 2023-06-01 only.
	Temperature, TopP, TopK jsonindex.Value
	// Metadata is an object; see UserID.
	Metadata jsonindex.Value
	// ServiceTier is "auto" or "standard_only".
	ServiceTier jsonindex.Value
	// CacheControl marks the last cacheable block; read it with DecodeCacheControl.
	CacheControl jsonindex.Value
	// Container is a string, or an object with id and skills.
	Container jsonindex.Value
	// InferenceGeo is a string.
	InferenceGeo jsonindex.Value
	// Speed is "standard" or "fast".
	Speed jsonindex.Value
	// Diagnostics is an object with previous_message_id.
	Diagnostics jsonindex.Value
	// MCPServers is an array of remote MCP servers (beta).
	MCPServers jsonindex.Value
	// ContextManagement is an object with edits (beta).
	ContextManagement jsonindex.Value
	// Compaction is an object with type and instructions (beta).
	Compaction jsonindex.Value
	// Fallbacks asks for other models on a refusal (beta).
	Fallbacks jsonindex.Value
	// FallbackCreditToken is a string (beta).
	FallbackCreditToken jsonindex.Value
	// Thread asks the server to keep the conversation (beta).
	Thread jsonindex.Value
	// BillingPolicy is an object (beta).
	BillingPolicy jsonindex.Value

	others int
}

// Decode fills r from the root of a body. It checks that the root is an object, that model and messages are there, and
// the JSON type of every field it knows; it looks into no array or object.
func Decode(root jsonindex.Value, r *Request) error {
	*r = Request{V: root}
	if root.Kind() != jsonindex.Object {
		return invalid(root, "the request body must be a JSON object, not %s", what(root))
	}
	for it := root.Iter(); it.Next(); {
		slot, allowed := r.slot(it.Key())
		if slot == nil {
			r.others++
			continue
		}
		if !allowed.has(it.Val) && it.Val.Kind() != jsonindex.Null {
			return wrongKind(it.Val, allowed)
		}
		*slot = it.Val
	}
	switch {
	case r.Model.IsNull():
		return missing(root, "model")
	case empty(r.Model):
		return invalid(r.Model, "must not be empty; name a model")
	case r.Messages.IsNull():
		return missing(root, "messages")
	}
	return nil
}

// slot is where the member of this name belongs and which JSON types it may have; nil for a name that is not known.
func (r *Request) slot(key []byte) (*jsonindex.Value, kinds) {
	switch string(key) {
	case "model":
		return &r.Model, aString
	case "messages":
		return &r.Messages, anArray
	case "max_tokens":
		return &r.MaxTokens, aNumber
	case "system":
		return &r.System, aString | anArray
	case "stream":
		return &r.Stream, aBool
	case "tools":
		return &r.Tools, anArray
	case "tool_choice":
		return &r.ToolChoice, anObject
	case "thinking":
		return &r.Thinking, anObject
	case "output_config":
		return &r.OutputConfig, anObject
	case "output_format":
		return &r.OutputFormat, anObject
	case "stop_sequences":
		return &r.StopSequences, anArray
	case "temperature":
		return &r.Temperature, aNumber
	case "top_p":
		return &r.TopP, aNumber
	case "top_k":
		return &r.TopK, aNumber
	case "metadata":
		return &r.Metadata, anObject
	case "service_tier":
		return &r.ServiceTier, aString
	case "cache_control":
		return &r.CacheControl, anObject
	}
	return r.rareSlot(key)
}

// rareSlot is slot for what few clients send.
func (r *Request) rareSlot(key []byte) (*jsonindex.Value, kinds) {
	switch string(key) {
	case "container":
		return &r.Container, aString | anObject
	case "inference_geo":
		return &r.InferenceGeo, aString
	case "speed":
		return &r.Speed, aString
	case "diagnostics":
		return &r.Diagnostics, anObject
	case "mcp_servers":
		return &r.MCPServers, anArray
	case "context_management":
		return &r.ContextManagement, anObject
	case "compaction":
		return &r.Compaction, anObject
	case "fallbacks":
		return &r.Fallbacks, anArray
	case "fallback_credit_token":
		return &r.FallbackCreditToken, aString
	case "thread":
		return &r.Thread, anObject
	case "billing_policy":
		return &r.BillingPolicy, anyKind
	}
	return nil, 0
}

// Others returns, in document order, the members of the body that Request has no field for. It returns nil without any
// cost in the usual case that there are none.
func (r *Request) Others() []Member {
	if r.others == 0 {
		return nil
	}
	var list []Member
	for it := r.V.Iter(); it.Next(); {
		if slot, _ := r.slot(it.Key()); slot == nil {
			list = append(list, Member{string(it.Key()), it.Val})
		}
	}
	return list
}

// Limit is max_tokens: required, a whole number of at least 0. 0 asks for no output at all, only for a filled prompt
// cache.
func (r *Request) Limit() (int64, error) {
	if r.MaxTokens.IsNull() {
		return 0, missing(r.V, "max_tokens")
	}
	return Int(r.MaxTokens, 0)
}

// UserID is metadata.user_id, absent when the client gave none.
func (r *Request) UserID() jsonindex.Value { return r.Metadata.Get("user_id") }

// SystemBlocks reads the system prompt as text blocks, whether it is a string, an array, null or absent.
func (r *Request) SystemBlocks() BlockIter { return blocksOf(r.System) }

// Iter reads the turns.
func (r *Request) Iter() MessageIter { return MessageIter{it: r.Messages.Iter(), n: -1} }

// ToolIter reads the tools; there are none when the field is absent or null.
func (r *Request) ToolIter() ToolIter { return ToolIter{it: r.Tools.Iter(), n: -1} }
