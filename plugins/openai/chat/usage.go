package chat

import (
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
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
			t.Input = foreign.TokenCount(it.Val)
		case "completion_tokens":
			t.Output = foreign.TokenCount(it.Val)
		case "prompt_cache_hit_tokens", "cached_tokens": // where others have no details
			if n := foreign.TokenCount(it.Val); n >= 0 && t.CacheRead < 0 {
				t.CacheRead = n
			}
		case "prompt_tokens_details":
			for jt := it.Val.Iter(); jt.Next(); {
				switch string(jt.Key()) {
				case "cached_tokens":
					if n := foreign.TokenCount(jt.Val); n >= 0 {
						t.CacheRead = n
					}
				case "cache_write_tokens":
					t.CacheWrite = foreign.TokenCount(jt.Val)
				}
			}
		case "completion_tokens_details":
			t.Thinking = foreign.TokenCount(it.Val.Get("reasoning_tokens"))
		}
	}
	if t.Input >= 0 {
		t.Input = max(0, t.Input-max(0, t.CacheRead)-max(0, t.CacheWrite))
	}
	out.Usage(t)
}
