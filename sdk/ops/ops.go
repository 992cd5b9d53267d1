// Package ops is the vocabulary in which an adapter says what an upstream answered.
//
// An answer is a sequence of ops: text, thinking, tool calls, usage, a stop reason and, at the end, done. An adapter
// writes them with an [Emitter]; the host reads them with a [Reader], which trusts nothing, and package render turns them
// into what the client asked for. The encoding is the same for built-in adapters and plugins: it is section OPS of the ABI.
//
// Each op is a head of eight bytes and a payload, little endian, one behind the other:
//
//	code u8, flags u8, block u16, len u32, then len bytes
//
// Of Stop the block field holds the StopReason and of Loss the LossKind; of ops that belong to no block it is 0. A
// payload of two strings begins with the length of the first as u32.
//
// A block number is the adapter's own name for one content block of the answer. It has nothing to do with the index the
// client sees, may be anything from 0 to MaxBlock, and several blocks may speak in turn; see package render for the rules.
package ops

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// Code says what an op means. The numbers are part of the ABI.
type Code uint8

// The codes. "block" in brackets: the op belongs to a content block; "string": the payload is a text, plain or
// JSON-escaped (FlagEscaped); "raw": the payload is one JSON object.
const (
	Message   Code = iota + 1 // the upstream's id and model, two strings: for the log, never shown to the client
	Text                      // [block] string: more text
	Thinking                  // [block] string: more thinking
	Signature                 // [block] string: the signature of a thinking block, at most once
	Redacted                  // [block] string: the data of a redacted_thinking block, whole
	ToolStart                 // [block] the id and name of a tool call, two strings
	ToolArgs                  // [block] string: more of the JSON text of a tool's input
	Citation                  // [block] raw: one citation of a text block
	Block                     // [block] raw: a content block as it is, whole
	BlockEnd                  // [block] nothing more comes for this block
	Usage                     // six i64: Tokens in the order of its fields
	Stop                      // StopReason; the stop sequence, and details as raw JSON or nothing, two strings
	Model                     // raw: one entry of a list of models
	Loss                      // LossKind; path and note, two strings
	Done                      // the answer is complete; nothing may follow
)

var codeNames = [...]string{
	"", "message", "text", "thinking", "signature", "redacted", "tool_start", "tool_args", "citation", "block",
	"block_end", "usage", "stop", "model", "loss", "done",
}

func (c Code) known() bool { return c >= Message && c <= Done }

// InBlock says whether ops of this code belong to a content block.
func (c Code) InBlock() bool { return c >= Text && c <= BlockEnd }

// String is the code's name, such as "tool_args".
func (c Code) String() string {
	if c.known() {
		return codeNames[c]
	}
	return "op " + strconv.Itoa(int(c))
}

const (
	// FlagEscaped in an op's flags says that its string payload stands as the inside of a JSON string.
	FlagEscaped = 1
	// HeadSize is the length of an op's head in bytes.
	HeadSize = 8
	// MaxBlock is the highest block number. An Emitter that is given another writes one that no Reader accepts.
	MaxBlock = 1<<16 - 2
)

// badBlock stands for a block number that does not fit.
const badBlock = 1<<16 - 1

// Op is one op. Data is the payload: a view of the bytes it was read from.
type Op struct {
	Code    Code
	Escaped bool
	Block   uint16
	Data    []byte
}

// Two splits a payload of two strings; ok is false when it is none.
func (o Op) Two() (a, b []byte, ok bool) {
	if len(o.Data) < 4 {
		return nil, nil, false
	}
	n := binary.LittleEndian.Uint32(o.Data)
	if uint64(n) > uint64(len(o.Data)-4) {
		return nil, nil, false
	}
	return o.Data[4 : 4+n], o.Data[4+n:], true
}

// Tokens is what a Usage op reports; nothing is known when the payload is none.
func (o Op) Tokens() Tokens {
	t := Unknown()
	if len(o.Data) != usageSize {
		return t
	}
	for i, p := range t.fields() {
		*p = int64(binary.LittleEndian.Uint64(o.Data[8*i:]))
	}
	return t
}

// StopReason is the reason of a Stop op.
func (o Op) StopReason() StopReason { return StopReason(o.Block) }

// LossKind is the kind of a Loss op.
func (o Op) LossKind() LossKind { return LossKind(o.Block) }

// Split cuts the first op off b without looking at its payload, for bytes that a Reader has checked. ok is false when b
// does not begin with a whole op; b may then be empty.
func Split(b []byte) (o Op, rest []byte, ok bool) {
	if len(b) < HeadSize {
		return Op{}, b, false
	}
	n := binary.LittleEndian.Uint32(b[4:])
	if uint64(n) > uint64(len(b)-HeadSize) {
		return Op{}, b, false
	}
	end := HeadSize + int(n)
	return Op{
		Code: Code(b[0]), Escaped: b[1]&FlagEscaped != 0, Block: uint16(b[2]) | uint16(b[3])<<8,
		Data: b[HeadSize:end:end],
	}, b[end:], true
}

// Append appends o in its encoding to dst. A payload of 4 GiB or more gets a length that no Reader accepts.
func Append(dst []byte, o Op) []byte {
	flags := byte(0)
	if o.Escaped {
		flags = FlagEscaped
	}
	dst = append(dst, byte(o.Code), flags, byte(o.Block), byte(o.Block>>8))
	dst = binary.LittleEndian.AppendUint32(dst, length(len(o.Data)))
	return append(dst, o.Data...)
}

// length is n as the format writes it.
func length(n int) uint32 { return uint32(min(uint64(n), 1<<32-1)) }

// Error says which op of an answer is wrong, whether its form is (Reader) or its place (package render). The message
// repeats nothing of the payload.
type Error struct {
	// Number counts the ops of the answer from 1.
	Number int
	Code   Code
	// Block is the op's block field.
	Block int
	// Err says what is wrong.
	Err error
}

// Error is a sentence such as "op 7 (tool_args, block 2): …".
func (e *Error) Error() string {
	if e.Code.InBlock() {
		return fmt.Sprintf("op %d (%s, block %d): %v", e.Number, e.Code, e.Block, e.Err)
	}
	return fmt.Sprintf("op %d (%s): %v", e.Number, e.Code, e.Err)
}

// Unwrap gives Err.
func (e *Error) Unwrap() error { return e.Err }
