package chat

import (
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// usage emits token counts. The upstream counts cached input as part of the prompt, Claude beside it.
// https://platform.openai.com/docs/api-reference/completions/object
func (x *exchange) usage(v jsonindex.Value, out *ops.Emitter) {
	t := ops.Unknown()
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "prompt_tokens":
			t.Input = count(it.Val)
		case "completion_tokens":
			t.Output = count(it.Val)
		case "prompt_cache_hit_tokens", "cached_tokens": // where others have no details
			if n := count(it.Val); n >= 0 && t.CacheRead < 0 {
				t.CacheRead = n
			}
		case "prompt_tokens_details":
			for jt := it.Val.Iter(); jt.Next(); {
				switch string(jt.Key()) {
				case "cached_tokens":
					if n := count(jt.Val); n >= 0 {
						t.CacheRead = n
					}
				case "cache_write_tokens":
					t.CacheWrite = count(jt.Val)
				}
			}
		case "completion_tokens_details":
			t.Thinking = count(it.Val.Get("reasoning_tokens"))
		}
	}
	if t.Input >= 0 {
		t.Input = max(0, t.Input-max(0, t.CacheRead)-max(0, t.CacheWrite))
	}
	out.Usage(t)
}

// count reads a number of tokens, -1 when it is none.
func count(v jsonindex.Value) int64 {
	n, ok := v.Int()
	if !ok || n < 0 {
		return -1
	}
	return min(n, ops.MaxTokenCount)
}
