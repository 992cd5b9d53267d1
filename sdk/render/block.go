package render

import (
	"errors"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
	"github.com/claude-proxy/claude-proxy/sdk/ops"
)

// These errors are likelier the upstream's fault than the adapter's: the answer was cut, or the model wrote no JSON.
var (
	// ErrNoStop: done came without a stop reason.
	ErrNoStop = errors.New("the answer is said to be complete but has no stop reason")
	// ErrHalfTool: done came while the arguments of a tool were incomplete, and the stop reason was not max_tokens.
	ErrHalfTool = errors.New("the answer is said to be complete but the arguments of a tool are not")
	// ErrArgs: the arguments of a tool are not a JSON object.
	ErrArgs = errors.New("the arguments of the tool are not a JSON object")
)

// The other faults are the adapter's.
var (
	errAfterDone = errors.New("nothing may follow done")
	errNoMessage = errors.New("such an op is no part of a message")
	errUnknown   = errors.New("the block has not begun; text, thinking, signature, redacted, tool_start, citation or block begin one")
	errKind      = errors.New("the block is of another kind")
	errAgain     = errors.New("the block has begun already")
	errEnded     = errors.New("the block has ended")
	errSigned    = errors.New("the block has a signature already")
	errToolName  = errors.New("a tool call needs an id and a name")
	errToolID    = errors.New("another tool call of this answer has the same id")
	errBlocks    = errors.New("the answer has more blocks than are allowed")
	errWaiting   = errors.New("too much waits behind an open block; did its block_end get lost?")
	errCitation  = errors.New("a citation needs a type")
)

// block is one block of the adapter. The client may see none of it, or, of text, several blocks.
type block struct {
	kind   ops.Code // Text, Thinking, ToolStart, Redacted or Block
	ended  bool     // block_end came
	signed bool     // a signature came
	queued bool     // it stands in State.queue
	closed bool     // the client has seen its end, of text at least once
	args   ops.Args
	// waiting holds encoded ops that the client has not seen: all of a queued block, or citations whose text has not come.
	waiting []byte
}

// find is the place of the block with this number, none if there is none.
func (s *State) find(number uint16) int {
	if int(number) < len(s.byNumber) {
		return int(s.byNumber[number]) - 1
	}
	return none
}

// begin makes a block for a number that is new.
func (s *State) begin(number uint16, kind ops.Code) (int, error) {
	i := len(s.blocks)
	if i == MaxBlocks {
		return none, errBlocks
	}
	if i < cap(s.blocks) {
		s.blocks = s.blocks[:i+1]
	} else {
		s.blocks = append(s.blocks, block{})
	}
	s.blocks[i] = block{kind: kind, waiting: s.blocks[i].waiting[:0]}
	for len(s.byNumber) <= int(number) {
		s.byNumber = append(s.byNumber, 0)
	}
	s.byNumber[number] = uint16(i + 1)
	return i, nil
}

func (s *State) resetBlocks() {
	for i := range s.blocks {
		s.blocks[i].waiting = keep(s.blocks[i].waiting)
	}
	s.blocks = s.blocks[:0]
	if cap(s.blocks) > 64 {
		s.blocks = nil
	}
	s.byNumber = keep(s.byNumber) // begin writes every element anew
	s.open, s.next = none, 0
	s.queue, s.queued, s.waiting = s.queue[:0], 0, 0
	s.tools.reset()
}

// kindOf is the kind of block to which an op belongs, 0 for block_end, which fits every kind.
func kindOf(c ops.Code) ops.Code {
	switch c {
	case ops.Citation:
		return ops.Text
	case ops.Signature:
		return ops.Thinking
	case ops.ToolArgs:
		return ops.ToolStart
	case ops.BlockEnd:
		return 0
	}
	return c
}

// accept checks whether o may come now and notes what it says about its block, whose place it returns. silent means that
// the client sees nothing of it.
func (s *State) accept(o ops.Op) (i int, silent bool, err error) {
	i = s.find(o.Block)
	kind := kindOf(o.Code)
	switch {
	case i == none && (o.Code == ops.BlockEnd || o.Code == ops.ToolArgs):
		return none, false, errUnknown
	case i == none:
		if err := s.checkFirst(o); err != nil {
			return none, false, err
		}
		if i, err = s.begin(o.Block, kind); err != nil {
			return none, false, err
		}
	case kind != 0 && kind != s.blocks[i].kind:
		return none, false, errKind
	case o.Code == ops.ToolStart || o.Code == ops.Redacted || o.Code == ops.Block:
		return none, false, errAgain
	case s.blocks[i].ended && o.Code != ops.Text:
		return none, false, errEnded
	}
	silent, err = s.note(&s.blocks[i], o)
	return i, silent, err
}

