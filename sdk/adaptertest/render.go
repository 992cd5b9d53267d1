package adaptertest

import (
	"bytes"
	"fmt"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/render"
	"github.com/claude-proxy/claude-proxy/sdk/render/grammar"
)

// answerID is the id of every rendered message.
const answerID = "msg_test"

func (c *Case) meta() render.Meta { return render.Meta{ID: answerID, Model: c.call.ClientModel} }

// rendered is the answer as the client of this case gets it, and the golden it belongs to.
func (c *Case) rendered(t *traced) (section, text string, err error) {
	switch {
	case len(t.ops) == 0:
		return goldenWhole, "", nil
	case c.call.Op == adapter.CountTokens && t.done:
		n, err := render.Count(t.ops)
		if err != nil {
			return goldenWhole, "", err
		}
		return goldenWhole, fmt.Sprintf("{\n  \"input_tokens\": %d\n}\n", n), nil
	case c.call.Op == adapter.Models && t.done:
		list, err := render.Models(t.ops)
		if err != nil {
			return goldenWhole, "", err
		}
		return goldenWhole, indented(append(append([]byte("["), bytes.Join(list, []byte(","))...), ']')), nil
	case c.call.Op != adapter.Messages:
		return goldenWhole, "", nil
	case c.call.Stream:
		b, err := renderOps(render.NewStream(c.meta()), t.ops, 0)
		return goldenStream, string(b), err
	}
	b, err := renderOps(render.NewWhole(c.meta()), t.ops, 0)
	if len(b) == 0 {
		return goldenWhole, "", err
	}
	return goldenWhole, indented(b), err
}

// renderOps applies the ops in pieces of n; 0 means all at once.
func renderOps(s *render.State, b []byte, n int) (out []byte, err error) {
	for len(b) > 0 {
		rest := b
		for k := 0; len(rest) > 0 && (n == 0 || k < n); k++ {
			_, after, ok := ops.Split(rest)
			if !ok {
				after = nil
			}
			rest = after
		}
		if out, err = s.Apply(out, b[:len(b)-len(rest)]); err != nil {
			return out, err
		}
		b = rest
	}
	return out, nil
}

// checkAnswer renders the ops both ways and in pieces, and has the results checked.
func (c *Case) checkAnswer(r *Report, t *traced) {
	if c.call.Op != adapter.Messages || len(t.ops) == 0 {
		return
	}
	if message := c.renderFault(t); message != "" {
		r.add(Finding{Check: checkRender, Message: message, Actual: ops.Dump(t.ops)})
	}
}

// renderFault says what is wrong with the ops as an answer to a messages call, "" if nothing is.
func (c *Case) renderFault(t *traced) string {
	stream, err := renderOps(render.NewStream(c.meta()), t.ops, 0)
	if err != nil {
		return fmt.Sprintf("the ops are refused: %v", err)
	}
	if err := grammar.CheckPrefix(stream); err != nil {
		return fmt.Sprintf("the rendered stream is ill-formed: %v", err)
	}
	for _, n := range []int{1, 3} {
		pieces, err := renderOps(render.NewStream(c.meta()), t.ops, n)
		if err != nil || !bytes.Equal(pieces, stream) {
			return fmt.Sprintf("%d ops at a time render differently (%v)", n, err)
		}
	}
	whole, err := renderOps(render.NewWhole(c.meta()), t.ops, 0)
	if err != nil {
		return fmt.Sprintf("the ops are refused for a whole message: %v", err)
	}
	if !t.done {
		return ""
	}
	folded, err := grammar.Fold(stream)
	if err != nil {
		return fmt.Sprintf("the rendered stream is ill-formed: %v", err)
	}
	canonical, err := grammar.Canonical(whole)
	if err != nil {
		return fmt.Sprintf("the rendered message is ill-formed: %v", err)
	}
	if !bytes.Equal(folded, canonical) {
		return fmt.Sprintf("stream and whole message differ:\n%s", diff(indented(folded), indented(canonical)))
	}
	return ""
}
