package adaptertest

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// prefix lets the conversation grow: from each earlier end of it to the next, and by another turn at its end. The converted
// bytes before a turn must stay as they are, or the upstream's prompt cache never hits.
func (b *bench) prefix() {
	if b.t.at == atBegin || b.t.local || b.t.through || b.c.call.Op != adapter.Messages {
		return
	}
	var before []byte
	for _, g := range grown(b.c.body) {
		u := b.play(play{body: g.body, begin: true})
		if g.added && u.fail != nil {
			b.fault(checkPrefix, "%s: %v", g.what, u.fail)
			return
		}
		if u.fail != nil || u.broken != "" || u.local {
			before = nil // a beginning that is no conversation by itself
			continue
		}
		if before != nil && !b.continues(before, u.body, g.what) {
			return
		}
		if !g.added {
			before = u.body
		}
	}
}

// growth is one stage of a conversation.
type growth struct {
	body  []byte
	what  string
	added bool // the kit has added turns at the end
}

// grown is the conversation at each of its ends, then with more turns than it has.
func grown(body []byte) (list []growth) {
	doc, err := jsonindex.Parse(body, jsonindex.ClientMode())
	if err != nil {
		return nil
	}
	messages := doc.Root().Get("messages")
	if messages.Kind() != jsonindex.Array {
		return nil
	}
	whole := doc.Ents[messages.Entry()]
	rest := body[whole.End-1:] // from the closing bracket
	n, count, assistant := 0, messages.Len(), false
	for it := messages.Iter(); it.Next(); n++ {
		next := messages.At(n + 1)
		assistant = it.Val.Get("role").Is("assistant")
		if n+1 < count && (assistant || !next.Get("role").Is("assistant")) {
			continue
		}
		end := doc.Ents[it.Val.Entry()].End
		if it.Val.Kind() != jsonindex.Object {
			return nil
		}
		list = append(list, growth{body: join(body[:end], rest), what: "the first " + plural(n+1, "message")})
	}
	if count == 0 || assistant {
		return list
	}
	last := body[:whole.End-1]
	list = append(list, growth{join(last, []byte(textTurn), rest), "another turn of text", true})
	tool := `"kit_tool"`
	if raw, ok := doc.Root().Get("tools").At(0).Get("name").Raw(); ok {
		tool = string(raw)
	}
	return append(list, growth{join(last, fmt.Appendf(nil, toolTurn, tool), rest), "another turn with a tool call", true})
}

const (
	textTurn = `,{"role":"assistant","content":"Understood."},{"role":"user","content":"Go on."}`
	toolTurn = `,{"role":"assistant","content":[{"type":"text","text":"Let me see."},{"type":"tool_use","id":"toolu_kit_1","name":%s,"input":{"a":[1,{"b":"c"}]}}]},` +
		`{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_kit_1","content":"found"},{"type":"text","text":"Go on."}]}`
)

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// continues checks that b's bytes are those of a with more inserted at one place.
func (b *bench) continues(before, after []byte, what string) bool {
	if of := b.s.options.PrefixOf; of != nil {
		if x, y := of(before), of(after); !bytes.HasPrefix(y, x) {
			b.r.add(Finding{Check: checkPrefix, Message: what + ": the stable part of the body changes", Expected: indented(x), Actual: indented(y)})
			return false
		}
		return true
	}
	n := 0
	for n < len(before) && n < len(after) && before[n] == after[n] {
		n++
	}
	if len(after) >= len(before) && bytes.HasSuffix(after, before[n:]) {
		return true
	}
	b.r.add(Finding{
		Check:    checkPrefix,
		Message:  what + ": the converted bytes before it change at byte " + strconv.Itoa(n),
		Expected: indented(before), Actual: indented(after),
	})
	return false
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
