package passthrough

import (
	"bytes"

	"github.com/claude-proxy/claude-proxy/sdk/adapter"
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
	"github.com/claude-proxy/claude-proxy/sdk/sse"
)

// Kind says what one frame of a stream means to the relay.
// https://docs.claude.com/en/docs/build-with-claude/streaming#event-types
type Kind uint8

// The kinds of frames.
const (
	Other      Kind = iota // frames without data, unknown events: passed on, otherwise ignored
	Ping                   // ping
	Start                  // message_start
	BlockStart             // content_block_start
	Delta                  // content_block_delta
	BlockStop              // content_block_stop
	Update                 // message_delta
	Done                   // message_stop: the answer is complete
	Error                  // an error event, or a frame that makes no sense; see Peeker.Failure
)

var kindNames = [...]string{"other", "ping", "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop", "error"}

// String is the event's name, such as "message_start", or "other".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[Other]
}

// Block is the type of a content block as far as the relay cares.
type Block uint8

// The types of blocks.
const (
	NoBlock       Block = iota // none is open
	TextBlock                  // text
	ThinkingBlock              // thinking, redacted_thinking
	ToolBlock                  // tool_use: clients run the tool when the block stops
	OtherBlock                 // everything else, such as the blocks of server tools
)

// Peeker watches one stream of Claude's format as its frames are relayed. The zero value is ready; one goroutine uses it
// at a time. It keeps no slice of a frame, and a frame that is no message_start, message_delta, message_stop or error
// costs no allocation and is not validated.
type Peeker struct {
	// Classify turns the data of an error event into a failure. data aliases the frame. Nil: the error's own type, message
	// and details become a failure of class Overloaded.
	Classify func(data []byte) *adapter.Failure

	builder jsonindex.Builder
	doc     jsonindex.Doc

	started, content, done, unnamed bool

	open     Block
	index    int
	tokens   ops.Tokens
	id       string
	model    string
	stop     string
	sequence string
	failure  *adapter.Failure
}

// Reset begins a new stream and keeps memory and Classify.
func (p *Peeker) Reset() {
	*p = Peeker{Classify: p.Classify, builder: p.builder, doc: jsonindex.Doc{Ents: p.doc.Ents[:0]}}
}

// Peek takes the next frame and says what it is. After Done and after Error everything is Other.
//
// Error is an error event of the upstream, a message_start, message_delta or message_stop that cannot be read, an event of a
// block that does not end as an object does, or one that comes out of order; Failure then tells which. Such a frame should not be relayed: an error event may quote a key,
// and the host's own error event says the same.
func (p *Peeker) Peek(ev *sse.Event) Kind {
	if !ev.HasData || p.done || p.failure != nil {
		return Other
	}
	kind := p.kind(ev)
	if kind >= Start && kind != Error && p.started == (kind == Start) {
		return p.fail(adapter.Fail(adapter.Protocol, "", "the upstream's stream has its %s event in the wrong place", kind))
	}
	if kind >= BlockStart && kind <= BlockStop && !isWhole(ev.Data) {
		return p.fail(adapter.Fail(adapter.Protocol, "", "the upstream's %s event is broken", kind))
	}
	switch kind {
	case BlockStart:
		p.begin(ev.Data)
		// A text or a thinking block says nothing by its start.
		p.content = p.content || p.open == ToolBlock || p.open == OtherBlock
	case Delta:
		p.content = true
	case BlockStop:
		p.open, p.content = NoBlock, true
	case Start, Update, Done, Error:
		return p.read(kind, ev.Data)
	}
	return kind
}

// isWhole looks at the ends of an object only: deltas are too many to read them all, and what is broken off shows there.
func isWhole(data []byte) bool {
	data = bytes.Trim(data, " \t\r\n")
	return len(data) > 1 && data[0] == '{' && data[len(data)-1] == '}'
}

// Started says whether message_start has passed: from then on pings may be sent between two frames.
func (p *Peeker) Started() bool { return p.started }

// Content says whether the first content has passed, which is the first delta of a block or the start of one that is said
// whole or is a tool: from then on no other attempt may follow.
func (p *Peeker) Content() bool { return p.content }

// Done says whether message_stop has passed. A stream that ends without is cut, whatever came before.
func (p *Peeker) Done() bool { return p.done }

// Failure is what went wrong inside the stream, nil when nothing did. It is the caller's to keep.
func (p *Peeker) Failure() *adapter.Failure { return p.failure }

// Unnamed says whether a frame had data but no event line, so that it was recognised by its data. Claude's own clients skip
// such frames; a stream that has them is better converted than relayed.
func (p *Peeker) Unnamed() bool { return p.unnamed }

// Open is the type and the index of the content block that has begun and not stopped; NoBlock when there is none. The index
// is -1 when the upstream gave none.
func (p *Peeker) Open() (Block, int) { return p.open, p.index }

