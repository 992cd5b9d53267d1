package render

import "github.com/claude-proxy/claude-proxy/sdk/ops"

// say takes an op of a block: it is written at once where its block is open or may open, else it waits.
//
// Between two ops, blocks are queued only while a block is open that may not yield.
func (s *State) say(dst []byte, o ops.Op) ([]byte, error) {
	i, silent, err := s.accept(o)
	if silent || err != nil {
		return dst, err
	}
	b := &s.blocks[i]
	switch {
	case i == s.open:
		dst = s.write(dst, b, o)
		return s.settle(dst, false)
	case b.queued:
		return dst, s.wait(b, o)
	case o.Code == ops.BlockEnd:
		s.loseCitations(b)
		return dst, nil
	case o.Code == ops.Citation: // an empty text block is none: it waits for the text
		return dst, s.wait(b, o)
	}
	if s.open != none && !mayYield(&s.blocks[s.open]) {
		b.queued = true
		s.queue = append(s.queue, i)
		return dst, s.wait(b, o)
	}
	if s.open != none {
		dst = s.close(dst)
	}
	if len(b.waiting) == 0 {
		return s.begins(dst, i, o)
	}
	if err := s.wait(b, o); err != nil {
		return dst, err
	}
	return s.drain(dst, i)
}

// mayYield says whether an open block gives way to another.
func mayYield(b *block) bool {
	switch b.kind {
	case ops.Text:
		return true
	case ops.ToolStart:
		return b.args.Complete()
	}
	return false
}

// wait keeps o until its block opens.
func (s *State) wait(b *block, o ops.Op) error {
	if s.waiting += ops.HeadSize + len(o.Data); s.waiting > MaxWaiting {
		return errWaiting
	}
	b.waiting = ops.Append(b.waiting, o)
	return nil
}

// settle lets waiting blocks speak in turn, as long as the open one may yield. At the end of the answer every block must.
func (s *State) settle(dst []byte, end bool) ([]byte, error) {
	for s.queued < len(s.queue) {
		if s.open != none {
			if !end && !mayYield(&s.blocks[s.open]) {
				return dst, nil
			}
			dst = s.close(dst)
		}
		i := s.queue[s.queued]
		s.queued++
		s.blocks[i].queued = false
		var err error
		if dst, err = s.drain(dst, i); err != nil {
			return dst, err
		}
	}
	s.queue, s.queued = s.queue[:0], 0
	return dst, nil
}

// drain writes what waits of a block.
func (s *State) drain(dst []byte, i int) ([]byte, error) {
	b := &s.blocks[i]
	w := b.waiting
	b.waiting = w[:0]
	s.waiting -= len(w)
	for len(w) > 0 {
		o, rest, ok := ops.Split(w)
		if !ok {
			panic("BUG: a waiting op is cut")
		}
		w = rest
		var err error
		switch {
		case s.open == i:
			dst = s.write(dst, b, o)
		case o.Code != ops.BlockEnd: // that of a block said at once says nothing more
			dst, err = s.begins(dst, i, o)
		}
		if err != nil {
			return dst, err
		}
	}
	b.waiting = keep(b.waiting)
	return dst, nil
}

// begins opens block i for the client, with the op that it begins with.
func (s *State) begins(dst []byte, i int, o ops.Op) ([]byte, error) {
	if s.next == MaxBlocks {
		return dst, errBlocks
	}
	dst = s.start(dst)
	b := &s.blocks[i]
	s.open = i
	s.next++
	if o.Code == ops.Redacted || o.Code == ops.Block {
		dst = s.atOnce(dst, o)
		b.closed = true
		s.open = none
		return dst, nil
	}
	dst = s.head(dst, b, o)
	if o.Code != ops.ToolStart {
		dst = s.write(dst, b, o)
	}
	return dst, nil
}

// write says an op of the open block b.
func (s *State) write(dst []byte, b *block, o ops.Op) []byte {
	switch o.Code {
	case ops.Text, ops.Thinking, ops.ToolArgs:
		s.content += len(o.Data)
		return s.delta(dst, o)
	case ops.Signature: // it goes last in its block
		s.signature = appendString(s.signature[:0], o)
	case ops.Citation:
		return s.citation(dst, o)
	case ops.BlockEnd:
		if b.kind == ops.ToolStart && isHalf(b) {
			return dst // finish closes it, or refuses the answer
		}
		return s.close(dst)
	}
	return dst
}

// isHalf says whether a tool's arguments have begun and not ended.
func isHalf(b *block) bool { return !b.args.Empty() && !b.args.Complete() }

// close ends the open block for the client.
func (s *State) close(dst []byte) []byte {
	b := &s.blocks[s.open]
	dst = s.tail(dst, b)
	b.closed = true
	s.open = none
	s.signature, s.citations, s.input = s.signature[:0], s.citations[:0], s.input[:0]
	return dst
}

// loseCitations forgets citations whose text never came.
func (s *State) loseCitations(b *block) {
	if n := len(b.waiting); n > 0 {
		s.waiting -= n
		b.waiting = b.waiting[:0]
		s.losses.add(ops.Dropped, []byte("content.citations"), []byte("citations without text"))
	}
}

// finish ends the answer.
func (s *State) finish(dst []byte) ([]byte, error) {
	if !s.stop.seen {
		return dst, ErrNoStop
	}
	if s.stop.reason != ops.MaxTokens {
		for i := range s.blocks {
			if b := &s.blocks[i]; b.kind == ops.ToolStart && isHalf(b) {
				return dst, ErrHalfTool
			}
		}
	}
	dst, err := s.settle(dst, true)
	if err != nil {
		return dst, err
	}
	if s.open != none {
		dst = s.close(dst)
	}
	for i := range s.blocks {
		s.loseCitations(&s.blocks[i])
	}
	s.done = true
	return s.end(s.start(dst)), nil
}
