package sse

import "bytes"

// field takes in one line that is not blank and reports whether it was a `data` line.
func (p *Parser) field(lo, hi int) (isData bool) {
	line := p.buf[lo:hi]
	if len(line) >= 5 && string(line[:5]) == "data:" {
		p.addData(lo+afterColon(line, 4), hi)
		return true
	}
	name, value := line, len(line)
	if i := bytes.IndexByte(line, ':'); i >= 0 {
		name, value = line[:i], afterColon(line, i)
	}
	switch string(name) {
	case "data": // without a colon: an empty line of data
		p.addData(hi, hi)
		return true
	case "event":
		p.name = p.intern(line[value:])
	case "id":
		if bytes.IndexByte(line[value:], 0) < 0 {
			p.hasID = true
			p.id = span{lo + value - p.start, hi - p.start}
		}
	}
	return false
}

// afterColon returns where the value begins in a line whose colon stands at i: one blank is skipped.
func afterColon(line []byte, i int) int {
	if i++; i < len(line) && line[i] == ' ' {
		i++
	}
	return i
}

// addData appends buf[lo:hi] to the frame's data. The first line stays where it is; further ones are joined elsewhere,
// since Raw has to keep the original bytes.
func (p *Parser) addData(lo, hi int) {
	switch {
	case !p.hasData:
		p.hasData = true
		p.data = span{lo - p.start, hi - p.start}
		return
	case !p.joined:
		first := p.buf[p.start+p.data.lo : p.start+p.data.hi]
		p.joined = true
		p.data.lo = len(p.join)
		p.join = append(p.join, first...)
	}
	p.join = append(p.join, '\n')
	p.join = append(p.join, p.buf[lo:hi]...)
	p.data.hi = len(p.join)
}

// dropJoined forgets the joined data of events whose life has ended.
func (p *Parser) dropJoined() {
	switch {
	case !p.joined && cap(p.join) > keepBuffer:
		p.join = nil
	case !p.joined:
		p.join = p.join[:0]
	case p.data.lo > 0:
		n := copy(p.join, p.join[p.data.lo:])
		p.join, p.data = p.join[:n], span{0, n}
	}
}

// take moves the frame that ends at pos into *ev and begins the next one.
func (p *Parser) take(ev *Event) {
	*ev = Event{Name: p.name, Raw: p.buf[p.start:p.pos:p.pos], HasData: p.hasData}
	if p.hasData {
		from := p.join
		if !p.joined {
			from = p.buf[p.start:p.pos]
		}
		ev.Data = from[p.data.lo:p.data.hi:p.data.hi]
		p.idle = 0
	}
	if p.hasID {
		ev.ID = ev.Raw[p.id.lo:p.id.hi:p.id.hi]
	}
	p.start = p.pos
	p.name, p.hasData, p.joined, p.hasID = "", false, false, false
}
