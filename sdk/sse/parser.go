package sse

import "bytes"

const (
	minSpace    = 512       // smallest Space worth a read call
	firstBuffer = 512       // what a stream of ordinary events needs
	keepBuffer  = 256 << 10 // a larger buffer is given up as soon as it is empty
)

// Parser frames one stream at a time. Make one with NewParser or NewLines; it may be used again after Reset. It belongs
// to one goroutine.
type Parser struct {
	limits Limits
	lines  bool // one text per line instead of the standard's framing

	buf   []byte // memory; buf[:start] was handed out, buf[start:end] is the unfinished frame and what follows it
	start int    // first byte of the unfinished frame
	pos   int    // first byte of the first line that was not looked at
	end   int    // end of the received bytes
	lf    mark   // next line feed at or after pos
	cr    mark   // next carriage return at or after pos

	begun  bool // the first line was seen, so no byte order mark can follow
	bareCR bool // the last line ended with CR alone: the next blank line may do so as well
	skipLF bool // a frame was ended by a CR; if an LF follows, it belongs to that line end
	ended  bool // Close was called: a CR in last place is a line end
	idle   int  // lines since the last event with data
	err    error

	// the unfinished frame; offsets count from start
	name    string
	last    string // last name that was no known one, kept to spare an allocation each
	hasData bool
	data    span // in buf, or in join where joined is set (then it counts from join's beginning)
	joined  bool // data came in several lines
	hasID   bool
	id      span
	join    []byte // data of several lines, of all events since the last Space
}

// span is a range of bytes counted from the start of the frame.
type span struct{ lo, hi int }

// mark remembers the search for one byte, so that no byte is searched twice however the input is sliced.
type mark struct {
	at   int // position of the next one, -1 if there is none before done
	done int // searched up to here
}

// NewParser returns a parser for event streams.
func NewParser(l Limits) *Parser {
	p := &Parser{limits: l.withDefaults()}
	p.Reset()
	return p
}

// NewLines returns a parser for one text per line (JSON lines), behind the same methods. Lines end with LF or CRLF; a
// blank line is an event without data. MaxEvent bounds a line, MaxIdleLines blank lines in a row.
func NewLines(l Limits) *Parser {
	p := NewParser(l)
	p.lines = true
	return p
}

// Reset forgets the stream and its error, so that another one can be read. Limits and a buffer of moderate size stay.
func (p *Parser) Reset() {
	buf, join := p.buf, p.join
	if cap(buf) > keepBuffer {
		buf = nil
	}
	if cap(join) > keepBuffer {
		join = nil
	}
	*p = Parser{limits: p.limits, lines: p.lines, buf: buf, join: join[:0]}
	p.lf.at, p.cr.at = -1, -1
}

// Space returns free memory of at least that many bytes (512 if it is less) to read into; Advance tells how much was read.
// It ends the life of all events returned before.
func (p *Parser) Space(atLeast int) []byte {
	need := max(atLeast, minSpace)
	if p.start == p.end { // nothing unfinished
		to := p.buf
		if cap(to) > keepBuffer && need <= keepBuffer {
			to = nil
		}
		p.shift(to)
	}
	if len(p.buf)-p.end < need {
		p.makeRoom(need)
	}
	p.dropJoined()
	return p.buf[p.end:]
}

// makeRoom moves the unfinished bytes so that at least need bytes are free behind them. The buffer doubles while they fill
// more than half of it, so that a byte is moved a bounded number of times however small the reads are.
func (p *Parser) makeRoom(need int) {
	held := p.end - p.start
	size := max(len(p.buf), firstBuffer)
	for size-held < need || held > size/2 {
		size *= 2
	}
	if most := p.limits.MaxEvent + need; size > most {
		size = max(most, held+need, len(p.buf))
	}
	if size > len(p.buf) {
		p.shift(make([]byte, size))
	} else {
		p.shift(p.buf)
	}
}

// shift moves the unfinished bytes to the front of to, which becomes the buffer.
func (p *Parser) shift(to []byte) {
	copy(to, p.buf[p.start:p.end])
	d := p.start
	p.buf, p.start, p.pos, p.end = to, 0, p.pos-d, p.end-d
	p.lf.shift(d)
	p.cr.shift(d)
}

func (m *mark) shift(d int) {
	m.done = max(m.done-d, 0)
	m.at = max(m.at-d, -1)
}

// Advance says that n bytes were read into the memory that Space returned.
func (p *Parser) Advance(n int) {
	if n < 0 || n > len(p.buf)-p.end {
		panic("BUG: sse: Advance beyond Space")
	}
	p.end += n
}

// Feed copies b into the parser: Space and Advance in one, for callers that hold the bytes already.
func (p *Parser) Feed(b []byte) {
	copy(p.Space(len(b)), b)
	p.Advance(len(b))
}

