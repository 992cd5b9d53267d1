// Package sse cuts the bytes of a streamed answer into events.
//
// [NewParser] reads the framing of the WHATWG standard
// (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream),
// [NewLines] one text per line. Both give the same [Event], for any slicing of the input: where a read ended never shows.
//
// The loop of a reader:
//
//	for {
//		n, err := body.Read(p.Space(4096))
//		p.Advance(n)
//		for {
//			ok, err := p.Next(&ev)
//			if err != nil { … }   // *LimitError: the sender is at fault, stop reading
//			if !ok { break }      // more bytes are needed
//			…                     // ev lives until the next Space, Feed or Reset
//		}
//		if err != nil { last, ok := p.Close(); …; break }
//	}
//
// Differences from a browser's EventSource, all of them on purpose: bytes are not repaired where they are not UTF-8;
// a frame without data is reported (its Raw bytes matter to a relay); an id belongs to its own frame and is not carried
// over to later ones; `retry` is not interpreted.
package sse

import "fmt"

// Event is one frame of a stream. All slices alias the parser's memory and live until the next call of Space, Feed or
// Reset; strings live for ever.
type Event struct {
	// Name is the value of the last `event` field, "" without one (the standard's default "message" is not filled in).
	// Always "" from a parser made by NewLines.
	Name string
	// Data holds the `data` lines joined by one LF. Nil where HasData is false; it may be empty where it is true.
	Data []byte
	// ID is the value of the frame's last `id` field that holds no NUL byte; nil without one.
	ID []byte
	// Raw is the frame as it was received: fields, comments, and the blank line that ended it. The Raws of all events
	// and finally Tail, joined, are the input.
	Raw []byte
	// HasData is false for a frame that dispatches nothing: comments, blank lines, fields other than `data`.
	HasData bool
	// Unterminated is set by Close only: the stream ended without the blank line that should have followed.
	Unterminated bool
}

// Limits bounds what one stream may cost. The zero value means the defaults.
type Limits struct {
	// MaxEvent is the largest frame in bytes, everything that Raw would hold included. Zero or less: DefaultMaxEvent.
	MaxEvent int
	// MaxIdleLines is how many lines in a row may pass that bring no data: comments, blank lines, other fields. The count
	// starts again with each event that has data. Zero or less: DefaultMaxIdleLines.
	MaxIdleLines int
}

// Defaults of Limits.
const (
	DefaultMaxEvent     = 16 << 20
	DefaultMaxIdleLines = 10_000
)

func (l Limits) withDefaults() Limits {
	if l.MaxEvent <= 0 {
		l.MaxEvent = DefaultMaxEvent
	}
	if l.MaxIdleLines <= 0 {
		l.MaxIdleLines = DefaultMaxIdleLines
	}
	return l
}

// LimitError says that a stream went beyond one of its Limits. Whoever gets it stops reading: the parser repeats it until
// Reset.
type LimitError struct {
	Limit string // field of Limits: "MaxEvent" or "MaxIdleLines"
	Max   int    // its value; bytes for MaxEvent, lines for MaxIdleLines
}

// Error names the limit, its value, and the sender as the one at fault.
func (e *LimitError) Error() string {
	if e.Limit == "MaxIdleLines" {
		return fmt.Sprintf("upstream sent more than %d stream lines in a row without data (sse %s)", e.Max, e.Limit)
	}
	return fmt.Sprintf("upstream sent a stream event of more than %d bytes (sse %s)", e.Max, e.Limit)
}
