package claude

import (
	"slices"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// answer is what a stream and a whole answer have in common: how it stopped, what it cost, and what could not be passed on.
type answer struct {
	reason   string // as the upstream wrote it, "" while not known
	sequence string
	details  []byte   // raw stop_details, nil for none
	calls    []string // ids of the tool calls so far
	lost     []string
}

// maxLost bounds the distinct losses of one answer; more mean an upstream that makes up names.
const maxLost = 32

// lose reports once that a member of the answer was left out. Null says nothing and is no loss.
func (a *answer) lose(out *ops.Emitter, prefix string, key []byte, v jsonindex.Value) {
	if v.IsNull() || len(a.lost) == maxLost || len(key) > 64 {
		return
	}
	for _, l := range a.lost {
		if len(l) == len(prefix)+len(key) && l[:len(prefix)] == prefix && l[len(prefix):] == string(key) {
			return
		}
	}
	path := prefix + string(key)
	a.lost = append(a.lost, path)
	out.Loss(path, ops.Dropped, "part of the answer that is lost when its framing changes")
}

// stop takes stop_reason, stop_sequence and stop_details, whichever key is one of them, and says whether it was.
// https://docs.claude.com/en/api/handling-stop-reasons
func (a *answer) stop(key []byte, v jsonindex.Value) bool {
	switch string(key) {
	case "stop_reason":
		if s, ok := v.Text(); ok {
			a.reason = s
		}
	case "stop_sequence":
		if s, ok := v.Text(); ok {
			a.sequence = s
		}
	case "stop_details":
		if raw, ok := v.Raw(); ok && v.Kind() == jsonindex.Object {
			a.details = slices.Clone(raw)
		}
	default:
		return false
	}
	return true
}

// finish ends the answer.
func (a *answer) finish(out *ops.Emitter) error {
	if a.reason == "" {
		return adapter.Fail(adapter.Protocol, "", "the upstream ended its answer without a stop_reason")
	}
	reason, known := ops.ParseStopReason(a.reason)
	if !known {
		out.Loss("stop_reason", ops.Approximated, "an unknown reason reads as end_turn or tool_use")
	}
	if len(a.calls) > 0 && reason == ops.EndTurn {
		reason = ops.ToolUse // clients run tools only then
	}
	out.Stop(reason, a.sequence, a.details)
	out.Done()
	return nil
}

// usage reports the counts of a usage object.
// https://docs.claude.com/en/api/messages#response-usage
func (a *answer) usage(v jsonindex.Value, out *ops.Emitter) {
	t := ops.Unknown()
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "input_tokens":
			count(&t.Input, it.Val)
		case "output_tokens":
			count(&t.Output, it.Val)
		case "cache_read_input_tokens":
			count(&t.CacheRead, it.Val)
		case "cache_creation_input_tokens":
			count(&t.CacheWrite, it.Val)
		case "cache_creation":
			count(&t.CacheWrite1h, it.Val.Get("ephemeral_1h_input_tokens"))
		case "output_tokens_details":
			count(&t.Thinking, it.Val.Get("thinking_tokens"))
		default:
			a.lose(out, "usage.", it.Key(), it.Val)
		}
	}
	if t != ops.Unknown() {
		out.Usage(t)
	}
}

// count keeps a whole number. What is null or none is not known; below zero there is nothing.
func count(n *int64, v jsonindex.Value) {
	if i, ok := v.Int(); ok {
		*n = max(i, 0)
	}
}
