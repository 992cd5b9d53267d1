package ops

import (
	"encoding/binary"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

// Emitter writes ops. It copies what it is given. The zero value is ready; one goroutine uses it at a time.
//
// The methods that take a jsonindex.Value pass a JSON string on without unescaping it and say whether they could: for
// anything but a string (null, a number, an absent value) and for an Extern, which cannot be read, they emit nothing.
// Numbers of blocks are those of the adapter, from 0 to MaxBlock.
type Emitter struct {
	// Buf holds the ops so far. The sandbox's runner appends to it; nobody else should.
	Buf []byte

	open    int // where the op being written begins
	scanned int // up to here DoneSeen has looked
	done    bool
}

// Reset forgets all ops and keeps the buffer.
func (e *Emitter) Reset() { *e = Emitter{Buf: e.Buf[:0]} }

// Len is the number of bytes so far.
func (e *Emitter) Len() int { return len(e.Buf) }

// DoneSeen says whether a done op was emitted since Reset.
func (e *Emitter) DoneSeen() bool {
	if e.scanned > len(e.Buf) {
		e.scanned, e.done = 0, false
	}
	for b := e.Buf[e.scanned:]; !e.done; {
		o, rest, ok := Split(b)
		if !ok {
			break
		}
		e.done = o.Code == Done
		e.scanned += len(b) - len(rest)
		b = rest
	}
	return e.done
}

// Message tells the upstream's own id and model, for the log.
func (e *Emitter) Message(id, model jsonindex.Value) {
	e.begin(Message, 0)
	e.Buf = append(e.Buf, 0, 0, 0, 0)
	at := len(e.Buf)
	e.Buf, _ = id.AppendText(e.Buf) // no string: empty, which means not known
	binary.LittleEndian.PutUint32(e.Buf[at-4:], length(len(e.Buf)-at))
	e.Buf, _ = model.AppendText(e.Buf)
	e.end()
}

// MessageString is Message with plain strings; either may be empty.
func (e *Emitter) MessageString(id, model string) { e.two(Message, 0, id, model) }

// Text adds text to a text block. Empty text begins no block.
func (e *Emitter) Text(block int, v jsonindex.Value) bool { return e.value(Text, block, v) }

// TextString is Text with a plain string.
func (e *Emitter) TextString(block int, s string) { e.plain(Text, block, s) }

// TextBytes is Text with plain UTF-8.
func (e *Emitter) TextBytes(block int, s []byte) { e.bytes(Text, block, s) }

// Thinking adds to a thinking block. A thinking block lasts until BlockEnd; other blocks wait for it.
func (e *Emitter) Thinking(block int, v jsonindex.Value) bool { return e.value(Thinking, block, v) }

// ThinkingString is Thinking with a plain string.
func (e *Emitter) ThinkingString(block int, s string) { e.plain(Thinking, block, s) }

// Signature gives the whole signature of a thinking block, at most once. It begins the block where no thinking came.
func (e *Emitter) Signature(block int, v jsonindex.Value) bool { return e.value(Signature, block, v) }

// SignatureString is Signature with a plain string.
func (e *Emitter) SignatureString(block int, s string) { e.plain(Signature, block, s) }

// Redacted is a whole redacted_thinking block.
func (e *Emitter) Redacted(block int, v jsonindex.Value) bool { return e.value(Redacted, block, v) }

// RedactedString is Redacted with a plain string.
func (e *Emitter) RedactedString(block int, data string) { e.plain(Redacted, block, data) }

// ToolStart begins a tool call. The id must be new in this answer and neither may be empty.
func (e *Emitter) ToolStart(block int, id, name string) { e.two(ToolStart, block, id, name) }

// ToolArgs adds to the JSON text of the tool's input where the upstream sends it inside a JSON string, as OpenAI does.
func (e *Emitter) ToolArgs(block int, v jsonindex.Value) bool { return e.value(ToolArgs, block, v) }

// ToolArgsRaw adds plain JSON text to the tool's input: usually the whole object. It must not cut a rune.
func (e *Emitter) ToolArgsRaw(block int, raw []byte) { e.bytes(ToolArgs, block, raw) }

// ToolArgsString is ToolArgsRaw with a string.
func (e *Emitter) ToolArgsString(block int, s string) { e.plain(ToolArgs, block, s) }

// Citation adds a citation, a JSON object, to a text block.
// https://docs.claude.com/en/docs/build-with-claude/citations
func (e *Emitter) Citation(block int, raw []byte) { e.bytes(Citation, block, raw) }

// Block is a whole content block as a JSON object in Claude's own form.
func (e *Emitter) Block(block int, raw []byte) { e.bytes(Block, block, raw) }

// BlockEnd says that nothing more comes for this block. Thinking needs it for others to go on, a tool without arguments
// too; else it may be left out.
func (e *Emitter) BlockEnd(block int) {
	e.begin(BlockEnd, block)
	e.end()
}

// Usage reports counts. Later ones replace those before where they are known.
func (e *Emitter) Usage(t Tokens) {
	e.begin(Usage, 0)
	for _, n := range t.fields() {
		e.Buf = binary.LittleEndian.AppendUint64(e.Buf, uint64(*n))
	}
	e.end()
}

// Stop gives the stop reason. sequence is the stop sequence that came up, if any, and details a JSON object for
// stop_details, or nothing. The last Stop before Done counts.
func (e *Emitter) Stop(r StopReason, sequence string, details []byte) {
	if string(details) == "null" {
		details = nil
	}
	e.begin(Stop, int(r))
	e.Buf = binary.LittleEndian.AppendUint32(e.Buf, length(len(sequence)))
	e.Buf = append(e.Buf, sequence...)
	e.Buf = append(e.Buf, details...)
	e.end()
}

// Model is one entry of a list of models, a JSON object in Claude's form.
// https://docs.claude.com/en/api/models-list
func (e *Emitter) Model(raw []byte) { e.bytes(Model, 0, raw) }

// Loss reports what of the answer could not be passed on as it was meant.
func (e *Emitter) Loss(path string, kind LossKind, note string) { e.two(Loss, int(kind), path, note) }

// Done says that the answer is complete. Nothing may follow.
func (e *Emitter) Done() {
	e.begin(Done, 0)
	e.end()
}

func (e *Emitter) begin(c Code, block int) {
	if uint(block) > MaxBlock {
		block = badBlock
	}
	e.open = len(e.Buf)
	e.Buf = append(e.Buf, byte(c), 0, byte(block), byte(block>>8), 0, 0, 0, 0)
}

func (e *Emitter) end() {
	binary.LittleEndian.PutUint32(e.Buf[e.open+4:], length(len(e.Buf)-e.open-HeadSize))
}

func (e *Emitter) value(c Code, block int, v jsonindex.Value) bool {
	s, ok := v.Inner()
	if !ok {
		return false
	}
	e.begin(c, block)
	e.Buf[e.open+1] = FlagEscaped
	e.Buf = append(e.Buf, s...)
	e.end()
	return true
}

func (e *Emitter) plain(c Code, block int, s string) {
	e.begin(c, block)
	e.Buf = append(e.Buf, s...)
	e.end()
}

func (e *Emitter) bytes(c Code, block int, s []byte) {
	e.begin(c, block)
	e.Buf = append(e.Buf, s...)
	e.end()
}

func (e *Emitter) two(c Code, block int, a, b string) {
	e.begin(c, block)
	e.Buf = binary.LittleEndian.AppendUint32(e.Buf, length(len(a)))
	e.Buf = append(e.Buf, a...)
	e.Buf = append(e.Buf, b...)
	e.end()
}
