package ops

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/claude-proxy/claude-proxy/sdk/jsonindex"
)

const (
	// DefaultMaxPayload is the most bytes of one op's payload unless Reader.MaxPayload says otherwise.
	DefaultMaxPayload = 64 << 20
	// DefaultMaxTotal is the most bytes of all ops of an answer unless Reader.MaxTotal says otherwise.
	DefaultMaxTotal = 256 << 20
	// MaxRawEntries is the most JSON values, keys included, in the raw payload of one op.
	MaxRawEntries = 1 << 20
)

// Reader yields the ops of an answer, checked one by one: the head, that a JSON-escaped payload may stand between two
// quotes, that a plain one is UTF-8, that a raw one is a JSON object. Whether ops make sense one after the other is for
// package render to say. The zero value is ready; one goroutine uses it at a time.
type Reader struct {
	// MaxPayload and MaxTotal are caps in bytes; 0 means DefaultMaxPayload and DefaultMaxTotal.
	MaxPayload, MaxTotal int

	b     []byte
	n     int // ops so far
	total int // bytes of the ops so far
	jb    jsonindex.Builder
	doc   jsonindex.Doc
}

// Reset begins a new answer with these bytes. They must not change while they are read.
func (r *Reader) Reset(b []byte) {
	r.n, r.total = 0, 0
	ents := r.doc.Ents[:0]
	if cap(ents) > 1<<14 {
		ents = nil // do not keep what one huge block has needed
	}
	r.doc = jsonindex.Doc{Ents: ents}
	r.Continue(b)
}

// Continue goes on with more ops of the same answer. Each piece holds whole ops.
func (r *Reader) Continue(b []byte) { r.b = b }

// More says whether there is something left to read.
func (r *Reader) More() bool { return len(r.b) > 0 }

// Number counts the ops that Next has returned, the one at fault included.
func (r *Reader) Number() int { return r.n }

// JSON is the indexed payload of the last op: the object of Block, Citation and Model, the details of Stop. It is valid
// until the next call and absent for other ops.
func (r *Reader) JSON() jsonindex.Value { return r.doc.Root() }

// What can be wrong with the form of an op.
var (
	errCut      = errors.New("the op is cut off, or its length is a lie")
	errCode     = errors.New("there is no such op")
	errFlags    = errors.New("unknown flags")
	errBlock    = fmt.Errorf("the block number is not one of 0 to %d", MaxBlock)
	errNoBlock  = errors.New("the op belongs to no block but has a block number")
	errReason   = errors.New("unknown stop reason")
	errLossKind = errors.New("unknown kind of loss")
	errEscaped  = errors.New("the payload is not the inside of a JSON string")
	errUTF8     = errors.New("the payload is not UTF-8")
	errTwo      = errors.New("the payload is not two strings")
	errUsage    = errors.New("the payload is not six counts")
	errPayload  = errors.New("the op has no payload")
	errObject   = errors.New("the payload is not a JSON object")
)

// Next returns the next op. Its Data is a view of the bytes. An error is an *Error; nothing can be read after it.
func (r *Reader) Next() (Op, error) {
	r.n++
	o, rest, ok := Split(r.b)
	if !ok {
		if len(r.b) > 0 {
			o.Code = Code(r.b[0])
		}
		if len(r.b) >= 4 {
			o.Block = uint16(r.b[2]) | uint16(r.b[3])<<8
		}
		return o, r.fault(o, errCut)
	}
	flags := r.b[1]
	r.total += len(r.b) - len(rest)
	r.b = rest
	if len(r.doc.Ents) > 0 {
		r.doc.Ents = r.doc.Ents[:0]
	}
	if err := r.check(o, flags); err != nil {
		return o, r.fault(o, err)
	}
	return o, nil
}

func (r *Reader) fault(o Op, err error) error {
	return &Error{Number: r.n, Code: o.Code, Block: int(o.Block), Err: err}
}

func (r *Reader) check(o Op, flags byte) error {
	if n := limit(r.MaxPayload, DefaultMaxPayload); len(o.Data) > n {
		return fmt.Errorf("the payload is %d bytes long, more than %d", len(o.Data), n)
	}
	if n := limit(r.MaxTotal, DefaultMaxTotal); r.total > n {
		return fmt.Errorf("the ops of this answer are more than %d bytes long", n)
	}
	if flags != 0 {
		return checkEscaped(o, flags)
	}
	if o.Code.InBlock() && o.Block > MaxBlock {
		return errBlock
	}
	switch o.Code {
	case Text, Thinking, Signature, Redacted, ToolArgs:
		if !utf8.Valid(o.Data) {
			return errUTF8
		}
	case ToolStart:
		return checkTwo(o)
	case Block, Citation:
		return r.object(o.Data)
	case BlockEnd:
		if len(o.Data) > 0 {
			return errPayload
		}
	default:
		return r.checkRest(o)
	}
	return nil
}

// checkEscaped checks the ops that may carry a flag, with the one flag there is.
func checkEscaped(o Op, flags byte) error {
	switch o.Code {
	case Text, Thinking, Signature, Redacted, ToolArgs:
	default:
		if !o.Code.known() {
			return errCode
		}
		return errFlags
	}
	switch {
	case flags != FlagEscaped:
		return errFlags
	case o.Block > MaxBlock:
		return errBlock
	case !jsonindex.EscapedOK(o.Data):
		return errEscaped
	}
	return nil
}

// checkRest checks the ops that belong to no block.
func (r *Reader) checkRest(o Op) error {
	switch o.Code {
	case Stop:
		if int(o.Block) >= len(stopNames) {
			return errReason
		}
		if err := checkTwo(o); err != nil {
			return err
		}
		if _, details, _ := o.Two(); len(details) > 0 {
			return r.object(details)
		}
		return nil
	case Loss:
		if int(o.Block) >= len(lossNames) {
			return errLossKind
		}
		return checkTwo(o)
	case Message, Usage, Model, Done:
	default:
		return errCode
	}
	if o.Block != 0 {
		return errNoBlock
	}
	switch o.Code {
	case Message:
		return checkTwo(o)
	case Model:
		return r.object(o.Data)
	case Usage:
		if len(o.Data) != usageSize {
			return errUsage
		}
	case Done:
		if len(o.Data) > 0 {
			return errPayload
		}
	}
	return nil
}

func checkTwo(o Op) error {
	a, b, ok := o.Two()
	if !ok {
		return errTwo
	}
	if !utf8.Valid(a) || !utf8.Valid(b) {
		return errUTF8
	}
	return nil
}

// object indexes a raw payload. Of equal keys the last one counts, as everywhere in answers.
func (r *Reader) object(raw []byte) error {
	if err := r.jb.Index(&r.doc, raw, jsonindex.Mode{MaxEntries: MaxRawEntries}); err != nil {
		return fmt.Errorf("the payload is not JSON: %w", err)
	}
	if r.doc.Root().Kind() != jsonindex.Object {
		return errObject
	}
	return nil
}

func limit(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}
