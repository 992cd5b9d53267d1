package adaptertest

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/render"
)

// saysSection tells the answer without anything that depends on how the adapter numbers, names or slices it.
const saysSection = "says"

// saying compares the answer with section says.
func (b *bench) saying() {
	if b.c.says == "" {
		return
	}
	if said := b.c.said(b.t); said != withNewline(b.c.says) {
		b.r.add(Finding{Check: checkSays, Section: saysSection, Message: "the answer says something else", Expected: b.c.says, Actual: said})
	}
}

// said is the answer, a line for each block, then the stop reason and the usage that is known. What went wrong is told in
// its place.
func (c *Case) said(t *traced) string {
	if t.fail != nil {
		return "failure " + t.fail.Error() + "\n"
	}
	if c.call.Op != adapter.Messages {
		_, text, _ := c.rendered(t)
		return text
	}
	whole, err := renderOps(render.NewWhole(c.meta()), t.ops, 0)
	if err != nil {
		return "no message: " + err.Error() + "\n"
	}
	var message struct {
		Content []struct {
			Type     string          `json:"type"`
			Text     string          `json:"text"`
			Thinking string          `json:"thinking"`
			Name     string          `json:"name"`
			Input    json.RawMessage `json:"input"`
		} `json:"content"`
		StopReason string `json:"stop_reason"`
	}
	if err := json.Unmarshal(whole, &message); err != nil {
		return "no message: " + err.Error() + "\n"
	}
	var b strings.Builder
	for _, block := range message.Content {
		switch block.Type {
		case "text":
			fmt.Fprintf(&b, "text %q\n", block.Text)
		case "thinking":
			fmt.Fprintf(&b, "thinking %q\n", block.Thinking)
		case "tool_use":
			fmt.Fprintf(&b, "tool %s %s\n", block.Name, block.Input)
		default:
			fmt.Fprintf(&b, "%s\n", block.Type)
		}
	}
	fmt.Fprintf(&b, "stop %s\n", message.StopReason)
	if u := usageOf(t.ops); u.Input >= 0 || u.Output >= 0 {
		fmt.Fprintf(&b, "usage in=%d out=%d\n", u.Input, u.Output)
	}
	return b.String()
}

// usageOf is all that the ops tell about usage.
func usageOf(b []byte) ops.Tokens {
	sum := ops.Unknown()
	for {
		o, rest, ok := ops.Split(b)
		if !ok {
			return sum
		}
		if o.Code == ops.Usage {
			sum.Merge(o.Tokens())
		}
		b = rest
	}
}
