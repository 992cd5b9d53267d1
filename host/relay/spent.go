package relay

import "github.com/claude-proxy/claude-proxy/sdk/adapter"

const (
	// wholeToken and streamToken are bytes of an answer for each token, where the upstream does not count: a token of text
	// is about four bytes, and in a stream the frame around a few tokens is far longer than they are.
	wholeToken  = 4
	streamToken = 40
)

// Spent is what the request counts for where tokens are limited: the input that did not come from a cache, and the output,
// as https://docs.claude.com/en/api/rate-limits has it. What the upstream did not say, since it never does or the answer
// was cut short, is estimated from sizes. A request that brought no content costs nothing.
func (r *Record) Spent() int64 {
	if r.Call.Op != adapter.Messages || r.Status != 200 || r.Outcome == "error" {
		return 0
	}
	input := r.Tokens.Input
	if input < 0 {
		input = estimateTokens(r.Call.Doc)
	}
	output := r.Tokens.Output
	if output < 0 || r.Outcome != "ok" {
		perToken := int64(wholeToken)
		if r.Call.Head.Stream {
			perToken = streamToken
		}
		output = max(output, r.BytesOut/perToken)
	}
	return input + max(r.Tokens.CacheWrite, 0) + output
}
