package sse

import "bytes"

// nextLine is Next for one text per line.
func (p *Parser) nextLine(ev *Event) (ok bool, err error) {
	p.lf.find(p.buf, p.pos, p.end, '\n')
	if p.lf.at < 0 {
		return false, p.tooLong(p.end)
	}
	p.pos = p.lf.at + 1
	if err := p.tooLong(p.pos); err != nil {
		return false, err
	}
	p.text(p.start, p.lf.at)
	if err := p.countIdle(!p.hasData); err != nil {
		return false, err
	}
	p.take(ev)
	return true, nil
}

// closeLines is Close for one text per line: what follows the last line end is a line too.
func (p *Parser) closeLines() (ev Event, ok bool) {
	if p.text(p.start, p.end); !p.hasData {
		return Event{}, false
	}
	p.pos = p.end
	p.take(&ev)
	ev.Unterminated = true
	return ev, true
}

// text makes the line buf[lo:hi], less the white space around it, the data of the event.
func (p *Parser) text(lo, hi int) {
	line := p.buf[lo:hi]
	if !p.begun {
		p.begun = true
		line = bytes.TrimPrefix(line, orderMark)
	}
	line = bytes.TrimLeft(line, " \t\r")
	lo = hi - len(line)
	if line = bytes.TrimRight(line, " \t\r"); len(line) > 0 {
		p.addData(lo, lo+len(line))
	}
}
