package render

import (
	"strconv"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// start begins the message unless it has begun.
func (s *State) start(dst []byte) []byte {
	if s.started {
		return dst
	}
	s.started = true
	if !s.whole {
		dst = append(dst, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":"...)
	}
	dst = append(dst, `{"id":"`...)
	dst = jsonindex.AppendEscaped(dst, []byte(s.meta.ID))
	dst = append(dst, `","type":"message","role":"assistant","model":"`...)
	dst = jsonindex.AppendEscaped(dst, []byte(s.meta.Model))
	dst = append(dst, `","content":[`...)
	if s.whole {
		return dst
	}
	dst = append(dst, `],"stop_reason":null,"stop_sequence":null,"stop_details":null,"usage":`...)
	t := s.tokens
	t.Output = max(t.Output, 1) // as Claude does: some output is about to come
	dst = s.usage(dst, t)
	return append(dst, endOfObject...)
}

// end is what follows the last block.
func (s *State) end(dst []byte) []byte {
	if s.whole {
		dst = append(dst, `],`...)
	} else {
		dst = append(dst, "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{"...)
	}
	dst = append(dst, `"stop_reason":"`...)
	dst = append(dst, s.stop.reason.String()...)
	dst = append(dst, `","stop_sequence":`...)
	if s.stop.reason == ops.StopSequence && len(s.stop.sequence) > 0 {
		dst = append(dst, '"')
		dst = jsonindex.AppendEscaped(dst, s.stop.sequence)
		dst = append(dst, '"')
	} else {
		dst = append(dst, `null`...)
	}
	dst = append(dst, `,"stop_details":`...)
	if len(s.stop.details) > 0 {
		dst = appendLine(dst, s.stop.details)
	} else {
		dst = append(dst, `null`...)
	}
	if !s.whole {
		dst = append(dst, '}')
	}
	dst = append(dst, `,"usage":`...)
	t := s.tokens
	if t.Output < 0 {
		t.Output = int64(s.content+bytesPerToken-1) / bytesPerToken
	}
	dst = s.usage(dst, t)
	if s.whole {
		return append(dst, '}')
	}
	return append(dst, "}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"...)
}

// bytesPerToken is the usual ratio of English text and code; it estimates the output where the upstream does not report it.
const bytesPerToken = 4

// usage writes t. SDKs want integers in the first five fields; thinking is told only where it is known.
func (s *State) usage(dst []byte, t ops.Tokens) []byte {
	if t.Input < 0 {
		t.Input = s.meta.Input
	}
	hour := max(t.CacheWrite1h, 0)
	written := max(t.CacheWrite, hour)
	dst = appendCount(dst, `{"input_tokens":`, t.Input)
	dst = appendCount(dst, `,"cache_creation_input_tokens":`, written)
	dst = appendCount(dst, `,"cache_read_input_tokens":`, t.CacheRead)
	dst = appendCount(dst, `,"cache_creation":{"ephemeral_5m_input_tokens":`, written-hour)
	dst = appendCount(dst, `,"ephemeral_1h_input_tokens":`, hour)
	dst = appendCount(dst, `},"output_tokens":`, t.Output)
	if t.Thinking >= 0 {
		dst = appendCount(dst, `,"output_tokens_details":{"thinking_tokens":`, min(t.Thinking, t.Output))
		dst = append(dst, '}')
	}
	return append(dst, '}')
}

func appendCount(dst []byte, name string, n int64) []byte {
	return strconv.AppendInt(append(dst, name...), max(n, 0), 10)
}
