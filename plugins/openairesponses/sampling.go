package openairesponses

import (
	"github.com/claude-proxy/claude-proxy/plugins/openai/platform"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// minLimit is the least max_output_tokens.
// https://platform.openai.com/docs/api-reference/responses/create#responses-create-max_output_tokens
const minLimit = 16

// limit writes the output limit, capped by what the channel or the upstream allows.
func (r *request) limit(n int64) {
	n = platform.Limit(&r.Ledger, r.call, n)
	if n < minLimit {
		n = minLimit
		r.Loss(adapter.Tuned, "", "max_tokens", "raised to the least that the upstream takes, 16")
	}
	r.x.sent |= sentLimit
	r.w.Lit(`,"max_output_tokens":`)
	r.w.Int(n)
}

func (r *request) sampling() error {
	for _, p := range [...]struct {
		v    jsonindex.Value
		name string
		most float64
	}{{r.in.Temperature, "temperature", 2}, {r.in.TopP, "top_p", 1}} {
		if p.v.IsNull() {
			continue
		}
		f, err := messages.Float(p.v, 0, p.most)
		switch {
		case err != nil:
			return err
		case !r.f.sampling && f == 1:
			r.Loss(adapter.Noop, "", p.name, "the default")
		case !r.f.sampling:
			r.Loss(adapter.Tuned, "", p.name, "not taken by this model")
		case r.send(p.name, p.name, ""):
			r.w.Lit(`,"`)
			r.w.Lit(p.name)
			r.w.Lit(`":`)
			r.w.Raw(p.v)
		}
	}
	if !r.in.TopK.IsNull() {
		r.Loss(adapter.Tuned, "", "top_k", "no such parameter")
	}
	return nil
}

// stops hands the stop sequences to the host: the upstream has none.
func (r *request) stops() error {
	v := r.in.StopSequences
	if err := messages.Strings(v); err != nil {
		return err
	}
	for it := v.Iter(); it.Next(); {
		s, ok := it.Val.Text()
		switch {
		case !ok:
			return messages.Invalid(it.Val, "is too long for a stop sequence")
		case s == "":
			r.Loss(adapter.Noop, "", "stop_sequences", "empty ones match nothing")
		case r.o.refuseStops:
			return r.Unsupported(v, "the upstream has no stop sequences")
		default:
			r.Up.StopSequences = append(r.Up.StopSequences, s)
		}
	}
	return nil
}
