// Package hosttest is a scripted upstream: a real HTTP server that speaks OpenAI Chat Completions, OpenAI Responses,
// Gemini and Claude on one address, answers as its [Script] says, refuses what the real services refuse, and fails in
// all the ways they fail.
//
// Tests start it with [New], programs with [Start]; [Server.Requests] tells afterwards what was asked. A test double: it
// may be slow, it keeps every body in memory, and nothing in it belongs on the path of a real request.
package hosttest

import (
	"encoding/json"
	"time"
)

// Script says what the upstream answers. The zero value answers everything by itself (see auto in README.md), strictly.
// A script is read only; servers may share it.
type Script struct {
	// Keys are the credentials that are accepted. Empty: any that is not empty.
	Keys []string `json:"keys,omitempty"`
	// Lenient turns off the checks of request bodies (keys are checked still). Default: strict.
	Lenient bool `json:"lenient,omitempty"`
	// Forget keeps no record of requests, for runs that would never end otherwise: Requests stays empty.
	Forget bool `json:"forget,omitempty"`
	// IDs goes into all ids the server makes up, so that two servers can talk in one conversation. Default "mock".
	IDs string `json:"ids,omitempty"`
	// Models is what the model lists hold, and what may be asked for. Empty: DefaultModels in the lists, any name may be
	// asked for.
	Models []string `json:"models,omitempty"`
	// Exhausted says what a call gets that no step fits: "auto" (default) or "error" (status 500 of type
	// "script_exhausted", so that a test notices).
	Exhausted string `json:"exhausted,omitempty"`
	// Steps are tried in order for each request; the first one that fits and is not used up answers.
	Steps []Step `json:"steps,omitempty"`
}

// DefaultModels is what a script without Models lists.
func DefaultModels() []string {
	return []string{"claude-opus-5-5", "claude-sonnet-5", "gemini-3-pro", "gemini-2.5-flash", "gpt-5.6", "gpt-4o"}
}

// Step is one answer. At most one of Answer, Raw and Error is set; none means the automatic answer (useful with a Fault).
type Step struct {
	// Match says which requests the step is for. Nil: every generation call (not token counts and model lists).
	Match *Match `json:"match,omitempty"`
	// Times is how often the step answers; 0 means once, -1 means for ever.
	Times int `json:"times,omitempty"`

	Answer *Answer `json:"answer,omitempty"`
	Raw    *Raw    `json:"raw,omitempty"`
	Error  *Error  `json:"error,omitempty"`

	// Headers are added to the response, whatever it is (retry-after, set-cookie…).
	Headers map[string]string `json:"headers,omitempty"`
	Fault   Fault             `json:"fault,omitzero"`
}

// Match is a predicate over requests; what is zero does not matter, all the rest has to hold.
type Match struct {
	API          string            `json:"api,omitempty"`           // chat, responses, gemini, claude
	Op           string            `json:"op,omitempty"`            // generate (default), count, models, any
	Path         string            `json:"path,omitempty"`          // without query; "*" stands for anything
	Model        string            `json:"model,omitempty"`         // as the upstream sees it; "*" stands for anything
	Call         int               `json:"call,omitempty"`          // 1 is the first request with this Op on the server
	Stream       *bool             `json:"stream,omitempty"`        // asked for a stream
	Key          string            `json:"key,omitempty"`           // the credential presented
	Headers      map[string]string `json:"headers,omitempty"`       // value "" means present, whatever it says
	BodyContains string            `json:"body_contains,omitempty"` // anywhere in the bytes of the body
	// Func decides in Go; the request's answer fields are not filled in yet.
	Func func(*Request) bool `json:"-"`
}

// Answer is a model's turn in no vendor's words; each speaker renders it in its own protocol, whole or streamed.
type Answer struct {
	ID    string `json:"id,omitempty"`    // default: made from the number of the call
	Model string `json:"model,omitempty"` // default: the one asked for
	Parts []Part `json:"parts,omitempty"` // none: an empty answer
	// Stop is end_turn, tool_use, max_tokens, stop_sequence, refusal, pause_turn, model_context_window_exceeded, or a word of
	// the vendor's own, which is passed on as it is. Default: tool_use with tool calls, refusal with a refusal, else end_turn.
	Stop         string `json:"stop,omitempty"`
	StopSequence string `json:"stop_sequence,omitempty"` // Claude only tells it
	// Reasoning is the field in which Chat tells thinking, as other vendors' servers do: reasoning_content, reasoning.
	// Default: thinking is left out, as OpenAI does.
	Reasoning string `json:"reasoning,omitempty"`
	Usage     *Usage `json:"usage,omitempty"` // default: counted roughly
	Stream    Stream `json:"stream,omitzero"`

	giant bool // the first part is one huge event
}

