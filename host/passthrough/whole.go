package passthrough

import (
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// Answer is the kind of a complete answer.
type Answer uint8

// The kinds of complete answers.
const (
	Unknown   Answer = iota // JSON, but no answer of the Messages API
	IsMessage               // a message
	IsCount                 // the answer of count_tokens
	IsError                 // an error body, whatever the status was
)

// Whole is what the relay wants to know of a complete answer. The strings are copies, "" where the upstream gave none.
type Whole struct {
	Kind Answer
	// ID and Model are the upstream's.
	ID, Model string
	// Stop and Sequence are the stop reason and the stop sequence as the upstream wrote them.
	Stop, Sequence string
	// Tokens is the usage; of a count, Input is the count.
	Tokens ops.Tokens
	// Empty says that a message has no content blocks.
	Empty bool
}

// PeekWhole reads a complete answer, indexed in jsonindex.UpstreamMode. It looks into no content block.
// https://docs.claude.com/en/api/messages#response
func PeekWhole(doc *jsonindex.Doc) Whole { return readMessage(doc.Root()) }

// readMessage reads a message, a count or an error in one pass over its members. Servers that leave out the type are known
// by what they send instead.
func readMessage(v jsonindex.Value) Whole {
	w := Whole{Tokens: ops.Unknown(), Empty: true}
	guess := Unknown
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "type":
			if it.Val.Is("message") {
				w.Kind = IsMessage
			} else if it.Val.Is("error") {
				w.Kind = IsError
			}
		case "error":
			if !it.Val.IsNull() {
				guess = IsError
			}
		case "id":
			w.ID, _ = it.Val.Text()
		case "model":
			w.Model, _ = it.Val.Text()
		case "content":
			if it.Val.Kind() == jsonindex.Array {
				w.Empty = it.Val.Len() == 0
				guess = IsMessage
			}
		case "stop_reason":
			w.Stop, _ = it.Val.Text()
		case "stop_sequence":
			w.Sequence, _ = it.Val.Text()
		case "usage":
			w.Tokens.Merge(readUsage(it.Val))
		case "input_tokens":
			if it.Val.Kind() == jsonindex.Number {
				take(&w.Tokens.Input, it.Val)
				guess = IsCount
			}
		}
	}
	if w.Kind == Unknown {
		w.Kind = guess
	}
	return w
}

// readUsage reads a usage object. What is null, missing or no whole number is not known.
// https://docs.claude.com/en/api/messages#response-usage
func readUsage(v jsonindex.Value) ops.Tokens {
	t := ops.Unknown()
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "input_tokens":
			take(&t.Input, it.Val)
		case "output_tokens":
			take(&t.Output, it.Val)
		case "cache_read_input_tokens":
			take(&t.CacheRead, it.Val)
		case "cache_creation_input_tokens":
			take(&t.CacheWrite, it.Val)
		case "cache_creation":
			take(&t.CacheWrite1h, it.Val.Get("ephemeral_1h_input_tokens"))
		case "output_tokens_details":
			take(&t.Thinking, it.Val.Get("thinking_tokens"))
		}
	}
	return t
}

// take keeps a count. A negative one becomes 0, lest it read as not known; one beyond reason is cut.
func take(count *int64, v jsonindex.Value) {
	if n, ok := v.Int(); ok {
		*count = min(max(n, 0), ops.MaxTokenCount)
	}
}