// Pending returns the number of received bytes that no event has returned yet.
func (p *Parser) Pending() int { return p.end - p.start }

// Tail returns the received bytes that no event has returned yet: at the end of a stream, what was cut off. They live
// as long as an event does.
func (p *Parser) Tail() []byte { return p.buf[p.start:p.end] }

// Next fills *ev with the next frame. False means that more bytes are needed. An error is a *LimitError and stays until
// Reset.
func (p *Parser) Next(ev *Event) (ok bool, err error) {
	if p.err != nil {
		return false, p.err
	}
	if p.lines {
		return p.nextLine(ev)
	}
	for {
		lo, hi, ok := p.line()
		if !ok {
			return false, p.tooLong(p.end)
		}
		if err := p.tooLong(p.pos); err != nil {
			return false, err
		}
		if lo == hi {
			if err := p.countIdle(!p.hasData); err != nil {
				return false, err
			}
			p.take(ev)
			return true, nil
		}
		if err := p.countIdle(!p.field(lo, hi)); err != nil {
			return false, err
		}
	}
}

// Close says that the stream has ended; call it once Next wants more bytes. The standard drops an unfinished event, but
// many servers forget the last blank line, so the last event is returned if it has data and its last line is whole, with
// Unterminated set. In JSON lines the last line counts without its line end too. Everything else stays in Tail.
func (p *Parser) Close() (ev Event, ok bool) {
	if p.err != nil || p.ended {
		return Event{}, false
	}
	p.ended = true
	if p.lines {
		return p.closeLines()
	}
	for {
		lo, hi, ok := p.line()
		if !ok || p.tooLong(p.pos) != nil {
			break
		}
		if lo == hi {
			if !p.hasData {
				return Event{}, false
			}
			p.take(&ev)
			return ev, true
		}
		p.field(lo, hi)
	}
	if p.err != nil || !p.hasData || p.pos != p.end {
		return Event{}, false
	}
	p.take(&ev)
	ev.Unterminated = true
	return ev, true
}

// tooLong reports and keeps the error of a frame that reaches up to end.
func (p *Parser) tooLong(end int) error {
	if end-p.start > p.limits.MaxEvent {
		p.err = &LimitError{Limit: "MaxEvent", Max: p.limits.MaxEvent}
	}
	return p.err
}

// countIdle counts one line without data.
func (p *Parser) countIdle(isIdle bool) error {
	if isIdle {
		if p.idle++; p.idle > p.limits.MaxIdleLines {
			p.err = &LimitError{Limit: "MaxIdleLines", Max: p.limits.MaxIdleLines}
		}
	}
	return p.err
}

// line returns the next whole line without its end, and moves pos behind that end.
func (p *Parser) line() (lo, hi int, ok bool) {
	if p.skipLF && p.pos < p.end {
		if p.buf[p.pos] == '\n' {
			p.pos++
		}
		p.skipLF = false
	}
	p.lf.find(p.buf, p.pos, p.end, '\n')
	p.cr.find(p.buf, p.pos, p.end, '\r')
	lo, lf, cr := p.pos, p.lf.at, p.cr.at
	switch {
	case cr < 0 && lf < 0:
		return 0, 0, false
	case cr < 0 || lf >= 0 && lf < cr:
		hi, p.pos, p.bareCR = lf, lf+1, false
	case lf == cr+1:
		hi, p.pos = cr, lf+1
		if p.bareCR && lo == hi { // as below, where the LF has not been received yet
			p.pos, p.skipLF = cr+1, true
		} else {
			p.bareCR = false
		}
	case p.bareCR && lo == cr:
		// The sender ends lines with CR alone, so this ends the frame now: waiting for the next byte, which may be
		// seconds away, would hold back a complete event. Should an LF follow, it counts as part of the next frame.
		hi, p.pos, p.skipLF = cr, cr+1, true
	case cr+1 < p.end || p.ended:
		hi, p.pos, p.bareCR = cr, cr+1, true
	default:
		return 0, 0, false // an LF may follow
	}
	if !p.begun {
		p.begun = true
		if bytes.HasPrefix(p.buf[lo:hi], orderMark) {
			lo += len(orderMark)
		}
	}
	return lo, hi, true
}

// orderMark is the byte order mark, which the first line may begin with.
var orderMark = []byte("\xEF\xBB\xBF")

// find makes at the position of the first c in buf[from:end].
func (m *mark) find(buf []byte, from, end int, c byte) {
	if m.at >= from {
		return
	}
	m.at = -1
	if from = max(from, m.done); from < end {
		if i := bytes.IndexByte(buf[from:end], c); i >= 0 {
			m.at, m.done = from+i, from+i+1
			return
		}
		m.done = end
	}
}
