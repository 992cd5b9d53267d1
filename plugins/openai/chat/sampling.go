package chat

import (
	"github.com/claude-proxy/claude-proxy/plugins/openai/platform"
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// limit writes the output limit, capped by what the channel or the upstream allows.
func (r *request) limit(n int64) {
	n = platform.Limit(&r.Ledger, r.call, n)
	r.most = n
	field := r.f.LimitField
	if r.dropped(field) {
		// The two names mean the same; a server knows at least one.
		if field == "max_tokens" {
			field = "max_completion_tokens"
		} else {
			field = "max_tokens"
		}
	}
	r.x.sent |= sentBit(field)
	r.w.Lit(`,"`)
	r.w.Lit(field)
	r.w.Lit(`":`)
	r.w.Int(n)
}

func (r *request) sampling() error {
	temperature, topP, err := platform.Sampling(&r.Ledger, &r.in, r.f.Sampling)
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
	return r.topK()
}

// topK writes top_k, which Chat Completions has not, but servers of open models often have.
func (r *request) topK() error {
	switch v := r.in.TopK; {
	case v.IsNull():
	case !r.d.TopK:
		r.Loss(adapter.Tuned, "", "top_k", "no such parameter")
	default:
		n, err := messages.Int(v, 0)
		if err != nil {
			return err
		}
		if r.send("top_k", "top_k", "") {
			r.w.Lit(`,"top_k":`)
			r.w.Int(n)
		}
	}
	return nil
}

// stops writes the stop sequences, or hands them to the host when the upstream cannot take them all.
func (r *request) stops() error {
	v := r.in.StopSequences
	if err := messages.Strings(v); err != nil {
		return err
	}
	n := 0
	for it := v.Iter(); it.Next(); {
		if len(it.Val.Head()) > 0 {
			n++
		} else {
			r.Loss(adapter.Noop, "", "stop_sequences", "empty ones match nothing")
		}
	}
	if n == 0 {
		return nil
	}
	if n > r.f.Stops || r.dropped("stop") {
		if r.d.RefuseStop {
			return r.Unsupported(v, "this model takes at most %d stop sequences", r.f.Stops)
		}
		for it := v.Iter(); it.Next(); {
			s, ok := it.Val.Text()
			if !ok {
				return messages.Invalid(it.Val, "is too long for a stop sequence")
			}
			if s != "" {
				r.Up.StopSequences = append(r.Up.StopSequences, s)
			}
		}
		return nil
	}
	r.Loss(adapter.Approximated, "", "stop_sequences", "a match is reported as end_turn")
	r.x.sent |= sentStop
	c := byte('[')
	r.w.Lit(`,"stop":`)
	for it := v.Iter(); it.Next(); {
		if len(it.Val.Head()) > 0 {
			r.w.Byte(c)
			r.w.Raw(it.Val)
			c = ','
		}
	}
	r.w.Byte(']')
	return nil
}