// Part is one piece of an answer: exactly one of Text, Refusal, Tool, Redacted, or Thinking with Signature.
type Part struct {
	Text     string `json:"text,omitempty"`
	Thinking string `json:"thinking,omitempty"`
	// Signature seals Thinking (Claude), the reasoning item (Responses) or the part that follows (Gemini). "" and "auto": the
	// server issues one that it accepts later; alone, "auto" is thinking whose text is not shown; "none" leaves it out.
	Signature string    `json:"signature,omitempty"`
	Redacted  string    `json:"redacted,omitempty"` // Claude's redacted_thinking; others leave it out
	Refusal   string    `json:"refusal,omitempty"`  // the model declines, in these words
	Tool      *ToolCall `json:"tool,omitempty"`
}

// ToolCall is one call of a client's tool.
type ToolCall struct {
	ID   string          `json:"id,omitempty"` // default: made from the number of the call; "none" leaves it out (Gemini)
	Name string          `json:"name"`
	Args json.RawMessage `json:"args,omitempty"` // an object; default {}
	// ArgsText is sent instead of Args where arguments are text (not Gemini): broken or unfinished JSON.
	ArgsText string `json:"args_text,omitempty"`
}

// Usage counts tokens once each; speakers add them up as their vendor does.
type Usage struct {
	Input      int `json:"input,omitempty"`       // neither read from nor written to the cache
	Cached     int `json:"cached,omitempty"`      // read from the cache
	CacheWrite int `json:"cache_write,omitempty"` // written to the cache
	Output     int `json:"output,omitempty"`      // generated, thinking excluded
	Thinking   int `json:"thinking,omitempty"`
}

// Stream says how an answer is cut into events.
type Stream struct {
	Chunk      int    `json:"chunk,omitempty"`       // runes a delta; 0: a word of text, 12 runes of arguments; -1: all at once
	Interleave bool   `json:"interleave,omitempty"`  // pieces of neighbouring tool calls alternate
	Usage      string `json:"usage,omitempty"`       // where usage is told: "" as the vendor does, every, finish, never
	NoEndMark  bool   `json:"no_end_mark,omitempty"` // without [DONE], message_stop, response.completed
	Pings      int    `json:"pings,omitempty"`       // after every n-th event a ping (Claude) or a comment
}

// Raw is an answer given byte for byte.
type Raw struct {
	Status      int      `json:"status,omitempty"`       // default 200
	ContentType string   `json:"content_type,omitempty"` // default: text/event-stream with Frames, else application/json
	Body        string   `json:"body,omitempty"`
	Frames      []string `json:"frames,omitempty"` // sent one after another, flushed each, nothing added
}

// Error is a refusal; each speaker renders it in its vendor's shape.
type Error struct {
	Status  int    `json:"status,omitempty"`   // default 500
	Type    string `json:"type,omitempty"`     // Claude's error.type, OpenAI's error.type, Gemini's error.status; default by status
	Code    string `json:"code,omitempty"`     // OpenAI's error.code, Gemini's reason
	Param   string `json:"param,omitempty"`    // the field
	Message string `json:"message,omitempty"`  // default by status
	Body    string `json:"body,omitempty"`     // instead of all that, byte for byte
	EchoKey bool   `json:"echo_key,omitempty"` // the message ends with the credential that was presented
	// Details is Claude's error.details.
	Details json.RawMessage `json:"details,omitempty"`
	// RetryDelay is told in Gemini's RetryInfo; use Step.Headers for retry-after.
	RetryDelay Duration `json:"retry_delay,omitzero"`
}

// Duration is a time.Duration that is "1.5s" in JSON.
type Duration time.Duration

// MarshalText writes it as time.Duration does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what time.ParseDuration understands.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = Duration(v)
	return err
}
