package registry

import (
	"errors"
	"fmt"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/runner"
)

const selfTestBody = `{"model":"self-test","max_tokens":16,"messages":[{"role":"user","content":"Hello."}]}`

// selfTest has a version convert the smallest request, streamed and not, classify an error and take the end of an empty
// stream. It may refuse each of them in the adapter's words; it may not fail at them.
func selfTest(v *version) error {
	ch, err := v.run.Configure(nil)
	if err != nil {
		if refusal(err) {
			return nil // it needs options; the channels that have them are configured next
		}
		return err
	}
	doc, err := jsonindex.Parse([]byte(selfTestBody), jsonindex.ClientMode())
	if err != nil {
		panic("BUG: " + err.Error())
	}
	for _, stream := range []bool{false, true} {
		if err := converse(ch, doc, stream); err != nil {
			return err
		}
	}
	return nil
}

func converse(ch runner.Channel, doc *jsonindex.Doc, stream bool) error {
	var up adapter.UpstreamRequest
	run, err := ch.Begin(&adapter.Call{
		Op: adapter.Messages, ID: "req_self_test", Model: "self-test", ClientModel: "self-test", Stream: stream, Body: doc,
	}, &up)
	if err != nil {
		if refusal(err) {
			return nil
		}
		return fmt.Errorf("a request: %w", err)
	}
	defer run.Close()
	switch {
	case up.Local:
		return nil
	case stream:
		var out ops.Emitter
		if err := run.End(adapter.EOF, &out); err != nil && !refusal(err) {
			return fmt.Errorf("the end of a stream: %w", err)
		}
	default:
		if f := run.Failure(500, nil, nil, []byte("it broke")); f.Class == adapter.Internal {
			return fmt.Errorf("an answer with status 500: %w", f)
		}
	}
	return nil
}

// refusal says whether an error is the adapter's own answer, and not its failure.
func refusal(err error) bool {
	f, ok := errors.AsType[*adapter.Failure](err)
	return ok && f.Class != adapter.Internal
}
