package sse

import (
	"bytes"
	"strings"
)

// refEvent is what a dispatch of the standard yields, with the name as the last `event` field left it.
type refEvent struct {
	name, data string
}

// reference follows the text of the standard step by step, over the whole input at once: decode (less the repair of
// invalid UTF-8), cut into lines, interpret each line, dispatch at blank lines, drop what is unfinished.
func reference(input []byte) []refEvent {
	text := strings.TrimPrefix(string(input), "\xEF\xBB\xBF")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	lines := strings.Split(text, "\n")
	lines = lines[:len(lines)-1] // the last has no end

	var events []refEvent
	var name, data string
	for _, line := range lines {
		if line == "" {
			if data != "" {
				events = append(events, refEvent{name, strings.TrimSuffix(data, "\n")})
			}
			name, data = "", ""
			continue
		}
		field, value, found := strings.Cut(line, ":")
		if found {
			value = strings.TrimPrefix(value, " ")
		}
		switch field {
		case "event":
			name = value
		case "data":
			data += value + "\n"
		}
	}
	return events
}

// got is one event, copied out of the parser.
type got struct {
	Name, Data, ID, Raw   string
	HasData, Unterminated bool
}

func copied(ev Event) got {
	return got{ev.Name, string(ev.Data), string(ev.ID), string(ev.Raw), ev.HasData, ev.Unterminated}
}

// result is everything one run over a stream yields.
type result struct {
	Events []got
	Tail   string
	Err    string
}

// run feeds the slices of input that cut asks for and then closes. With whole set all events are read before they are
// copied, so that they have to survive until the next Feed; what they alias is compared then.
func run(p *Parser, input []byte, cut func(left int) int) result {
	var r result
	for rest := input; len(rest) > 0; {
		n := min(max(cut(len(rest)), 1), len(rest))
		p.Feed(rest[:n])
		rest = rest[n:]
		var batch []Event
		for {
			var ev Event
			ok, err := p.Next(&ev)
			if err != nil {
				r.add(batch)
				r.Err = err.Error()
				return r
			}
			if !ok {
				break
			}
			batch = append(batch, ev)
		}
		r.add(batch)
	}
	if ev, ok := p.Close(); ok {
		r.add([]Event{ev})
	}
	r.Tail = string(p.Tail())
	return r
}

func (r *result) add(batch []Event) {
	for _, ev := range batch {
		r.Events = append(r.Events, copied(ev))
	}
}

// raws joins the Raw bytes of all events and the tail.
func (r result) raws() []byte {
	var b bytes.Buffer
	for _, ev := range r.Events {
		b.WriteString(ev.Raw)
	}
	b.WriteString(r.Tail)
	return b.Bytes()
}

// dispatched keeps what the standard would have dispatched.
func (r result) dispatched() []refEvent {
	var events []refEvent
	for _, ev := range r.Events {
		if ev.HasData && !ev.Unterminated {
			events = append(events, refEvent{ev.Name, ev.Data})
		}
	}
	return events
}
