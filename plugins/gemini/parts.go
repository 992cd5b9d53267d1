package gemini

import (
	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

const (
	// maxCalls is the most function calls in one answer.
	maxCalls = 512
	// maxBlocks is the most blocks in one answer: half of what the host takes.
	maxBlocks = 2048
)

// unparsed is the member under which a tool's input travels that is no JSON object: the one Claude Code uses itself.
const unparsed = `{"__unparsedToolInput":{"raw":"`

// call is one function call of the answer.
type call struct{ id string }

// piece is one part, taken apart.
type piece struct {
	text, signature, function jsonindex.Value
	code, result              jsonindex.Value
	thought                   bool
	other                     bool
}

// part emits one part. Parts of any kind follow each other in any order; each change of kind begins a block.
// https://ai.google.dev/api/caching#Part
func (x *exchange) part(v jsonindex.Value, out *ops.Emitter) error {
	var p piece
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "text":
			p.text = it.Val
		case "thought":
			p.thought = it.Val.True()
		case "thoughtSignature":
			p.signature = it.Val
		case "functionCall":
			p.function = it.Val
		case "executableCode":
			p.code = it.Val
		case "codeExecutionResult":
			p.result = it.Val
		case "inlineData", "fileData", "functionResponse", "toolCall", "toolResponse":
			p.other = true
		}
	}
	if x.block > maxBlocks {
		return x.protocol("more than %d changes between texts, thoughts and calls", maxBlocks)
	}
	switch {
	case p.function.Kind() == jsonindex.Object:
		return x.functionCall(&p, out)
	case p.thought:
		x.think(&p, out)
		return nil
	case p.code.Kind() == jsonindex.Object:
		x.codeText(p.code.Get("code"), out)
	case p.result.Kind() == jsonindex.Object:
		x.codeText(p.result.Get("output"), out)
	case p.other:
		out.Loss("content", ops.Dropped, "a part that is neither text nor a function call is left out")
	}
	spoke := len(p.text.Head()) > 0
	if spoke {
		x.begin(openText, out)
		out.Text(x.block, p.text)
	}
	if sig, _ := p.signature.Text(); sig != "" {
		place := byte(onText)
		if !spoke {
			place = onEmpty
		}
		x.begin(openThinking, out)
		x.seal(place, sig, out)
		x.close(out)
	}
	return nil
}

// think emits a thought.
func (x *exchange) think(p *piece, out *ops.Emitter) {
	sig, _ := p.signature.Text()
	if len(p.text.Head()) == 0 && sig == "" {
		return
	}
	x.begin(openThinking, out)
	if len(p.text.Head()) > 0 {
		out.Thinking(x.block, p.text)
	}
	if sig != "" {
		x.seal(onThought, sig, out)
		x.close(out)
	}
}

// codeText emits what the model's own sandbox ran or printed.
func (x *exchange) codeText(v jsonindex.Value, out *ops.Emitter) {
	if len(v.Head()) == 0 {
		return
	}
	x.begin(openText, out)
	out.TextString(x.block, "\n```\n")
	out.Text(x.block, v)
	out.TextString(x.block, "\n```\n")
}

// functionCall emits a call, which always comes whole, behind a thinking block with its signature where it has one.
// https://ai.google.dev/api/caching#FunctionCall
func (x *exchange) functionCall(p *piece, out *ops.Emitter) error {
	var id, name, args jsonindex.Value
	for it := p.function.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "id":
			id = it.Val
		case "name":
			name = it.Val
		case "args":
			args = it.Val
		}
	}
	text, ok := name.Text()
	if !ok || text == "" {
		return x.protocol("a function call without a name")
	}
	if len(x.calls) >= maxCalls {
		return x.protocol("more than %d function calls in one answer", maxCalls)
	}
	if sig, _ := p.signature.Text(); sig != "" {
		x.begin(openThinking, out)
		x.seal(onCall, sig, out)
	}
	x.close(out)
	if long, ok := x.names[text]; ok {
		text = long
	}
	x.block++
	given, _ := id.Text()
	given = x.clientID(given)
	x.calls = append(x.calls, call{given})
	out.ToolStart(x.block, given, text)
	switch raw, _ := args.Raw(); {
	case args.Kind() == jsonindex.Object:
		out.ToolArgsRaw(x.block, raw)
	case !args.IsNull():
		out.Loss("content.input", ops.Approximated, "arguments that are no JSON object are kept as text")
		b := append([]byte(unparsed), jsonindex.AppendEscaped(nil, raw)...)
		out.ToolArgsRaw(x.block, append(b, `"}}`...))
	}
	out.BlockEnd(x.block)
	return nil
}

// clientID is the id by which the client knows a call: the upstream's where it can be used and is the only one of its
// kind, else a made-up one.
func (x *exchange) clientID(given string) string {
	id := publicID(given)
	for i := range x.calls {
		if x.calls[i].id == id {
			id = ""
		}
	}
	if id == "" {
		return adapter.NewID(x.callID, madeID, x.block)
	}
	return id
}

// begin makes sure that a block of this kind is open. A thinking block that is sealed takes nothing more.
func (x *exchange) begin(kind opened, out *ops.Emitter) {
	if x.open == kind {
		return
	}
	x.close(out)
	x.open = kind
	x.block++
}

// close ends the open block. Every thinking block carries our tag, so that no other vendor is asked what its signature
// means.
func (x *exchange) close(out *ops.Emitter) {
	if x.open == openThinking {
		if !x.sealed {
			out.SignatureString(x.block, tagged(0, ""))
		}
		out.BlockEnd(x.block)
	}
	x.open, x.sealed = openNothing, false
}

// seal gives the open thinking block the signature of a part.
func (x *exchange) seal(place byte, sig string, out *ops.Emitter) {
	out.SignatureString(x.block, tagged(place, sig))
	x.sealed = true
}