// ToolOpen says whether a tool call has begun and not stopped: its input may be half an object.
func (p *Peeker) ToolOpen() bool { return p.open == ToolBlock }

// Tokens is the usage so far, that of message_delta over that of message_start.
func (p *Peeker) Tokens() ops.Tokens {
	if !p.started {
		return ops.Unknown()
	}
	return p.tokens
}

// Stop is the stop reason and the stop sequence as the upstream wrote them, "" while not known.
func (p *Peeker) Stop() (reason, sequence string) { return p.stop, p.sequence }

// Upstream is the message's id and model as the upstream gave them, "" while not known.
func (p *Peeker) Upstream() (id, model string) { return p.id, p.model }

// kind finds out what a frame is by its event line or, where that is missing, by its data.
func (p *Peeker) kind(ev *sse.Event) Kind {
	if ev.Name != "" && ev.Name != "message" { // "message" is what no event line means
		return kindOf(ev.Name)
	}
	p.unnamed = true
	name := text(member(ev.Data, "type"))
	if len(name) > len("content_block_delta") {
		return Other
	}
	return kindOf(string(name))
}

func kindOf(name string) Kind {
	switch name {
	case "content_block_delta":
		return Delta
	case "content_block_start":
		return BlockStart
	case "content_block_stop":
		return BlockStop
	case "message_start":
		return Start
	case "message_delta":
		return Update
	case "message_stop":
		return Done
	case "ping":
		return Ping
	case "error":
		return Error
	}
	return Other
}

// begin notes which block content_block_start opens.
func (p *Peeker) begin(data []byte) {
	p.index = number(member(data, "index"))
	switch string(text(member(member(data, "content_block"), "type"))) {
	case "text":
		p.open = TextBlock
	case "thinking", "redacted_thinking":
		p.open = ThinkingBlock
	case "tool_use":
		p.open = ToolBlock
	default:
		p.open = OtherBlock
	}
}

// read indexes one of the few frames that hold something to know.
func (p *Peeker) read(kind Kind, data []byte) Kind {
	defer func() { p.doc.Src = nil }() // the frame's memory is not ours
	if err := p.builder.Index(&p.doc, data, jsonindex.UpstreamMode()); err != nil {
		return p.fail(adapter.Fail(adapter.Protocol, "", "the upstream's %s event cannot be read: %v", kind, err))
	}
	root := p.doc.Root()
	if kind == Error || root.Get("type").Is("error") {
		return p.refused(root, data)
	}
	switch kind {
	case Start:
		p.started, p.tokens = true, ops.Unknown()
		message := readMessage(root.Get("message"))
		p.id, p.model = message.ID, message.Model
		p.tokens.Merge(message.Tokens)
	case Update:
		for it := root.Iter(); it.Next(); {
			switch string(it.Key()) {
			case "usage":
				p.tokens.Merge(readUsage(it.Val))
			case "delta":
				p.delta(it.Val)
			}
		}
	case Done:
		p.done = true
	}
	return kind
}

// delta takes the stop reason from the delta of message_delta.
func (p *Peeker) delta(v jsonindex.Value) {
	for it := v.Iter(); it.Next(); {
		switch string(it.Key()) {
		case "stop_reason":
			if s, ok := it.Val.Text(); ok {
				p.stop = s
			}
		case "stop_sequence":
			if s, ok := it.Val.Text(); ok {
				p.sequence = s
			}
		}
	}
}

// refused makes a failure of an error event.
func (p *Peeker) refused(root jsonindex.Value, data []byte) Kind {
	if p.Classify != nil {
		if f := p.Classify(data); f != nil {
			return p.fail(f)
		}
	}
	f := &adapter.Failure{Class: adapter.Overloaded, Message: "the upstream broke off with an error"}
	for it := root.Get("error").Iter(); it.Next(); {
		switch string(it.Key()) {
		case "type":
			f.Type, _ = it.Val.Text()
		case "message":
			if s, ok := it.Val.Text(); ok && s != "" {
				f.Message = s
			}
		case "details":
			if raw, ok := it.Val.Raw(); ok && it.Val.Kind() == jsonindex.Object {
				f.Details = append([]byte(nil), raw...)
			}
		}
	}
	return p.fail(f)
}

func (p *Peeker) fail(f *adapter.Failure) Kind {
	p.failure = f
	return Error
}

// FrameEnd is what must follow an event that was Unterminated, so that a client dispatches it: its Raw ends with a line,
// but not with the blank line that ends a frame.
func FrameEnd(raw []byte) string {
	if n := len(raw); n > 0 && raw[n-1] == '\r' {
		return "\r" // an LF here would only complete the CR
	}
	return "\n"
}
