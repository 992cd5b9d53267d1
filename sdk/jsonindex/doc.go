// Package jsonindex validates a JSON text in one pass and lays a flat index of 12-byte entries beside the untouched bytes.
//
// A [Builder] fills a [Doc]; a [Value] is a cursor into it that reads without allocating; a [Writer] appends an outgoing
// body that names stretches of the client's body instead of copying them. The layout of the entries is the INDEX section
// of the plugin ABI, so a document made by the host is read in the sandbox as it is.
package jsonindex

import "strconv"

// Kind says what an entry is. The numbers are part of the ABI.
type Kind uint8

// The kinds of entries. A string that contains at least one escape is Escaped, so that reading a String is reading its bytes.
const (
	Null Kind = iota
	Bool
	Number
	String  // a string without an escape
	Escaped // a string with at least one escape
	Array
	Object
	Extern // a long string of which only the head can be read
)

var kindNames = [...]string{"null", "bool", "number", "string", "escaped string", "array", "object", "extern string"}

// String is the kind's name as used in messages, such as "array".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// Fixed measures of the format.
const (
	// ExternOver is the length in bytes, between the quotes, beyond which a string value of a client's body is Extern.
	ExternOver = 16 << 10
	// ExternHead is the most bytes of an Extern that stay readable. The cut never parts an escape, a surrogate pair or a rune.
	ExternHead = 256
	// MaxDepth is the default nesting limit: this many containers inside each other are legal, one more is an error.
	MaxDepth = 200
	// MaxEntries is the default limit on entries, keys included.
	MaxEntries = 1 << 22
)

const (
	kindShift = 29
	nextMask  = 1<<kindShift - 1
)

// Entry is one value or key of a document. Entries stand in document order; the members of an object are key, value,
// key, value. Offsets are bytes in Doc.Src. Those of a string lie between its quotes, those of a container include its
// brackets, and an Extern's span is its readable head.
type Entry struct {
	Start, End uint32
	NK         uint32 // next in the lower 29 bits, kind in the upper 3
}

// Kind is what the entry is.
func (e Entry) Kind() Kind { return Kind(e.NK >> kindShift) }

// Next is the absolute number of the entry behind this value and all it contains.
func (e Entry) Next() uint32 { return e.NK & nextMask }

// FlagEscaped in Ext.Flags says that the rest contains at least one escape.
const FlagEscaped = 1

// Ext is the unreadable rest of an Extern string.
type Ext struct {
	At    uint32 // where the rest follows (Resident) or is missing in Doc.Src
	Off   uint32 // where it lies in the client's body
	Len   uint32 // its length in bytes, the closing quote not counted
	Flags uint32 // FlagEscaped; other bits are zero
}

// Doc is one indexed JSON text. The zero value is an empty document whose root is absent. After it was filled, any number
// of goroutines may read it, unless Track was called. It keeps hold of Src, which must not be changed while the document,
// a Value or a slice obtained from one is in use.
type Doc struct {
	Src  []byte  // the text the entries refer to; always valid UTF-8 once indexed
	Ents []Entry // in document order
	Ext  []Ext   // ascending by At; nil or empty when there is no Extern

	// Resident says that the rest of an Extern lies in Src behind At (host, native). False: it was left out (guest).
	Resident bool
	// Client says that this is the client's body (or its guest form), so that a Writer may name stretches of it.
	Client bool
	// Repaired says that invalid UTF-8 was found in tolerant mode: Src is then a copy with U+FFFD for each invalid byte.
	Repaired bool

	touched []uint64 // one bit an entry, nil unless Track was called
}

// Root is the document's value, absent when the document is empty.
func (d *Doc) Root() Value { return d.Value(0) }

// Value is the cursor at an INDEX entry, absent when there is no such entry. See Value.Entry.
func (d *Doc) Value(entry uint32) Value {
	if d == nil || uint64(entry) >= uint64(len(d.Ents)) {
		return Value{}
	}
	return Value{d, entry}
}
