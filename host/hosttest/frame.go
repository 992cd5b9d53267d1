package hosttest

import (
	"bytes"
	"slices"
	"time"
)

// framer writes events in the notation of an event stream.
type framer struct {
	eol   string
	words []string // of Fault.Framing
}

func newFramer(lineEnd string, words []string) framer {
	f := framer{eol: lineEnd, words: words}
	for word, eol := range map[string]string{"lf": "\n", "crlf": "\r\n", "cr": "\r"} {
		if f.has(word) {
			f.eol = eol
		}
	}
	return f
}

func (f framer) has(word string) bool { return slices.Contains(f.words, word) }

// frame renders one event.
func (f framer) frame(ev event) []byte {
	var b bytes.Buffer
	line := func(field string, value []byte) {
		b.WriteString(field)
		b.WriteByte(':')
		if !f.has("no-space") {
			b.WriteByte(' ')
		}
		b.Write(value)
		b.WriteString(f.eol)
	}
	switch {
	case ev.raw != "":
		return []byte(ev.raw)
	case ev.comment != "":
		line("", []byte(ev.comment))
		b.WriteString(f.eol)
		return b.Bytes()
	}
	if f.has("comments") {
		line("", []byte("note"))
	}
	if ev.name != "" && !f.has("unnamed") {
		line("event", []byte(ev.name))
	}
	if f.has("multi-line") {
		for _, part := range betweenMembers(ev.data) {
			line("data", part)
		}
	} else {
		line("data", ev.data)
	}
	b.WriteString(f.eol)
	return b.Bytes()
}

// betweenMembers cuts a JSON text after the commas that stand outside of strings: a line feed put there changes nothing.
func betweenMembers(data []byte) [][]byte {
	var parts [][]byte
	from, inString := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case c == '\\' && inString:
			i++
		case c == '"':
			inString = !inString
		case c == ',' && !inString:
			parts = append(parts, data[from:i+1])
			from = i + 1
		}
	}
	return append(parts, data[from:])
}

// sendEvents writes a streamed answer.
func (rep *reply) sendEvents(d *delivery) {
	f, fr := &rep.fault, newFramer(rep.lineEnd, rep.fault.framings())
	for range f.Flood {
		if _, err := d.w.Write(fr.frame(event{comment: "."})); err != nil {
			return
		}
	}
	events := rep.events
	if f.End == "stall" || f.End == "comments" || f.End == "repeat" {
		events = slices.DeleteFunc(slices.Clone(events), func(ev event) bool { return ev.end })
	}
	for i, ev := range events {
		if f.CutBefore == i+1 {
			d.cut()
			return
		}
		if f.BadChunk == i+1 {
			ev.data = ev.data[:len(ev.data)/2]
		}
		last := i == len(events)-1
		b := rep.notation(fr, ev, i, last)
		if i == 0 && fr.has("bom") {
			b = append([]byte("\xEF\xBB\xBF"), b...)
		}
		if last && fr.has("no-last-blank") {
			b = bytes.TrimSuffix(b, []byte(fr.eol))
		}
		write := d.write
		if fr.has("split-runes") {
			write = d.writeSplit
		}
		if !d.pause(f.DelayEvent) || !write(b, last && f.End == "") {
			return
		}
	}
	rep.neverEnd(d, fr)
}

// notation renders an event, as an element of an array where the stream is one.
func (rep *reply) notation(fr framer, ev event, i int, last bool) []byte {
	if !rep.array {
		return fr.frame(ev)
	}
	b := []byte(",\r\n")
	if i == 0 {
		b = []byte("[")
	}
	if b = append(b, ev.data...); last {
		b = append(b, "\n]\n"...)
	}
	return b
}

// neverEnd keeps the response open after its last event, in the way the fault says.
func (rep *reply) neverEnd(d *delivery, fr framer) {
	again := event{comment: "still here"}
	switch rep.fault.End {
	case "stall", "hold":
		d.hold()
	case "repeat":
		for _, ev := range rep.events {
			if ev.content {
				again = ev
			}
		}
		fallthrough
	case "comments":
		for d.pause(Duration(10*time.Millisecond)) && d.write(fr.frame(again), false) {
		}
	}
}

// sendBody writes an unstreamed answer.
func (rep *reply) sendBody(d *delivery) {
	f := &rep.fault
	body := rep.body
	if f.BadChunk > 0 || f.End == "stall" {
		body = body[:len(body)/2]
	}
	if !d.write(body, f.End == "") {
		return
	}
	if f.End == "stall" || f.End == "hold" {
		d.hold()
	}
}
