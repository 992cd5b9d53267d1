// Package render turns ops into what a Claude client reads: an event stream or one message.
//
// The grammar of the Messages API lives here and nowhere else. Blocks get indexes 0, 1, 2, … without gaps and only one is
// open at a time. When another block has something to say,
//
//   - an open text block is closed; more text under its number opens a new block;
//   - an open tool block is closed as soon as its arguments are a complete object;
//   - an open thinking block is waited for until its block_end;
//   - what cannot be said yet waits, up to MaxWaiting bytes, and is said block by block in the order in which they began
//     to wait.
//
// A redacted_thinking block and a raw block are said whole, at once. message_start leaves together with the first content,
// message_delta and message_stop at done and at no other time. A tool block whose arguments are incomplete is closed only
// at done and only if the stop reason is max_tokens, because clients run a tool when its block stops.
//
// Nothing an adapter emits can make the output ill-formed: an op that does not fit is an error, and what was written
// before it is a well-formed beginning of a stream, to which [AppendError] may be added.
//
// https://docs.claude.com/en/docs/build-with-claude/streaming
package render

import (
	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

const (
	// MaxWaiting is the most bytes of ops that wait behind an open block.
	MaxWaiting = 4 << 20
	// MaxBlocks is the most block numbers an adapter may use in one answer, and the most blocks a client gets.
	MaxBlocks = 4096
)

// Meta is what the host knows about the answer before the upstream says anything.
type Meta struct {
	// ID and Model are what the client sees, whatever the upstream says.
	ID, Model string
	// Input is an estimate of the input tokens, used as long as the upstream has not said; 0 where there is none.
	Input int64
}

// Loss is something of the answer that could not be passed on as it was meant.
type Loss struct {
	Kind ops.LossKind
	// Path names the field, such as "content.input"; Note says in a few words what became of it.
	Path, Note string
}

// State renders one answer. Make it with NewStream or NewWhole, or Reset a used one; one goroutine uses it at a time.
type State struct {
	meta  Meta
	whole bool
	rd    ops.Reader
	err   error

	started, done bool
	tokens        ops.Tokens
	stop          stop
	upstream      upstream
	losses        losses

	blocks   []block
	byNumber []uint16 // the adapter's number of a block → its place in blocks + 1; 0 for none
	open     int      // place of the open block, none
	queue    []int    // places of waiting blocks in the order in which they began to wait
	queued   int      // how many of the queue have spoken
	waiting  int      // bytes that wait
	next     int      // index of the next block of the client
	tools    idSet

	prefix    []byte // stream: a delta of the open block up to its text
	signature []byte // of the open thinking block, JSON-escaped
	citations []byte // whole: of the open text block, with commas
	input     []byte // whole: of the open tool block
	content   int    // bytes of content said so far

	raw   jsonindex.Builder
	doc   jsonindex.Doc
	plain []byte // scratch space
}

const none = -1

type stop struct {
	seen     bool
	reason   ops.StopReason
	sequence []byte
	details  []byte
}

// NewStream renders an event stream.
func NewStream(m Meta) *State {
	s := new(State)
	s.Reset(m, false)
	return s
}

// NewWhole renders one message.
func NewWhole(m Meta) *State {
	s := new(State)
	s.Reset(m, true)
	return s
}

// Reset makes s ready for another answer and keeps its buffers, so that it can come from a pool.
func (s *State) Reset(m Meta, whole bool) {
	s.meta, s.whole = m, whole
	s.rd.Reset(nil)
	s.err = nil
	s.started, s.done = false, false
	s.tokens = ops.Unknown()
	s.stop = stop{sequence: keep(s.stop.sequence), details: keep(s.stop.details)}
	s.upstream = upstream{id: s.upstream.id[:0], model: s.upstream.model[:0]}
	s.losses.reset()
	s.resetBlocks()
	s.prefix = s.prefix[:0]
	s.signature, s.citations, s.input = keep(s.signature), keep(s.citations), keep(s.input)
	s.plain = keep(s.plain)
	s.content = 0
	s.doc = jsonindex.Doc{Ents: keep(s.doc.Ents)}
}

// keep empties a buffer and lets go of one that a single answer has blown up.
func keep[T any](b []T) []T {
	if cap(b) > 64<<10 {
		return nil
	}
	return b[:0]
}

// Apply appends what these ops mean to dst. frame holds whole ops; how they are spread over calls makes no difference.
// Nothing is written before the first content, so the first byte is the point after which nothing else can be tried. After
// an error, an *ops.Error, what stands in dst is still well-formed; the answer is lost and every further call fails alike.
func (s *State) Apply(dst, frame []byte) ([]byte, error) {
	if s.err != nil {
		return dst, s.err
	}
	s.rd.Continue(frame)
	for s.rd.More() {
		o, err := s.rd.Next()
		if err == nil {
			if dst, err = s.op(dst, o); err == nil {
				continue
			}
			err = &ops.Error{Number: s.rd.Number(), Code: o.Code, Block: int(o.Block), Err: err}
		}
		s.err = err
		break
	}
	s.rd.Continue(nil)
	return dst, s.err
}

func (s *State) op(dst []byte, o ops.Op) ([]byte, error) {
	if s.done {
		return dst, errAfterDone
	}
	if o.Code.InBlock() {
		return s.say(dst, o)
	}
	switch o.Code {
	case ops.Message:
		s.upstream.set(o)
	case ops.Usage:
		s.tokens.Merge(o.Tokens())
	case ops.Stop:
		sequence, details, _ := o.Two()
		s.stop.seen, s.stop.reason = true, o.StopReason()
		s.stop.sequence = append(s.stop.sequence[:0], sequence...)
		s.stop.details = append(s.stop.details[:0], details...)
	case ops.Loss:
		path, note, _ := o.Two()
		s.losses.add(o.LossKind(), path, note)
	case ops.Done:
		return s.finish(dst)
	default:
		return dst, errNoMessage
	}
	return dst, nil
}

// Started says whether anything was written.
func (s *State) Started() bool { return s.started }

// Done says whether the answer is complete.
func (s *State) Done() bool { return s.done }

// Blocks is the number of content blocks the client has seen so far.
func (s *State) Blocks() int { return s.next }

// Open is the index and the kind (Text, Thinking or ToolStart) of the block that is open for the client; ok is false when
// none is.
func (s *State) Open() (index int, kind ops.Code, ok bool) {
	if s.open == none {
		return 0, 0, false
	}
	return s.next - 1, s.blocks[s.open].kind, true
}

// Waiting is the number of bytes that wait behind the open block.
func (s *State) Waiting() int { return s.waiting }

// Tokens is what the upstream has reported so far; see Estimated.
func (s *State) Tokens() ops.Tokens { return s.tokens }

// Estimated says that the upstream did not report input or output, so that the client is told an estimate.
func (s *State) Estimated() bool { return s.tokens.Input < 0 || s.tokens.Output < 0 }

// Stop is the stop reason and stop sequence reported so far; seen is false when there was none.
func (s *State) Stop() (reason ops.StopReason, sequence string, seen bool) {
	return s.stop.reason, string(s.stop.sequence), s.stop.seen
}

// Upstream is the upstream's own id and model, empty where it did not say. Either is cut to 256 bytes.
func (s *State) Upstream() (id, model string) {
	return string(s.upstream.id), string(s.upstream.model)
}

// Losses are those reported so far, equal ones once, in order. The slice is valid until the next Apply or Reset.
func (s *State) Losses() []Loss { return s.losses.list }
