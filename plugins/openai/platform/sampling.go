package platform

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/foreign"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/messages"
)

// Sampling gives what is to be sent as temperature and top_p, null for nothing. taken says that the model takes them: those
// that reason do not, and sample as with 1.
// https://platform.openai.com/docs/api-reference/chat/create#chat-create-temperature
func Sampling(l *foreign.Ledger, in *messages.Request, taken bool) (temperature, topP jsonindex.Value, err error) {
	if temperature, err = sampled(l, in.Temperature, "temperature", 2, taken); err == nil {
		topP, err = sampled(l, in.TopP, "top_p", 1, taken)
	}
	return temperature, topP, err
}

func sampled(l *foreign.Ledger, v jsonindex.Value, name string, most float64, taken bool) (none jsonindex.Value, err error) {
	if v.IsNull() {
		return none, nil
	}
	f, err := messages.Float(v, 0, most)
	switch {
	case err != nil:
		return none, err
	case taken:
		return v, nil
	case f == 1:
		l.Loss(adapter.Noop, "", name, "the default")
	default:
		l.Loss(adapter.Tuned, "", name, "not taken by this model")
	}
	return none, nil
}
