package openairesponses

import (
	"github.com/claude-proxy/claude-proxy/plugins/openai/platform"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
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
	temperature, topP, err := platform.Sampling(&r.Ledger, &r.in, r.f.sampling)
	if err != nil {
		return err
	}
	if !temperature.IsNull() && r.send("temperature", "temperature", "") {
		r.w.Lit(`,"temperature":`)
		r.w.Raw(temperature)
	}
	if !topP.IsNull() && r.send("top_p", "top_p", "") {
		r.w.Lit(`,"top_p":`)
		r.w.Raw(topP)
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
