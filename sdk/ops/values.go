package ops

import "strconv"

// StopReason says why the model stopped. The numbers are part of the ABI.
// https://docs.claude.com/en/api/handling-stop-reasons
type StopReason uint8

// The stop reasons.
const (
	EndTurn       StopReason = iota // the model was done
	MaxTokens                       // the limit of the request was reached; a tool call may be cut
	StopSequence                    // one of the client's stop sequences came up
	ToolUse                         // the client is to run tools
	PauseTurn                       // a long turn was paused and can be continued
	Refusal                         // the model refused
	ContextWindow                   // the model's context window is full
	Compaction                      // the context was compacted (beta)
)

var stopNames = [...]string{
	"end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "model_context_window_exceeded", "compaction",
}

// String is the reason as the Messages API writes it, such as "end_turn".
func (r StopReason) String() string {
	if int(r) < len(stopNames) {
		return stopNames[r]
	}
	return "stop reason " + strconv.Itoa(int(r))
}

// ParseStopReason is the reason that the Messages API writes as s.
func ParseStopReason(s string) (r StopReason, ok bool) {
	for i, name := range stopNames {
		if name == s {
			return StopReason(i), true
		}
	}
	return 0, false
}

// LossKind grades a loss: something of the request or the answer that could not be passed on as it was meant. The numbers
// are part of the ABI; a higher one weighs more.
type LossKind uint8

// The kinds of loss.
const (
	Noop         LossKind = iota // it means nothing on the other side
	Tuned                        // quality or cost may differ, the meaning does not
	Approximated                 // expressed in another way
	Dropped                      // left out
)

var lossNames = [...]string{"noop", "tuned", "approximated", "dropped"}

// String is the kind's name, such as "dropped".
func (k LossKind) String() string {
	if int(k) < len(lossNames) {
		return lossNames[k]
	}
	return "loss kind " + strconv.Itoa(int(k))
}

// ParseLossKind is the kind whose name is s.
func ParseLossKind(s string) (k LossKind, ok bool) {
	for i, name := range lossNames {
		if name == s {
			return LossKind(i), true
		}
	}
	return 0, false
}

// Tokens is what an answer has cost. -1 means not known; a new value should begin as Unknown().
// https://docs.claude.com/en/api/messages#response-usage
type Tokens struct {
	// Input is the input that neither came from the cache nor was written to it.
	Input int64
	// Output is everything that was generated, thinking included.
	Output int64
	// CacheRead is the input that came from the cache.
	CacheRead int64
	// CacheWrite is the input that was written to the cache, with any time to live.
	CacheWrite int64
	// CacheWrite1h is the part of CacheWrite that lives for an hour.
	CacheWrite1h int64
	// Thinking is the part of Output that was thinking.
	Thinking int64
}

const (
	// MaxTokenCount is the highest count that Merge keeps; what upstreams report beyond it is nonsense.
	MaxTokenCount = 1_000_000_000

	usageSize = 6 * 8
)

// Unknown is Tokens with nothing known.
func Unknown() Tokens { return Tokens{-1, -1, -1, -1, -1, -1} }

// fields are the counts in the order of the encoding.
func (t *Tokens) fields() [6]*int64 {
	return [...]*int64{&t.Input, &t.Output, &t.CacheRead, &t.CacheWrite, &t.CacheWrite1h, &t.Thinking}
}

// Merge replaces what n knows. Counts below -1 (the difference of two wrong numbers) become 0, counts above
// MaxTokenCount become that.
func (t *Tokens) Merge(n Tokens) {
	from := n.fields()
	for i, p := range t.fields() {
		if c := *from[i]; c != -1 {
			*p = min(max(c, 0), MaxTokenCount)
		}
	}
}