// checkFirst checks an op that begins a block.
func (s *State) checkFirst(o ops.Op) error {
	switch o.Code {
	case ops.ToolStart:
		id, name, _ := o.Two()
		return s.checkTool(id, name)
	case ops.Block:
		return s.checkRaw(s.rd.JSON())
	}
	return nil
}

func (s *State) checkTool(id, name []byte) error {
	if len(id) == 0 || len(name) == 0 {
		return errToolName
	}
	if !s.tools.add(id) {
		return errToolID
	}
	return nil
}

// note changes b as o says.
func (s *State) note(b *block, o ops.Op) (silent bool, err error) {
	switch o.Code {
	case ops.Text:
		if len(o.Data) == 0 {
			return true, nil
		}
		b.ended = false
	case ops.Thinking, ops.Redacted:
		return len(o.Data) == 0, nil
	case ops.Signature:
		if len(o.Data) == 0 {
			return true, nil
		}
		if b.signed {
			return false, errSigned
		}
		b.signed = true
	case ops.ToolArgs:
		ok := false
		if o.Escaped {
			ok = b.args.FeedEscaped(o.Data)
		} else {
			ok = b.args.Feed(o.Data)
		}
		if !ok {
			return false, ErrArgs
		}
		// Only white space is legal before and behind the object. Clients take white space alone for broken JSON.
		return b.args.Empty() || b.closed || len(o.Data) == 0, nil
	case ops.Citation:
		if t := s.rd.JSON().Get("type"); !t.IsString() || t.Is("") {
			return false, errCitation
		}
	case ops.Block:
		return isEmptyText(s.rd.JSON()), nil
	case ops.BlockEnd:
		b.ended = true
	}
	return false, nil
}

// idSet holds the ids of the tool calls of an answer.
type idSet struct {
	bytes []byte
	ends  []int // of each id in bytes
	many  map[string]struct{}
}

// fewIDs is up to how many ids comparing one by one is faster than hashing.
const fewIDs = 32

func (s *idSet) reset() {
	s.bytes, s.ends = keep(s.bytes), s.ends[:0]
	s.many = nil
}

// add says whether id is new, and then holds it.
func (s *idSet) add(id []byte) bool {
	if s.many != nil {
		if _, ok := s.many[string(id)]; ok {
			return false
		}
		s.many[string(id)] = struct{}{}
		return true
	}
	start := 0
	for _, end := range s.ends {
		if string(s.bytes[start:end]) == string(id) {
			return false
		}
		start = end
	}
	s.bytes = append(s.bytes, id...)
	s.ends = append(s.ends, len(s.bytes))
	if len(s.ends) == fewIDs {
		s.many = make(map[string]struct{}, 2*fewIDs)
		start := 0
		for _, end := range s.ends {
			s.many[string(s.bytes[start:end])] = struct{}{}
			start = end
		}
	}
	return true
}

// checkRaw checks a block that the adapter gives as it is. Kinds that the grammar knows must be complete.
func (s *State) checkRaw(v jsonindex.Value) error {
	switch t := v.Get("type"); {
	case !t.IsString() || t.Is(""):
		return errRawType
	case t.Is("text"):
		if !v.Get("text").IsString() {
			return errRawText
		}
	case t.Is("thinking"):
		if sig := v.Get("signature"); !v.Get("thinking").IsString() || sig.Exists() && !sig.IsString() {
			return errRawThinking
		}
	case t.Is("redacted_thinking"):
		if !v.Get("data").IsString() {
			return errRawData
		}
	case t.Is("tool_use"):
		if v.Get("input").Kind() != jsonindex.Object {
			return errRawInput
		}
		s.plain, _ = v.Get("id").AppendText(s.plain[:0])
		n := len(s.plain)
		s.plain, _ = v.Get("name").AppendText(s.plain)
		return s.checkTool(s.plain[:n], s.plain[n:])
	}
	return nil
}
