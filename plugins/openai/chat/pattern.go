package chat

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// Most chunks of a stream are the one before with another piece of text, or of a call's arguments. pattern is the last chunk, if it brought
// nothing else, without that piece.
type pattern struct {
	jsonindex.Pattern
	arguments bool // the piece is of the current call's arguments
	misses    int  // chunks in a row that were kept for nothing
}

// maxMisses is how many chunks are kept for nothing before no more are.
const maxMisses = 16

// again emits a chunk that is like the last one; false where it is not.
func (x *exchange) again(ev adapter.Event, out *ops.Emitter) (done bool, err error) {
	p := &x.pattern
	v := p.Match(ev.JSON.Doc())
	if !v.Exists() || x.blocks > maxBlocks {
		p.Forget()
		return false, nil
	}
	p.misses = 0
	if p.arguments {
		return true, x.arguments(&x.calls[x.current], v, out)
	}
	if len(v.Head()) > 0 {
		x.say(v, out)
	}
	return true, nil
}

// remember keeps a chunk that was emitted, whose first choice is c, if it brought a piece of text or of arguments and nothing else. The
// padding that OpenAI adds to chunks differs from one to the next.
func (x *exchange) remember(chunk, usage jsonindex.Value, c *choice) {
	p := &x.pattern
	if p.misses++; p.misses > maxMisses || c.finish.IsString() || c.usage.Kind() == jsonindex.Object || usage.Kind() == jsonindex.Object {
		return
	}
	var piece jsonindex.Value
	for it := c.message.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "role":
			continue
		case "content":
			if !piece.Exists() && it.Val.IsString() && len(it.Val.Head()) > 0 {
				piece, p.arguments = it.Val, false
				continue
			}
		case "tool_calls":
			if args := moreArguments(it.Val); args.Exists() && !piece.Exists() && x.calls[x.current].block > 0 {
				piece, p.arguments = args, true
				continue
			}
		}
		if !holdsNothing(it.Val) {
			return
		}
	}
	p.Keep(piece, chunk.Get("obfuscation"))
}

// moreArguments is the piece of arguments in a list of one call that goes on; absent in any other.
func moreArguments(calls jsonindex.Value) (args jsonindex.Value) {
	if calls.At(1).Exists() {
		return args
	}
	for it := calls.At(0).Get("function").Iter(); it.Next(); {
		switch string(it.Key()) {
		case "arguments":
			args = it.Val
		default:
			if !holdsNothing(it.Val) {
				return jsonindex.Value{}
			}
		}
	}
	return args
}

// holdsNothing says whether a member means the same as if it were absent.
func holdsNothing(v jsonindex.Value) bool {
	return v.IsNull() || v.IsString() && len(v.Head()) == 0 || v.Kind() == jsonindex.Array && !v.At(0).Exists()
}
