package chat

import (
	"strconv"
	"strings"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/signature"
)

// What a signature of ours carries begins with one of these, or is empty for reasoning that is its text alone.
const (
	carriesDetail = "d~" // d~type~index~format~id~rest; the text is that of the thinking block
	carriesState  = "s~" // s~ and the state of the tool call that follows
)

// Types of the entries of Thinking.Details. https://openrouter.ai/docs/use-cases/reasoning-tokens
const (
	detailText      = "reasoning.text"
	detailSummary   = "reasoning.summary"
	detailEncrypted = "reasoning.encrypted"
)

// maxDetail is the most bytes that a detail holds besides its text.
const maxDetail = 4 << 20

// detail is the entry of Thinking.Details that the open thinking block is made of.
type detail struct {
	open             bool
	kind, format, id string
	index            int64 // -1 where there is none
	// rest is the signature of a text or the data of an encrypted entry.
	rest []byte
}

// entry is one entry of Thinking.Details, or a piece of one, taken apart.
type entry struct {
	kind, text, format, id, rest jsonindex.Value
	index                        int64
}

// reason emits the reasoning of a message or delta. It comes first, wherever it stands, and once where a server gives it
// under several names.
func (x *exchange) reason(message jsonindex.Value, out *ops.Emitter) error {
	if name := x.d.Thinking.Details; name != "" {
		told, err := x.details(message.Get(name), out)
		if told || err != nil {
			return err
		}
	}
	for _, name := range x.d.Reasoning {
		if v := message.Get(name); v.IsString() && len(v.Head()) > 0 {
			if x.detail.open {
				x.endThinking(out)
			}
			x.think(v, out)
			break
		}
	}
	return nil
}

// details emits a list of entries and says whether there was any text in it.
func (x *exchange) details(list jsonindex.Value, out *ops.Emitter) (told bool, err error) {
	if list.Kind() != jsonindex.Array {
		return false, nil
	}
	for it := list.Iter(); it.Next() && x.blocks <= maxBlocks; {
		e := entryOf(it.Val)
		if len(e.kind.Head()) == 0 || len(e.text.Head()) == 0 && len(e.rest.Head()) == 0 {
			continue
		}
		if !x.continues(&e) {
			x.endThinking(out)
			x.beginDetail(&e)
		}
		d := &x.detail
		if d.format == "" {
			d.format = plainField(e.format)
		}
		if d.id == "" {
			d.id = plainField(e.id)
		}
		if e.rest.IsString() && len(e.rest.Head()) > 0 {
			if d.kind != detailEncrypted {
				d.rest = d.rest[:0] // a signature comes whole
			}
			if len(d.rest)+len(e.rest.Head()) > maxDetail {
				return told, x.protocol("a reasoning entry of more than %d bytes", maxDetail)
			}
			d.rest, _ = e.rest.AppendText(d.rest)
		}
		if len(e.text.Head()) > 0 {
			told = true
			x.think(e.text, out)
		}
	}
	return told, nil
}

func entryOf(v jsonindex.Value) entry {
	e := entry{index: -1}
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "type":
			e.kind = it.Val
		case "text", "summary":
			if it.Val.IsString() {
				e.text = it.Val
			}
		case "signature", "data":
			if it.Val.IsString() {
				e.rest = it.Val
			}
		case "format":
			e.format = it.Val
		case "id":
			e.id = it.Val
		case "index":
			if n, ok := it.Val.Int(); ok && n >= 0 {
				e.index = n
			}
		}
	}
	return e
}

// continues says whether an entry is another piece of the open one. A whole answer holds whole entries.
func (x *exchange) continues(e *entry) bool {
	d := &x.detail
	return !x.whole && x.thinking != 0 && d.open && e.index == d.index && e.kind.Is(d.kind)
}

func (x *exchange) beginDetail(e *entry) {
	x.detail = detail{open: true, kind: plainField(e.kind), index: e.index}
	x.blocks++
	x.thinking = x.blocks
}

// plainField is a short text of an entry as it can be carried; "" for any other.
func plainField(v jsonindex.Value) string {
	const longest = 128
	s, ok := v.Text()
	if !ok || len(s) > longest || strings.Contains(s, "~") {
		return ""
	}
	return s
}

// think emits reasoning text. A new block begins where other content came in between.
func (x *exchange) think(v jsonindex.Value, out *ops.Emitter) {
	if x.thinking == 0 {
		x.blocks++
		x.thinking = x.blocks
	}
	out.Thinking(x.thinking, v)
}

// endThinking closes the open thinking block, if there is one, with a signature by which it is known again.
func (x *exchange) endThinking(out *ops.Emitter) {
	if x.thinking == 0 {
		return
	}
	switch {
	case x.d.plainTag == "":
	case x.detail.open:
		d := &x.detail
		index := ""
		if d.index >= 0 {
			index = strconv.FormatInt(d.index, 10)
		}
		out.SignatureString(x.thinking, signature.Tag(x.d.Thinking.Issuer,
			carriesDetail+d.kind+"~"+index+"~"+d.format+"~"+d.id+"~"+string(d.rest)))
	default:
		out.SignatureString(x.thinking, x.d.plainTag)
	}
	out.BlockEnd(x.thinking)
	x.thinking = 0
	x.detail = detail{}
}

// carryState emits the state of the tool call that is about to begin as a thinking block without text.
func (x *exchange) carryState(state string, out *ops.Emitter) {
	if state == "" {
		return
	}
	x.endThinking(out)
	x.blocks++
	out.SignatureString(x.blocks, signature.Tag(x.d.Thinking.Issuer, carriesState+state))
	out.BlockEnd(x.blocks)
}

// stateOf is the state in a tool call, "" where there is none.
func (x *exchange) stateOf(call jsonindex.Value) string {
	for _, name := range x.d.Thinking.State {
		call = call.Get(name)
	}
	s, _ := call.Text()
	return s
}
