package hosttest

import (
	"bytes"
	"strconv"
	"time"
)

// A delta of a timed stream says when it was due: a mark and the nanoseconds since 1970.
const (
	dueMark   = " @"
	dueDigits = 19
)

// dueSlot is what a rendered delta has where the time goes.
const dueSlot = dueMark + "0000000000000000000"

// stamp writes a time into a rendered delta; b is left as it is where there is no room for one.
func stamp(b []byte, due time.Time) {
	if i := bytes.Index(b, []byte(dueSlot)); i >= 0 {
		at := b[i+len(dueMark) : i+len(dueSlot)]
		strconv.AppendInt(at[:0], due.UnixNano(), 10)
	}
}

// NextDue finds the first time in text that a delta of a fast-timed answer was due at. rest is what follows it: where ok is
// false, what may become one with the bytes to come.
func NextDue(text []byte) (due time.Time, rest []byte, ok bool) {
	for {
		i := bytes.Index(text, []byte(dueMark))
		if i < 0 {
			return time.Time{}, text[max(len(text)-len(dueMark)+1, 0):], false
		}
		if text = text[i:]; len(text) < len(dueSlot) {
			return time.Time{}, text, false
		}
		n, err := strconv.ParseInt(string(text[len(dueMark):len(dueSlot)]), 10, 64)
		if text = text[len(dueMark):]; err == nil {
			return time.Unix(0, n), text[dueDigits:], true
		}
	}
}
