package jsonindex

import "strconv"

// Mode says what a Builder accepts.
type Mode struct {
	// Extern marks string values longer than ExternOver as Extern and the document as the client's.
	Extern bool
	// Unique makes equal keys in one object an error. Keys are compared as they read, unescaped. Without it the last
	// one wins in Value.Get.
	Unique bool
	// Tolerant skips a byte order mark at the beginning and repairs invalid UTF-8 (see Doc.Repaired). Without it both are errors.
	// The grammar of RFC 8259 is enforced in any case.
	Tolerant bool
	// MaxDepth is the most containers inside each other; 0 means the constant MaxDepth.
	MaxDepth int
	// MaxEntries is the most entries, keys included; 0 means the constant MaxEntries. The format ends at 1<<29 - 1.
	MaxEntries int
	// MaxBytes is the most bytes of text; 0 means what the format allows, 4 GiB - 1.
	MaxBytes int
}

// ClientMode is for a client's body: strict UTF-8, unique keys, long strings extern.
func ClientMode() Mode { return Mode{Extern: true, Unique: true} }

// UpstreamMode is for an upstream's answer: the last of equal keys wins, invalid UTF-8 is repaired, nothing is extern.
func UpstreamMode() Mode { return Mode{Tolerant: true} }

// ErrorKind says which rule a text broke, so that a caller can choose a status (Size and Entries: too large).
type ErrorKind uint8

// The kinds of errors.
const (
	Syntax    ErrorKind = iota // not JSON
	UTF8                       // invalid UTF-8 in a string
	Duplicate                  // a key twice in one object
	Depth                      // nested too deeply
	Entries                    // too many values
	Size                       // too many bytes
)

// SyntaxError is the only error of Index and Parse. Neither Msg nor Error repeats any value of the text; Path names keys.
type SyntaxError struct {
	Offset int    // bytes from the beginning of the text; of a repaired text (see Doc.Repaired) from that of the copy
	Path   string // the value at fault or the innermost one around it, as PathOf writes it; shortened when very long
	Msg    string
	Kind   ErrorKind
}

// Error is a sentence with the place, such as "duplicate key at byte 17 (messages[0].role)".
func (e *SyntaxError) Error() string {
	s := e.Msg + " at byte " + strconv.Itoa(e.Offset)
	if e.Path != "" {
		s += " (" + e.Path + ")"
	}
	return s
}
